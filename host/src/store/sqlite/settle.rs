//! Writes an attempt's end, and its session's.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::{history, log, row, usage};
use crate::event::{Attempt, Keep, Org, SessionId, SessionState, Timestamp};
use crate::store::{Error, LOGGED_ATTEMPTS, Lease, Next, Result, Settlement, Told, strip, weight};

/// A settlement whose log is packed before it reaches the one thread that all of them pass.
pub(super) struct Settled {
    settlement: Settlement,
    log: Option<Vec<u8>>,
    log_bytes: u64,
}

impl Settled {
    pub(super) fn new(settlement: Settlement) -> Result<Self> {
        let log = if settlement.logs.is_empty() { None } else { Some(log::pack(&settlement.logs)?) };
        Ok(Self { log, log_bytes: weight::log(&settlement.logs), settlement })
    }
}

/// What a settlement reads of its delivery.
struct Owed {
    event: String,
    method: String,
    trigger: String,
    deployment: String,
    created: i64,
    lane: Option<String>,
    keep: Keep,
    attempts: Vec<Attempt>,
    bytes: u64,
}

pub(super) fn settle(tx: &Connection, lease: &Lease, settled: &Settled) -> Result<()> {
    let Settlement { org, session, attempt, next, told, .. } = &settled.settlement;
    let id = session.to_string();
    let mut owed = owed(tx, lease, org, &id)?;
    let before = owed.bytes;
    if let Some(attempt) = attempt {
        if owed.keep == Keep::Full {
            append_log(tx, org, &id, attempt.number, settled)?;
            owed.bytes += weight::attempt(attempt);
            owed.attempts.push(attempt.clone());
        } else {
            owed.attempts.push(strip::attempt(attempt.clone()));
        }
        owed.bytes = owed.bytes.saturating_sub(strip::requests(&mut owed.attempts));
        drop_logs(tx, org, &id, attempt.number)?;
    }
    match next {
        Next::Again { due } => again(tx, org, &id, *due, attempt.as_ref(), &owed)?,
        Next::Ended { state, reason, at } => {
            let reason = reason.as_deref().filter(|_| owed.keep == Keep::Full);
            owed.bytes += weight::reason(reason);
            end(tx, org, &id, &Ended { state: *state, reason, at: *at }, &owed)?;
        }
    }
    if owed.bytes != before {
        usage::add(tx, org, 0, usage::signed(owed.bytes) - usage::signed(before))?;
    }
    match told {
        Some(told) => tell(tx, org, &owed.event, *session, told),
        None => Ok(()),
    }
}

fn owed(tx: &Connection, lease: &Lease, org: &Org, session: &str) -> Result<Owed> {
    let mut query = tx.prepare_cached(
        "SELECT event, method, trigger, deployment, created, lane, keep, attempts, bytes
         FROM deliveries WHERE org = ?1 AND session = ?2 AND owner = ?3",
    )?;
    let owed = |row: &Row<'_>| -> Result<Owed> {
        Ok(Owed {
            event: row.get("event")?,
            method: row.get("method")?,
            trigger: row.get("trigger")?,
            deployment: row.get("deployment")?,
            created: row.get("created")?,
            lane: row.get("lane")?,
            keep: row::parsed(row, "keep")?,
            attempts: row::json(row, "attempts")?,
            bytes: row.get("bytes")?,
        })
    };
    let found = query.query_row((org, session, &lease.node), |row| Ok(owed(row))).optional()?;
    found.unwrap_or(Err(Error::LeaseLost))
}

/// The delivery stays, for a next attempt.
fn again(
    tx: &Connection,
    org: &Org,
    session: &str,
    due: Timestamp,
    attempt: Option<&Attempt>,
    owed: &Owed,
) -> Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE deliveries
         SET due = :due, attempts = :attempts, bytes = :bytes, attempt = coalesce(:next, attempt),
             interruptions = iif(:next IS NULL, interruptions, 0)
         WHERE org = :org AND session = :session",
    )?;
    update.execute(named_params! {
        ":org": org,
        ":session": session,
        ":due": due.as_microsecond(),
        ":attempts": row::to_json(&owed.attempts)?,
        ":bytes": owed.bytes,
        ":next": attempt.map(|attempt| attempt.number + 1),
    })?;
    Ok(())
}

struct Ended<'s> {
    state: SessionState,
    reason: Option<&'s str>,
    at: Timestamp,
}

/// The delivery becomes a session that has ended.
fn end(tx: &Connection, org: &Org, session: &str, ended: &Ended<'_>, owed: &Owed) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO sessions (org, id, event, method, trigger, deployment, state, created, attempts, reason, ended, lane,
                               keep, bytes)
         VALUES (:org, :session, :event, :method, :trigger, :deployment, :state, :created, :attempts, :reason, :ended, :lane,
                 :keep, :bytes)",
    )?;
    insert.execute(named_params! {
        ":org": org,
        ":session": session,
        ":event": owed.event,
        ":method": owed.method,
        ":trigger": owed.trigger,
        ":deployment": owed.deployment,
        ":created": owed.created,
        ":lane": owed.lane,
        ":keep": owed.keep.as_str(),
        ":state": ended.state.as_str(),
        ":attempts": row::to_json(&owed.attempts)?,
        ":reason": ended.reason,
        ":ended": ended.at.as_microsecond(),
        ":bytes": owed.bytes,
    })?;
    tx.prepare_cached("DELETE FROM deliveries WHERE org = ?1 AND session = ?2")?.execute((org, session))?;
    // An event whose session stays whole stays whole.
    if owed.keep < Keep::Full { cut(tx, org, &owed.event) } else { Ok(()) }
}

/// Cuts an event of which only the metadata stays, once nobody will read the rest.
fn cut(tx: &Connection, org: &Org, id: &str) -> Result<()> {
    let mut is_owed = tx.prepare_cached("SELECT 1 FROM deliveries WHERE org = ?1 AND event = ?2")?;
    if is_owed.exists((org, id))? {
        return Ok(());
    }
    let Some(found) = history::find_event(tx, org, id.parse().map_err(|err| row::corrupt("event", &err))?)? else {
        return Ok(());
    };
    if found.keep == Keep::Full {
        return Ok(());
    }
    let (event, verdicts) = (strip::event(&found.event), strip::verdicts(&found.verdicts));
    let (raw, verdicts) = (event.data.raw(), row::to_json(&verdicts)?);
    let after = weight::event(raw) + weight::verdicts(&verdicts);
    let mut update = tx.prepare_cached(
        "UPDATE events SET kept = 'metadata', url = :url, headers = '[]', trailers = '[]', verdicts = :verdicts,
                           bytes = :bytes, body = NULL
         WHERE org = :org AND id = :id",
    )?;
    update.execute(named_params! {
        ":org": org,
        ":id": id,
        ":url": raw.url,
        ":verdicts": verdicts,
        ":bytes": after,
    })?;
    usage::add(tx, org, 0, usage::signed(after) - usage::signed(found.bytes))
}

fn append_log(tx: &Connection, org: &Org, session: &str, attempt: u32, settled: &Settled) -> Result<()> {
    let Some(entries) = &settled.log else { return Ok(()) };
    let mut append =
        tx.prepare_cached("INSERT INTO logs (org, session, attempt, bytes, entries) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    append.execute((org, session, attempt, settled.log_bytes, entries))?;
    usage::add(tx, org, 0, usage::signed(settled.log_bytes))
}

/// Of many attempts the last ones' logs stay.
fn drop_logs(tx: &Connection, org: &Org, session: &str, attempt: u32) -> Result<()> {
    let Some(oldest) = attempt.checked_sub(LOGGED_ATTEMPTS - 1).filter(|oldest| *oldest > 1) else { return Ok(()) };
    let mut dropped =
        tx.prepare_cached("DELETE FROM logs WHERE org = ?1 AND session = ?2 AND attempt < ?3 RETURNING bytes")?;
    let mut rows = dropped.query((org, session, oldest))?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, i64>(0)?;
    }
    if bytes == 0 { Ok(()) } else { usage::add(tx, org, 0, -bytes) }
}

/// Keeps what the sender is told, or sets its key free, if it waits for this session.
fn tell(tx: &Connection, org: &Org, event: &str, session: SessionId, told: &Told) -> Result<()> {
    let session = session.to_string();
    let mut find = tx.prepare_cached("SELECT bytes FROM dedup WHERE org = ?1 AND event = ?2 AND awaited = ?3")?;
    let found = find.query_row((org, event, &session), |row| row.get("bytes")).optional()?;
    let Some(before): Option<i64> = found else { return Ok(()) };
    let after = match told {
        Told::Failure => {
            let mut free = tx.prepare_cached("DELETE FROM dedup WHERE org = ?1 AND event = ?2")?;
            free.execute((org, event))?;
            0
        }
        Told::Response(response) => {
            let mut keep = tx.prepare_cached(
                "UPDATE dedup SET status = ?3, headers = ?4, body = ?5, bytes = ?6 WHERE org = ?1 AND event = ?2",
            )?;
            let (headers, bytes) = (row::to_json(&response.headers)?, usage::signed(weight::response(response)));
            keep.execute((org, event, response.status, headers, &*response.body, bytes))?;
            bytes
        }
    };
    if after == before { Ok(()) } else { usage::add(tx, org, 0, after - before) }
}
