//! Which endpoint a path names. Knows the raw path only.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use super::Rejection;
use crate::deploy::{Endpoint, Snapshot};

/// The endpoint of `/webhooks/{slug}` or `/webhooks/{slug}/{anything}`.
pub(super) fn find(snapshot: &Snapshot, raw_path: &str) -> Result<Arc<Endpoint>, Rejection> {
    let below = raw_path.strip_prefix("/webhooks/").ok_or(Rejection::NotFound)?;
    let slug = below.split_once('/').map_or(below, |(slug, _)| slug);
    let slug = percent_decode_str(slug).decode_utf8().map_err(|_| Rejection::NotFound)?;
    snapshot.endpoint(&slug).cloned().ok_or(Rejection::NotFound)
}
