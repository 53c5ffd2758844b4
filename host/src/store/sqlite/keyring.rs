//! Orgs' keys, wrapped.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, Row, named_params};

use super::{Sqlite, row};
use crate::event::Org;
use crate::store::{DeploymentRecord, Error, Keyring, OrgKey, Result};

#[async_trait]
impl Keyring for Sqlite {
    async fn org_key(&self, org: &Org) -> Result<Option<OrgKey>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| find(tx, &org)).await
    }

    async fn keep_org_key(&self, key: OrgKey) -> Result<OrgKey> {
        self.writer.write(move |tx| keep(tx, &key)).await
    }

    async fn org_keys(&self) -> Result<Vec<OrgKey>> {
        self.readers.read(all).await
    }

    async fn rewrap(&self, keys: Vec<OrgKey>) -> Result<()> {
        self.writer.write(move |tx| rewrap(tx, &keys)).await
    }

    async fn unsealed(&self) -> Result<Vec<DeploymentRecord>> {
        self.readers.read(unsealed).await
    }

    async fn seal(&self, deployments: Vec<DeploymentRecord>) -> Result<()> {
        self.writer.write(move |tx| seal(tx, &deployments)).await
    }
}

fn find(tx: &Connection, org: &Org) -> Result<Option<OrgKey>> {
    let mut query = tx.prepare_cached("SELECT org, master, wrapped FROM org_keys WHERE org = ?1")?;
    let mut rows = query.query((org,))?;
    rows.next()?.map(org_key).transpose()
}

fn keep(tx: &Connection, key: &OrgKey) -> Result<OrgKey> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO org_keys (org, master, wrapped) VALUES (:org, :master, :wrapped) ON CONFLICT DO NOTHING",
    )?;
    let inserted = insert.execute(named_params! { ":org": key.org, ":master": key.master, ":wrapped": key.wrapped })?;
    if inserted == 1 {
        return Ok(key.clone());
    }
    find(tx, &key.org)?
        .ok_or_else(|| Error::Corrupt(format!("the key of the org `{}` is neither there nor not", key.org)))
}

fn all(tx: &Connection) -> Result<Vec<OrgKey>> {
    let mut query = tx.prepare_cached("SELECT org, master, wrapped FROM org_keys ORDER BY org")?;
    let mut rows = query.query([])?;
    let mut keys = Vec::new();
    while let Some(found) = rows.next()? {
        keys.push(org_key(found)?);
    }
    Ok(keys)
}

fn rewrap(tx: &Connection, keys: &[OrgKey]) -> Result<()> {
    let mut update = tx.prepare_cached("UPDATE org_keys SET master = :master, wrapped = :wrapped WHERE org = :org")?;
    for key in keys {
        let updated =
            update.execute(named_params! { ":org": key.org, ":master": key.master, ":wrapped": key.wrapped })?;
        if updated == 0 {
            return Err(Error::Conflict(format!("the org `{}` has no key", key.org)));
        }
    }
    Ok(())
}

fn org_key(row: &Row<'_>) -> Result<OrgKey> {
    Ok(OrgKey { org: row.get("org")?, master: row.get("master")?, wrapped: row.get("wrapped")? })
}

fn unsealed(tx: &Connection) -> Result<Vec<DeploymentRecord>> {
    let mut query = tx.prepare_cached("SELECT * FROM deployments WHERE vars IS NULL ORDER BY number")?;
    let mut rows = query.query([])?;
    let mut unsealed = Vec::new();
    while let Some(row) = rows.next()? {
        unsealed.push(row::deployment(row)?);
    }
    Ok(unsealed)
}

/// The values' old places are overwritten in the database when its log is merged into it, when it is closed at the latest.
fn seal(tx: &Connection, deployments: &[DeploymentRecord]) -> Result<()> {
    tx.pragma_update(None, "secure_delete", true)?;
    let sealed = put_sealed(tx, deployments);
    tx.pragma_update(None, "secure_delete", false)?;
    sealed
}

fn put_sealed(tx: &Connection, deployments: &[DeploymentRecord]) -> Result<()> {
    let mut update = tx.prepare_cached(
        "UPDATE deployments SET manifest = :manifest, vars = :vars WHERE org = :org AND id = :id AND vars IS NULL",
    )?;
    for deployment in deployments {
        update.execute(named_params! {
            ":org": deployment.org,
            ":id": deployment.id.to_string(),
            ":manifest": deployment.manifest,
            ":vars": deployment.vars,
        })?;
    }
    Ok(())
}
