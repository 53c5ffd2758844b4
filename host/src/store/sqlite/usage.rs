//! What each org has, kept beside every change.

use rusqlite::{Connection, OptionalExtension as _};

use crate::event::Org;
use crate::store::{Result, Usage};

pub(super) fn add(tx: &Connection, org: &Org, events: i64, bytes: i64) -> Result<()> {
    let mut add = tx.prepare_cached(
        "INSERT INTO usage (org, events, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (org) DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes",
    )?;
    add.execute((org, events, bytes))?;
    Ok(())
}

pub(super) fn of(tx: &Connection, org: &Org) -> Result<Usage> {
    let mut query = tx.prepare_cached("SELECT events, bytes FROM usage WHERE org = ?1")?;
    let found = query.query_row([org], |row| Ok(Usage { events: row.get(0)?, bytes: row.get(1)? })).optional()?;
    Ok(found.unwrap_or_default())
}

/// A count of bytes as SQLite has numbers.
pub(super) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
