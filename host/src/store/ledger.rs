//! What is owed: the face of the store that intake and the dispatcher work with.

use std::sync::Arc;

use async_trait::async_trait;

use super::Result;
use crate::event::{
    Attempt, DeploymentId, Event, EventId, Keep, LogEntry, Org, Response, SessionId, SessionState, Timestamp, Verdict,
};

/// A node's claim to the deliveries that it owns; a new one at each start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Names the node in every row that it owns.
    pub node: Arc<str>,
}

/// An event with all that selecting its triggers gave: one commit.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The event.
    pub event: Arc<Event>,
    /// By what the sender names this delivery; none when the endpoint has no such key.
    pub key: Option<DedupKey>,
    /// How much of the event stays, [`Keep::Metadata`] or [`Keep::Full`]. It is whole until its last session has ended.
    pub keep: Keep,
    /// One of each trigger that listens on the endpoint, in the manifest's order.
    pub verdicts: Vec<Verdict>,
    /// One for each trigger that matched.
    pub deliveries: Vec<Delivery>,
}

/// By what a sender names a delivery, so that one that is sent twice is accepted once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DedupKey {
    /// Unique within an endpoint of an org.
    pub key: Arc<str>,
    /// From then on it is as if it had never been used.
    pub expires_at: Timestamp,
    /// The session whose response the sender waits for, which a duplicate is told too.
    pub awaited: Option<SessionId>,
}

/// What accepting an event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is durable.
    New,
    /// Nothing of it is kept: its key named this event already.
    Duplicate(EventId),
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
    /// The number of the attempt that the trigger's limit counts from: 1, or more for a session that was driven again.
    pub first_attempt: u32,
    /// Not before then.
    pub due: Timestamp,
    /// Of those with the same lane and trigger only the oldest runs; none when order does not matter.
    pub lane: Option<Arc<str>>,
    /// How much of the session stays: [`Keep::Metadata`] or [`Keep::Full`].
    pub keep: Keep,
    /// How often a node began to run it and did not live to settle it; counted from the first claim on.
    pub interruptions: u32,
}

impl Delivery {
    /// A session of a new event, due at once.
    pub fn new(event: Arc<Event>, session: SessionId, trigger: Arc<str>, deployment: DeploymentId) -> Self {
        let due = event.received_at;
        let (attempt, first_attempt, interruptions) = (1, 1, 0);
        let (lane, keep) = (None, Keep::Full);
        Self { session, event, trigger, deployment, attempt, first_attempt, due, lane, keep, interruptions }
    }
}

/// An attempt's end, and what follows: one commit.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Whose.
    pub org: Org,
    /// Which session.
    pub session: SessionId,
    /// The record of the attempt; none when there was none, as of a session that is cancelled while it waits.
    pub attempt: Option<Attempt>,
    /// What the guest wrote during it, in order.
    pub logs: Vec<LogEntry>,
    /// What follows.
    pub next: Next,
    /// What a sender that waits for this session is told; kept if the event's key says that one does.
    pub told: Option<Told>,
}

/// What follows an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A further attempt, not before `due`.
    Again {
        /// Not before then.
        due: Timestamp,
    },
    /// None: the session has ended.
    Ended {
        /// A final one.
        state: SessionState,
        /// Why it is not [`SessionState::Succeeded`], in words.
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
}

/// What the sender of an event was told by the session that it waited for. It matters to those who send it again.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// This response: a duplicate is told the same.
    Response(Response),
    /// That it failed: the event's key is free, so that the sender may try again.
    Failure,
}

/// What driving a session again did.
#[derive(Clone, Debug, PartialEq)]
pub enum Redriven {
    /// It is owed again, to the lease that asked.
    Owed(Box<Delivery>),
    /// The org has no such session.
    Unknown,
    /// It is in a state from which it cannot: it is owed already, or it succeeded.
    NotRedrivable(SessionState),
    /// Its event's payload is not kept.
    NotKept,
}

/// Intake and settlement: nothing acknowledged is lost.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Takes a lease for this start of the node, which ends at `until` unless it is renewed.
    async fn join(&self, now: Timestamp, until: Timestamp) -> Result<Lease>;

    /// Makes a lease end at `until` instead.
    ///
    /// # Errors
    /// [`super::Error::LeaseLost`] when there is no such lease any more.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<()>;

    /// Makes an event, its verdicts and its deliveries durable, all or nothing. The deliveries are born owned by `lease`.
    /// An event whose key was used and has not expired by the event's `received_at` is a duplicate: nothing of it is kept.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] when it cannot be made durable now; then nothing of it is kept.
    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<Accepted>;

    /// Takes over what leases that have ended left owed, oldest session first, at most `limit`.
    async fn claim(&self, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>>;

    /// Counts that a delivery which was claimed is about to run: one that ends the process each time must not for ever.
    ///
    /// # Errors
    /// [`super::Error::LeaseLost`] when the delivery is not owed to `lease`.
    async fn begin(&self, lease: &Lease, org: &Org, session: SessionId) -> Result<()>;

    /// Records an attempt, and either keeps the delivery for a further one or ends it with its session.
    ///
    /// # Errors
    /// [`super::Error::LeaseLost`] when the delivery is not owed to `lease`; then nothing of it is kept.
    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()>;

    /// Owes an ended session again, to `lease` and from `now` on; its attempts count anew and their numbers go on.
    async fn redrive(&self, lease: &Lease, org: &Org, session: SessionId, now: Timestamp) -> Result<Redriven>;
}
