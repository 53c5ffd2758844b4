//! Through which everything is deployed: reads from the catalog what serves, and publishes it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;
use tracing::error;

use super::check::{self, Defaults, Modules};
use super::manifest::{self, Diagnostic, Manifest};
use super::place::Misplaced;
use super::sealed;
use super::snapshot::{Current, Deployment, Serving, Slug};
use crate::clock::Clock;
use crate::egress::{self, Policy, Secret, Secrets};
use crate::event::{DeploymentId, Org};
use crate::guest::{Library, LoadError, Vars};
use crate::random::NoRandomness;
use crate::seal::{self, Vault};
use crate::store::catalog::{EndpointItem, Items as _, Kept, OrgItem, ProjectItem, Refusal};
use crate::store::{self, Catalog, DeploymentRecord};

/// How endpoints that have no `endpoint:` get their slugs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By the trigger's name, and an org has one project, which may be renamed: a directory is served.
    Names,
    /// At random: orgs do not know of each other's names.
    Random,
}

/// Through which everything is deployed. Clones share it.
#[derive(Clone)]
pub struct Registry(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) catalog: Arc<dyn Catalog>,
    pub(super) library: Library,
    pub(super) deployed: Current,
    pub(super) clock: Clock,
    pub(super) naming: Naming,
    pub(super) defaults: Defaults,
    policy: Policy,
    pub(super) vault: Vault,
    /// One deployment of an org at a time: the later one wins.
    turns: Mutex<HashMap<Org, Arc<tokio::sync::Mutex<()>>>>,
    /// Deployments that sessions were resumed for, as long as some of these run.
    pub(super) loaded: Mutex<HashMap<DeploymentId, Weak<Deployment>>>,
    /// Told when an org or a project is to be removed.
    pub(super) left: Notify,
}

/// What a [`Registry`] works with.
pub struct Parts {
    /// Where what is deployed is kept.
    pub catalog: Arc<dyn Catalog>,
    /// All modules.
    pub library: Library,
    /// Where what serves is published.
    pub deployed: Current,
    /// Tells the time.
    pub clock: Clock,
    /// How endpoints get their slugs.
    pub naming: Naming,
    /// What holds for triggers that do not say.
    pub defaults: Defaults,
    /// Where handlers' requests may go at all.
    pub policy: Policy,
    /// What values of variables are sealed by.
    pub vault: Vault,
}

/// Why a project is not deployed. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What is wrong with the manifest or its modules, all of it.
    #[error(transparent)]
    Invalid(#[from] manifest::Error),
    /// Somebody else changed the project meanwhile, or took what it needs.
    #[error("{}", refused(.0))]
    Refused(Refusal),
    /// The deployment cannot be placed so.
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// No secret can be made.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The values of its variables are not sealed or opened.
    #[error(transparent)]
    Seal(seal::Error),
}

impl From<seal::Error> for ApplyError {
    fn from(error: seal::Error) -> Self {
        match error {
            seal::Error::Store(error) => Self::Store(error),
            seal::Error::KeyMissing { .. } | seal::Error::Broken(_) | seal::Error::Random(_) => Self::Seal(error),
        }
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("the {} `{}` was changed meanwhile", refusal.kind.as_str(), refusal.key)
}

impl Registry {
    /// A registry that has published nothing yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { catalog, library, deployed, clock, naming, defaults, policy, vault } = parts;
        let (turns, loaded) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner {
            catalog,
            library,
            deployed,
            clock,
            naming,
            defaults,
            policy,
            vault,
            turns,
            loaded,
            left: Notify::new(),
        }))
    }

    /// What is likely not what was meant in the manifest that a deployment was made of.
    pub fn warnings(&self, deployment: &Deployment, source: &str) -> Vec<Diagnostic> {
        let Ok(manifest) = Manifest::parse(source) else { return Vec::new() };
        check::warnings(&manifest, source, &deployment.triggers, &self.0.policy)
    }

    /// Publishes what each org had when the host last stopped. A deployment that does not load any more is told of and left out.
    /// Values that an earlier version kept in the clear are sealed first.
    ///
    /// # Errors
    /// The store failed, or a value could not be sealed.
    pub async fn restore(&self) -> Result<(), ApplyError> {
        sealed::seal_old(&self.0.vault).await?;
        let mut after = None;
        loop {
            let rows = self.0.catalog.orgs(after.as_deref(), 500).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for row in &rows {
                let org: Org = row.key.as_str().into();
                let item = Kept::<OrgItem>::of(row)?.item;
                self.0.deployed.allow(&item);
                if item.deleted_at.is_some() {
                    continue;
                }
                for project in self.0.catalog.all::<ProjectItem>(&org, "").await? {
                    if project.item.deleted_at.is_some() {
                        self.0.deployed.leave(&org, &project.item.name);
                        continue;
                    }
                    let named = self.name_endpoints(&org, &project.item).await;
                    let published = match named {
                        Ok(()) => self.refresh(&org, &project.item.name).await,
                        failed => failed,
                    };
                    match published {
                        Ok(()) => {}
                        Err(failed @ ApplyError::Store(_)) => return Err(failed),
                        Err(error) => {
                            error!(org = %org, project = project.item.name, %error, "failed to restore a project")
                        }
                    }
                }
            }
        }
    }

    /// Publishes what the catalog says of a project, for all requests from now on. A deployment that does not load is told of
    /// and left out.
    pub(super) async fn refresh(&self, org: &Org, project: &str) -> Result<(), ApplyError> {
        let Some(Kept { item, .. }) = self.0.catalog.find::<ProjectItem>(org, project).await? else {
            self.0.deployed.remove(org, project);
            return Ok(());
        };
        if item.deleted_at.is_some() {
            self.0.deployed.leave(org, project);
            return Ok(());
        }
        let endpoints = self.0.catalog.all::<EndpointItem>(org, &format!("{project}/")).await?;
        let slugs = endpoints.into_iter().map(|kept| Slug {
            slug: kept.item.slug.into(),
            name: kept.item.name.into(),
            is_retired: kept.item.retired_at.is_some(),
        });
        let mut serving = Serving {
            org: org.clone(),
            project: project.to_owned(),
            active: None,
            canary: None,
            testing: Vec::new(),
            slugs: slugs.collect(),
        };
        if let Some(id) = item.active {
            serving.active = self.loadable(org, id).await?;
        }
        if let Some(canary) = item.canary {
            serving.canary =
                self.loadable(org, canary.deployment).await?.map(|deployment| (canary.percent, deployment));
        }
        for testing in &item.testing {
            let deployment = self.loadable(org, testing.deployment).await?;
            serving.testing.extend(deployment.map(|deployment| (testing.digest, deployment)));
        }
        self.0.deployed.publish(&serving);
        Ok(())
    }

    /// A deployment; none when it does not load any more, which is told of.
    async fn loadable(&self, org: &Org, id: DeploymentId) -> Result<Option<Arc<Deployment>>, ApplyError> {
        match self.deployment(org, id).await {
            Ok(deployment) => Ok(Some(deployment)),
            Err(error @ (ApplyError::Invalid(_) | ApplyError::Seal(_))) => {
                error!(deployment.id = %id, org = %org, %error, "failed to load a deployment; it does not serve");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What holds for an org from now on: its quotas, and whether it is suspended or being removed.
    pub fn allow(&self, org: &OrgItem) {
        self.0.deployed.allow(org);
        if org.deleted_at.is_some() {
            self.0.left.notify_one();
        }
    }

    /// A deployment of the org that is serving; of several projects any.
    pub fn serving(&self, org: &Org) -> Option<DeploymentId> {
        let snapshot = self.0.deployed.load();
        snapshot.projects(org).find_map(|serving| serving.active.as_ref()).map(|deployment| deployment.id)
    }

    /// What is deployed, as the data path reads it.
    pub fn deployed(&self) -> &Current {
        &self.0.deployed
    }

    /// What secrets are sealed by.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// All modules of the host.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// A deployment that sessions are still owed to, active or not.
    ///
    /// # Errors
    /// The org has no such deployment, it does not load any more, or the store failed.
    pub async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Arc<Deployment>, ApplyError> {
        let snapshot = self.0.deployed.load();
        if let Some(serving) = snapshot.projects(org).find_map(|serving| serving.deployment(id)) {
            return Ok(serving.clone());
        }
        let loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(deployment) = loaded.and_then(|loaded| loaded.upgrade()).filter(|loaded| loaded.org == *org) {
            return Ok(deployment);
        }
        let record = self.0.catalog.deployment(org, id).await?;
        let record = record.ok_or_else(|| store::Error::Conflict(format!("there is no deployment {id}")))?;
        let deployment = Arc::new(self.load(record).await?);
        self.remember(&deployment);
        Ok(deployment)
    }

    /// Gives this deployment to whoever asks for it, as long as somebody has it.
    pub(super) fn remember(&self, deployment: &Arc<Deployment>) {
        let mut loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, held| held.strong_count() > 0);
        loaded.insert(deployment.id, Arc::downgrade(deployment));
    }

    /// Who holds it alone changes the org or what it has deployed: what is committed and what is published are in one order.
    pub(crate) fn turn(&self, org: &Org) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(org.clone()).or_default().clone()
    }

    async fn load(&self, record: DeploymentRecord) -> Result<Deployment, ApplyError> {
        let manifest = Manifest::parse(&record.manifest)?;
        let modules: Modules =
            record.modules.iter().map(|(name, digest)| (name.clone(), self.0.library.module(*digest))).collect();
        let mut mistakes = Vec::new();
        let values = sealed::open(&self.0.vault, &record, &manifest).await?;
        let values = self.with_set(&record.org, &record.project, values).await?;
        let deployment = self.deployment_of(&record, &manifest, values, modules, &mut mistakes);
        if mistakes.is_empty() { Ok(deployment) } else { Err(ApplyError::Invalid(mistakes.into())) }
    }

    pub(super) fn deployment_of(
        &self,
        record: &DeploymentRecord,
        manifest: &Manifest,
        values: Vars,
        modules: Modules,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Deployment {
        let triggers = check::triggers(manifest, &record.manifest, &modules, &self.0.defaults, mistakes);
        let dedups = check::dedups(manifest, &record.manifest, mistakes);
        let (vars, secrets) = withhold(manifest, &values);
        Deployment {
            id: record.id,
            org: record.org.clone(),
            project: record.project.clone(),
            vars: Arc::new(vars),
            secrets: Arc::new(secrets),
            triggers,
            dedups,
            modules,
        }
    }
}

/// What handlers read, and what only hosts of their requests do: of a secret of these, handlers read a placeholder.
pub(super) fn withhold(manifest: &Manifest, values: &Vars) -> (Vars, Secrets) {
    let (mut vars, mut secrets) = (Vec::new(), Vec::new());
    for (name, value) in &values.0 {
        let spec = manifest.project.vars.iter().find(|var| *var.name == *name);
        let Some(hosts) = spec.and_then(|var| var.hosts.as_ref()) else {
            vars.push((name.clone(), value.clone()));
            continue;
        };
        vars.push((name.clone(), egress::placeholder(name)));
        let hosts = hosts.iter().map(|host| host.value.clone()).collect();
        secrets.push(Secret { name: name.clone(), value: value.clone(), hosts });
    }
    (Vars(vars), Secrets(secrets))
}

pub(super) fn bad_module(manifest: &Manifest, source: &str, name: &str, error: &LoadError) -> Diagnostic {
    let span = manifest.modules.get(name).map(|spec| spec.span).unwrap_or_default();
    Diagnostic::error(source, span, format!("the module `{name}` cannot be run: {error}"))
}
