//! What an explanation must not show: events are kept, and people paste what they read into reports.
//!
//! Names tell which fields open doors, and the values of such headers are hidden wherever they turn up: in
//! `headers_all`, in a list that the filter built, in an error that quotes a key.

use std::collections::BTreeSet;

use crate::event::Data;

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Words that the names of such fields have, in lower case with dashes.
const WORDS: [&str; 14] = [
    "access-key",
    "api-key",
    "apikey",
    "authorization",
    "cookie",
    "credential",
    "jwt",
    "passwd",
    "password",
    "private-key",
    "secret",
    "signature",
    "token",
    "x-auth",
];

/// Parts of a header's value that are shorter are no secrets of their own: `Bearer`, `path=/`, `v1`.
const SHORTEST_PART: usize = 8;

/// The shortest value that is looked for elsewhere: `1` would be found everywhere.
const SHORTEST: usize = 4;

/// Whether the value of a field with this name is a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    WORDS.iter().any(|word| name.contains(word))
}

/// The secrets of one event's headers and trailers, in lower case since filters may fold them.
#[derive(Debug, Default)]
pub(in super::super) struct Secrets(BTreeSet<String>);

impl Secrets {
    pub(in super::super) fn of(data: &Data) -> Self {
        let mut secrets = BTreeSet::new();
        let fields = data.headers().iter().chain(data.trailers().iter());
        for (_, value) in fields.filter(|(name, _)| is_secret_name(name)) {
            let value = value.trim().to_lowercase();
            let parts = value.split([' ', ',', ';', '=', '"']).filter(|part| part.len() >= SHORTEST_PART);
            secrets.extend(parts.map(str::to_owned));
            if value.len() >= SHORTEST {
                secrets.insert(value);
            }
        }
        Self(secrets)
    }

    /// Whether a text has a secret in it, or is a good part of one.
    pub(super) fn cover(&self, text: &str) -> bool {
        let folded = text.trim().to_lowercase();
        let is_part = |secret: &String| folded.len() >= SHORTEST_PART && secret.contains(&folded);
        self.0.iter().any(|secret| folded.contains(secret.as_str()) || is_part(secret))
    }

    /// A sentence without the secrets that it quotes.
    pub(in super::super) fn strip(&self, sentence: String) -> String {
        if !self.0.iter().any(|secret| sentence.to_lowercase().contains(secret.as_str())) {
            return sentence;
        }
        let words = sentence.split(' ').map(|word| if self.cover(word) { HIDDEN } else { word });
        let stripped = words.collect::<Vec<_>>().join(" ");
        // A secret of several words.
        if self.0.iter().any(|secret| stripped.to_lowercase().contains(secret.as_str())) {
            return sentence
                .split_once(": ")
                .map_or_else(|| HIDDEN.to_owned(), |(kind, _)| format!("{kind}: {HIDDEN}"));
        }
        stripped
    }
}
