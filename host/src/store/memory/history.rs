//! What happened.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use async_trait::async_trait;

use super::{Memory, Tenant, queued};
use crate::event::{DeploymentId, EventId, LogEntry, Org, SessionId, SessionState, Timestamp};
use crate::store::{
    Answer, EventQuery, EventRecord, Expired, Expiry, History, Page, Result, SCAN, SessionQuery, SessionRecord, Usage,
    list,
};

#[async_trait]
impl History for Memory {
    async fn events(&self, org: &Org, query: EventQuery) -> Result<Page<EventRecord, EventId>> {
        let page = self.look(org, |tenant| {
            let range = (Bound::Unbounded, bound(query.before));
            let listed = tenant.events.range(range).rev().map(|(_, kept)| kept);
            let listed = listed.skip_while(|kept| is_late(kept.event.id.made_at(), query.until));
            let listed = listed.take_while(|kept| !is_early(kept.event.id.made_at(), query.since));
            let rows = listed.map(|kept| {
                let endpoint = query.endpoint.as_ref().is_none_or(|endpoint| **endpoint == *kept.event.endpoint);
                let event_type = query.event_type.as_ref().is_none_or(|kind| *kind == kept.event.kind);
                Ok((kept.event.id, (endpoint && event_type).then(|| tenant.record(kept))))
            });
            Some(list::page(rows, query.limit, SCAN))
        });
        page.unwrap_or(Ok(Page { records: Vec::new(), next: None }))
    }

    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>> {
        Ok(self.look(org, |tenant| tenant.events.get(&id).map(|kept| tenant.record(kept))))
    }

    async fn sessions(&self, org: &Org, query: SessionQuery) -> Result<Page<SessionRecord, SessionId>> {
        let page = self.look(org, |tenant| {
            let listed = tenant.all_sessions();
            let listed = listed.range((Bound::Unbounded, bound(query.before))).rev().map(|(_, session)| session);
            let listed = listed.filter(|session| is_looked_at(session, &query));
            let listed = listed.skip_while(|session| is_late(session.id.made_at(), query.until));
            let listed = listed.take_while(|session| !is_early(session.id.made_at(), query.since));
            let rows = listed.map(|session| Ok((session.id, matches(session, &query).then(|| session.clone()))));
            Some(list::page(rows, query.limit, SCAN))
        });
        page.unwrap_or(Ok(Page { records: Vec::new(), next: None }))
    }

    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>> {
        Ok(self.look(org, |tenant| match tenant.ended.get(&id) {
            Some(ended) => Some(ended.record.clone()),
            None => tenant.owed.get(&id).map(queued),
        }))
    }

    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>> {
        let of = (session, 0)..=(session, u32::MAX);
        Ok(self.look(org, |tenant| tenant.logs.range(of).flat_map(|(_, entries)| entries).cloned().collect()))
    }

    async fn answer(&self, org: &Org, event: EventId) -> Result<Answer> {
        let found =
            self.look(org, |tenant| tenant.keys.values().find(|key| key.event == event).map(|key| key.answer.clone()));
        Ok(found.unwrap_or(Answer::None))
    }

    async fn usage(&self, org: &Org) -> Result<Usage> {
        Ok(self.look(org, Tenant::usage))
    }

    async fn owed_to(&self, org: &Org) -> Result<BTreeSet<DeploymentId>> {
        Ok(self.look(org, |tenant| tenant.owed.values().map(|owed| owed.delivery.deployment).collect()))
    }

    async fn expire(&self, expiry: Expiry) -> Result<Expired> {
        let mut expired = Expired::default();
        let mut state = self.state();
        for (org, tenant) in &mut state.orgs {
            expired.events += tenant.expire_events(org, &expiry, expiry.budget - expired.events);
        }
        expired.keys = expire_keys(&mut state.orgs, &expiry);
        expired.more = expired.events.max(expired.keys) == expiry.budget;
        Ok(expired)
    }
}

impl Tenant {
    fn all_sessions(&self) -> BTreeMap<SessionId, SessionRecord> {
        let owed = self.owed.iter().map(|(id, owed)| (*id, queued(owed)));
        owed.chain(self.ended.iter().map(|(id, ended)| (*id, ended.record.clone()))).collect()
    }

    fn expire_events(&mut self, org: &Org, expiry: &Expiry, budget: u32) -> u32 {
        let ids: Vec<EventId> = self.events.keys().copied().filter(|id| !self.is_owed(*id)).collect();
        let mut removed = 0;
        for id in ids {
            let is_old = expiry.before.is_some_and(|before| id < EventId::floor(before));
            let is_much = expiry.most(org).is_some_and(|most| self.usage().bytes > most);
            if removed == budget || !(is_old || is_much) {
                break;
            }
            self.remove(id);
            removed += 1;
        }
        removed
    }
}

/// The keys that expired first, and of those the ones that were used first.
fn expire_keys(orgs: &mut BTreeMap<Org, Tenant>, expiry: &Expiry) -> u32 {
    let keys = orgs.values().flat_map(|tenant| tenant.keys.values());
    let expired = keys.filter(|key| key.expires_at <= expiry.now).map(|key| (key.expires_at, key.event));
    let mut expired: Vec<_> = expired.collect();
    expired.sort();
    expired.truncate(expiry.budget as usize);
    for tenant in orgs.values_mut() {
        tenant.keys.retain(|_, key| !expired.contains(&(key.expires_at, key.event)));
    }
    u32::try_from(expired.len()).unwrap_or(expiry.budget)
}

/// Whether the index that a list is read by has it: that of triggers or that of states, if these are given. What is owed
/// has neither. The rest is looked at row by row.
fn is_looked_at(session: &SessionRecord, query: &SessionQuery) -> bool {
    match (session.state.is_final(), query.state, &query.trigger) {
        (is_final, Some(state), _) if is_final != state.is_final() => false,
        (false, ..) | (true, None, None) => true,
        (true, _, Some(trigger)) => *trigger == session.trigger,
        (true, Some(state), None) => state == session.state,
    }
}

fn matches(session: &SessionRecord, query: &SessionQuery) -> bool {
    let state = query.state.is_none_or(|state| stored(state) == session.state);
    let trigger = query.trigger.as_ref().is_none_or(|trigger| *trigger == session.trigger);
    let event_type = query.event_type.as_ref().is_none_or(|kind| *kind == session.event_type);
    let error = query.error.as_ref().is_none_or(|text| {
        let reason = session.reason.as_deref().unwrap_or_default().to_ascii_lowercase();
        session.reason.is_some() && reason.contains(&text.to_ascii_lowercase())
    });
    state && trigger && event_type && error
}

fn stored(state: SessionState) -> SessionState {
    if state == SessionState::Running { SessionState::Queued } else { state }
}

fn bound<Id>(before: Option<Id>) -> Bound<Id> {
    before.map_or(Bound::Unbounded, Bound::Excluded)
}

/// Ids have milliseconds.
fn is_late(made_at: Timestamp, until: Option<Timestamp>) -> bool {
    until.is_some_and(|until| made_at.as_millisecond() >= until.as_millisecond())
}

fn is_early(made_at: Timestamp, since: Option<Timestamp>) -> bool {
    since.is_some_and(|since| made_at.as_millisecond() < since.as_millisecond())
}
