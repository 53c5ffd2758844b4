//! The store of a process's memory: the model that the others are compared with, and what tests run on.

mod catalog;
mod history;
mod keyring;
mod kv;
mod ledger;
mod purge;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Answer, Blobs, Delivery, EventRecord, OrgKey, SessionRecord, Space, Store, Usage, strip, weight};
use crate::event::{Attempt, Event, EventId, Keep, LogEntry, Org, SessionId, SessionState, Timestamp, Verdict};

/// A new, empty store. It is gone when its last clone is.
pub fn store() -> Store {
    let memory = Arc::new(Memory::default());
    Store {
        ledger: Arc::clone(&memory) as _,
        history: Arc::clone(&memory) as _,
        catalog: Arc::clone(&memory) as _,
        kv: Arc::clone(&memory) as _,
        keyring: Arc::clone(&memory) as _,
        purge: memory,
        blobs: Blobs::memory(),
    }
}

#[derive(Default)]
struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// When each lease ends, by its node.
    leases: HashMap<Arc<str>, Timestamp>,
    orgs: BTreeMap<Org, Tenant>,
    catalog: catalog::Cabinet,
    org_keys: BTreeMap<Org, OrgKey>,
    spaces: BTreeMap<Space, Drawer>,
}

/// What the handlers of one project keep.
#[derive(Default)]
struct Drawer {
    /// Of the last change.
    version: u64,
    slots: BTreeMap<String, Slot>,
}

struct Slot {
    value: Bytes,
    version: u64,
    expires_at: Option<Timestamp>,
}

/// What one org has.
#[derive(Default)]
struct Tenant {
    events: BTreeMap<EventId, Kept>,
    owed: BTreeMap<SessionId, Owed>,
    ended: BTreeMap<SessionId, Ended>,
    /// By session and attempt.
    logs: BTreeMap<(SessionId, u32), Vec<LogEntry>>,
    /// By endpoint and key.
    keys: BTreeMap<(Arc<str>, Arc<str>), Key>,
}

struct Kept {
    event: Arc<Event>,
    keep: Keep,
    /// [`Keep::Metadata`] once it was cut.
    kept: Keep,
    verdicts: Vec<Verdict>,
}

struct Owed {
    delivery: Delivery,
    owner: Arc<str>,
    attempts: Vec<Attempt>,
}

struct Ended {
    delivery: Delivery,
    record: SessionRecord,
}

struct Key {
    event: EventId,
    expires_at: Timestamp,
    awaited: Option<SessionId>,
    answer: Answer,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` finds in an org; nothing when the org has nothing.
    fn look<T: Default>(&self, org: &Org, look: impl FnOnce(&Tenant) -> T) -> T {
        self.state().orgs.get(org).map(look).unwrap_or_default()
    }
}

impl Tenant {
    fn knows(&self, session: SessionId) -> bool {
        self.owed.contains_key(&session) || self.ended.contains_key(&session)
    }

    fn is_owed(&self, event: EventId) -> bool {
        self.owed.values().any(|owed| owed.delivery.event.id == event)
    }

    /// Cuts an event of which only the metadata stays, once nobody will read the rest.
    fn strip(&mut self, event: EventId) {
        if self.is_owed(event) {
            return;
        }
        if let Some(kept) = self.events.get_mut(&event).filter(|kept| kept.keep < Keep::Full) {
            kept.event = strip::event(&kept.event);
            kept.verdicts = strip::verdicts(&kept.verdicts);
            kept.kept = Keep::Metadata;
        }
    }

    fn remove(&mut self, event: EventId) {
        self.events.remove(&event);
        let sessions: Vec<_> =
            self.ended.values().filter(|ended| ended.record.event == event).map(|ended| ended.record.id).collect();
        for session in sessions {
            self.ended.remove(&session);
            self.logs.retain(|(of, _), _| *of != session);
        }
        for key in self.keys.values_mut().filter(|key| key.event == event) {
            (key.awaited, key.answer) = (None, Answer::Accepted);
        }
    }

    fn usage(&self) -> Usage {
        let events: u64 = self.events.values().map(|kept| weight::event(kept.event.data.raw()) + verdicts(kept)).sum();
        let logs: u64 = self.logs.values().map(|entries| weight::log(entries)).sum();
        let attempts = |attempts: &[Attempt]| attempts.iter().map(weight::attempt).sum::<u64>();
        let owed = self.owed.values().map(|owed| attempts(&owed.attempts));
        let ended = self.ended.values().map(|ended| &ended.record);
        let ended = ended.map(|record| attempts(&record.attempts) + weight::reason(record.reason.as_deref()));
        let sessions = owed.chain(ended);
        let told = self.keys.values().map(|key| match &key.answer {
            Answer::Response(response) => weight::response(response),
            Answer::Accepted | Answer::Pending | Answer::None => 0,
        });
        Usage { events: self.events.len() as u64, bytes: events + logs + told.sum::<u64>() + sessions.sum::<u64>() }
    }

    fn record(&self, kept: &Kept) -> EventRecord {
        let id = kept.event.id;
        let owed = self.owed.values().filter(|owed| owed.delivery.event.id == id).map(queued);
        let ended = self.ended.values().filter(|ended| ended.record.event == id).map(|ended| ended.record.clone());
        let mut sessions: Vec<_> = owed.chain(ended).collect();
        sessions.sort_by_key(|session| session.id);
        EventRecord { event: kept.event.clone(), kept: kept.kept, verdicts: kept.verdicts.clone(), sessions }
    }
}

fn verdicts(kept: &Kept) -> u64 {
    let json = serde_json::to_string(&kept.verdicts).expect("verdicts have no map whose keys are not texts");
    weight::verdicts(&json)
}

/// A delivery as people see it.
fn queued(owed: &Owed) -> SessionRecord {
    let Owed { delivery, attempts, .. } = owed;
    SessionRecord {
        id: delivery.session,
        event: delivery.event.id,
        event_type: delivery.event.kind.clone(),
        trigger: delivery.trigger.to_string(),
        deployment: delivery.deployment,
        state: SessionState::Queued,
        reason: None,
        created_at: delivery.event.received_at,
        ended_at: None,
        due_at: Some(delivery.due),
        attempts: attempts.clone(),
    }
}
