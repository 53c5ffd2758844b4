//! What handlers keep.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{Sqlite, row, usage};
use crate::event::{Org, Timestamp};
use crate::store::Result;
use crate::store::kv::{self, Change, Changed, Entries, Entry, EntryQuery, Found, KV_SCAN, Kv, Room, Space, Step};

const ENTRY: &str = "SELECT key, version, expires, value FROM kv WHERE org = ?1 AND project = ?2 AND key = ?3";
const PAGE: &str = "SELECT key, version, expires, value FROM kv WHERE org = ?1 AND project = ?2 AND key >= ?3
     ORDER BY key LIMIT ?4";
const OF_ORG: &str = "SELECT coalesce(sum(bytes), 0) FROM kv_spaces WHERE org = ?1";
const EXPIRED: &str = "SELECT rowid, bytes FROM kv WHERE org = ?1 AND project = ?2 AND expires <= ?3
     ORDER BY expires LIMIT ?4";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 4] = [ENTRY, PAGE, OF_ORG, EXPIRED];

#[async_trait]
impl Kv for Sqlite {
    async fn get(&self, space: &Space, key: &str, now: Timestamp) -> Result<Option<Entry>> {
        let (space, key) = (space.clone(), key.to_owned());
        let found = self.readers.read(move |tx| find(tx, &space, &key)).await?;
        Ok(found.filter(|found| is_live(found, now)).map(|found| found.entry))
    }

    async fn change(&self, space: &Space, key: &str, change: Change, room: Room, now: Timestamp) -> Result<Changed> {
        let (space, key) = (space.clone(), key.to_owned());
        self.writer.write(move |tx| apply(tx, &space, &key, change.clone(), room, now)).await
    }

    async fn list(&self, space: &Space, query: EntryQuery, now: Timestamp) -> Result<Entries> {
        let space = space.clone();
        self.readers.read(move |tx| list(tx, &space, &query, now)).await
    }

    async fn bytes(&self, org: &Org) -> Result<u64> {
        let org = org.clone();
        self.readers.read(move |tx| bytes_of_org(tx, &org)).await
    }

    async fn expire(&self, now: Timestamp, budget: u32) -> Result<u32> {
        self.writer.write(move |tx| expire(tx, now, budget)).await
    }
}

/// What a space has, removed or not.
#[derive(Clone, Copy, Default)]
struct Counts {
    keys: u64,
    bytes: u64,
    /// What all spaces of the org have.
    bytes_of_org: u64,
}

fn apply(tx: &Connection, space: &Space, key: &str, change: Change, room: Room, now: Timestamp) -> Result<Changed> {
    let there = find(tx, space, key)?;
    let before = there.as_ref().map(|there| kv::weight(key, &there.entry.value));
    let live = there.filter(|there| is_live(there, now));
    match kv::step(change, live) {
        Step::Answer(answer) => Ok(answer),
        Step::Remove => {
            remove(tx, space, key)?;
            count(tx, space, -1, -usage::signed(before.unwrap_or(0)))?;
            Ok(Changed::Deleted(true))
        }
        Step::Put { value, expires_at, sum } => {
            let put = Put { key, value: &value, expires_at, before };
            if let Some(full) = make_room(tx, space, &put, room, now)? {
                return Ok(full);
            }
            let version = put_in(tx, space, &put)?;
            Ok(sum.map_or(Changed::Set(version), Changed::Sum))
        }
    }
}

/// What is to be kept under a key.
struct Put<'p> {
    key: &'p str,
    value: &'p Bytes,
    expires_at: Option<Timestamp>,
    /// The bytes of what is under the key, expired or not.
    before: Option<u64>,
}

impl Put<'_> {
    fn weight(&self) -> u64 {
        kv::weight(self.key, self.value)
    }

    /// What there is too little room for.
    fn lacks(&self, counts: Counts, room: Room) -> Option<Changed> {
        let (before, after) = (self.before.unwrap_or(0), self.weight());
        if self.before.is_none() && counts.keys >= room.keys {
            return Some(Changed::TooManyKeys);
        }
        let then = |bytes: u64| bytes.saturating_sub(before).saturating_add(after);
        if after <= before {
            None
        } else if then(counts.bytes) > room.bytes {
            Some(Changed::TooManyBytes)
        } else if then(counts.bytes_of_org) > room.bytes_of_org {
            Some(Changed::TooManyBytesOfOrg)
        } else {
            None
        }
    }
}

/// What there is too little room for even without what has expired.
fn make_room(tx: &Connection, space: &Space, put: &Put<'_>, room: Room, now: Timestamp) -> Result<Option<Changed>> {
    if put.lacks(counts(tx, space)?, room).is_none() {
        return Ok(None);
    }
    reclaim(tx, space, now, kv::RECLAIMED)?;
    // What was under the key may have been among it.
    let before = bytes_of(tx, space, put.key)?;
    Ok(Put { before, ..*put }.lacks(counts(tx, space)?, room))
}

fn put_in(tx: &Connection, space: &Space, put: &Put<'_>) -> Result<u64> {
    let there = bytes_of(tx, space, put.key)?;
    let bytes = usage::signed(put.weight()) - usage::signed(there.unwrap_or(0));
    count(tx, space, i64::from(there.is_none()), bytes)?;
    let mut next = tx.prepare_cached(
        "UPDATE kv_spaces SET version = version + 1 WHERE org = ?1 AND project = ?2 RETURNING version",
    )?;
    let version: u64 = next.query_row((&space.org, &space.project), |row| row.get(0))?;
    let mut keep = tx.prepare_cached(
        "INSERT INTO kv (org, project, key, version, expires, bytes, value)
         VALUES (:org, :project, :key, :version, :expires, :bytes, :value)
         ON CONFLICT (org, project, key) DO UPDATE SET
             version = excluded.version, expires = excluded.expires, bytes = excluded.bytes, value = excluded.value",
    )?;
    keep.execute(named_params! {
        ":org": space.org,
        ":project": space.project,
        ":key": put.key,
        ":version": version,
        ":expires": put.expires_at.map(|end| end.as_microsecond()),
        ":bytes": put.weight(),
        ":value": &**put.value,
    })?;
    Ok(version)
}

fn remove(tx: &Connection, space: &Space, key: &str) -> Result<()> {
    let mut delete = tx.prepare_cached("DELETE FROM kv WHERE org = ?1 AND project = ?2 AND key = ?3")?;
    delete.execute((&space.org, &space.project, key))?;
    Ok(())
}

fn find(tx: &Connection, space: &Space, key: &str) -> Result<Option<Found>> {
    let mut query = tx.prepare_cached(ENTRY)?;
    let found = query.query_row((&space.org, &space.project, key), |row| Ok(found(row))).optional()?;
    found.transpose()
}

fn bytes_of(tx: &Connection, space: &Space, key: &str) -> Result<Option<u64>> {
    let mut query = tx.prepare_cached("SELECT bytes FROM kv WHERE org = ?1 AND project = ?2 AND key = ?3")?;
    Ok(query.query_row((&space.org, &space.project, key), |row| row.get(0)).optional()?)
}

fn found(row: &Row<'_>) -> Result<Found> {
    let value: Vec<u8> = row.get("value")?;
    let entry = Entry { key: row.get("key")?, value: value.into(), version: row.get("version")? };
    let expires: Option<i64> = row.get("expires")?;
    let expires_at = expires.map(|_| row::timestamp(row, "expires")).transpose()?;
    Ok(Found { entry, expires_at })
}

fn is_live(found: &Found, now: Timestamp) -> bool {
    found.expires_at.is_none_or(|end| end > now)
}

fn list(tx: &Connection, space: &Space, query: &EntryQuery, now: Timestamp) -> Result<Entries> {
    let after = query.after.as_deref();
    let start = after.map_or(&*query.prefix, |after| after.max(&query.prefix));
    let mut rows = tx.prepare_cached(PAGE)?;
    let mut rows = rows.query((&space.org, &space.project, start, KV_SCAN))?;
    let mut page = Entries::default();
    let (mut bytes, mut looked_at) = (0, 0);
    while let Some(row) = rows.next()? {
        let found = found(row)?;
        looked_at += 1;
        if !found.entry.key.starts_with(&query.prefix) {
            return Ok(page);
        }
        if looked_at == KV_SCAN {
            page.next = Some(found.entry.key.clone());
        }
        if after == Some(&*found.entry.key) || !is_live(&found, now) {
            continue;
        }
        bytes += (found.entry.key.len() + found.entry.value.len()) as u64;
        if page.entries.len() >= query.limit as usize || (bytes > query.bytes && !page.entries.is_empty()) {
            page.next = page.entries.last().map(|last| last.key.clone());
            return Ok(page);
        }
        page.entries.push(found.entry);
    }
    Ok(page)
}

fn expire(tx: &Connection, now: Timestamp, budget: u32) -> Result<u32> {
    let mut spaces = tx.prepare_cached("SELECT org, project FROM kv_spaces WHERE keys > 0 ORDER BY org, project")?;
    let space = |row: &Row<'_>| Ok(Space { org: row.get(0)?, project: row.get(1)? });
    let spaces: Vec<Space> = spaces.query_map([], space)?.collect::<rusqlite::Result<_>>()?;
    let mut removed = 0;
    for space in spaces {
        if removed == budget {
            break;
        }
        removed += reclaim(tx, &space, now, budget - removed)?;
    }
    Ok(removed)
}

/// Removes what has expired in a space, at most `budget` entries, and says how many.
fn reclaim(tx: &Connection, space: &Space, now: Timestamp, budget: u32) -> Result<u32> {
    let mut query = tx.prepare_cached(EXPIRED)?;
    let of = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let expired = query.query_map((&space.org, &space.project, now.as_microsecond(), budget), of)?;
    let expired: Vec<(i64, i64)> = expired.collect::<rusqlite::Result<_>>()?;
    let mut delete = tx.prepare_cached("DELETE FROM kv WHERE rowid = ?1")?;
    for (number, _) in &expired {
        delete.execute([number])?;
    }
    let removed = u32::try_from(expired.len()).unwrap_or(budget);
    if removed > 0 {
        count(tx, space, -i64::from(removed), -expired.iter().map(|(_, bytes)| bytes).sum::<i64>())?;
    }
    Ok(removed)
}

fn counts(tx: &Connection, space: &Space) -> Result<Counts> {
    let mut query = tx.prepare_cached("SELECT keys, bytes FROM kv_spaces WHERE org = ?1 AND project = ?2")?;
    let counts = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found = query.query_row((&space.org, &space.project), counts).optional()?;
    let (keys, bytes) = found.unwrap_or_default();
    Ok(Counts { keys, bytes, bytes_of_org: bytes_of_org(tx, &space.org)? })
}

fn bytes_of_org(tx: &Connection, org: &Org) -> Result<u64> {
    Ok(tx.prepare_cached(OF_ORG)?.query_row([org], |row| row.get(0))?)
}

fn count(tx: &Connection, space: &Space, keys: i64, bytes: i64) -> Result<()> {
    let mut add = tx.prepare_cached(
        "INSERT INTO kv_spaces (org, project, version, keys, bytes) VALUES (?1, ?2, 0, ?3, ?4)
         ON CONFLICT (org, project) DO UPDATE SET keys = keys + excluded.keys, bytes = bytes + excluded.bytes",
    )?;
    add.execute((&space.org, &space.project, keys, bytes))?;
    Ok(())
}
