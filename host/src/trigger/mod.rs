//! Which handlers an event selects. Knows nothing of storage, HTTP or guests.

mod dedup;
pub mod filter;
mod grants;
mod limits;
mod retry;
mod select;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use dedup::{Dedup, WINDOW};
pub use filter::{Filter, Key};
pub use grants::Grants;
pub use limits::{Limit, Limits, Unit};
pub use retry::{Backoff, Retry, RetryOn};
pub use select::{Asked, select};

use crate::event::{EventType, Keep};

/// A manifest's trigger: an endpoint's listener and the handler that it calls.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// Unique in its project.
    pub name: Arc<str>,
    /// The slug of the endpoint that it listens on.
    pub endpoint: Arc<str>,
    /// The one type that it takes; none for every type.
    pub event_type: Option<EventType>,
    /// What else must hold.
    pub filter: Option<Arc<Filter>>,
    /// The handler that it calls.
    pub call: Call,
    /// Whether the handler's response is the sender's.
    pub is_sync: bool,
    /// How long the handler may take, host waits included.
    pub timeout: Duration,
    /// What it may take meanwhile.
    pub limits: Limits,
    /// When a session is tried again.
    pub retry: Retry,
    /// How many of its sessions may run at once; none for as many as the org may.
    pub max_concurrency: Option<u32>,
    /// What names the lane of an event: of those in a lane, one after the other is handled. None when order does not matter.
    pub ordered_by: Option<Arc<Key>>,
    /// How much of an event and its session stays.
    pub history: Keep,
    /// What its handler may use beside the event, its log and its vars.
    pub grants: Arc<Grants>,
}

/// `webhooks.py:on_http_get`: a module's name and a handler that it exports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The module's name in the manifest: `webhooks.py`.
    pub module: String,
    /// The function as the manifest writes it: `on_http_get`.
    pub function: String,
}

impl Call {
    /// The name of the component's export: `on-http-get`, also of `onHttpGet` and `OnHTTPGet`. WIT has neither underscores nor words with
    /// both cases.
    pub fn export(&self) -> String {
        let words = self.function.split(['_', '-']).map(|word| {
            let is_mixed = word.contains(char::is_lowercase) && word.contains(char::is_uppercase);
            if is_mixed { kebab(word) } else { word.to_owned() }
        });
        words.collect::<Vec<_>>().join("-")
    }
}

/// `onHTTPGet` as `on-http-get`: a word begins at a capital after a small letter, and at the last of several capitals before one.
fn kebab(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut kebab = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let ends_capitals = letters.get(place + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && before.is_some_and(|before| !before.is_uppercase() || ends_capitals) {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.module, self.function)
    }
}
