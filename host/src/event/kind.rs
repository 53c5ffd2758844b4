//! The event type: an HTTP method in lower case.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The methods that are event types of their own right; any other token is one too when a request uses it.
const METHODS: [&str; 8] = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];

/// The extension methods of the IANA registry that senders of webhooks and WebDAV clients use.
/// Source: <https://www.iana.org/assignments/http-methods>.
const EXTENSIONS: [&str; 30] = [
    "acl",
    "baseline-control",
    "bind",
    "checkin",
    "checkout",
    "copy",
    "label",
    "link",
    "lock",
    "merge",
    "mkactivity",
    "mkcalendar",
    "mkcol",
    "mkredirectref",
    "mkworkspace",
    "move",
    "orderpatch",
    "propfind",
    "proppatch",
    "query",
    "rebind",
    "report",
    "search",
    "unbind",
    "uncheckout",
    "unlink",
    "unlock",
    "update",
    "updateredirectref",
    "version-control",
];

/// An HTTP method in lower case: `post`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct EventType(Box<str>);

/// A manifest's `event_type` that names no method.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownMethod {
    /// The known method that it resembles most, if it resembles one.
    pub suggestion: Option<&'static str>,
}

impl EventType {
    /// The type of a request with this method.
    pub fn of(method: &str) -> Self {
        Self(method.to_ascii_lowercase().into())
    }

    /// What a manifest wrote. Case does not matter; a method that no sender uses is refused, since its trigger would never fire.
    ///
    /// # Errors
    /// `text` is not a method in the registry, or it is CONNECT, which is never an event.
    pub fn parse(text: &str) -> Result<Self, UnknownMethod> {
        let folded = text.to_ascii_lowercase();
        if METHODS.contains(&folded.as_str()) || EXTENSIONS.contains(&folded.as_str()) {
            return Ok(Self(folded.into()));
        }
        let best = METHODS
            .iter()
            .chain(&EXTENSIONS)
            .map(|known| (strsim::damerau_levenshtein(&folded, known), *known))
            .min_by_key(|(distance, _)| *distance);
        Err(UnknownMethod { suggestion: best.filter(|(distance, _)| *distance <= 2).map(|(_, known)| known) })
    }

    /// The text: `post`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
