//! The values that everything else speaks of. No I/O, no async, no clock.

mod data;
mod from_json;
mod ids;
mod keep;
mod kind;
mod outcome;
mod pairs;
mod session;
mod verdict;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use data::content_length;
pub use data::{Data, Field, Raw};
pub use from_json::FromJsonError;
pub use ids::{DeploymentId, Digest, EventId, IdError, SessionId};
pub use jiff::Timestamp;
pub use keep::Keep;
pub use kind::{EventType, UnknownMethod};
pub use outcome::{Fault, FaultKind, Outcome, Response};
pub(crate) use pairs::canonical;
pub use pairs::{Headers, Pairs};
pub use session::{Attempt, AttemptOutcome, LogEntry, LogLevel, OutboundRequest, SessionState, Used};
pub(crate) use verdict::with_article;
pub use verdict::{Explanation, Part, Verdict, VerdictKind};

/// The tenant: owner of projects, boundary of isolation.
pub type Org = Arc<str>;

/// One received request.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `evt_…`, ordered by time of receipt.
    pub id: EventId,
    /// Whose it is.
    pub org: Org,
    /// The slug of the endpoint that received it.
    pub endpoint: Arc<str>,
    /// When the request's last byte had been read.
    pub received_at: Timestamp,
    /// The HTTP method in lower case.
    pub kind: EventType,
    /// The payload: `event.data`.
    pub data: Arc<Data>,
    /// The event that this one copies, when it was dispatched again.
    pub redispatched_from: Option<EventId>,
}
