//! What a deployment does from now on. Which of a project's deployments serve is one record, so a change of it is one swap.

use crate::event::{DeploymentId, Digest, Org};
use crate::random;
use crate::store::catalog::{By, Canary, Change, Committed, Expect, Items as _, Kept, ProjectItem, Revision, Testing};

use super::registry::{ApplyError, Registry};

/// What a deployment shows its senders' token by.
const TESTING: &str = "tht_";

/// What a deployment is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Serve.
    Active,
    /// Serve so many of a hundred events; what serves now serves the others.
    Canary(u8),
    /// Serve what is addressed to it.
    Testing,
    /// Serve nothing, and finish what it has.
    Inactive,
}

/// Why a deployment is not placed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// There is no such project.
    #[error("there is no project `{0}`")]
    NoProject(String),
    /// The project has no such deployment.
    #[error("the project `{0}` has no deployment {1}")]
    NoDeployment(String, DeploymentId),
    /// A part of the events cannot be taken from nothing.
    #[error("nothing serves that could keep the other events: activate the deployment without `percent`")]
    NothingToShare,
    /// It serves all events already.
    #[error("the deployment {0} serves all events: activate another one to have it serve fewer")]
    ServesAll(DeploymentId),
    /// One of its modules does not load any more.
    #[error("the deployment {0} cannot run: {1}")]
    Broken(DeploymentId, String),
    /// It is being removed, and another one of its name cannot be there yet.
    #[error("the project `{0}` is being removed: deploy it again in a moment")]
    Leaving(String),
    /// There is nothing to go back to.
    #[error("no deployment served before this one")]
    NothingBefore,
}

/// A deployment in its new place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub deployment: DeploymentId,
    /// The project's record since.
    pub revision: Revision,
    /// What a sender shows to have an event handled by it; only when it was made testing now.
    pub testing_token: Option<String>,
}

/// The project with a deployment in another place.
///
/// # Errors
/// See [`Misplaced`].
pub(super) fn place(
    mut project: ProjectItem,
    id: DeploymentId,
    place: Place,
    testing: Option<Digest>,
) -> Result<ProjectItem, Misplaced> {
    let is_canary = project.canary.is_some_and(|canary| canary.deployment == id);
    match place {
        Place::Active | Place::Canary(100..) => {
            if let Some(before) = project.active.replace(id).filter(|before| *before != id) {
                project.previous = Some(before);
            }
            project.canary = None;
        }
        Place::Canary(_) if project.active == Some(id) => return Err(Misplaced::ServesAll(id)),
        Place::Canary(_) if project.active.is_none() => return Err(Misplaced::NothingToShare),
        Place::Canary(percent) => project.canary = Some(Canary { deployment: id, percent }),
        Place::Testing | Place::Inactive => {
            if project.active == Some(id) {
                project.active = None;
                project.previous = Some(id);
                // What served a part of the events has nothing to share them with.
                project.canary = None;
            } else if is_canary {
                project.canary = None;
            }
        }
    }
    project.testing.retain(|other| other.deployment != id);
    project.testing.extend(testing.map(|digest| Testing { deployment: id, digest }));
    Ok(project)
}

impl Registry {
    /// Has a deployment do something else from now on. `expect` is on the project's record.
    ///
    /// # Errors
    /// See [`ApplyError`]; then nothing has changed.
    pub async fn place(
        &self,
        org: &Org,
        project: &str,
        id: DeploymentId,
        to: Place,
        expect: Expect,
        by: &By,
    ) -> Result<Placed, ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let Kept { item, revision, .. } = self.project(org, project).await?;
        let known = self.0.catalog.deployment(org, id).await?.is_some_and(|record| record.project == project);
        if !known {
            return Err(Misplaced::NoDeployment(project.to_owned(), id).into());
        }
        let (token, testing) = self.testing(to)?;
        // It must load before anything is swapped.
        if to != Place::Inactive {
            let deployment = self.deployment(org, id).await?;
            for module in deployment.modules.values() {
                let loaded = self.0.library.loaded(module.digest).await;
                loaded.map_err(|error| Misplaced::Broken(id, error.to_string()))?;
            }
        }
        let placed = place(item, id, to, testing)?;
        let told = by.did(self.0.clock.now(), "deployment.place", id.to_string());
        let told = told.with("project", project).with("to", words(to));
        let expect = if expect == Expect::Anything { Expect::At(revision) } else { expect };
        let revision = match self.0.catalog.commit(org, vec![Change::put(&placed, expect)?], Some(told)).await? {
            Committed::Done(revision) => revision,
            Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
        };
        self.refresh(org, project).await?;
        Ok(Placed { deployment: id, revision, testing_token: token })
    }

    /// Has what served before serve again.
    ///
    /// # Errors
    /// As [`Registry::place`].
    pub async fn rollback(&self, org: &Org, project: &str, expect: Expect, by: &By) -> Result<Placed, ApplyError> {
        let Kept { item, .. } = self.project(org, project).await?;
        let previous = item.previous.ok_or(Misplaced::NothingBefore)?;
        self.place(org, project, previous, Place::Active, expect, by).await
    }

    /// Has nothing of a project serve any more.
    ///
    /// # Errors
    /// As [`Registry::place`].
    pub async fn stop(&self, org: &Org, project: &str, expect: Expect, by: &By) -> Result<(), ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let Kept { mut item, revision, .. } = self.project(org, project).await?;
        item.previous = item.active.take().or(item.previous);
        (item.canary, item.testing) = (None, Vec::new());
        let told = by.did(self.0.clock.now(), "project.stop", project);
        let expect = if expect == Expect::Anything { Expect::At(revision) } else { expect };
        match self.0.catalog.commit(org, vec![Change::put(&item, expect)?], Some(told)).await? {
            Committed::Done(_) => self.refresh(org, project).await,
            Committed::Refused(refusal) => Err(ApplyError::Refused(refusal)),
        }
    }

    pub(super) async fn project(&self, org: &Org, project: &str) -> Result<Kept<ProjectItem>, ApplyError> {
        let found = self.0.catalog.find::<ProjectItem>(org, project).await?;
        let found = found.filter(|kept| kept.item.deleted_at.is_none());
        found.ok_or_else(|| Misplaced::NoProject(project.to_owned()).into())
    }

    /// A token for a deployment that is testing, and its digest.
    pub(super) fn testing(&self, to: Place) -> Result<(Option<String>, Option<Digest>), ApplyError> {
        if to != Place::Testing {
            return Ok((None, None));
        }
        let token = random::secret(TESTING)?;
        let digest = Digest::of(token.as_bytes());
        Ok((Some(token), Some(digest)))
    }
}

/// As the audit log has it.
pub(super) fn words(place: Place) -> String {
    match place {
        Place::Active => "active".to_owned(),
        Place::Canary(percent) => format!("active for {percent} %"),
        Place::Testing => "testing".to_owned(),
        Place::Inactive => "inactive".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Timestamp;

    fn project() -> (ProjectItem, [DeploymentId; 3]) {
        let ids = [1, 2, 3].map(|second| DeploymentId::new(Timestamp::from_second(second).unwrap()));
        let empty = ProjectItem::new("shop".to_owned(), Timestamp::UNIX_EPOCH);
        (empty, ids)
    }

    #[test]
    fn an_activation_remembers_what_served() {
        let (empty, [one, two, _]) = project();
        let first = place(empty, one, Place::Active, None).unwrap();
        assert_eq!((first.active, first.previous), (Some(one), None));
        let second = place(first, two, Place::Active, None).unwrap();
        assert_eq!((second.active, second.previous), (Some(two), Some(one)));
        // A rollback is an activation of what served before, and can be taken back.
        let back = place(second.clone(), one, Place::Active, None).unwrap();
        assert_eq!((back.active, back.previous), (Some(one), Some(two)));
        // That it is activated twice changes nothing.
        assert_eq!(place(second.clone(), two, Place::Active, None).unwrap(), second);
    }

    #[test]
    fn a_canary_shares_with_what_serves() {
        let (empty, [one, two, three]) = project();
        assert_eq!(place(empty.clone(), one, Place::Canary(10), None), Err(Misplaced::NothingToShare));
        let serving = place(empty, one, Place::Active, None).unwrap();
        assert_eq!(place(serving.clone(), one, Place::Canary(10), None), Err(Misplaced::ServesAll(one)));
        let shared = place(serving.clone(), two, Place::Canary(10), None).unwrap();
        assert_eq!(shared.canary, Some(Canary { deployment: two, percent: 10 }));
        assert_eq!(shared.active, Some(one));
        // Another takes its place, all of it makes it the active one, and none of it ends it.
        assert_eq!(place(shared.clone(), three, Place::Canary(5), None).unwrap().canary.unwrap().deployment, three);
        let whole = place(shared.clone(), two, Place::Canary(100), None).unwrap();
        assert_eq!((whole.active, whole.previous, whole.canary), (Some(two), Some(one), None));
        assert_eq!(place(shared, two, Place::Inactive, None).unwrap(), serving);
    }

    #[test]
    fn what_is_testing_serves_nothing_else() {
        let (empty, [one, two, _]) = project();
        let digest = Digest::of(b"token");
        let serving = place(empty, one, Place::Active, None).unwrap();
        let testing = place(serving.clone(), two, Place::Testing, Some(digest)).unwrap();
        assert_eq!(testing.testing, [Testing { deployment: two, digest }]);
        assert_eq!(testing.active, Some(one));
        assert_eq!(place(testing.clone(), two, Place::Active, None).unwrap().testing, []);
        let stopped = place(testing, one, Place::Testing, Some(digest)).unwrap();
        assert_eq!((stopped.active, stopped.testing.len()), (None, 2));
    }
}
