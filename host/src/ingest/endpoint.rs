//! Which endpoint a request names, and which deployment takes it.

use std::sync::Arc;

use http::HeaderMap;
use http::header::HeaderName;
use percent_encoding::percent_decode_str;

use super::Rejection;
use crate::deploy::{Endpoint, Route, Snapshot};
use crate::event::Event;

/// By this a request is addressed to a deployment that is testing: its token. No event keeps it.
pub(super) const TESTING: HeaderName = HeaderName::from_static("tenterhook-testing");

/// Where a request goes, as far as that is known before its body is.
pub(super) struct Target {
    pub(super) route: Arc<Route>,
    /// The one deployment that it is addressed to.
    addressed: Option<Arc<Endpoint>>,
}

/// The target of `/webhooks/{slug}` or `/webhooks/{slug}/{anything}`. Knows the raw path only.
pub(super) fn find(snapshot: &Snapshot, raw_path: &str, headers: &HeaderMap) -> Result<Target, Rejection> {
    let below = raw_path.strip_prefix("/webhooks/").ok_or(Rejection::NotFound)?;
    let slug = below.split_once('/').map_or(below, |(slug, _)| slug);
    let slug = percent_decode_str(slug).decode_utf8().map_err(|_| Rejection::NotFound)?;
    let route = snapshot.route(&slug).cloned().ok_or(Rejection::NotFound)?;
    let addressed = match headers.get(&TESTING) {
        Some(token) => Some(route.addressed(token.as_bytes()).cloned().ok_or(Rejection::NotAddressed)?),
        None if route.is_open() => None,
        None => return Err(Rejection::NotFound),
    };
    Ok(Target { route, addressed })
}

impl Target {
    /// What takes the event.
    pub(super) fn endpoint(self, event: &Event) -> Result<Arc<Endpoint>, Rejection> {
        let Self { route, addressed } = self;
        addressed.or_else(|| route.endpoint(event).cloned()).ok_or(Rejection::NotFound)
    }
}
