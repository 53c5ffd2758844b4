//! What is kept, as four traits written for their users. Knows nothing of HTTP or WIT.
//!
//! [`memory`] is the model; [`sqlite`] is the embedded default. Both pass the suite in `conformance`.

pub mod blob;
pub mod memory;
pub mod sqlite;

#[cfg(test)]
mod conformance;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use blob::Blobs;

use crate::event::{
    Attempt, DeploymentId, Digest, Event, EventId, EventType, LogEntry, Org, SessionId, SessionState, Timestamp,
    Verdict,
};

/// The store of one node: four traits, most often of one back end.
#[derive(Clone)]
pub struct Store {
    /// What is owed.
    pub ledger: Arc<dyn Ledger>,
    /// What happened.
    pub history: Arc<dyn History>,
    /// What is deployed.
    pub catalog: Arc<dyn Catalog>,
    /// Modules, by digest.
    pub blobs: Blobs,
}

/// Why a store did not do what it was asked, shaped by what the caller may do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// What is there contradicts the request: do not repeat it.
    #[error("{0}")]
    Conflict(String),
    /// The lease belongs to another node by now: drop the work.
    #[error("the lease on this work is lost")]
    LeaseLost,
    /// The store cannot make it durable now, the disk being full for example: repeat it later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is there cannot be read: an operator must look.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The back end failed otherwise.
    #[error("the store failed: {0}")]
    Backend(String),
}

/// What a store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A node's claim to the deliveries that it owns; a new one at each start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Names the node in every row that it owns.
    pub node: Arc<str>,
}

/// An event with all that selecting its triggers gave: one commit.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The event.
    pub event: Arc<Event>,
    /// One of each trigger that listens on the endpoint, in the manifest's order.
    pub verdicts: Vec<Verdict>,
    /// One for each trigger that matched.
    pub deliveries: Vec<Delivery>,
}

/// A session that is still owed.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The session that it will be.
    pub session: SessionId,
    /// What is to be handled.
    pub event: Arc<Event>,
    /// The name of the trigger that matched.
    pub trigger: Arc<str>,
    /// The deployment whose handler runs.
    pub deployment: DeploymentId,
    /// The number of the next attempt: 1 for the first.
    pub attempt: u32,
}

/// An attempt's end, and the session's state after it: one commit.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Whose.
    pub org: Org,
    /// Which session.
    pub session: SessionId,
    /// The record of the attempt.
    pub attempt: Attempt,
    /// What the guest wrote, in order.
    pub logs: Vec<LogEntry>,
    /// The session's final state.
    pub state: SessionState,
}

/// Intake and settlement: nothing acknowledged is lost.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Takes a lease for this start of the node.
    async fn join(&self, now: Timestamp) -> Result<Lease>;

    /// Makes an event, its verdicts and its deliveries durable, all or nothing. The deliveries are born owned by `lease`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be made durable now; then nothing of it is kept.
    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<()>;

    /// Takes over what earlier leases left owed, oldest first.
    async fn claim(&self, lease: &Lease) -> Result<Vec<Delivery>>;

    /// Records an attempt that ended its session, and ends the delivery.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] when the delivery is not owed to `lease`; then nothing of it is kept.
    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()>;
}

/// A page's bounds: newest first, by id.
#[derive(Clone, Copy, Debug)]
pub struct Page<Id> {
    /// Only what is older than this one; none for the newest.
    pub before: Option<Id>,
    /// At most so many.
    pub limit: u32,
}

/// An event as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// The event.
    pub event: Arc<Event>,
    /// Why each trigger did or did not match.
    pub verdicts: Vec<Verdict>,
    /// Its sessions, owed or ended.
    pub sessions: Vec<SessionRecord>,
}

/// A session as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Its id.
    pub id: SessionId,
    /// The event that it handles.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// The trigger that matched.
    pub trigger: String,
    /// The deployment whose handler runs.
    pub deployment: DeploymentId,
    /// Where it stands.
    pub state: SessionState,
    /// When its event was accepted.
    pub created_at: Timestamp,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What happened, for people who ask.
#[async_trait]
pub trait History: Send + Sync {
    /// A page of events, newest first.
    async fn events(&self, org: &Org, page: Page<EventId>) -> Result<Vec<EventRecord>>;
    /// One event; none when the org has no such event.
    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>>;
    /// A page of sessions, newest first.
    async fn sessions(&self, org: &Org, page: Page<SessionId>) -> Result<Vec<SessionRecord>>;
    /// One session; none when the org has no such session.
    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>>;
    /// A session's log, oldest first; empty when the org has no such session.
    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>>;
}

/// A deployment as it was kept: an immutable manifest and its modules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// Its id.
    pub id: DeploymentId,
    /// Whose.
    pub org: Org,
    /// The project's name.
    pub project: String,
    /// When it was applied.
    pub created_at: Timestamp,
    /// The manifest's text.
    pub manifest: String,
    /// The manifest's module names and what they stood for.
    pub modules: BTreeMap<String, Digest>,
}

/// What is deployed. A project's active deployment is the last one that was committed for it.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Keeps a deployment and makes it the project's active one.
    async fn deploy(&self, deployment: DeploymentRecord) -> Result<()>;
    /// Each project's active deployment, of all orgs.
    async fn active(&self) -> Result<Vec<DeploymentRecord>>;
    /// One deployment; none when the org has no such deployment.
    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>>;
}
