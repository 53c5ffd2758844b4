//! Deploys: from a project's files to a deployment that is kept and published, or to all that is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tracing::error;

use super::check::{self, Defaults, Modules};
use super::manifest::{self, Diagnostic, Manifest, Var};
use super::project::Project;
use super::snapshot::{Current, Deployment};
use crate::clock::Clock;
use crate::egress::{self, Secret, Secrets};
use crate::event::{DeploymentId, Digest, Org};
use crate::guest::{Library, LoadError, Vars};
use crate::store::{self, Catalog, DeploymentRecord};

/// Through which everything is deployed. Clones share it.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    catalog: Arc<dyn Catalog>,
    library: Library,
    deployed: Current,
    clock: Clock,
    defaults: Defaults,
    /// One deployment at a time: the later one wins.
    turn: tokio::sync::Mutex<()>,
    /// Deployments that sessions were resumed for, as long as some of these run.
    loaded: Mutex<HashMap<DeploymentId, Weak<Deployment>>>,
}

/// What applying a project did.
#[derive(Clone, Debug)]
pub enum Applied {
    /// It is the active deployment now.
    New(Arc<Deployment>),
    /// It was already: the manifest and the modules are the same.
    Unchanged(Arc<Deployment>),
}

/// Why a project is not deployed. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What is wrong with the manifest or its modules, all of it.
    #[error(transparent)]
    Invalid(#[from] manifest::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Registry {
    /// A registry that publishes to `deployed`. `defaults` hold for triggers that do not say.
    pub fn new(
        catalog: Arc<dyn Catalog>,
        library: Library,
        deployed: Current,
        clock: Clock,
        defaults: Defaults,
    ) -> Self {
        let (turn, loaded) = (tokio::sync::Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { catalog, library, deployed, clock, defaults, turn, loaded }))
    }

    /// Publishes what each org had when the host last stopped. A deployment that does not load any more is told of and left out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn restore(&self) -> store::Result<()> {
        let mut active = self.0.catalog.active().await?;
        // The latest of an org's is the last to be published.
        active.sort_by_key(|record| record.id);
        for record in active {
            let (id, project) = (record.id, record.project.clone());
            match self.load(record) {
                Ok(deployment) => self.0.deployed.publish(&Arc::new(deployment)),
                Err(error) => error!(deployment.id = %id, project, %error, "failed to restore a deployment"),
            }
        }
        Ok(())
    }

    /// Checks a project, keeps it, and makes it the active deployment for all requests from now on; or changes nothing.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub async fn apply(&self, org: &Org, project: Project) -> Result<Applied, ApplyError> {
        let _turn = self.0.turn.lock().await;
        let manifest = Manifest::parse(&project.manifest)?;
        let mut mistakes = project.missing(&manifest);
        let modules = self.add_modules(&manifest, &project, &mut mistakes).await?;
        let record = self.record(org, &manifest, &project, &modules);
        let deployment = self.deployment_of(&record, &manifest, modules, &mut mistakes);
        mistakes.extend(check::beyond_ceilings(&manifest, &project.manifest, &self.0.defaults.ceilings));
        mistakes.extend(self.conflicts(org, &manifest, &project.manifest));
        if !mistakes.is_empty() {
            return Err(ApplyError::Invalid(mistakes.into()));
        }
        if let Some(active) = self.unchanged(&record).await? {
            return Ok(Applied::Unchanged(active));
        }
        self.0.catalog.deploy(record).await?;
        let deployment = Arc::new(deployment);
        self.0.deployed.publish(&deployment);
        Ok(Applied::New(deployment))
    }

    /// The org's deployment that is serving.
    pub fn serving(&self, org: &Org) -> Option<DeploymentId> {
        self.0.deployed.load().of(org).map(|deployment| deployment.id)
    }

    /// A deployment that sessions are still owed to, active or not.
    ///
    /// # Errors
    /// The org has no such deployment, it does not load any more, or the store failed.
    pub async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Arc<Deployment>, ApplyError> {
        let snapshot = self.0.deployed.load();
        if let Some(serving) = snapshot.of(org).filter(|serving| serving.id == id) {
            return Ok(serving.clone());
        }
        let loaded = self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(deployment) = loaded.and_then(|loaded| loaded.upgrade()) {
            return Ok(deployment);
        }
        let record = self.0.catalog.deployment(org, id).await?;
        let record = record.ok_or_else(|| store::Error::Conflict(format!("there is no deployment {id}")))?;
        let deployment = Arc::new(self.load(record)?);
        self.0.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::downgrade(&deployment));
        Ok(deployment)
    }

    fn load(&self, record: DeploymentRecord) -> Result<Deployment, ApplyError> {
        let manifest = Manifest::parse(&record.manifest)?;
        let modules =
            record.modules.iter().map(|(name, digest)| (name.clone(), self.0.library.module(*digest))).collect();
        let mut mistakes = Vec::new();
        let deployment = self.deployment_of(&record, &manifest, modules, &mut mistakes);
        if mistakes.is_empty() { Ok(deployment) } else { Err(ApplyError::Invalid(mistakes.into())) }
    }

    async fn add_modules(
        &self,
        manifest: &Manifest,
        project: &Project,
        mistakes: &mut Vec<Diagnostic>,
    ) -> store::Result<Modules> {
        let mut modules = Modules::new();
        for (name, bytes) in project.modules.iter().filter(|(name, _)| manifest.modules.contains_key(*name)) {
            match self.0.library.add(bytes.clone()).await {
                Ok(module) => drop(modules.insert(name.clone(), module)),
                Err(LoadError::Store(error)) => return Err(error),
                Err(error) => mistakes.push(bad_module(manifest, &project.manifest, name, &error)),
            }
        }
        Ok(modules)
    }

    fn record(&self, org: &Org, manifest: &Manifest, project: &Project, modules: &Modules) -> DeploymentRecord {
        let now = self.0.clock.now();
        let modules: BTreeMap<String, Digest> =
            modules.iter().map(|(name, module)| (name.clone(), module.digest)).collect();
        DeploymentRecord {
            id: DeploymentId::new(now),
            org: org.clone(),
            project: manifest.project.name.value.clone(),
            created_at: now,
            manifest: project.manifest.clone(),
            modules,
        }
    }

    fn deployment_of(
        &self,
        record: &DeploymentRecord,
        manifest: &Manifest,
        modules: Modules,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Deployment {
        let triggers = check::triggers(manifest, &record.manifest, &modules, &self.0.defaults, mistakes);
        let dedups = check::dedups(manifest, &record.manifest, mistakes);
        let (vars, secrets) = vars(&manifest.project.vars);
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

    /// Slugs are the host's: one that another org listens on is taken.
    fn conflicts(&self, org: &Org, manifest: &Manifest, source: &str) -> Vec<Diagnostic> {
        let snapshot = self.0.deployed.load();
        let mut mistakes = Vec::new();
        for spec in &manifest.project.triggers {
            let Some(endpoint) = snapshot.endpoint(spec.slug()) else { continue };
            let other = &endpoint.deployment;
            if other.org == *org {
                continue;
            }
            let at = spec.endpoint.as_ref().unwrap_or(&spec.name);
            let message = format!("the endpoint `{}` belongs to another org", spec.slug());
            let help = Some("give the trigger an `endpoint` of its own".to_owned());
            mistakes.push(Diagnostic::error(source, at.span, message).help(help));
        }
        mistakes
    }

    /// The deployment that is serving, when `record` would only repeat it.
    async fn unchanged(&self, record: &DeploymentRecord) -> store::Result<Option<Arc<Deployment>>> {
        let snapshot = self.0.deployed.load();
        let Some(serving) = snapshot.of(&record.org) else { return Ok(None) };
        let kept = self.0.catalog.deployment(&record.org, serving.id).await?;
        let same = kept.is_some_and(|kept| kept.manifest == record.manifest && kept.modules == record.modules);
        Ok(same.then(|| serving.clone()))
    }
}

/// What handlers read, and what only hosts of their requests do: for a secret of these handlers read a placeholder.
fn vars(specs: &[Var]) -> (Vars, Secrets) {
    let mut secrets = Vec::new();
    let mut vars = Vec::new();
    for Var { name, value, hosts, .. } in specs {
        let name = name.value.clone();
        let Some(hosts) = hosts else {
            vars.push((name, value.clone()));
            continue;
        };
        vars.push((name.clone(), egress::placeholder(&name)));
        let hosts = hosts.iter().map(|host| host.value.clone()).collect();
        secrets.push(Secret { name, value: value.clone(), hosts });
    }
    (Vars(vars), Secrets(secrets))
}

fn bad_module(manifest: &Manifest, source: &str, name: &str, error: &LoadError) -> Diagnostic {
    let span = manifest.modules.get(name).map(|spec| spec.span).unwrap_or_default();
    Diagnostic::error(source, span, format!("the module `{name}` cannot be run: {error}"))
}
