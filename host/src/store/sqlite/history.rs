//! What happened.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, Row, ToSql};

use super::row::KeptEvent;
use super::{Sqlite, expire, list, log, row, usage};
use crate::event::{DeploymentId, EventId, LogEntry, Org, Response, SessionId};
use crate::store::{
    Answer, EventQuery, EventRecord, Expired, Expiry, History, Page, Result, SCAN, SessionQuery, SessionRecord, Usage,
};

const EVENT: &str = "SELECT * FROM events WHERE org = ?1 AND id = ?2";
const OWED: &str = "SELECT * FROM deliveries WHERE org = ?1 AND session = ?2";
const ENDED: &str = "SELECT * FROM sessions WHERE org = ?1 AND id = ?2";
const OWED_OF_EVENT: &str = "SELECT * FROM deliveries WHERE org = ?1 AND event = ?2 ORDER BY session";
const ENDED_OF_EVENT: &str = "SELECT * FROM sessions WHERE org = ?1 AND event = ?2 ORDER BY id";
const LOGS: &str = "SELECT entries FROM logs WHERE org = ?1 AND session = ?2 ORDER BY attempt";
const ANSWER: &str = "SELECT awaited, status, headers, body FROM dedup WHERE org = ?1 AND event = ?2";

/// So often some of what is free is given back each time that something may have been removed.
const ROUNDS: u32 = 64;

/// Every query of this file: each finds its rows by an index and within an org.
#[cfg(test)]
pub(super) const QUERIES: [&str; 7] = [EVENT, OWED, ENDED, OWED_OF_EVENT, ENDED_OF_EVENT, LOGS, ANSWER];

#[async_trait]
impl History for Sqlite {
    async fn events(&self, org: &Org, query: EventQuery) -> Result<Page<EventRecord, EventId>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| events(tx, &org, &query)).await
    }

    async fn event(&self, org: &Org, id: EventId) -> Result<Option<EventRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| find_event(tx, &org, id)?.map(|found| with_sessions(tx, found)).transpose()).await
    }

    async fn sessions(&self, org: &Org, query: SessionQuery) -> Result<Page<SessionRecord, SessionId>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| list::sessions(tx, &org, &query, SCAN)).await
    }

    async fn session(&self, org: &Org, id: SessionId) -> Result<Option<SessionRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| session(tx, &org, id)).await
    }

    async fn logs(&self, org: &Org, session: SessionId) -> Result<Vec<LogEntry>> {
        let org = Arc::clone(org);
        let attempts = self.readers.read(move |tx| all(tx, LOGS, &[&org, &session.to_string()], log::unpack)).await?;
        Ok(attempts.into_iter().flatten().collect())
    }

    async fn answer(&self, org: &Org, event: EventId) -> Result<Answer> {
        let org = Arc::clone(org);
        self.readers
            .read(move |tx| Ok(all(tx, ANSWER, &[&org, &event.to_string()], answer)?.pop()))
            .await
            .map(|found| found.unwrap_or(Answer::None))
    }

    async fn usage(&self, org: &Org) -> Result<Usage> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| usage::of(tx, &org)).await
    }

    async fn owed_to(&self, org: &Org) -> Result<BTreeSet<DeploymentId>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| owed_to(tx, &org)).await
    }

    async fn expire(&self, expiry: Expiry) -> Result<Expired> {
        let expired = self.writer.write(move |tx| expire::expire(tx, &expiry)).await?;
        // In commits of their own, between which others have theirs.
        for _ in 0..ROUNDS {
            if !self.writer.write(expire::give_back).await? {
                break;
            }
        }
        Ok(expired)
    }
}

/// An event as it is kept; none when the org has no such event.
pub(super) fn find_event(conn: &Connection, org: &Org, id: EventId) -> Result<Option<KeptEvent>> {
    Ok(all(conn, EVENT, &[org, &id.to_string()], |row| row::event(org, row))?.pop())
}

fn events(tx: &Connection, org: &Org, query: &EventQuery) -> Result<Page<EventRecord, EventId>> {
    let page = list::events(tx, org, query, SCAN)?;
    let records = page.records.into_iter().map(|found| with_sessions(tx, found)).collect::<Result<_>>()?;
    Ok(Page { records, next: page.next })
}

fn with_sessions(tx: &Connection, found: KeptEvent) -> Result<EventRecord> {
    let KeptEvent { event, kept, verdicts, .. } = found;
    let id = event.id.to_string();
    let mut sessions = all(tx, OWED_OF_EVENT, &[&event.org, &id], row::owed)?;
    sessions.extend(all(tx, ENDED_OF_EVENT, &[&event.org, &id], row::ended)?);
    sessions.sort_by_key(|session| session.id);
    Ok(EventRecord { event, kept, verdicts, sessions })
}

fn session(tx: &Connection, org: &Org, id: SessionId) -> Result<Option<SessionRecord>> {
    let id = id.to_string();
    match all(tx, ENDED, &[org, &id], row::ended)?.pop() {
        Some(ended) => Ok(Some(ended)),
        None => Ok(all(tx, OWED, &[org, &id], row::owed)?.pop()),
    }
}

fn answer(row: &Row<'_>) -> Result<Answer> {
    let awaited: Option<String> = row.get("awaited")?;
    let status: Option<u16> = row.get("status")?;
    Ok(match (awaited, status) {
        (None, _) => Answer::Accepted,
        (Some(_), None) => Answer::Pending,
        (Some(_), Some(status)) => {
            let body = row.get::<_, Option<Vec<u8>>>("body")?.map(Bytes::from).unwrap_or_default();
            Answer::Response(Response { status, headers: row::json(row, "headers")?, body })
        }
    })
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

/// Looks at all that is owed, of which an org has no more than its backlog.
fn owed_to(tx: &Connection, org: &Org) -> Result<BTreeSet<DeploymentId>> {
    let mut query = tx.prepare_cached("SELECT DISTINCT deployment FROM deliveries WHERE org = ?1")?;
    let mut rows = query.query([org])?;
    let mut owed = BTreeSet::new();
    while let Some(row) = rows.next()? {
        owed.insert(row::parsed(row, "deployment")?);
    }
    Ok(owed)
}
