//! What is deployed.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, named_params};

use super::{Sqlite, row};
use crate::event::{DeploymentId, Org};
use crate::store::{Catalog, DeploymentRecord, Error, Result};

#[async_trait]
impl Catalog for Sqlite {
    async fn deploy(&self, deployment: DeploymentRecord) -> Result<()> {
        let modules = row::to_json(&deployment.modules)?;
        self.writer.write(move |tx| deploy(tx, &deployment, &modules)).await
    }

    async fn active(&self) -> Result<Vec<DeploymentRecord>> {
        self.readers.read(active).await
    }

    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
        let org = Arc::clone(org);
        self.readers.read(move |tx| find(tx, &org, id)).await
    }
}

fn deploy(tx: &Connection, deployment: &DeploymentRecord, modules: &str) -> Result<()> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO deployments (org, id, project, created, manifest, modules)
         VALUES (:org, :id, :project, :created, :manifest, :modules) ON CONFLICT DO NOTHING",
    )?;
    let inserted = insert.execute(named_params! {
        ":org": deployment.org,
        ":id": deployment.id.to_string(),
        ":project": deployment.project,
        ":created": deployment.created_at.as_microsecond(),
        ":manifest": deployment.manifest,
        ":modules": modules,
    })?;
    if inserted == 0 {
        return Err(Error::Conflict(format!("the deployment {} is there already", deployment.id)));
    }
    Ok(())
}

fn active(tx: &Connection) -> Result<Vec<DeploymentRecord>> {
    let mut query = tx.prepare_cached(
        "SELECT * FROM deployments WHERE number IN (SELECT max(number) FROM deployments GROUP BY org, project)
         ORDER BY org, project",
    )?;
    let mut rows = query.query([])?;
    let mut active = Vec::new();
    while let Some(row) = rows.next()? {
        active.push(row::deployment(row)?);
    }
    Ok(active)
}

fn find(tx: &Connection, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
    let mut query = tx.prepare_cached("SELECT * FROM deployments WHERE org = ?1 AND id = ?2")?;
    let mut rows = query.query((org, id.to_string()))?;
    rows.next()?.map(row::deployment).transpose()
}
