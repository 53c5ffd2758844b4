//! What happened: the face of the store for people who ask.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::event::{
    Attempt, DeploymentId, Event, EventId, EventType, Keep, LogEntry, Org, Response, SessionId, SessionState,
    Timestamp, Verdict,
};

/// A page of a list, newest first. All that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Only what is older than this one; none for the newest.
    pub before: Option<EventId>,
    /// At most so many.
    pub limit: u32,
    /// Received then or later, to the millisecond.
    pub since: Option<Timestamp>,
    /// Received before then, to the millisecond.
    pub until: Option<Timestamp>,
    /// On this endpoint.
    pub endpoint: Option<String>,
    /// Of this type.
    pub event_type: Option<EventType>,
}

/// A page of a list of sessions, newest first. All that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct SessionQuery {
    /// Only what is older than this one; none for the newest.
    pub before: Option<SessionId>,
    /// At most so many.
    pub limit: u32,
    /// Created then or later, to the millisecond.
    pub since: Option<Timestamp>,
    /// Created before then, to the millisecond.
    pub until: Option<Timestamp>,
    /// Of this trigger.
    pub trigger: Option<String>,
    /// In this state; [`SessionState::Running`] is stored as [`SessionState::Queued`].
    pub state: Option<SessionState>,
    /// Of events of this type.
    pub event_type: Option<EventType>,
    /// With this text in the reason of its end, ASCII case apart.
    pub error: Option<String>,
}

/// Some of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<Record, Id> {
    /// Newest first.
    pub records: Vec<Record>,
    /// Where to go on: `before` of the next page. None at the list's end. A page may be short, even empty, and not the last:
    /// the store looks at a bounded number of rows for each.
    pub next: Option<Id>,
}

/// An event as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// The event.
    pub event: Arc<Event>,
    /// How much of the event is there: [`Keep::Full`], or [`Keep::Metadata`] once it was cut.
    pub kept: Keep,
    /// Why each trigger did or did not match.
    pub verdicts: Vec<Verdict>,
    /// Its sessions, owed or ended.
    pub sessions: Vec<SessionRecord>,
}

/// A session as it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// Why it did not succeed, in words; none of a session that is owed or that succeeded.
    #[serde(default)]
    pub reason: Option<String>,
    /// When its event was accepted.
    pub created_at: Timestamp,
    /// When it ended; none of a session that is owed.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// Not before then its next attempt begins; none of a session that has ended.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What is told to those who send an event again.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was accepted, and nobody waits for its sessions.
    Accepted,
    /// What its sender was told, or is being told now: the response of one of its sessions.
    Response(Response),
    /// The session that its sender waits for has not ended.
    Pending,
    /// There is none: the event is gone, or its session failed.
    None,
}

/// What may be removed, and how much of it at once.
#[derive(Clone, Debug)]
pub struct Expiry {
    /// Events received before then, to the millisecond; none to keep them however old they are.
    pub before: Option<Timestamp>,
    /// What each org may keep, in bytes as [`Usage`] counts; none for as much as there is.
    pub bytes: Option<u64>,
    /// The same of single orgs, where it is something else.
    pub bytes_of: BTreeMap<Org, u64>,
    /// Keys that expired by then are removed too.
    pub now: Timestamp,
    /// At most so many events, and so many keys.
    pub budget: u32,
}

impl Expiry {
    /// What an org may keep.
    pub(super) fn most(&self, org: &Org) -> Option<u64> {
        self.bytes_of.get(org).copied().or(self.bytes)
    }
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Events, with their sessions and logs.
    pub events: u32,
    /// Keys by which events were named.
    pub keys: u32,
    /// Whether the budget ended it: there may be more.
    pub more: bool,
}

/// What an org has in its history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Events that are kept.
    pub events: u64,
    /// Their bytes, with verdicts, errors, logs and the responses that are kept for duplicates, as [`super::weight`] counts them; what
    /// they take on a disk differs.
    pub bytes: u64,
}

/// What happened, for people who ask.
#[async_trait]
pub trait History: Send + Sync {
    /// A page of events, newest first.
    async fn events(&self, org: &Org, query: EventQuery) -> Result<Page<EventRecord, EventId>>;
    /// One event; none when the org has no such event.
    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>>;
    /// A page of sessions, newest first.
    async fn sessions(&self, org: &Org, query: SessionQuery) -> Result<Page<SessionRecord, SessionId>>;
    /// One session; none when the org has no such session.
    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>>;
    /// A session's log, oldest first; empty when the org has no such session. Of many attempts the last ones' are kept.
    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>>;
    /// What the sender of an event was told, as long as the event's key has not expired.
    async fn answer(&self, org: &Org, event: EventId) -> Result<Answer>;
    /// What an org has.
    async fn usage(&self, org: &Org) -> Result<Usage>;
    /// The deployments that an org's sessions are owed to.
    async fn owed_to(&self, org: &Org) -> Result<BTreeSet<DeploymentId>>;
    /// Removes the oldest events that nothing is owed of, and what belongs to them but their keys, which last until they expire:
    /// a duplicate is then told that the event was accepted. Of each org the newest are left that fit in its bytes.
    async fn expire(&self, expiry: Expiry) -> Result<Expired>;
}
