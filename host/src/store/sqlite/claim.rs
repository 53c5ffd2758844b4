//! Takes over what was left owed.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{history, row};
use crate::event::{Event, EventId, Org, Timestamp};
use crate::store::{Delivery, Error, Lease, Result};

const LEFT: &str = "SELECT * FROM deliveries WHERE owner = ?1 ORDER BY session LIMIT ?2";
const NEXT_OWNER: &str = "SELECT min(owner) FROM deliveries WHERE owner > ?1";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 2] = [LEFT, NEXT_OWNER];

pub(super) fn claim(tx: &Connection, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
    let mut left: Vec<Delivery> = Vec::new();
    for owner in owners(tx)? {
        if *owner != *lease.node && is_over(tx, &owner, now)? {
            left_by(tx, &owner, limit, &mut left)?;
        }
    }
    left.sort_by_key(|delivery| delivery.session);
    left.truncate(limit as usize);
    let mut take = tx.prepare_cached("UPDATE deliveries SET owner = ?1 WHERE org = ?2 AND session = ?3")?;
    for delivery in &left {
        take.execute((&lease.node, &delivery.event.org, delivery.session.to_string()))?;
    }
    Ok(left)
}

/// Who owns anything: a step in the index for each, however much they own.
fn owners(tx: &Connection) -> Result<Vec<String>> {
    let mut query = tx.prepare_cached(NEXT_OWNER)?;
    let mut owners: Vec<String> = Vec::new();
    loop {
        let last = owners.last().map_or("", String::as_str);
        match query.query_row([last], |row| row.get::<_, Option<String>>(0))? {
            Some(owner) => owners.push(owner),
            None => return Ok(owners),
        }
    }
}

fn is_over(tx: &Connection, owner: &str, now: Timestamp) -> Result<bool> {
    let number = owner.strip_prefix("node-").and_then(|number| number.parse::<i64>().ok());
    let mut query = tx.prepare_cached("SELECT until FROM nodes WHERE id = ?1")?;
    let until: Option<i64> = query.query_row([number], |row| row.get(0)).optional()?;
    Ok(until.is_none_or(|until| until <= now.as_microsecond()))
}

fn left_by(tx: &Connection, owner: &str, limit: u32, left: &mut Vec<Delivery>) -> Result<()> {
    let mut query = tx.prepare_cached(LEFT)?;
    let mut rows = query.query((owner, limit))?;
    while let Some(found) = rows.next()? {
        let org: Org = found.get("org")?;
        let event: EventId = row::parsed(found, "event")?;
        // The deliveries of one event follow each other, most often, and share it.
        let event = match left.last() {
            Some(last) if last.event.id == event && last.event.org == org => Arc::clone(&last.event),
            _ => owed_event(tx, &org, event)?,
        };
        left.push(delivery(found, event)?);
    }
    Ok(())
}

/// The event of a delivery, which is there as long as the delivery is.
pub(super) fn owed_event(tx: &Connection, org: &Org, id: EventId) -> Result<Arc<Event>> {
    let found = history::find_event(tx, org, id)?;
    found.map(|found| found.event).ok_or_else(|| Error::Corrupt(format!("the event {id} is owed and is not there")))
}

/// A row of `deliveries`.
pub(super) fn delivery(found: &Row<'_>, event: Arc<Event>) -> Result<Delivery> {
    Ok(Delivery {
        session: row::parsed(found, "session")?,
        event,
        trigger: found.get("trigger")?,
        deployment: row::parsed(found, "deployment")?,
        attempt: found.get("attempt")?,
        first_attempt: found.get("first_attempt")?,
        due: row::timestamp(found, "due")?,
        lane: found.get("lane")?,
        keep: row::parsed(found, "keep")?,
        interruptions: found.get("interruptions")?,
    })
}
