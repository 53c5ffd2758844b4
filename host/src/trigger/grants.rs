//! What a manifest grants to a trigger's handler.

use std::sync::Arc;

use crate::egress::Rule;

/// What a handler may use beside the event, its log and its vars: nothing, unless the manifest says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Whether it may keep things in the project's store.
    pub kv: bool,
    /// Where its requests may go.
    pub outbound: Arc<[Rule]>,
}
