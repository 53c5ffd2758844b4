//! Removes for good what an org or a project has, a few rows of each table in one commit.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use rusqlite::Connection;

use super::{Sqlite, expire, row, usage};
use crate::event::{Digest, EventId, Org};
use crate::store::catalog::ModuleItem;
use crate::store::{Part, Purge, Purged, Result};

/// Events of a project are looked for among so many for each one that may be removed.
const LOOKED_AT: u32 = 10;

/// The rows of an org, a table each; its own record stays. What is owed goes first, so that nobody claims it.
const OF_ORG: [&str; 11] = [
    "DELETE FROM deliveries WHERE org = ?1 AND session IN (SELECT session FROM deliveries WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM sessions WHERE org = ?1 AND id IN (SELECT id FROM sessions WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM logs WHERE (org, session, attempt) IN
     (SELECT org, session, attempt FROM logs WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM dedup WHERE rowid IN (SELECT rowid FROM dedup WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM kv_spaces WHERE org = ?1 AND project IN (SELECT project FROM kv_spaces WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM deployments WHERE number IN (SELECT number FROM deployments WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM records WHERE (org, kind, key) IN
     (SELECT org, kind, key FROM records WHERE org = ?1 AND kind <> 'org' LIMIT ?2)",
    "DELETE FROM audit WHERE org = ?1 AND id IN (SELECT id FROM audit WHERE org = ?1 LIMIT ?2)",
    "DELETE FROM org_keys WHERE org IN (SELECT org FROM org_keys WHERE org = ?1 LIMIT ?2)",
];

/// The rows of a project beside its events.
const OF_PROJECT: [&str; 4] = [
    "DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv WHERE org = ?1 AND project = ?3 LIMIT ?2)",
    "DELETE FROM kv_spaces WHERE org = ?1 AND project IN
     (SELECT project FROM kv_spaces WHERE org = ?1 AND project = ?3 LIMIT ?2)",
    "DELETE FROM deployments WHERE number IN
     (SELECT number FROM deployments WHERE org = ?1 AND project = ?3 LIMIT ?2)",
    "DELETE FROM records WHERE (org, kind, key) IN
     (SELECT org, kind, key FROM records
      WHERE org = ?1 AND kind IN ('endpoint', 'var') AND key > ?3 || '/' AND key < ?3 || '0' LIMIT ?2)",
];

const EVENTS: &str = "SELECT id, endpoint, bytes FROM events WHERE org = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
const KEYS: &str = "SELECT rowid, bytes FROM dedup WHERE org = ?1 AND endpoint = ?2 LIMIT ?3";

/// Every query of this file that looks for rows of an org.
#[cfg(test)]
pub(super) const QUERIES: [&str; 2] = [EVENTS, KEYS];

#[async_trait]
impl Purge for Sqlite {
    async fn purge(&self, org: &Org, part: Part, budget: u32) -> Result<Purged> {
        let org = org.clone();
        self.writer
            .write(move |tx| match &part {
                Part::Org => purge_org(tx, &org, budget),
                Part::Project { name, slugs, after } => purge_project(tx, &org, name, slugs, *after, budget),
            })
            .await
    }

    async fn components(&self) -> Result<BTreeSet<Digest>> {
        self.readers.read(components).await
    }
}

fn purge_org(tx: &Connection, org: &Org, budget: u32) -> Result<Purged> {
    let mut more = false;
    for table in OF_ORG {
        more |= tx.prepare_cached(table)?.execute((org, budget))? == budget as usize;
    }
    if more {
        return Ok(Purged::More { after: None });
    }
    tx.prepare_cached("DELETE FROM usage WHERE org = ?1")?.execute([org])?;
    Ok(Purged::All)
}

fn purge_project(
    tx: &Connection,
    org: &Org,
    name: &str,
    slugs: &BTreeSet<String>,
    after: Option<EventId>,
    budget: u32,
) -> Result<Purged> {
    let next = purge_events(tx, org, slugs, after, budget)?;
    let mut more = next.is_some();
    for slug in slugs {
        more |= purge_keys(tx, org, slug, budget)? == budget as usize;
    }
    // By its slugs its events are found, so these stay until there are none.
    if more {
        return Ok(Purged::More { after: next.or(after) });
    }
    for table in OF_PROJECT {
        more |= tx.prepare_cached(table)?.execute((org, budget, name))? == budget as usize;
    }
    Ok(if more { Purged::More { after } } else { Purged::All })
}

/// Removes some events of these slugs, with all that belongs to them, and says where to go on; none at the end.
fn purge_events(
    tx: &Connection,
    org: &Org,
    slugs: &BTreeSet<String>,
    after: Option<EventId>,
    budget: u32,
) -> Result<Option<EventId>> {
    let most = budget.saturating_mul(LOOKED_AT);
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut found = tx.prepare_cached(EVENTS)?;
    let found = found.query_map((org, after, most), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, i64)> = found.collect::<rusqlite::Result<_>>()?;
    let (mut looked_at, mut removed, mut last) = (0, 0, None);
    for (id, endpoint, bytes) in found {
        looked_at += 1;
        if slugs.contains(&endpoint) {
            owe_no_more(tx, org, &id)?;
            expire::remove(tx, org, &id, bytes)?;
            removed += 1;
        }
        last = Some(id);
        if removed == budget {
            break;
        }
    }
    let is_last = looked_at < most && removed < budget;
    let last = last.filter(|_| !is_last);
    last.map(|id| id.parse().map_err(|err| row::corrupt("id", &err))).transpose()
}

fn owe_no_more(tx: &Connection, org: &Org, event: &str) -> Result<()> {
    let mut owed =
        tx.prepare_cached("DELETE FROM deliveries WHERE org = ?1 AND event = ?2 RETURNING session, bytes")?;
    let owed = owed.query_map((org, event), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let owed: Vec<(String, i64)> = owed.collect::<rusqlite::Result<_>>()?;
    for (session, bytes) in owed {
        // The logs of attempts that were made before.
        let mut logs = tx.prepare_cached("DELETE FROM logs WHERE org = ?1 AND session = ?2 RETURNING bytes")?;
        let logs = logs.query_map((org, &session), |row| row.get::<_, i64>(0))?;
        let logs: i64 = logs.sum::<rusqlite::Result<i64>>()?;
        usage::add(tx, org, 0, -(bytes + logs))?;
    }
    Ok(())
}

fn purge_keys(tx: &Connection, org: &Org, slug: &str, budget: u32) -> Result<usize> {
    let mut keys = tx.prepare_cached(KEYS)?;
    let keys = keys.query_map((org, slug, budget), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let keys: Vec<(i64, i64)> = keys.collect::<rusqlite::Result<_>>()?;
    let mut delete = tx.prepare_cached("DELETE FROM dedup WHERE rowid = ?1")?;
    for (number, bytes) in &keys {
        delete.execute([number])?;
        if *bytes > 0 {
            usage::add(tx, org, 0, -bytes)?;
        }
    }
    Ok(keys.len())
}

/// Reads all of two tables: it is asked for seldom.
fn components(tx: &Connection) -> Result<BTreeSet<Digest>> {
    let mut components = BTreeSet::new();
    let mut records = tx.prepare_cached("SELECT body FROM records WHERE kind = 'module'")?;
    let mut rows = records.query([])?;
    while let Some(found) = rows.next()? {
        components.insert(row::json::<ModuleItem>(found, "body")?.component);
    }
    let mut deployments = tx.prepare_cached("SELECT DISTINCT modules FROM deployments")?;
    let mut rows = deployments.query([])?;
    while let Some(found) = rows.next()? {
        components.extend(row::json::<BTreeMap<String, Digest>>(found, "modules")?.into_values());
    }
    Ok(components)
}
