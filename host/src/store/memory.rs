//! The store of a process's memory: the model that the others are compared with, and what tests run on.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Blobs, Catalog, Delivery, DeploymentRecord, Error, EventRecord, History, Lease, Ledger, NewEvent, Page, Result,
    SessionRecord, Settlement, Store,
};
use crate::event::{DeploymentId, Event, EventId, LogEntry, Org, SessionId, SessionState, Timestamp, Verdict};

/// A new, empty store. It is gone when its last clone is.
pub fn store() -> Store {
    let memory = Arc::new(Memory::default());
    Store {
        ledger: Arc::clone(&memory) as _,
        history: Arc::clone(&memory) as _,
        catalog: memory,
        blobs: Blobs::memory(),
    }
}

#[derive(Default)]
struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    joined: u64,
    orgs: HashMap<Org, Tenant>,
    /// In the order of their commits.
    deployments: Vec<DeploymentRecord>,
}

/// What one org has.
#[derive(Default)]
struct Tenant {
    events: BTreeMap<EventId, (Arc<Event>, Vec<Verdict>)>,
    owed: BTreeMap<SessionId, Owed>,
    ended: BTreeMap<SessionId, Ended>,
}

struct Owed {
    delivery: Delivery,
    owner: Arc<str>,
}

struct Ended {
    record: SessionRecord,
    logs: Vec<LogEntry>,
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

#[async_trait]
impl Ledger for Memory {
    async fn join(&self, _now: Timestamp) -> Result<Lease> {
        let mut state = self.state();
        state.joined += 1;
        Ok(Lease { node: format!("node-{}", state.joined).into() })
    }

    async fn accept(&self, lease: &Lease, new: NewEvent) -> Result<()> {
        let mut state = self.state();
        let tenant = state.orgs.entry(Arc::clone(&new.event.org)).or_default();
        if tenant.events.contains_key(&new.event.id) {
            return Err(Error::Conflict(format!("the event {} is there already", new.event.id)));
        }
        for delivery in &new.deliveries {
            let known = tenant.owed.contains_key(&delivery.session) || tenant.ended.contains_key(&delivery.session);
            if known {
                return Err(Error::Conflict(format!("the session {} is there already", delivery.session)));
            }
        }
        for delivery in new.deliveries {
            let owed = Owed { delivery, owner: Arc::clone(&lease.node) };
            tenant.owed.insert(owed.delivery.session, owed);
        }
        tenant.events.insert(new.event.id, (new.event, new.verdicts));
        Ok(())
    }

    async fn claim(&self, lease: &Lease) -> Result<Vec<Delivery>> {
        let mut state = self.state();
        let mut claimed = Vec::new();
        for owed in state.orgs.values_mut().flat_map(|tenant| tenant.owed.values_mut()) {
            if owed.owner != lease.node {
                owed.owner = Arc::clone(&lease.node);
                claimed.push(owed.delivery.clone());
            }
        }
        claimed.sort_by_key(|delivery| delivery.session);
        Ok(claimed)
    }

    async fn settle(&self, lease: &Lease, settled: Settlement) -> Result<()> {
        let mut state = self.state();
        let tenant = state.orgs.get_mut(&settled.org).ok_or(Error::LeaseLost)?;
        let owed = tenant.owed.get(&settled.session).filter(|owed| owed.owner == lease.node).ok_or(Error::LeaseLost)?;
        let record = SessionRecord { state: settled.state, attempts: vec![settled.attempt], ..queued(&owed.delivery) };
        tenant.owed.remove(&settled.session);
        tenant.ended.insert(settled.session, Ended { record, logs: settled.logs });
        Ok(())
    }
}

#[async_trait]
impl History for Memory {
    async fn events(&self, org: &Org, page: Page<EventId>) -> Result<Vec<EventRecord>> {
        Ok(self.look(org, |tenant| {
            let older = tenant.events.range(older_than(page)).rev().take(page.limit as usize);
            older.map(|(_, (event, verdicts))| tenant.event(event, verdicts)).collect()
        }))
    }

    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>> {
        Ok(self.look(org, |tenant| tenant.events.get(&id).map(|(event, verdicts)| tenant.event(event, verdicts))))
    }

    async fn sessions(&self, org: &Org, page: Page<SessionId>) -> Result<Vec<SessionRecord>> {
        Ok(self.look(org, |tenant| {
            let owed = tenant.owed.range(older_than(page)).rev().map(|(_, owed)| queued(&owed.delivery));
            let ended = tenant.ended.range(older_than(page)).rev().map(|(_, ended)| ended.record.clone());
            let limit = page.limit as usize;
            let mut sessions: Vec<_> = owed.take(limit).chain(ended.take(limit)).collect();
            sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
            sessions.truncate(limit);
            sessions
        }))
    }

    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>> {
        Ok(self.look(org, |tenant| match tenant.ended.get(&id) {
            Some(ended) => Some(ended.record.clone()),
            None => tenant.owed.get(&id).map(|owed| queued(&owed.delivery)),
        }))
    }

    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>> {
        Ok(self.look(org, |tenant| tenant.ended.get(&session).map(|ended| ended.logs.clone()).unwrap_or_default()))
    }
}

#[async_trait]
impl Catalog for Memory {
    async fn deploy(&self, deployment: DeploymentRecord) -> Result<()> {
        let mut state = self.state();
        if state.deployments.iter().any(|known| known.org == deployment.org && known.id == deployment.id) {
            return Err(Error::Conflict(format!("the deployment {} is there already", deployment.id)));
        }
        state.deployments.push(deployment);
        Ok(())
    }

    async fn active(&self) -> Result<Vec<DeploymentRecord>> {
        let state = self.state();
        let mut active = BTreeMap::new();
        for deployment in &state.deployments {
            active.insert((&deployment.org, &deployment.project), deployment);
        }
        Ok(active.into_values().cloned().collect())
    }

    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
        let state = self.state();
        Ok(state.deployments.iter().find(|known| known.org == *org && known.id == id).cloned())
    }
}

impl Tenant {
    fn event(&self, event: &Arc<Event>, verdicts: &[Verdict]) -> EventRecord {
        let owed = self.owed.values().filter(|owed| owed.delivery.event.id == event.id);
        let ended = self.ended.values().filter(|ended| ended.record.event == event.id);
        let mut sessions: Vec<_> =
            owed.map(|owed| queued(&owed.delivery)).chain(ended.map(|ended| ended.record.clone())).collect();
        sessions.sort_by_key(|session| session.id);
        EventRecord { event: Arc::clone(event), verdicts: verdicts.to_vec(), sessions }
    }
}

/// A delivery as people see it.
fn queued(delivery: &Delivery) -> SessionRecord {
    SessionRecord {
        id: delivery.session,
        event: delivery.event.id,
        event_type: delivery.event.kind.clone(),
        trigger: delivery.trigger.to_string(),
        deployment: delivery.deployment,
        state: SessionState::Queued,
        created_at: delivery.event.received_at,
        attempts: Vec::new(),
    }
}

fn older_than<Id>(page: Page<Id>) -> (Bound<Id>, Bound<Id>) {
    (Bound::Unbounded, page.before.map_or(Bound::Unbounded, Bound::Excluded))
}
