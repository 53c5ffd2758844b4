//! Removes what is too old or too much.

use rusqlite::Connection;

use super::usage;
use crate::event::{EventId, Org, Timestamp};
use crate::store::{Expired, Expiry, Result};

/// The oldest events that nothing is owed of.
const OLDEST: &str = "SELECT id, bytes FROM events WHERE org = ?1
     AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.org = ?1 AND deliveries.event = events.id)
     ORDER BY id LIMIT ?2";
const SESSIONS: &str = "SELECT id FROM sessions WHERE org = ?1 AND event = ?2";
const LOGS: &str = "DELETE FROM logs WHERE org = ?1 AND session = ?2 RETURNING bytes";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 2] = [OLDEST, SESSIONS];

/// So many pages that nothing uses are given back to the file system at once: each is moved by a write.
const GIVEN_BACK: u32 = 256;

pub(super) fn expire(tx: &Connection, expiry: &Expiry) -> Result<Expired> {
    let mut expired = Expired::default();
    for org in orgs(tx)? {
        expired.events += events(tx, &org, expiry, expiry.budget - expired.events)?;
    }
    expired.keys = keys(tx, expiry.now, expiry.budget)?;
    expired.more = expired.events.max(expired.keys) == expiry.budget;
    give_back(tx)?;
    Ok(expired)
}

fn orgs(tx: &Connection) -> Result<Vec<Org>> {
    let mut query = tx.prepare_cached("SELECT org FROM usage ORDER BY org")?;
    let orgs = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(orgs)
}

fn events(tx: &Connection, org: &Org, expiry: &Expiry, budget: u32) -> Result<u32> {
    if budget == 0 {
        return Ok(0);
    }
    let before = expiry.before.map(|before| EventId::floor(before).to_string());
    let mut query = tx.prepare_cached(OLDEST)?;
    let mut rows = query.query((org, budget))?;
    let mut removed = 0;
    while let Some(row) = rows.next()? {
        let (id, bytes): (String, i64) = (row.get("id")?, row.get("bytes")?);
        let is_old = before.as_ref().is_some_and(|before| id < *before);
        let is_much = match expiry.bytes {
            Some(most) => usage::of(tx, org)?.bytes > most,
            None => false,
        };
        if !(is_old || is_much) {
            break;
        }
        remove(tx, org, &id, bytes)?;
        removed += 1;
    }
    Ok(removed)
}

/// An event, its sessions and their logs.
fn remove(tx: &Connection, org: &Org, event: &str, bytes: i64) -> Result<()> {
    let mut freed = bytes;
    let mut sessions = tx.prepare_cached(SESSIONS)?;
    let sessions: Vec<String> = sessions.query_map((org, event), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut logs = tx.prepare_cached(LOGS)?;
    let mut end = tx.prepare_cached("DELETE FROM sessions WHERE org = ?1 AND id = ?2")?;
    for session in &sessions {
        let bytes = logs.query_map((org, session), |row| row.get::<_, i64>(0))?;
        freed += bytes.sum::<rusqlite::Result<i64>>()?;
        end.execute((org, session))?;
    }
    tx.prepare_cached("DELETE FROM events WHERE org = ?1 AND id = ?2")?.execute((org, event))?;
    usage::add(tx, org, -1, -freed)
}

fn keys(tx: &Connection, now: Timestamp, budget: u32) -> Result<u32> {
    let mut delete = tx.prepare_cached(
        "DELETE FROM dedup WHERE rowid IN (SELECT rowid FROM dedup WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?;
    Ok(u32::try_from(delete.execute((now.as_microsecond(), budget))?).unwrap_or(budget))
}

/// Gives some of what is free back to the file system once it is a quarter of the file: the rest is written again soon.
fn give_back(tx: &Connection) -> Result<()> {
    let count = |name: &str| tx.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    if count("freelist_count")? * 4 > count("page_count")? {
        tx.execute_batch(&format!("PRAGMA incremental_vacuum({GIVEN_BACK})"))?;
    }
    Ok(())
}
