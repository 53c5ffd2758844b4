//! Owes an ended session again.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};

use super::claim::delivery;
use super::{history, row, usage};
use crate::event::{Attempt, Keep, Org, SessionId, SessionState, Timestamp};
use crate::store::{Lease, Redriven, Result, weight};

struct Ended {
    event: crate::event::EventId,
    state: SessionState,
    attempts: Vec<Attempt>,
    /// The bytes of the reason of its end, which is over with that.
    reason: i64,
}

pub(super) fn redrive(
    tx: &Connection,
    lease: &Lease,
    org: &Org,
    session: SessionId,
    now: Timestamp,
) -> Result<Redriven> {
    let id = session.to_string();
    let mut is_owed = tx.prepare_cached("SELECT 1 FROM deliveries WHERE org = ?1 AND session = ?2")?;
    if is_owed.exists((org, &id))? {
        return Ok(Redriven::NotRedrivable(SessionState::Queued));
    }
    let Some(ended) = ended(tx, org, &id)? else { return Ok(Redriven::Unknown) };
    if !ended.state.is_redrivable() {
        return Ok(Redriven::NotRedrivable(ended.state));
    }
    let event = match history::find_event(tx, org, ended.event)? {
        Some(found) if found.kept == Keep::Full => found.event,
        Some(_) | None => return Ok(Redriven::NotKept),
    };
    let next = ended.attempts.last().map_or(1, |last| last.number + 1);
    let mut owe = tx.prepare_cached(
        "INSERT INTO deliveries (org, session, event, method, trigger, deployment, created, attempt, first_attempt, due,
                                 lane, keep, interruptions, attempts, owner, bytes)
         SELECT org, id, event, method, trigger, deployment, created, :next, :next, :due, lane, keep, 0, attempts, :owner,
                bytes - :reason
         FROM sessions WHERE org = :org AND id = :session",
    )?;
    owe.execute(named_params! {
        ":org": org,
        ":session": id,
        ":next": next,
        ":due": now.as_microsecond(),
        ":owner": lease.node,
        ":reason": ended.reason,
    })?;
    usage::add(tx, org, 0, -ended.reason)?;
    tx.prepare_cached("DELETE FROM sessions WHERE org = ?1 AND id = ?2")?.execute((org, &id))?;
    let mut owed = tx.prepare_cached("SELECT * FROM deliveries WHERE org = ?1 AND session = ?2")?;
    let owed = owed.query_row((org, &id), |row| Ok(delivery(row, event)))?;
    Ok(Redriven::Owed(Box::new(owed?)))
}

fn ended(tx: &Connection, org: &Org, session: &str) -> Result<Option<Ended>> {
    let mut query =
        tx.prepare_cached("SELECT event, state, attempts, reason FROM sessions WHERE org = ?1 AND id = ?2")?;
    let ended = |row: &Row<'_>| -> Result<Ended> {
        Ok(Ended {
            event: row::parsed(row, "event")?,
            state: row::parsed(row, "state")?,
            attempts: row::json(row, "attempts")?,
            reason: usage::signed(weight::reason(row.get::<_, Option<String>>("reason")?.as_deref())),
        })
    };
    query.query_row((org, session), |row| Ok(ended(row))).optional()?.transpose()
}
