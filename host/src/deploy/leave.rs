//! Projects that go for good. From then on they take nothing; what they have is removed little by little, by `removal`.

use super::registry::{ApplyError, Registry};
use crate::event::Org;
use crate::store;
use crate::store::catalog::{By, Change, Committed, Expect, Item as _, Items as _, Kept, Scope, TokenItem};

impl Registry {
    /// Has a project take nothing any more, and all of it removed. `expect` is on the project's record.
    ///
    /// # Errors
    /// See [`ApplyError`]; then nothing has changed.
    pub async fn delete(&self, org: &Org, project: &str, expect: Expect, by: &By) -> Result<(), ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let Kept { mut item, revision, .. } = self.project(org, project).await?;
        let now = self.0.clock.now();
        (item.active, item.canary, item.testing) = (None, None, Vec::new());
        item.deleted_at = Some(now);
        let told = by.did(now, "project.delete", project);
        let mut changes = vec![Change::put(&item, expect.or_at(revision))?];
        changes.extend(self.without_tokens(org, project).await?);
        match self.0.catalog.commit(org, changes, Some(told)).await? {
            Committed::Done(_) => {}
            Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
        }
        self.0.deployed.leave(org, project);
        self.0.left.notify_one();
        Ok(())
    }

    /// Forgets a project, or all of an org, of which nothing is left.
    pub fn forget(&self, org: &Org, project: Option<&str>) {
        if project.is_none() {
            self.0.vault.forget(org);
        }
        self.0.deployed.forget(org, project);
    }

    /// The removal of the tokens that are for a project alone: they are not for another one of its name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn without_tokens(&self, org: &Org, project: &str) -> store::Result<Vec<Change>> {
        let tokens = self.0.catalog.all::<TokenItem>(org, "").await?;
        let is_for = |scope: &Scope| matches!(scope, Scope::Project { project: only, .. } if only == project);
        let its = tokens.into_iter().filter(|kept| is_for(&kept.item.scope));
        Ok(its.map(|kept| Change::remove::<TokenItem>(kept.item.key(), Expect::Anything)).collect())
    }

    /// Ends when an org or a project is to be removed since this was asked last.
    pub async fn left(&self) {
        self.0.left.notified().await;
    }
}
