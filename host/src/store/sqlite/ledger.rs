//! What is owed.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, named_params};

use super::{Sqlite, history, row};
use crate::event::{Event, EventId, Org, Timestamp};
use crate::store::{Delivery, Error, Lease, Ledger, NewEvent, Result, Settlement};

#[async_trait]
impl Ledger for Sqlite {
    async fn join(&self, now: Timestamp) -> Result<Lease> {
        self.writer.write(move |tx| join(tx, now)).await
    }

    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<()> {
        let (lease, written) = (lease.clone(), Written::new(event)?);
        self.writer.write(move |tx| accept(tx, &lease, &written)).await
    }

    async fn claim(&self, lease: &Lease) -> Result<Vec<Delivery>> {
        let lease = lease.clone();
        self.writer.write(move |tx| claim(tx, &lease)).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()> {
        let lease = lease.clone();
        let attempts = row::to_json(&[&settlement.attempt])?;
        let logs = if settlement.logs.is_empty() { None } else { Some(row::to_json(&settlement.logs)?) };
        self.writer.write(move |tx| settle(tx, &lease, &settlement, &attempts, logs.as_deref())).await
    }
}

/// An event whose JSON is written before it reaches the one thread that all of them pass.
struct Written {
    event: Arc<Event>,
    headers: String,
    trailers: String,
    verdicts: String,
    deliveries: Vec<Delivery>,
}

impl Written {
    fn new(new: NewEvent) -> Result<Self> {
        let raw = new.event.data.raw();
        Ok(Self {
            headers: row::to_json(&raw.headers)?,
            trailers: row::to_json(&raw.trailers)?,
            verdicts: row::to_json(&new.verdicts)?,
            event: new.event,
            deliveries: new.deliveries,
        })
    }
}

fn join(tx: &Connection, now: Timestamp) -> Result<Lease> {
    tx.prepare_cached("INSERT INTO nodes (joined) VALUES (?1)")?.execute([now.as_microsecond()])?;
    Ok(Lease { node: format!("node-{}", tx.last_insert_rowid()).into() })
}

fn accept(tx: &Connection, lease: &Lease, new: &Written) -> Result<()> {
    let event = &new.event;
    let raw = event.data.raw();
    let id = event.id.to_string();
    let mut insert = tx.prepare_cached(
        "INSERT INTO events (org, id, endpoint, received, method, url, headers, trailers, verdicts, body)
         VALUES (:org, :id, :endpoint, :received, :method, :url, :headers, :trailers, :verdicts, :body)
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
        ":body": raw.body.as_deref(),
    })?;
    if inserted == 0 {
        return Err(Error::Conflict(format!("the event {id} is there already")));
    }
    new.deliveries.iter().try_for_each(|delivery| owe(tx, lease, event, &id, delivery))
}

fn owe(tx: &Connection, lease: &Lease, event: &Event, id: &str, delivery: &Delivery) -> Result<()> {
    let session = delivery.session.to_string();
    let mut insert = tx.prepare_cached(
        "INSERT INTO deliveries (org, session, event, method, trigger, deployment, created, attempt, owner)
         SELECT :org, :session, :event, :method, :trigger, :deployment, :created, :attempt, :owner
         WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE org = :org AND id = :session)
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
        ":owner": lease.node,
    })?;
    if inserted == 0 {
        return Err(Error::Conflict(format!("the session {session} is there already")));
    }
    Ok(())
}

fn claim(tx: &Connection, lease: &Lease) -> Result<Vec<Delivery>> {
    let mut left = tx.prepare_cached(
        "SELECT org, session, event, trigger, deployment, attempt FROM deliveries WHERE owner <> ?1 ORDER BY session",
    )?;
    let mut rows = left.query([&lease.node])?;
    let mut claimed: Vec<Delivery> = Vec::new();
    while let Some(row) = rows.next()? {
        let org: Org = row.get("org")?;
        let event: EventId = row::parsed(row, "event")?;
        // The deliveries of one event follow each other, most often, and share it.
        let event = match claimed.last() {
            Some(last) if last.event.id == event && last.event.org == org => Arc::clone(&last.event),
            _ => owed_event(tx, &org, event)?,
        };
        claimed.push(Delivery {
            session: row::parsed(row, "session")?,
            event,
            trigger: row.get("trigger")?,
            deployment: row::parsed(row, "deployment")?,
            attempt: row.get("attempt")?,
        });
    }
    tx.prepare_cached("UPDATE deliveries SET owner = ?1 WHERE owner <> ?1")?.execute([&lease.node])?;
    Ok(claimed)
}

fn owed_event(tx: &Connection, org: &Org, id: EventId) -> Result<Arc<Event>> {
    let found = history::find_event(tx, org, id)?;
    found.map(|(event, _)| event).ok_or_else(|| Error::Corrupt(format!("the event {id} is owed and is not there")))
}

fn settle(tx: &Connection, lease: &Lease, settled: &Settlement, attempts: &str, logs: Option<&str>) -> Result<()> {
    let session = settled.session.to_string();
    let mut end = tx.prepare_cached(
        "INSERT INTO sessions (org, id, event, method, trigger, deployment, state, created, attempts)
         SELECT org, session, event, method, trigger, deployment, :state, created, :attempts
         FROM deliveries WHERE org = :org AND session = :session AND owner = :owner",
    )?;
    let ended = end.execute(named_params! {
        ":org": settled.org,
        ":session": session,
        ":owner": lease.node,
        ":state": settled.state.as_str(),
        ":attempts": attempts,
    })?;
    if ended == 0 {
        return Err(Error::LeaseLost);
    }
    tx.prepare_cached("DELETE FROM deliveries WHERE org = ?1 AND session = ?2")?.execute((&settled.org, &session))?;
    if let Some(logs) = logs {
        let mut append =
            tx.prepare_cached("INSERT INTO logs (org, session, attempt, entries) VALUES (?1, ?2, ?3, ?4)")?;
        append.execute((&settled.org, &session, settled.attempt.number, logs))?;
    }
    Ok(())
}
