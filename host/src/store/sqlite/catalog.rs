//! Who may do what, and what is deployed. What a commit writes is in `commit.rs`.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Row as SqlRow, params};

use super::{Sqlite, commit, row};
use crate::event::{AuditId, DeploymentId, Org, Timestamp};
use crate::store::catalog::{AuditEntry, Change, Committed, Kind, RecordQuery, Row};
use crate::store::{Catalog, DeploymentRecord, Page, Result};

const RECORD: &str = "SELECT key, revision, used, body FROM records WHERE org = ?1 AND kind = ?2 AND key = ?3";
const RECORDS: &str = "SELECT key, revision, used, body FROM records
     WHERE org = ?1 AND kind = ?2 AND key > ?3 AND key >= ?4 AND (?5 IS NULL OR key < ?5) ORDER BY key LIMIT ?6";
const MARKED: &str = "SELECT org, key, revision, used, body FROM records WHERE kind = ?1 AND mark = ?2";
const HOLDERS: &str = "SELECT org FROM records WHERE kind = ?1 AND key = ?2 AND org > ?3 ORDER BY org LIMIT ?4";
const ORGS: &str =
    "SELECT key, revision, used, body FROM records WHERE kind = 'org' AND key > ?1 ORDER BY key LIMIT ?2";
const DEPLOYMENT: &str = "SELECT * FROM deployments WHERE org = ?1 AND id = ?2";
const DEPLOYMENTS: &str = "SELECT * FROM deployments WHERE org = ?1 AND project = ?2
     AND number < ifnull((SELECT number FROM deployments WHERE org = ?1 AND project = ?2 AND id = ?3), ?4)
     ORDER BY number DESC LIMIT ?5";
const AUDIT: &str = "SELECT entry FROM audit WHERE org = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 8] = [RECORD, RECORDS, MARKED, HOLDERS, ORGS, DEPLOYMENT, DEPLOYMENTS, AUDIT];

#[async_trait]
impl Catalog for Sqlite {
    async fn commit(&self, org: &Org, changes: Vec<Change>, told: Option<AuditEntry>) -> Result<Committed> {
        let (org, told) = (Arc::clone(org), told.as_ref().map(commit::Told::new).transpose()?);
        self.writer.write(move |tx| commit::commit(tx, &org, &changes, told.as_ref())).await
    }

    async fn record(&self, org: &Org, kind: Kind, key: &str) -> Result<Option<Row>> {
        let (org, key) = (Arc::clone(org), key.to_owned());
        self.readers.read(move |tx| record(tx, &org, kind, &key)).await
    }

    async fn records(&self, org: &Org, query: RecordQuery) -> Result<Vec<Row>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| records(tx, &org, &query)).await
    }

    async fn marked(&self, kind: Kind, mark: &str) -> Result<Option<(Org, Row)>> {
        let mark = mark.to_owned();
        self.readers.read(move |tx| marked(tx, kind, &mark)).await
    }

    async fn holders(&self, kind: Kind, key: &str, after: Option<&Org>, limit: u32) -> Result<Vec<Org>> {
        let (key, after) = (key.to_owned(), after.cloned());
        self.readers.read(move |tx| holders(tx, kind, &key, after.as_deref(), limit)).await
    }

    async fn orgs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Row>> {
        let after = after.unwrap_or_default().to_owned();
        self.readers.read(move |tx| of_query(tx, ORGS, params![after, limit])).await
    }

    async fn touch(&self, org: &Org, kind: Kind, key: &str, at: Timestamp) -> Result<()> {
        let (org, key) = (Arc::clone(org), key.to_owned());
        let touch = "UPDATE records SET used = ?4 WHERE org = ?1 AND kind = ?2 AND key = ?3";
        self.writer
            .write(move |tx| {
                tx.prepare_cached(touch)?.execute((&org, kind.as_str(), &key, at.as_microsecond()))?;
                Ok(())
            })
            .await
    }

    async fn remove_expired(&self, now: Timestamp, budget: u32) -> Result<u32> {
        self.writer.write(move |tx| remove_expired(tx, now, budget)).await
    }

    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| deployment(tx, &org, id)).await
    }

    async fn deployments(
        &self,
        org: &Org,
        project: &str,
        before: Option<DeploymentId>,
        limit: u32,
    ) -> Result<Page<DeploymentRecord, DeploymentId>> {
        let (org, project) = (Arc::clone(org), project.to_owned());
        self.readers.read(move |tx| deployments(tx, &org, &project, before, limit)).await
    }

    async fn audit(&self, org: &Org, before: Option<AuditId>, limit: u32) -> Result<Page<AuditEntry, AuditId>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| audit(tx, &org, before, limit)).await
    }
}

/// A row of `records`.
fn kept(row: &SqlRow<'_>) -> Result<Row> {
    let used: Option<i64> = row.get("used")?;
    let used_at = used.map(Timestamp::from_microsecond).transpose().map_err(|err| row::corrupt("used", &err))?;
    Ok(Row { key: row.get("key")?, revision: row.get("revision")?, body: row.get("body")?, used_at })
}

fn of_query(tx: &Connection, query: &str, params: impl rusqlite::Params) -> Result<Vec<Row>> {
    let mut query = tx.prepare_cached(query)?;
    let mut rows = query.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(kept(row)?);
    }
    Ok(found)
}

fn record(tx: &Connection, org: &Org, kind: Kind, key: &str) -> Result<Option<Row>> {
    Ok(of_query(tx, RECORD, (org, kind.as_str(), key))?.pop())
}

fn records(tx: &Connection, org: &Org, query: &RecordQuery) -> Result<Vec<Row>> {
    let RecordQuery { kind, prefix, after, limit } = query;
    // Nothing is before the empty text, and no key is empty.
    let after = after.as_deref().unwrap_or_default();
    of_query(tx, RECORDS, params![org, kind.as_str(), after, prefix, beyond(prefix), limit])
}

/// The least text that comes after all that begin with `prefix`; none when there is none. Prefixes are ASCII.
fn beyond(prefix: &str) -> Option<String> {
    let last = prefix.chars().next_back()?;
    let next = char::from_u32(u32::from(last) + 1)?;
    Some(prefix.get(..prefix.len() - last.len_utf8()).unwrap_or_default().to_owned() + &next.to_string())
}

fn marked(tx: &Connection, kind: Kind, mark: &str) -> Result<Option<(Org, Row)>> {
    let mut query = tx.prepare_cached(MARKED)?;
    let mut rows = query.query((kind.as_str(), mark))?;
    let found = rows.next()?.map(|row| Ok((row.get("org")?, kept(row)?)));
    found.transpose()
}

fn holders(tx: &Connection, kind: Kind, key: &str, after: Option<&str>, limit: u32) -> Result<Vec<Org>> {
    let mut query = tx.prepare_cached(HOLDERS)?;
    let orgs = query.query_map((kind.as_str(), key, after.unwrap_or_default(), limit), |row| row.get(0))?;
    Ok(orgs.collect::<rusqlite::Result<_>>()?)
}

fn remove_expired(tx: &Connection, now: Timestamp, budget: u32) -> Result<u32> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM records WHERE (org, kind, key) IN
         (SELECT org, kind, key FROM records WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?;
    Ok(u32::try_from(delete.execute((now.as_microsecond(), budget))?).unwrap_or(budget))
}

fn deployment(tx: &Connection, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
    let mut query = tx.prepare_cached(DEPLOYMENT)?;
    let mut rows = query.query((org, id.to_string()))?;
    rows.next()?.map(row::deployment).transpose()
}

fn deployments(
    tx: &Connection,
    org: &Org,
    project: &str,
    before: Option<DeploymentId>,
    limit: u32,
) -> Result<Page<DeploymentRecord, DeploymentId>> {
    let mut query = tx.prepare_cached(DEPLOYMENTS)?;
    // Before one that is not there is nothing; before none is everything.
    let end = if before.is_some() { 0 } else { i64::MAX };
    let before = before.map(|id| id.to_string());
    let mut rows = query.query(params![org, project, before, end, i64::from(limit) + 1])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(row::deployment(row)?);
    }
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = if more { records.last().map(|record| record.id) } else { None };
    Ok(Page { records, next })
}

fn audit(tx: &Connection, org: &Org, before: Option<AuditId>, limit: u32) -> Result<Page<AuditEntry, AuditId>> {
    let mut query = tx.prepare_cached(AUDIT)?;
    // Ids are in lower case: this comes after all of them.
    let before = before.map_or_else(|| "aud_~".to_owned(), |id| id.to_string());
    let mut rows = query.query(params![org, before, i64::from(limit) + 1])?;
    let mut records: Vec<AuditEntry> = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(row::json(row, "entry")?);
    }
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = if more { records.last().map(|entry| entry.id) } else { None };
    Ok(Page { records, next })
}
