//! Variables and secrets that are set apart from the manifest. They take the place of its values, from the next event on.

use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::manifest::Manifest;
use super::registry::{ApplyError, Registry, withhold};
use super::sealed;
use super::snapshot::Deployment;
use crate::event::Org;
use crate::guest::Vars;
use crate::seal::{Error, Label, Zeroizing};
use crate::store::catalog::{By, Change, Committed, Expect, Items as _, Kept, Revision, VarItem};

/// A value to be kept.
pub struct NewValue {
    /// The value.
    pub value: Zeroizing<String>,
    /// Whether it is shown to nobody but handlers. What was a secret stays one.
    pub secret: bool,
}

impl Registry {
    /// Gives a project's variable a value, for all events from now on.
    ///
    /// # Errors
    /// See [`ApplyError`]; then nothing has changed.
    pub async fn set_var(
        &self,
        org: &Org,
        project: &str,
        name: &str,
        new: NewValue,
        expect: Expect,
        by: &By,
    ) -> Result<(Kept<VarItem>, bool), ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let before = self.0.catalog.find::<VarItem>(org, &VarItem::key_of(project, name)).await?;
        let (version, was_secret) = before.as_ref().map_or((0, false), |kept| (kept.item.version, kept.item.secret));
        // A version is never used twice, also not after the variable was removed: a sealed value is for one alone.
        let now = self.0.clock.now();
        let version = (version + 1).max(u64::try_from(now.as_millisecond()).unwrap_or(0) * u64::from(before.is_none()));
        let label = Label { org, project, name, version };
        let sealed = self.0.vault.seal(label, new.value.as_bytes()).await?;
        let item = VarItem {
            project: project.to_owned(),
            name: name.to_owned(),
            secret: new.secret || was_secret,
            version,
            updated_at: now,
            sealed: STANDARD.encode(sealed),
        };
        let expect = match (expect, &before) {
            (Expect::Anything, Some(kept)) => Expect::At(kept.revision),
            (Expect::Anything, None) => Expect::Absent,
            (expect, _) => expect,
        };
        let told = by.did(now, "var.set", name).with("project", project).with("secret", item.secret);
        let revision = self.commit_var(org, project, Change::put(&item, expect)?, told).await?;
        Ok((Kept { item, revision, used_at: None }, before.is_none()))
    }

    /// Removes a project's variable: the manifest's value holds from now on, if it has one.
    ///
    /// # Errors
    /// See [`ApplyError`]; then nothing has changed.
    pub async fn unset_var(
        &self,
        org: &Org,
        project: &str,
        name: &str,
        expect: Expect,
        by: &By,
    ) -> Result<(), ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let told = by.did(self.0.clock.now(), "var.remove", name).with("project", project);
        let gone = Change::remove::<VarItem>(VarItem::key_of(project, name), expect);
        self.commit_var(org, project, gone, told).await.map(drop)
    }

    /// A variable's value.
    ///
    /// # Errors
    /// [`ApplyError::Seal`] when it does not open.
    pub async fn open_var(&self, org: &Org, item: &VarItem) -> Result<Zeroizing<String>, ApplyError> {
        let VarItem { project, name, version, sealed, .. } = item;
        let label = Label { org, project, name, version: *version };
        let sealed = STANDARD.decode(sealed).map_err(|_| Error::Broken(format!("the value of `{name}`")))?;
        Ok(self.0.vault.open_text(label, &sealed).await?)
    }

    async fn commit_var(
        &self,
        org: &Org,
        project: &str,
        change: Change,
        told: crate::store::catalog::AuditEntry,
    ) -> Result<Revision, ApplyError> {
        let revision = match self.0.catalog.commit(org, vec![change], Some(told)).await? {
            Committed::Done(revision) => revision,
            Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
        };
        self.renew_vars(org, project).await?;
        Ok(revision)
    }

    /// `vars` of a manifest with those that were set apart from it.
    pub(super) async fn with_set(&self, org: &Org, project: &str, mut vars: Vars) -> Result<Vars, ApplyError> {
        for kept in self.0.catalog.all::<VarItem>(org, &VarItem::key_of(project, "")).await? {
            let value = self.open_var(org, &kept.item).await?.to_string();
            match vars.0.iter_mut().find(|(name, _)| *name == kept.item.name) {
                Some((_, old)) => *old = value,
                None => vars.0.push((kept.item.name, value)),
            }
        }
        Ok(vars)
    }

    /// Publishes a project with the values that its variables have by now.
    async fn renew_vars(&self, org: &Org, project: &str) -> Result<(), ApplyError> {
        // What is loaded for sessions of earlier deployments is loaded again when the next one is.
        let is_of = |deployment: &Deployment| deployment.org == *org && deployment.project == project;
        let is_other = |held: &std::sync::Weak<Deployment>| held.upgrade().is_some_and(|held| !is_of(&held));
        self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, held| is_other(held));
        let snapshot = self.0.deployed.load();
        let Some(serving) = snapshot.project(org, project) else { return Ok(()) };
        let mut next = crate::deploy::Serving::clone(serving);
        for deployment in next.deployments_mut() {
            *deployment = self.renewed(deployment).await?;
        }
        self.0.deployed.publish(&next);
        Ok(())
    }

    async fn renewed(&self, deployment: &Arc<Deployment>) -> Result<Arc<Deployment>, ApplyError> {
        let (org, id) = (&deployment.org, deployment.id);
        let Some(record) = self.0.catalog.deployment(org, id).await? else { return Ok(deployment.clone()) };
        let manifest = Manifest::parse(&record.manifest)?;
        let vars = sealed::open(&self.0.vault, &record, &manifest).await?;
        let (vars, secrets) = withhold(&manifest, &self.with_set(org, &deployment.project, vars).await?);
        let (vars, secrets) = (Arc::new(vars), Arc::new(secrets));
        Ok(Arc::new(Deployment { vars, secrets, ..Deployment::clone(deployment) }))
    }
}
