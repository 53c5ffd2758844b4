//! Pages. Each reads its rows in the order of an index, one at a time, until it has enough.

use rusqlite::{Connection, Row, Rows, ToSql};

use super::row::{self, KeptEvent};
use crate::event::{EventId, EventType, Org, SessionId, SessionState};
use crate::store::{EventQuery, Page, Result, SessionQuery, SessionRecord, list};

const EVENTS: &str = "SELECT * FROM events WHERE org = ?1 AND id < ?2 AND id >= ?3 ORDER BY id DESC";
const OWED: &str = "SELECT * FROM deliveries WHERE org = ?1 AND session < ?2 AND session >= ?3 ORDER BY session DESC";
const ENDED: &str = "SELECT * FROM sessions WHERE org = ?1 AND id < ?2 AND id >= ?3 ORDER BY id DESC";
const ENDED_BY_STATE: &str =
    "SELECT * FROM sessions WHERE org = ?1 AND id < ?2 AND id >= ?3 AND state = ?4 ORDER BY id DESC";
const ENDED_BY_TRIGGER: &str =
    "SELECT * FROM sessions WHERE org = ?1 AND id < ?2 AND id >= ?3 AND trigger = ?4 ORDER BY id DESC";

/// Every query of this file: each finds its rows by an index, within an org and in order.
#[cfg(test)]
pub(super) const QUERIES: [&str; 5] = [EVENTS, OWED, ENDED, ENDED_BY_STATE, ENDED_BY_TRIGGER];

/// Sorts after every id.
const NEWEST: &str = "~";

/// The events that a query asks for, without their sessions.
pub(super) fn events(tx: &Connection, org: &Org, query: &EventQuery, scan: u32) -> Result<Page<KeptEvent, EventId>> {
    let before = [query.before, query.until.map(EventId::floor)].into_iter().flatten().min();
    let (before, since) = bounds(before, query.since.map(EventId::floor));
    let mut statement = tx.prepare_cached(EVENTS)?;
    let mut rows = statement.query((org, before, since))?;
    let rows = std::iter::from_fn(|| {
        next(&mut rows, |row| {
            let endpoint = query.endpoint.as_ref().map_or(Ok(true), |endpoint| is(row, "endpoint", endpoint))?;
            let is_asked_for = endpoint && is_of_type(row, query.event_type.as_ref())?;
            let record = if is_asked_for { Some(row::event(org, row)?) } else { None };
            Ok((row::parsed(row, "id")?, record))
        })
    });
    list::page(rows, query.limit, scan)
}

/// The sessions that a query asks for, owed and ended ones in one order.
pub(super) fn sessions(
    tx: &Connection,
    org: &Org,
    query: &SessionQuery,
    scan: u32,
) -> Result<Page<SessionRecord, SessionId>> {
    let before = [query.before, query.until.map(SessionId::floor)].into_iter().flatten().min();
    let (before, since) = bounds(before, query.since.map(SessionId::floor));
    let (of_owed, of_ended) = match query.state {
        None => (true, true),
        Some(state) => (!state.is_final(), state.is_final()),
    };
    let state = query.state.map(SessionState::as_str);
    let mut params: Vec<&dyn ToSql> = vec![org, &before, &since];
    let (mut owed, mut ended) = (None, None);
    let (mut owed_rows, mut ended_rows) = (None, None);
    if of_owed {
        owed_rows = Some(owed.insert(tx.prepare_cached(OWED)?).query(&*params)?);
    }
    if of_ended {
        let (statement, param) = match (&query.trigger, &state) {
            (Some(trigger), _) => (ENDED_BY_TRIGGER, Some(trigger as &dyn ToSql)),
            (None, Some(state)) => (ENDED_BY_STATE, Some(state as &dyn ToSql)),
            (None, None) => (ENDED, None),
        };
        params.extend(param);
        ended_rows = Some(ended.insert(tx.prepare_cached(statement)?).query(&*params)?);
    }
    let owed = std::iter::from_fn(|| {
        next(owed_rows.as_mut()?, |row| {
            let is_asked_for = query.error.is_none() && is_of(row, query, None)?;
            let record = if is_asked_for { Some(row::owed(row)?) } else { None };
            Ok((row::parsed(row, "session")?, record))
        })
    });
    let ended = std::iter::from_fn(|| {
        next(ended_rows.as_mut()?, |row| {
            let is_asked_for = is_of(row, query, state)? && says(row, query.error.as_deref())?;
            let record = if is_asked_for { Some(row::ended(row)?) } else { None };
            Ok((row::parsed(row, "id")?, record))
        })
    });
    list::page(merged(owed, ended), query.limit, scan)
}

/// What follows `since` and precedes `before`, as texts that sort as the ids do.
fn bounds<Id: std::fmt::Display>(before: Option<Id>, since: Option<Id>) -> (String, String) {
    (before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string()), since.map_or_else(String::new, |id| id.to_string()))
}

/// The next row, as what a page is made of.
fn next<T>(rows: &mut Rows<'_>, record: impl Fn(&Row<'_>) -> Result<T>) -> Option<Result<T>> {
    match rows.next() {
        Ok(row) => row.map(record),
        Err(err) => Some(Err(err.into())),
    }
}

type Listed = Result<(SessionId, Option<SessionRecord>)>;

/// Two lists that are newest first, as one.
fn merged(owed: impl Iterator<Item = Listed>, ended: impl Iterator<Item = Listed>) -> impl Iterator<Item = Listed> {
    let (mut owed, mut ended) = (owed.peekable(), ended.peekable());
    std::iter::from_fn(move || match (owed.peek(), ended.peek()) {
        (Some(Ok((one, _))), Some(Ok((other, _)))) if one < other => ended.next(),
        (Some(_), _) => owed.next(),
        (None, _) => ended.next(),
    })
}

fn is_of(row: &Row<'_>, query: &SessionQuery, state: Option<&str>) -> Result<bool> {
    Ok(query.trigger.as_ref().map_or(Ok(true), |trigger| is(row, "trigger", trigger))?
        && state.map_or(Ok(true), |state| is(row, "state", state))?
        && is_of_type(row, query.event_type.as_ref())?)
}

fn is_of_type(row: &Row<'_>, wanted: Option<&EventType>) -> Result<bool> {
    let Some(wanted) = wanted else { return Ok(true) };
    Ok(EventType::of(row::text(row, "method")?) == *wanted)
}

/// Whether the reason of a session's end has this text.
fn says(row: &Row<'_>, text: Option<&str>) -> Result<bool> {
    let Some(text) = text else { return Ok(true) };
    let reason: Option<String> = row.get("reason")?;
    Ok(reason.is_some_and(|reason| reason.to_ascii_lowercase().contains(&text.to_ascii_lowercase())))
}

fn is(row: &Row<'_>, column: &str, wanted: &str) -> Result<bool> {
    Ok(row::text(row, column)? == wanted)
}
