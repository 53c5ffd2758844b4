//! Secrets that handlers name and do not see: a placeholder stands for the value, which is put in its place when a request goes to
//! one of the secret's hosts.

use http::HeaderValue;

use super::{Rule, Target};

const BEGIN: &str = "{{secret:";
const END: &str = "}}";

/// A secret that only some hosts are to see.
#[derive(Clone)]
pub struct Secret {
    /// Its name in the manifest.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who may see it.
    pub hosts: Vec<Rule>,
}

/// A project's secrets that only some hosts are to see.
#[derive(Clone, Debug, Default)]
pub struct Secrets(pub Vec<Secret>);

/// Why a request with a placeholder is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// No secret has this name.
    #[error("a header names the secret `{0}`, and no var with `hosts` has this name")]
    Unknown(String),
    /// Its host is not one of the secret's.
    #[error("the secret `{name}` is not for it: add `{target}` to the `hosts` of the var")]
    NotForIt {
        /// The secret's name.
        name: String,
        /// Where the request was to go.
        target: String,
    },
    /// The value is no part of a header.
    #[error("the value of the secret `{0}` has a character that no header may have")]
    NoHeader(String),
}

/// What a handler reads in the place of a secret's value.
pub fn placeholder(name: &str) -> String {
    format!("{BEGIN}{name}{END}")
}

impl Secrets {
    /// A header's value with the secrets that it names, for a request to `target`; none when it names none.
    ///
    /// # Errors
    /// It names a secret that `target` must not see.
    pub fn fill(&self, value: &HeaderValue, target: &Target) -> Result<Option<HeaderValue>, Withheld> {
        let Some(text) = value.to_str().ok().filter(|text| text.contains(BEGIN)) else { return Ok(None) };
        let mut filled = String::new();
        let mut rest = text;
        let mut last = "";
        while let Some((before, after)) = rest.split_once(BEGIN) {
            let Some((name, after)) = after.split_once(END) else { break };
            let secret = self.0.iter().find(|secret| secret.name == name);
            let secret = secret.ok_or_else(|| Withheld::Unknown(name.to_owned()))?;
            if !secret.hosts.iter().any(|host| host.names(target)) {
                return Err(Withheld::NotForIt { name: name.to_owned(), target: target.to_string() });
            }
            filled.push_str(before);
            filled.push_str(&secret.value);
            last = name;
            rest = after;
        }
        filled.push_str(rest);
        let mut filled = HeaderValue::try_from(filled).map_err(|_| Withheld::NoHeader(last.to_owned()))?;
        // Neither logged nor kept in a table of HTTP/2.
        filled.set_sensitive(true);
        Ok(Some(filled))
    }
}

impl std::fmt::Debug for Secret {
    /// Its name only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}
