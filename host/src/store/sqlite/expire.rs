//! Removes what is too old or too much.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};

use super::usage;
use crate::event::{EventId, Org, Timestamp};
use crate::store::{Expired, Expiry, Result};

/// The oldest events that nothing is owed of. Those that are owed are looked at, so it ends where nothing is to be removed.
const OLDEST: &str = "SELECT id, bytes FROM events WHERE org = ?1 AND id < ?2
     AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.org = ?1 AND deliveries.event = events.id)
     ORDER BY id LIMIT ?3";
const SESSIONS: &str = "SELECT id, bytes FROM sessions WHERE org = ?1 AND event = ?2";
const LOGS: &str = "DELETE FROM logs WHERE org = ?1 AND session = ?2 RETURNING bytes";
const ANSWER: &str = "SELECT bytes FROM dedup WHERE org = ?1 AND event = ?2";
const EXPIRED: &str = "SELECT rowid FROM dedup WHERE expires <= ?1 ORDER BY expires LIMIT ?2";

/// Every query of this file that looks for rows of an org.
#[cfg(test)]
pub(super) const QUERIES: [&str; 3] = [OLDEST, SESSIONS, ANSWER];

/// Those that look for rows of all orgs.
#[cfg(test)]
pub(super) const QUERIES_OF_ALL: [&str; 1] = [EXPIRED];

/// Sorts after every id.
const NEWEST: &str = "~";

/// So many pages that nothing uses are given back to the file system in one commit, two megabytes: each is filled with another
/// one's bytes, and senders' commits wait for it.
const GIVEN_BACK: u32 = 256;

pub(super) fn expire(tx: &Connection, expiry: &Expiry) -> Result<Expired> {
    let mut expired = Expired::default();
    for org in orgs(tx)? {
        expired.events += events(tx, &org, expiry, expiry.budget - expired.events)?;
    }
    expired.keys = keys(tx, expiry.now, expiry.budget)?;
    expired.more = expired.events.max(expired.keys) == expiry.budget;
    Ok(expired)
}

fn orgs(tx: &Connection) -> Result<Vec<Org>> {
    let mut query = tx.prepare_cached("SELECT org FROM usage ORDER BY org")?;
    let orgs = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(orgs)
}

fn events(tx: &Connection, org: &Org, expiry: &Expiry, budget: u32) -> Result<u32> {
    let is_much = || -> Result<bool> {
        let Some(most) = expiry.most(org) else { return Ok(false) };
        Ok(usage::of(tx, org)?.bytes > most)
    };
    let before = expiry.before.map(|before| EventId::floor(before).to_string());
    let Some(until) = (if is_much()? { Some(NEWEST) } else { before.as_deref() }) else { return Ok(0) };
    let mut query = tx.prepare_cached(OLDEST)?;
    let mut rows = query.query((org, until, budget))?;
    let mut removed = 0;
    while let Some(row) = rows.next()? {
        let (id, bytes): (String, i64) = (row.get("id")?, row.get("bytes")?);
        let is_old = before.as_ref().is_some_and(|before| id < *before);
        if !is_old && !is_much()? {
            break;
        }
        remove(tx, org, &id, bytes)?;
        removed += 1;
    }
    Ok(removed)
}

/// An event, its sessions and their logs.
pub(super) fn remove(tx: &Connection, org: &Org, event: &str, bytes: i64) -> Result<()> {
    let mut freed = bytes;
    let mut sessions = tx.prepare_cached(SESSIONS)?;
    let sessions = sessions.query_map((org, event), |row| Ok((row.get("id")?, row.get("bytes")?)))?;
    let sessions: Vec<(String, i64)> = sessions.collect::<rusqlite::Result<_>>()?;
    let mut logs = tx.prepare_cached(LOGS)?;
    let mut end = tx.prepare_cached("DELETE FROM sessions WHERE org = ?1 AND id = ?2")?;
    for (session, bytes) in &sessions {
        freed += bytes;
        let bytes = logs.query_map((org, session), |row| row.get::<_, i64>(0))?;
        freed += bytes.sum::<rusqlite::Result<i64>>()?;
        end.execute((org, session))?;
    }
    tx.prepare_cached("DELETE FROM events WHERE org = ?1 AND id = ?2")?.execute((org, event))?;
    freed += forget_answer(tx, org, event)?;
    usage::add(tx, org, -1, -freed)
}

/// Forgets what the sender of an event was told, and gives the bytes of it. The event's key stays: one that is sent again is not a
/// new event, and is told that it was accepted.
fn forget_answer(tx: &Connection, org: &Org, event: &str) -> Result<i64> {
    let mut find = tx.prepare_cached(ANSWER)?;
    let Some(bytes) = find.query_row((org, event), |row| row.get("bytes")).optional()? else { return Ok(0) };
    let mut forget = tx.prepare_cached(
        "UPDATE dedup SET awaited = NULL, status = NULL, headers = NULL, body = NULL, bytes = 0
         WHERE org = ?1 AND event = ?2",
    )?;
    forget.execute((org, event))?;
    Ok(bytes)
}

fn keys(tx: &Connection, now: Timestamp, budget: u32) -> Result<u32> {
    let mut delete =
        tx.prepare_cached(&format!("DELETE FROM dedup WHERE rowid IN ({EXPIRED}) RETURNING org, bytes"))?;
    let mut rows = delete.query((now.as_microsecond(), budget))?;
    let (mut removed, mut freed) = (0, BTreeMap::<Org, i64>::new());
    while let Some(row) = rows.next()? {
        removed += 1;
        *freed.entry(row.get("org")?).or_default() += row.get::<_, i64>("bytes")?;
    }
    for (org, bytes) in freed.iter().filter(|(_, bytes)| **bytes > 0) {
        usage::add(tx, org, 0, -bytes)?;
    }
    Ok(removed)
}

/// Gives some of what is free back to the file system once it is a quarter of the file: the rest is written again soon. Says
/// whether there is more.
pub(super) fn give_back(tx: &Connection) -> Result<bool> {
    if !is_mostly_free(tx)? {
        return Ok(false);
    }
    // A step of it is a page, so it is run to its end.
    tx.pragma(None, "incremental_vacuum", GIVEN_BACK, |_| Ok(()))?;
    is_mostly_free(tx)
}

fn is_mostly_free(tx: &Connection) -> Result<bool> {
    let count = |name: &str| tx.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok(count("freelist_count")? * 4 > count("page_count")?)
}
