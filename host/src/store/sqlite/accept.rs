//! Writes an event that is new.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{row, usage};
use crate::event::{Event, EventId, Keep, Verdict};
use crate::store::{Accepted, DedupKey, Delivery, Error, Lease, NewEvent, Result, strip, weight};

const NAMED: &str = "SELECT event, expires, bytes FROM dedup WHERE org = ?1 AND endpoint = ?2 AND key = ?3";
const ENDED: &str = "SELECT 1 FROM sessions WHERE org = ?1 AND id = ?2";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 2] = [NAMED, ENDED];

/// An event whose JSON is written before it reaches the one thread that all of them pass.
pub(super) struct Written {
    /// As it is kept from its acceptance on.
    event: Arc<Event>,
    key: Option<DedupKey>,
    keep: Keep,
    kept: Keep,
    headers: String,
    trailers: String,
    verdicts: String,
    bytes: u64,
    deliveries: Vec<Delivery>,
}

impl Written {
    pub(super) fn new(new: NewEvent) -> Result<Self> {
        let NewEvent { event, key, keep, verdicts, deliveries } = new;
        // Nobody will read what no session is owed of.
        let is_cut = keep < Keep::Full && deliveries.is_empty();
        let (event, verdicts): (_, Vec<Verdict>) =
            if is_cut { (strip::event(&event), strip::verdicts(&verdicts)) } else { (event, verdicts) };
        let raw = event.data.raw();
        let verdicts = row::to_json(&verdicts)?;
        Ok(Self {
            headers: row::to_json(&raw.headers)?,
            trailers: row::to_json(&raw.trailers)?,
            bytes: weight::event(raw) + weight::verdicts(&verdicts),
            verdicts,
            kept: if is_cut { Keep::Metadata } else { Keep::Full },
            event,
            key,
            keep,
            deliveries,
        })
    }
}

pub(super) fn accept(tx: &Connection, lease: &Lease, new: &Written) -> Result<Accepted> {
    let forgotten = match named(tx, new)? {
        Some(named) if named.expires > new.event.received_at.as_microsecond() => {
            return Ok(Accepted::Duplicate(named.first));
        }
        Some(expired) => expired.bytes,
        None => 0,
    };
    let id = new.event.id.to_string();
    keep(tx, new, &id)?;
    if let Some(key) = &new.key {
        name(tx, new, &id, key)?;
    }
    new.deliveries.iter().try_for_each(|delivery| owe(tx, lease, &new.event, &id, delivery))?;
    usage::add(tx, &new.event.org, 1, usage::signed(new.bytes) - forgotten)?;
    Ok(Accepted::New)
}

/// The row of a key, which may have expired.
struct Named {
    first: EventId,
    expires: i64,
    bytes: i64,
}

/// The row that has this event's key.
fn named(tx: &Connection, new: &Written) -> Result<Option<Named>> {
    let Some(DedupKey { key, .. }) = &new.key else { return Ok(None) };
    let named = |row: &Row<'_>| -> Result<Named> {
        Ok(Named { first: row::parsed(row, "event")?, expires: row.get("expires")?, bytes: row.get("bytes")? })
    };
    let mut query = tx.prepare_cached(NAMED)?;
    query.query_row((&new.event.org, &new.event.endpoint, key), |row| Ok(named(row))).optional()?.transpose()
}

/// Names the event. A key that has expired makes way, with what was told of its event.
fn name(tx: &Connection, new: &Written, id: &str, key: &DedupKey) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO dedup (org, endpoint, key, event, expires, awaited)
         VALUES (:org, :endpoint, :key, :event, :expires, :awaited)",
    )?;
    insert.execute(named_params! {
        ":org": new.event.org,
        ":endpoint": new.event.endpoint,
        ":key": key.key,
        ":event": id,
        ":expires": key.expires_at.as_microsecond(),
        ":awaited": key.awaited.map(|session| session.to_string()),
    })?;
    Ok(())
}

fn keep(tx: &Connection, new: &Written, id: &str) -> Result<()> {
    let event = &new.event;
    let raw = event.data.raw();
    let mut insert = tx.prepare_cached(
        "INSERT INTO events (org, id, endpoint, received, method, url, headers, trailers, verdicts, redispatched_from,
                             keep, kept, bytes, body)
         VALUES (:org, :id, :endpoint, :received, :method, :url, :headers, :trailers, :verdicts, :redispatched_from,
                 :keep, :kept, :bytes, :body)
         ON CONFLICT DO NOTHING",
    )?;
    let inserted = insert.execute(named_params! {
        ":org": event.org,
        ":id": id,
        ":endpoint": event.endpoint,
        ":received": event.received_at.as_microsecond(),
        ":method": raw.method,
        ":url": raw.url,
        ":headers": new.headers,
        ":trailers": new.trailers,
        ":verdicts": new.verdicts,
        ":redispatched_from": event.redispatched_from.map(|first| first.to_string()),
        ":keep": new.keep.as_str(),
        ":kept": new.kept.as_str(),
        ":bytes": new.bytes,
        ":body": raw.body.as_deref(),
    })?;
    if inserted == 0 {
        return Err(Error::Conflict(format!("the event {id} is there already")));
    }
    Ok(())
}

/// A row by its values, here as elsewhere: for what is inserted from a query SQLite keeps what the pages said, to undo a part.
fn owe(tx: &Connection, lease: &Lease, event: &Event, id: &str, delivery: &Delivery) -> Result<()> {
    let session = delivery.session.to_string();
    let is_there = || Error::Conflict(format!("the session {session} is there already"));
    if tx.prepare_cached(ENDED)?.exists((&event.org, &session))? {
        return Err(is_there());
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO deliveries (org, session, event, method, trigger, deployment, created, attempt, first_attempt, due,
                                 lane, keep, interruptions, attempts, owner)
         VALUES (:org, :session, :event, :method, :trigger, :deployment, :created, :attempt, :first_attempt, :due,
                 :lane, :keep, :interruptions, '[]', :owner)
         ON CONFLICT DO NOTHING",
    )?;
    let inserted = insert.execute(named_params! {
        ":org": event.org,
        ":session": session,
        ":event": id,
        ":method": event.data.method(),
        ":trigger": delivery.trigger,
        ":deployment": delivery.deployment.to_string(),
        ":created": event.received_at.as_microsecond(),
        ":attempt": delivery.attempt,
        ":first_attempt": delivery.first_attempt,
        ":due": delivery.due.as_microsecond(),
        ":lane": delivery.lane,
        ":keep": delivery.keep.as_str(),
        ":interruptions": delivery.interruptions,
        ":owner": lease.node,
    })?;
    if inserted == 0 { Err(is_there()) } else { Ok(()) }
}
