//! What happened.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Row, ToSql};

use super::{Sqlite, row};
use crate::event::{Event, EventId, LogEntry, Org, SessionId, Verdict};
use crate::store::{EventRecord, History, Page, Result, SessionRecord};

const EVENT: &str = "SELECT * FROM events WHERE org = ?1 AND id = ?2";
const EVENTS: &str = "SELECT * FROM events WHERE org = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const SESSION: &str = "SELECT * FROM sessions_and_owed WHERE org = ?1 AND id = ?2";
const SESSIONS: &str = "SELECT * FROM sessions_and_owed WHERE org = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
const SESSIONS_OF_EVENT: &str = "SELECT * FROM sessions_and_owed WHERE org = ?1 AND event = ?2 ORDER BY id";
const LOGS: &str = "SELECT entries FROM logs WHERE org = ?1 AND session = ?2 ORDER BY attempt";

/// Every query of this file: each finds its rows by an index and within an org.
#[cfg(test)]
pub(super) const QUERIES: [&str; 6] = [EVENT, EVENTS, SESSION, SESSIONS, SESSIONS_OF_EVENT, LOGS];

/// Sorts after every id.
const NEWEST: &str = "~";

#[async_trait]
impl History for Sqlite {
    async fn events(&self, org: &Org, page: Page<EventId>) -> Result<Vec<EventRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| events(tx, &org, page)).await
    }

    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| find_event(tx, &org, id)?.map(|found| with_sessions(tx, found)).transpose()).await
    }

    async fn sessions(&self, org: &Org, page: Page<SessionId>) -> Result<Vec<SessionRecord>> {
        let org = Arc::clone(org);
        let before = page.before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
        self.readers.read(move |tx| all(tx, SESSIONS, &[&org, &before, &page.limit], row::session)).await
    }

    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| Ok(all(tx, SESSION, &[&org, &id.to_string()], row::session)?.pop())).await
    }

    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>> {
        let org = Arc::clone(org);
        let entries = |row: &Row<'_>| row::json::<Vec<LogEntry>>(row, "entries");
        let attempts = self.readers.read(move |tx| all(tx, LOGS, &[&org, &session.to_string()], entries)).await?;
        Ok(attempts.into_iter().flatten().collect())
    }
}

/// An event and its verdicts; none when the org has no such event.
pub(super) fn find_event(conn: &Connection, org: &Org, id: EventId) -> Result<Option<(Arc<Event>, Vec<Verdict>)>> {
    Ok(all(conn, EVENT, &[org, &id.to_string()], |row| row::event(org, row))?.pop())
}

fn events(tx: &Connection, org: &Org, page: Page<EventId>) -> Result<Vec<EventRecord>> {
    let before = page.before.map_or_else(|| NEWEST.to_owned(), |id| id.to_string());
    let found = all(tx, EVENTS, &[org, &before, &page.limit], |row| row::event(org, row))?;
    found.into_iter().map(|found| with_sessions(tx, found)).collect()
}

fn with_sessions(tx: &Connection, (event, verdicts): (Arc<Event>, Vec<Verdict>)) -> Result<EventRecord> {
    let sessions = all(tx, SESSIONS_OF_EVENT, &[&event.org, &event.id.to_string()], row::session)?;
    Ok(EventRecord { event, verdicts, sessions })
}

/// The rows of a query as records.
fn all<T>(
    conn: &Connection,
    query: &str,
    params: &[&dyn ToSql],
    record: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut query = conn.prepare_cached(query)?;
    let mut rows = query.query(params)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(record(row)?);
    }
    Ok(records)
}
