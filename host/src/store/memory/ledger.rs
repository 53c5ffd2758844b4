//! What is owed.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Ended, Kept, Key, Memory, Owed, Tenant, queued};
use crate::event::{Keep, Org, SessionId, SessionState, Timestamp};
use crate::store::{
    Accepted, Answer, Delivery, Error, LOGGED_ATTEMPTS, Lease, Ledger, NewEvent, Next, Redriven, Result, SessionRecord,
    Settlement, Told, strip,
};

#[async_trait]
impl Ledger for Memory {
    async fn join(&self, _now: Timestamp, until: Timestamp) -> Result<Lease> {
        let mut state = self.state();
        let node: Arc<str> = format!("node-{}", state.leases.len() + 1).into();
        state.leases.insert(node.clone(), until);
        Ok(Lease { node })
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<()> {
        let mut state = self.state();
        *state.leases.get_mut(&lease.node).ok_or(Error::LeaseLost)? = until;
        Ok(())
    }

    async fn accept(&self, lease: &Lease, new: NewEvent) -> Result<Accepted> {
        let mut state = self.state();
        let tenant = state.orgs.entry(new.event.org.clone()).or_default();
        if let Some(first) = tenant.first(&new) {
            return Ok(Accepted::Duplicate(first));
        }
        if tenant.events.contains_key(&new.event.id) {
            return Err(Error::Conflict(format!("the event {} is there already", new.event.id)));
        }
        if let Some(known) = new.deliveries.iter().find(|delivery| tenant.knows(delivery.session)) {
            return Err(Error::Conflict(format!("the session {} is there already", known.session)));
        }
        tenant.accept(lease, new);
        Ok(Accepted::New)
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
        let mut state = self.state();
        let state = &mut *state;
        let is_over = |node: &Arc<str>| state.leases.get(node).is_none_or(|until| *until <= now);
        let left = state.orgs.values_mut().flat_map(|tenant| tenant.owed.values_mut());
        let mut left: Vec<_> = left.filter(|owed| owed.owner != lease.node && is_over(&owed.owner)).collect();
        left.sort_by_key(|owed| owed.delivery.session);
        left.truncate(limit as usize);
        let claimed = left.into_iter().map(|owed| {
            owed.owner = lease.node.clone();
            owed.delivery.clone()
        });
        Ok(claimed.collect())
    }

    async fn begin(&self, lease: &Lease, org: &Org, session: SessionId) -> Result<()> {
        let mut state = self.state();
        let tenant = state.orgs.get_mut(org).ok_or(Error::LeaseLost)?;
        let owed = tenant.owed.get_mut(&session).filter(|owed| owed.owner == lease.node).ok_or(Error::LeaseLost)?;
        owed.delivery.interruptions += 1;
        Ok(())
    }

    async fn settle(&self, lease: &Lease, settled: Settlement) -> Result<()> {
        let mut state = self.state();
        let tenant = state.orgs.get_mut(&settled.org).ok_or(Error::LeaseLost)?;
        let owed = tenant.owed.get_mut(&settled.session).filter(|owed| owed.owner == lease.node);
        let owed = owed.ok_or(Error::LeaseLost)?;
        let is_full = owed.delivery.keep == Keep::Full;
        if let Some(attempt) = settled.attempt {
            owed.delivery.attempt = attempt.number + 1;
            owed.delivery.interruptions = 0;
            if is_full && !settled.logs.is_empty() {
                tenant.logs.insert((settled.session, attempt.number), settled.logs);
            }
            let oldest = attempt.number.saturating_sub(LOGGED_ATTEMPTS - 1);
            tenant.logs.retain(|(session, number), _| *session != settled.session || *number >= oldest);
            owed.attempts.push(if is_full { attempt } else { strip::attempt(attempt) });
            strip::requests(&mut owed.attempts);
        }
        match settled.next {
            Next::Again { due } => owed.delivery.due = due,
            Next::Ended { state, reason, at } => {
                tenant.end(settled.session, state, reason.filter(|_| is_full), at);
            }
        }
        if let Some(told) = settled.told {
            tenant.tell(settled.session, told);
        }
        Ok(())
    }

    async fn redrive(&self, lease: &Lease, org: &Org, session: SessionId, now: Timestamp) -> Result<Redriven> {
        let mut state = self.state();
        let Some(tenant) = state.orgs.get_mut(org) else { return Ok(Redriven::Unknown) };
        if tenant.owed.contains_key(&session) {
            return Ok(Redriven::NotRedrivable(SessionState::Queued));
        }
        let Some(ended) = tenant.ended.get(&session) else { return Ok(Redriven::Unknown) };
        if !ended.record.state.is_redrivable() {
            return Ok(Redriven::NotRedrivable(ended.record.state));
        }
        if tenant.events.get(&ended.record.event).is_none_or(|kept| kept.kept < Keep::Full) {
            return Ok(Redriven::NotKept);
        }
        let Some(Ended { mut delivery, record }) = tenant.ended.remove(&session) else { return Ok(Redriven::Unknown) };
        delivery.first_attempt = delivery.attempt;
        delivery.interruptions = 0;
        delivery.due = now;
        let owed = Owed { delivery: delivery.clone(), owner: lease.node.clone(), attempts: record.attempts };
        tenant.owed.insert(session, owed);
        Ok(Redriven::Owed(Box::new(delivery)))
    }
}

impl Tenant {
    /// The event that has this one's key.
    fn first(&self, new: &NewEvent) -> Option<crate::event::EventId> {
        let wanted = new.key.as_ref()?;
        let key = self.keys.get(&(new.event.endpoint.clone(), wanted.key.clone()))?;
        (key.expires_at > new.event.received_at).then_some(key.event)
    }

    fn accept(&mut self, lease: &Lease, new: NewEvent) {
        let id = new.event.id;
        if let Some(key) = new.key {
            let answer = if key.awaited.is_some() { Answer::Pending } else { Answer::Accepted };
            let kept = Key { event: id, expires_at: key.expires_at, awaited: key.awaited, answer };
            self.keys.insert((new.event.endpoint.clone(), key.key), kept);
        }
        for delivery in new.deliveries {
            let owed = Owed { delivery, owner: lease.node.clone(), attempts: Vec::new() };
            self.owed.insert(owed.delivery.session, owed);
        }
        let kept = Kept { event: new.event, keep: new.keep, kept: Keep::Full, verdicts: new.verdicts };
        self.events.insert(id, kept);
        self.strip(id);
    }

    fn end(&mut self, session: SessionId, state: SessionState, reason: Option<String>, at: Timestamp) {
        let Some(owed) = self.owed.remove(&session) else { return };
        let record = SessionRecord { state, reason, ended_at: Some(at), due_at: None, ..queued(&owed) };
        let event = record.event;
        self.ended.insert(session, Ended { delivery: owed.delivery, record });
        self.strip(event);
    }

    fn tell(&mut self, session: SessionId, told: Told) {
        let waits = |key: &Key| key.awaited == Some(session);
        match told {
            Told::Failure => self.keys.retain(|_, key| !waits(key)),
            Told::Response(response) => {
                for key in self.keys.values_mut().filter(|key| waits(key)) {
                    key.answer = Answer::Response(response.clone());
                }
            }
        }
    }
}
