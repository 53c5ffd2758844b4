//! A SQLite store in a folder, as the benches use it.

use std::path::Path;
use std::sync::Arc;

use tenterhook_host::clock::Clock;
use tenterhook_host::event::{
    Attempt, AttemptOutcome, Data, DeploymentId, Event, EventId, EventType, Keep, Raw, SessionId, SessionState,
    Verdict, VerdictKind,
};
use tenterhook_host::store::{Delivery, EventQuery, Lease, NewEvent, Next, SessionQuery, Settlement, Store, sqlite};

/// The tenant of all benches.
pub(super) const ORG: &str = "bench";

/// Far enough for no bench to see a lease end, in microseconds.
const HOUR: i64 = 3_600_000_000;

/// An open store and this start's lease.
#[derive(Clone)]
pub(super) struct Stored {
    store: Store,
    lease: Lease,
    clock: Clock,
    deployment: DeploymentId,
}

impl Stored {
    /// Opens it; what is accepted belongs to `deployment`.
    pub(super) async fn open(folder: &Path, deployment: Option<DeploymentId>) -> Self {
        let (store, clock) = (sqlite::open(folder).unwrap(), Clock::system());
        let now = clock.now();
        let until = tenterhook_host::event::Timestamp::from_microsecond(now.as_microsecond() + HOUR).unwrap();
        let lease = store.ledger.join(now, until).await.unwrap();
        Self { store, lease, deployment: deployment.unwrap_or_else(|| DeploymentId::new(now)), clock }
    }

    /// An event with a body of so many bytes and a delivery for each trigger.
    pub(super) fn event(&self, body: usize, triggers: &[&str]) -> NewEvent {
        let now = self.clock.now();
        let raw = Raw {
            method: "POST".to_owned(),
            url: "/webhooks/hook?name=Ada".to_owned(),
            headers: [("Host", "example.com"), ("Content-Type", "application/json")].into_iter().collect(),
            body: Some(vec![b'x'; body].into()),
            ..Raw::default()
        };
        let event = Arc::new(Event {
            id: EventId::new(now),
            org: ORG.into(),
            endpoint: "hook".into(),
            received_at: now,
            kind: EventType::of("POST"),
            data: Arc::new(Data::new(raw)),
            redispatched_from: None,
        });
        let verdict = |trigger: &&str| Verdict {
            trigger: (*trigger).to_owned(),
            kind: VerdictKind::Matched,
            detail: None,
            explanation: None,
        };
        let delivery =
            |trigger: &&str| Delivery::new(event.clone(), SessionId::new(now), (*trigger).into(), self.deployment);
        let (verdicts, deliveries) = (triggers.iter().map(verdict).collect(), triggers.iter().map(delivery).collect());
        NewEvent { event, key: None, keep: Keep::Full, verdicts, deliveries }
    }

    /// Makes an event durable.
    pub(super) async fn accept(&self, event: NewEvent) {
        self.store.ledger.accept(&self.lease, event).await.unwrap();
    }

    /// Ends a session: it succeeded, or it failed for this reason.
    pub(super) async fn settle(&self, delivery: &Delivery, failure: Option<&str>) {
        let now = self.clock.now();
        let (state, outcome) = match failure {
            None => (SessionState::Succeeded, AttemptOutcome::Succeeded),
            Some(_) => (SessionState::Failed, AttemptOutcome::Fault),
        };
        let attempt = Attempt {
            number: 1,
            started_at: now,
            ended_at: now,
            cpu_us: 12,
            peak_memory: 65_536,
            outcome,
            fault: None,
            error: failure.map(str::to_owned),
            status: None,
            used: Default::default(),
            requests: Vec::new(),
        };
        let settlement = Settlement {
            org: ORG.into(),
            session: delivery.session,
            attempt: Some(attempt),
            logs: Vec::new(),
            next: Next::Ended { state, reason: failure.map(str::to_owned), at: now },
            told: None,
        };
        self.store.ledger.settle(&self.lease, settlement).await.unwrap();
    }

    /// Takes over all that an earlier start left owed, and says how much it was.
    pub(super) async fn claim(&self) -> usize {
        self.store.ledger.claim(&self.lease, self.clock.now(), u32::MAX).await.unwrap().len()
    }

    /// Asks for a page of sessions, and says how long it was.
    pub(super) async fn sessions(&self, query: SessionQuery) -> usize {
        self.store.history.sessions(&ORG.into(), query).await.unwrap().records.len()
    }

    /// Asks for a page of events with their sessions, and says how long it was.
    pub(super) async fn events(&self, limit: u32) -> usize {
        let query = EventQuery { limit, ..EventQuery::default() };
        self.store.history.events(&ORG.into(), query).await.unwrap().records.len()
    }

    /// Asks for one event with its sessions, and says how many those were.
    pub(super) async fn event_sessions(&self, event: EventId) -> usize {
        self.store.history.event(&ORG.into(), event).await.unwrap().unwrap().sessions.len()
    }
}
