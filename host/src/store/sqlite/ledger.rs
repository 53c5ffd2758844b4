//! What is owed. What each call writes is in the file of its name.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;

use super::accept::Written;
use super::settle::Settled;
use super::{Sqlite, accept, claim, redrive, settle};
use crate::event::{Org, SessionId, Timestamp};
use crate::store::{Accepted, Delivery, Error, Lease, Ledger, NewEvent, Redriven, Result, Settlement};

#[async_trait]
impl Ledger for Sqlite {
    async fn join(&self, now: Timestamp, until: Timestamp) -> Result<Lease> {
        self.writer.write(move |tx| join(tx, now, until)).await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<()> {
        let lease = lease.clone();
        self.writer.write(move |tx| renew(tx, &lease, until)).await
    }

    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<Accepted> {
        let (lease, written) = (lease.clone(), Written::new(event)?);
        self.writer.write(move |tx| accept::accept(tx, &lease, &written)).await
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
        let lease = lease.clone();
        self.writer.write(move |tx| claim::claim(tx, &lease, now, limit)).await
    }

    async fn begin(&self, lease: &Lease, org: &Org, session: SessionId) -> Result<()> {
        let (lease, org) = (lease.clone(), Arc::clone(org));
        self.writer.write(move |tx| begin(tx, &lease, &org, session)).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()> {
        let (lease, settled) = (lease.clone(), Settled::new(settlement)?);
        self.writer.write(move |tx| settle::settle(tx, &lease, &settled)).await
    }

    async fn redrive(&self, lease: &Lease, org: &Org, session: SessionId, now: Timestamp) -> Result<Redriven> {
        let (lease, org) = (lease.clone(), Arc::clone(org));
        self.writer.write(move |tx| redrive::redrive(tx, &lease, &org, session, now)).await
    }
}

fn join(tx: &Connection, now: Timestamp, until: Timestamp) -> Result<Lease> {
    let mut insert = tx.prepare_cached("INSERT INTO nodes (joined, until) VALUES (?1, ?2)")?;
    insert.execute([now.as_microsecond(), until.as_microsecond()])?;
    Ok(Lease { node: format!("node-{}", tx.last_insert_rowid()).into() })
}

fn renew(tx: &Connection, lease: &Lease, until: Timestamp) -> Result<()> {
    let mut update = tx.prepare_cached("UPDATE nodes SET until = ?1 WHERE id = ?2")?;
    let number = lease.node.strip_prefix("node-").and_then(|number| number.parse::<i64>().ok());
    match update.execute((until.as_microsecond(), number))? {
        0 => Err(Error::LeaseLost),
        _ => Ok(()),
    }
}

fn begin(tx: &Connection, lease: &Lease, org: &Org, session: SessionId) -> Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE deliveries SET interruptions = interruptions + 1 WHERE org = ?1 AND session = ?2 AND owner = ?3",
    )?;
    match update.execute((org, session.to_string(), &lease.node))? {
        0 => Err(Error::LeaseLost),
        _ => Ok(()),
    }
}
