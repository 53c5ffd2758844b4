//! Writes a commit of the catalog: all of it, or nothing.

use rusqlite::{Connection, OptionalExtension as _, named_params};

use super::row;
use crate::event::Org;
use crate::store::catalog::{AuditEntry, Change, Committed, Kind, Refusal, Revision, Why};
use crate::store::{DeploymentRecord, Error, Result};

const REVISION: &str = "SELECT revision FROM records WHERE org = ?1 AND kind = ?2 AND key = ?3";
const TAKEN: &str = "SELECT 1 FROM records WHERE kind = ?1 AND mark = ?2 AND NOT (org = ?3 AND key = ?4)";

/// Every query of this file that looks for rows.
#[cfg(test)]
pub(super) const QUERIES: [&str; 2] = [REVISION, TAKEN];

/// A line of the audit log whose JSON is written before it reaches the one thread that all writes pass.
pub(super) struct Told {
    id: String,
    entry: String,
}

impl Told {
    pub(super) fn new(entry: &AuditEntry) -> Result<Self> {
        Ok(Self { id: entry.id.to_string(), entry: row::to_json(entry)? })
    }
}

pub(super) fn commit(tx: &Connection, org: &Org, changes: &[Change], told: Option<&Told>) -> Result<Committed> {
    tx.prepare_cached("SAVEPOINT catalog")?.execute([])?;
    let revision = tx
        .prepare_cached("UPDATE revision SET number = number + 1 RETURNING number")?
        .query_row([], |row| row.get(0))?;
    for change in changes {
        if let Err(refusal) = make(tx, org, revision, change)? {
            tx.prepare_cached("ROLLBACK TO catalog")?.execute([])?;
            tx.prepare_cached("RELEASE catalog")?.execute([])?;
            return Ok(Committed::Refused(refusal));
        }
    }
    if let Some(Told { id, entry }) = told {
        tx.prepare_cached("INSERT INTO audit (org, id, entry) VALUES (?1, ?2, ?3)")?.execute((org, id, entry))?;
    }
    tx.prepare_cached("RELEASE catalog")?.execute([])?;
    Ok(Committed::Done(revision))
}

/// Makes one change, or says why not.
fn make(tx: &Connection, org: &Org, revision: Revision, change: &Change) -> Result<Result<(), Refusal>> {
    let (kind, key, expect) = match change {
        Change::Put { kind, key, expect, .. } | Change::Remove { kind, key, expect } => (*kind, key, *expect),
        Change::Deploy(deployment) => return deploy(tx, org, deployment).map(Ok),
    };
    let refused = |why| Ok(Err(Refusal { kind, key: key.clone(), why }));
    let mut found = tx.prepare_cached(REVISION)?;
    let found = found.query_row((org, kind.as_str(), key), |row| row.get(0)).optional()?;
    if let Err(why) = expect.check(found) {
        return refused(why);
    }
    let Change::Put { mark, expires_at, body, .. } = change else {
        let mut delete = tx.prepare_cached("DELETE FROM records WHERE org = ?1 AND kind = ?2 AND key = ?3")?;
        delete.execute((org, kind.as_str(), key))?;
        return Ok(Ok(()));
    };
    if let Some(mark) = mark
        && is_taken(tx, org, kind, key, mark)?
    {
        return refused(Why::Taken);
    }
    let mut put = tx.prepare_cached(
        "INSERT INTO records (org, kind, key, revision, mark, expires, body)
         VALUES (:org, :kind, :key, :revision, :mark, :expires, :body)
         ON CONFLICT (org, kind, key) DO UPDATE
         SET revision = excluded.revision, mark = excluded.mark, expires = excluded.expires, body = excluded.body",
    )?;
    put.execute(named_params! {
        ":org": org,
        ":kind": kind.as_str(),
        ":key": key,
        ":revision": revision,
        ":mark": mark,
        ":expires": expires_at.map(|at| at.as_microsecond()),
        ":body": body,
    })?;
    Ok(Ok(()))
}

fn is_taken(tx: &Connection, org: &Org, kind: Kind, key: &str, mark: &str) -> Result<bool> {
    let mut query = tx.prepare_cached(TAKEN)?;
    Ok(query.exists((kind.as_str(), mark, org, key))?)
}

fn deploy(tx: &Connection, org: &Org, deployment: &DeploymentRecord) -> Result<()> {
    if deployment.org != *org {
        return Err(Error::Conflict(format!("the deployment {} is another org's", deployment.id)));
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO deployments (org, id, project, created, manifest, modules, vars)
         VALUES (:org, :id, :project, :created, :manifest, :modules, :vars) ON CONFLICT DO NOTHING",
    )?;
    let inserted = insert.execute(named_params! {
        ":org": org,
        ":id": deployment.id.to_string(),
        ":project": deployment.project,
        ":created": deployment.created_at.as_microsecond(),
        ":manifest": deployment.manifest,
        ":modules": row::to_json(&deployment.modules)?,
        ":vars": deployment.vars,
    })?;
    if inserted == 0 {
        return Err(Error::Conflict(format!("the deployment {} is there already", deployment.id)));
    }
    Ok(())
}
