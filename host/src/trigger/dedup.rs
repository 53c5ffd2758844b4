//! By what an endpoint tells that a delivery was sent before.

use std::sync::Arc;
use std::time::Duration;

use super::filter::{Key, bounded};
use crate::event::Headers;

/// The headers in which senders name a delivery, the one that says it best first: of Standard Webhooks, of GitHub, and of
/// the draft of the IETF (draft-ietf-httpapi-idempotency-key-header).
const WELL_KNOWN: [&str; 3] = ["Webhook-Id", "X-Github-Delivery", "Idempotency-Key"];

/// How long a key is remembered when the manifest does not say: longer than senders go on trying.
pub const WINDOW: Duration = Duration::from_secs(72 * 60 * 60);

/// An endpoint's `dedup`.
#[derive(Debug)]
pub struct Dedup {
    /// What gives the key; none for the headers that are well known.
    pub key: Option<Key>,
    /// How long a key is remembered.
    pub window: Duration,
}

/// The first of the well-known headers that says something, and its name: two of them never mean the same.
pub(super) fn well_known(headers: &Headers) -> Option<Arc<str>> {
    let said = WELL_KNOWN.into_iter().filter_map(|name| Some((name, headers.get(name)?)));
    let mut said = said.filter(|(_, value)| !value.is_empty());
    said.next().map(|(name, value)| bounded(&format!("{name}: {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_header_that_says_something_is_the_key() {
        let key = |fields: &[(&str, &str)]| {
            let headers: Headers = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
            well_known(&headers)
        };
        assert_eq!(key(&[("X-Other", "1")]), None);
        assert_eq!(key(&[("idempotency-key", "c"), ("webhook-id", "a")]).as_deref(), Some("Webhook-Id: a"));
        assert_eq!(
            key(&[("X-GitHub-Delivery", "b"), ("Idempotency-Key", "c")]).as_deref(),
            Some("X-Github-Delivery: b")
        );
        assert_eq!(key(&[("webhook-id", ""), ("Idempotency-Key", "c")]).as_deref(), Some("Idempotency-Key: c"));
        let long = key(&[("webhook-id", "x".repeat(9000).as_str())]).unwrap();
        assert!(long.starts_with("sha256:") && long.len() == 71, "{long}");
    }
}
