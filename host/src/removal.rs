//! Removes what orgs and projects had that are deleted, and modules that nobody has any more: a little at a time, in the background. What
//! was begun is gone on with after a start.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use crate::clock::Clock;
use crate::deploy::Registry;
use crate::dispatch;
use crate::event::{EventId, Org, Timestamp};
use crate::store::catalog::{
    By, Catalog, Change, EndpointItem, Expect, HOST, Items as _, Kept, OrgItem, ProjectItem, Quotas,
};
use crate::store::{self, Part, Purge, Purged};
use crate::task::Tasks;

/// Between two steps: others commit meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// How often it is looked whether what is left has come to its end.
const LOOK: Duration = Duration::from_secs(1);

/// So long after it was deleted the last of it may come in: what was being accepted then.
const LINGER: Duration = Duration::from_secs(10);

/// A module that nobody has is looked for so often, and after each removal.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// Somebody is about to have a module that was put since.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// What removes.
pub struct Remover {
    /// What is removed from.
    pub purge: Arc<dyn Purge>,
    /// Where it stands what is to be removed.
    pub catalog: Arc<dyn Catalog>,
    /// What knows of it, and where the modules are.
    pub registry: Registry,
    /// What runs its sessions.
    pub dispatch: dispatch::Handle,
    /// So many rows of each table are removed in one commit at the most.
    pub budget: u32,
    /// Tells the time.
    pub clock: Clock,
}

/// How far it is.
#[derive(Debug, Default)]
struct Progress {
    /// How far each project's events were looked through.
    events: BTreeMap<(Org, String), EventId>,
    /// When modules were looked for last.
    swept_at: Option<Timestamp>,
}

impl Remover {
    /// Removes until the shutdown.
    pub async fn run(self, tasks: Tasks) {
        let mut progress = Progress::default();
        loop {
            let wait = self.step(&mut progress).await;
            tokio::select! {
                () = tokio::time::sleep(wait.unwrap_or(SWEEP)) => {}
                () = self.registry.left() => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// A step of each; says after how long the next one is due, none when nothing is left.
    async fn step(&self, progress: &mut Progress) -> Option<Duration> {
        let mut wait: Option<Duration> = None;
        let mut is_swept = true;
        for (org, project) in self.registry.deployed().load().leaving() {
            let next = match &project {
                None => self.org(&org).await,
                Some(project) => self.project(&org, project, progress).await,
            };
            // What is wrong with one keeps no other from being removed.
            let next = next.unwrap_or_else(|error| {
                warn!(%org, project, %error, "failed to remove what was deleted; trying again");
                Some(LOOK)
            });
            is_swept &= next.is_some();
            wait = wait.into_iter().chain(next).min();
        }
        let now = self.clock.now();
        let is_due = progress.swept_at.is_none_or(|at| since(at, now) >= SWEEP);
        if is_due || !is_swept {
            progress.swept_at = Some(now);
            if let Err(error) = self.sweep(now).await {
                warn!(%error, "failed to look for modules that nobody has; they are looked for again later");
            }
        }
        wait
    }

    async fn org(&self, org: &Org) -> store::Result<Option<Duration>> {
        let running = self.dispatch.give_up_all(org, None);
        let Some(Kept { mut item, .. }) = self.catalog.find::<OrgItem>(org, org).await? else {
            self.registry.forget(org, None);
            return Ok(None);
        };
        if let Purged::More { .. } = self.purge.purge(org, Part::Org, self.budget).await? {
            return Ok(Some(PAUSE));
        }
        if running > 0 || !self.is_over(item.deleted_at) {
            return Ok(Some(LOOK));
        }
        if item.removed_at.is_none() {
            let now = self.clock.now();
            let told = By::host().did(now, "org.removed", &**org);
            self.catalog.commit(&HOST.into(), Vec::new(), Some(told)).await?;
            (item.removed_at, item.display_name, item.quotas) = (Some(now), None, Quotas::default());
            self.catalog.commit(org, vec![Change::put(&item, Expect::Anything)?], None).await?;
            info!(%org, "removed all that an org had");
        }
        self.registry.forget(org, None);
        Ok(None)
    }

    async fn project(&self, org: &Org, project: &str, progress: &mut Progress) -> store::Result<Option<Duration>> {
        let running = self.dispatch.give_up_all(org, Some(project));
        let Some(kept) = self.catalog.find::<ProjectItem>(org, project).await? else {
            self.registry.forget(org, Some(project));
            return Ok(None);
        };
        let place = (org.clone(), project.to_owned());
        // Its events are found by its slugs, so these stay until the last event may have come.
        if running > 0 || !self.is_over(kept.item.deleted_at) {
            return Ok(Some(LOOK));
        }
        let endpoints = self.catalog.all::<EndpointItem>(org, &format!("{project}/")).await?;
        let slugs: BTreeSet<String> = endpoints.into_iter().map(|kept| kept.item.slug).collect();
        let after = progress.events.get(&place).copied();
        let part = Part::Project { name: project.to_owned(), slugs, after };
        if let Purged::More { after } = self.purge.purge(org, part, self.budget).await? {
            progress.events.extend(after.map(|after| (place, after)));
            return Ok(Some(PAUSE));
        }
        progress.events.remove(&place);
        let mut gone = vec![Change::remove::<ProjectItem>(project, Expect::Anything)];
        gone.extend(self.registry.without_tokens(org, project).await?);
        let told = By::host().did(self.clock.now(), "project.removed", project);
        self.catalog.commit(org, gone, Some(told)).await?;
        self.registry.forget(org, Some(project));
        info!(%org, project, "removed all that a project had");
        Ok(None)
    }

    /// Whether nothing of what was deleted then comes in any more.
    fn is_over(&self, deleted_at: Option<Timestamp>) -> bool {
        deleted_at.is_none_or(|at| since(at, self.clock.now()) >= LINGER)
    }

    /// Removes modules that neither an org nor a deployment has.
    async fn sweep(&self, now: Timestamp) -> store::Result<()> {
        let before = now.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
        let library = self.registry.library();
        let candidates = library.older(before).await?;
        let used = self.purge.components().await?;
        let mut removed = 0;
        for digest in candidates.into_iter().filter(|digest| !used.contains(digest)) {
            removed += u32::from(library.remove(digest, before).await?);
        }
        if removed > 0 {
            info!(modules = removed, "removed modules that nobody has any more");
        }
        Ok(())
    }
}

fn since(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}
