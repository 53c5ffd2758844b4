//! Who may do what, and what is deployed.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Memory, State};
use crate::event::{AuditId, DeploymentId, Org, Timestamp};
use crate::store::catalog::{AuditEntry, Change, Committed, Kind, RecordQuery, Refusal, Revision, Row, Why};
use crate::store::{Catalog, DeploymentRecord, Error, Page, Result};

/// What the catalog has, of all orgs.
#[derive(Clone)]
pub(super) struct Cabinet {
    records: BTreeMap<(Org, Kind, String), Record>,
    /// In the order of their commits.
    pub(super) deployments: Vec<DeploymentRecord>,
    audit: BTreeMap<(Org, AuditId), AuditEntry>,
    revision: Revision,
}

#[derive(Clone)]
struct Record {
    row: Row,
    mark: Option<String>,
    expires_at: Option<Timestamp>,
}

impl Default for Cabinet {
    /// The first revision is that of what a store is made with.
    fn default() -> Self {
        Self { records: BTreeMap::new(), deployments: Vec::new(), audit: BTreeMap::new(), revision: 1 }
    }
}

impl Cabinet {
    /// Removes an org's records and deployments for which these hold, the latter of their project's name.
    pub(super) fn purge(&mut self, org: &Org, record: impl Fn(Kind, &str) -> bool, deployment: impl Fn(&str) -> bool) {
        self.records.retain(|(of, kind, key), _| of != org || !record(*kind, key));
        self.deployments.retain(|kept| kept.org != *org || !deployment(&kept.project));
    }

    /// Removes an org's audit log.
    pub(super) fn forget_audit(&mut self, org: &Org) {
        self.audit.retain(|(of, _), _| of != org);
    }

    /// What all records of a kind say.
    pub(super) fn bodies(&self, kind: Kind) -> impl Iterator<Item = &String> {
        self.records.iter().filter(move |((_, of, _), _)| *of == kind).map(|(_, record)| &record.row.body)
    }

    /// Makes one change, or says why not.
    fn change(&mut self, org: &Org, change: Change) -> Result<Result<(), Refusal>> {
        let (kind, key, expect) = match &change {
            Change::Put { kind, key, expect, .. } | Change::Remove { kind, key, expect } => (*kind, key, *expect),
            Change::Deploy(_) => {
                let Change::Deploy(deployment) = change else { return Ok(Ok(())) };
                return self.deploy(org, *deployment).map(Ok);
            }
        };
        let refused = |why| Ok(Err(Refusal { kind, key: key.clone(), why }));
        let id = (org.clone(), kind, key.clone());
        if let Err(why) = expect.check(self.records.get(&id).map(|record| record.row.revision)) {
            return refused(why);
        }
        let Change::Put { key, mark, expires_at, body, .. } = change else {
            self.records.remove(&id);
            return Ok(Ok(()));
        };
        let taken = |other: &(Org, Kind, String), record: &Record| {
            mark.is_some() && record.mark == mark && other.1 == kind && *other != id
        };
        if self.records.iter().any(|(other, record)| taken(other, record)) {
            return Ok(Err(Refusal { kind, key, why: Why::Taken }));
        }
        let used_at = self.records.get(&id).and_then(|record| record.row.used_at);
        let row = Row { key, revision: self.revision, body, used_at };
        self.records.insert(id, Record { row, mark, expires_at });
        Ok(Ok(()))
    }

    fn deploy(&mut self, org: &Org, deployment: DeploymentRecord) -> Result<()> {
        if deployment.org != *org {
            return Err(Error::Conflict(format!("the deployment {} is another org's", deployment.id)));
        }
        if self.deployments.iter().any(|known| known.org == *org && known.id == deployment.id) {
            return Err(Error::Conflict(format!("the deployment {} is there already", deployment.id)));
        }
        self.deployments.push(deployment);
        Ok(())
    }
}

#[async_trait]
impl Catalog for Memory {
    async fn commit(&self, org: &Org, changes: Vec<Change>, told: Option<AuditEntry>) -> Result<Committed> {
        let State { catalog, .. } = &mut *self.state();
        let mut next = catalog.clone();
        next.revision += 1;
        for change in changes {
            if let Err(refusal) = next.change(org, change)? {
                return Ok(Committed::Refused(refusal));
            }
        }
        next.audit.extend(told.map(|entry| ((org.clone(), entry.id), entry)));
        *catalog = next;
        Ok(Committed::Done(catalog.revision))
    }

    async fn record(&self, org: &Org, kind: Kind, key: &str) -> Result<Option<Row>> {
        let id = (org.clone(), kind, key.to_owned());
        Ok(self.state().catalog.records.get(&id).map(|record| record.row.clone()))
    }

    async fn records(&self, org: &Org, query: RecordQuery) -> Result<Vec<Row>> {
        let RecordQuery { kind, prefix, after, limit } = query;
        let state = self.state();
        let of_kind = state.catalog.records.iter().filter(|((other, of, _), _)| other == org && *of == kind);
        let rows = of_kind.map(|(_, record)| &record.row).filter(|row| row.key.starts_with(&prefix));
        let rows = rows.filter(|row| after.as_ref().is_none_or(|after| row.key > *after));
        Ok(rows.take(limit as usize).cloned().collect())
    }

    async fn marked(&self, kind: Kind, mark: &str) -> Result<Option<(Org, Row)>> {
        let state = self.state();
        let mut records = state.catalog.records.iter();
        let found = records.find(|((_, of, _), record)| *of == kind && record.mark.as_deref() == Some(mark));
        Ok(found.map(|((org, _, _), record)| (org.clone(), record.row.clone())))
    }

    async fn holders(&self, kind: Kind, key: &str, after: Option<&Org>, limit: u32) -> Result<Vec<Org>> {
        let state = self.state();
        let holds = state.catalog.records.keys().filter(|(_, of, other)| *of == kind && other == key);
        let orgs = holds.map(|(org, ..)| org).filter(|org| after.is_none_or(|after| *org > after));
        Ok(orgs.take(limit as usize).cloned().collect())
    }

    async fn orgs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Row>> {
        let state = self.state();
        let orgs = state.catalog.records.iter().filter(|((_, kind, _), _)| *kind == Kind::Org);
        let rows = orgs.map(|(_, record)| &record.row).filter(|row| after.is_none_or(|after| row.key.as_str() > after));
        Ok(rows.take(limit as usize).cloned().collect())
    }

    async fn touch(&self, org: &Org, kind: Kind, key: &str, at: Timestamp) -> Result<()> {
        if let Some(record) = self.state().catalog.records.get_mut(&(org.clone(), kind, key.to_owned())) {
            record.row.used_at = Some(at);
        }
        Ok(())
    }

    async fn remove_expired(&self, now: Timestamp, budget: u32) -> Result<u32> {
        let State { catalog, .. } = &mut *self.state();
        let expired = |record: &Record| record.expires_at.is_some_and(|at| at <= now);
        let mut ids: Vec<_> = catalog.records.iter().filter(|(_, record)| expired(record)).collect();
        ids.sort_by_key(|(_, record)| record.expires_at);
        let ids: Vec<_> = ids.into_iter().take(budget as usize).map(|(id, _)| id.clone()).collect();
        ids.iter().for_each(|id| drop(catalog.records.remove(id)));
        Ok(u32::try_from(ids.len()).unwrap_or(budget))
    }

    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
        let state = self.state();
        Ok(state.catalog.deployments.iter().find(|known| known.org == *org && known.id == id).cloned())
    }

    async fn deployments(
        &self,
        org: &Org,
        project: &str,
        before: Option<DeploymentId>,
        limit: u32,
    ) -> Result<Page<DeploymentRecord, DeploymentId>> {
        let state = self.state();
        let all = &state.catalog.deployments;
        let of_project = |record: &&DeploymentRecord| record.org == *org && record.project == project;
        let mut records: Vec<_> = all.iter().filter(of_project).cloned().collect();
        if let Some(before) = before {
            let end = records.iter().position(|record| record.id == before).unwrap_or(0);
            records.truncate(end);
        }
        records.reverse();
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = if more { records.last().map(|record| record.id) } else { None };
        Ok(Page { records, next })
    }

    async fn audit(&self, org: &Org, before: Option<AuditId>, limit: u32) -> Result<Page<AuditEntry, AuditId>> {
        let state = self.state();
        let entries = state.catalog.audit.iter().rev().filter(|((other, _), _)| other == org);
        let entries = entries.map(|(_, entry)| entry).filter(|entry| before.is_none_or(|before| entry.id < before));
        let mut records: Vec<_> = entries.take((limit as usize).saturating_add(1)).cloned().collect();
        let more = records.len() > limit as usize;
        records.truncate(limit as usize);
        let next = if more { records.last().map(|entry| entry.id) } else { None };
        Ok(Page { records, next })
    }
}
