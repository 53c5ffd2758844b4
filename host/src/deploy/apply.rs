//! Deploys: from a manifest and its modules to a deployment that is kept and placed, or to all that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::check::{self, Modules};
use super::manifest::{Diagnostic, Manifest};
use super::place::{self, Misplaced, Place};
use super::project::Project;
use super::registry::{ApplyError, Naming, Registry, bad_module};
use super::sealed;
use super::snapshot::Deployment;
use crate::event::{DeploymentId, Digest, Org};
use crate::guest::{LoadError, Module, Vars};
use crate::store::catalog::{
    By, Change, Committed, EndpointItem, Expect, Items as _, Kind, ModuleItem, ModuleState, OrgItem, ProjectItem,
    Quotas,
};
use crate::store::{self, DeploymentRecord};

/// What applying a project did.
#[derive(Clone, Debug)]
pub enum Applied {
    /// It is the active deployment now.
    New(Arc<Deployment>),
    /// It was already: the manifest and the modules are the same.
    Unchanged(Arc<Deployment>),
}

/// A manifest and modules that were uploaded before.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The project that the manifest must name.
    pub project: String,
    /// The manifest's text.
    pub manifest: String,
    /// By the names that triggers call them: the digests of what was uploaded.
    pub modules: BTreeMap<String, Digest>,
    /// What it does from now on.
    pub place: Place,
}

/// A draft that was applied.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The deployment.
    pub deployment: Arc<Deployment>,
    /// Whether it is new; false when it served already.
    pub is_new: bool,
    /// What a sender shows to have an event handled by it, when it is testing.
    pub testing_token: Option<String>,
}

/// What is to be committed with a deployment.
struct Sound<'a> {
    manifest: &'a Manifest,
    /// What the manifest itself has of variables.
    vars: Vars,
    record: DeploymentRecord,
    deployment: Deployment,
    /// What the org has of modules by it.
    uploads: Vec<ModuleItem>,
    place: Place,
}

impl Registry {
    /// Checks a project's files, keeps them, and makes them the active deployment for all requests from now on; or changes nothing.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub async fn apply(&self, org: &Org, project: Project) -> Result<Applied, ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let manifest = Manifest::parse(&project.manifest)?;
        let mut mistakes = project.missing(&manifest);
        let (modules, uploads) = self.add_modules(&manifest, &project, &mut mistakes).await?;
        let record = self.record(org, &manifest, project.manifest, &modules);
        let vars = sealed::vars(&manifest);
        let all = self.with_set(&record.org, &record.project, vars.clone()).await?;
        let deployment = self.deployment_of(&record, &manifest, all, modules, &mut mistakes);
        let sound = Sound { manifest: &manifest, vars, record, deployment, uploads, place: Place::Active };
        let deployed = self.keep(sound, mistakes, &By::host()).await?;
        Ok(if deployed.is_new { Applied::New(deployed.deployment) } else { Applied::Unchanged(deployed.deployment) })
    }

    /// As [`Registry::apply`], of modules that the org uploaded before, and to any place.
    ///
    /// # Errors
    /// See [`ApplyError`].
    pub async fn deploy(&self, org: &Org, draft: Draft, by: &By) -> Result<Deployed, ApplyError> {
        let manifest = Manifest::parse(&draft.manifest)?;
        let mut mistakes = Vec::new();
        if *manifest.project.name != draft.project {
            let message =
                format!("the manifest is of the project `{}`, not `{}`", *manifest.project.name, draft.project);
            let help = format!("write `name: {}`, or deploy to the project that it names", draft.project);
            let span = manifest.project.name.span;
            mistakes.push(Diagnostic::error(&draft.manifest, span, message).help(help));
        }
        // Compiling takes long, so it waits for nobody's turn.
        let modules = self.uploaded_modules(org, &manifest, &draft, &mut mistakes).await?;
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let record = self.record(org, &manifest, draft.manifest, &modules);
        let vars = sealed::vars(&manifest);
        let all = self.with_set(&record.org, &record.project, vars.clone()).await?;
        let deployment = self.deployment_of(&record, &manifest, all, modules, &mut mistakes);
        let sound = Sound { manifest: &manifest, vars, record, deployment, uploads: Vec::new(), place: draft.place };
        self.keep(sound, mistakes, by).await
    }

    /// Keeps what has no mistakes, and publishes it.
    async fn keep(&self, sound: Sound<'_>, mut mistakes: Vec<Diagnostic>, by: &By) -> Result<Deployed, ApplyError> {
        let Sound { manifest, vars, mut record, deployment, uploads, place } = sound;
        let (org, project, id) = (record.org.clone(), record.project.clone(), record.id);
        let (endpoints, taken) = self.endpoints(&org, manifest, &record.manifest).await?;
        mistakes.extend(taken);
        mistakes.extend(check::beyond_ceilings(manifest, &record.manifest, &self.0.defaults.ceilings));
        if !mistakes.is_empty() {
            return Err(ApplyError::Invalid(mistakes.into()));
        }
        record.manifest = Manifest::without_values(&record.manifest)?;
        if let Some(active) = self.unchanged(&record, &deployment, place).await? {
            return Ok(Deployed { deployment: active, is_new: false, testing_token: None });
        }
        record.vars = Some(sealed::seal(&self.0.vault, &record, &vars).await?);
        let now = self.0.clock.now();
        let (testing_token, testing) = self.testing(place)?;
        let kept = self.0.catalog.find::<ProjectItem>(&org, &project).await?;
        let expect = kept.as_ref().map_or(Expect::Absent, |kept| Expect::At(kept.revision));
        let before = kept.map(|kept| kept.item).unwrap_or_else(|| ProjectItem::new(project.clone(), now));
        if before.deleted_at.is_some() {
            return Err(Misplaced::Leaving(project).into());
        }
        let mut changes = self.alone(&org, &project).await?;
        changes.push(Change::put(&place::place(before, id, place, testing)?, expect)?);
        changes.push(Change::Deploy(Box::new(record)));
        for endpoint in &endpoints {
            changes.push(Change::put(endpoint, Expect::Absent)?);
        }
        for upload in &uploads {
            changes.push(Change::put(upload, Expect::Anything)?);
        }
        let told = by.did(now, "deployment.create", id.to_string());
        let told = told.with("project", project.as_str()).with("to", place::words(place));
        match self.0.catalog.commit(&org, changes, Some(told)).await? {
            Committed::Done(_) => {}
            // Somebody was faster than the look at who has the slugs.
            Committed::Refused(refusal) if refusal.kind == Kind::Endpoint => {
                let slug = refusal.key.rsplit('/').next().unwrap_or_default().to_owned();
                return Err(store::Error::Conflict(format!("the endpoint `{slug}` was taken just now")).into());
            }
            Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
        }
        let deployment = Arc::new(deployment);
        self.remember(&deployment);
        for other in self.others(&org, &project) {
            self.0.deployed.remove(&org, &other);
        }
        self.refresh(&org, &project).await?;
        Ok(Deployed { deployment, is_new: true, testing_token })
    }

    /// What makes a project its org's only one, where a directory is served: it may have had another name.
    async fn alone(&self, org: &Org, project: &str) -> Result<Vec<Change>, ApplyError> {
        if self.0.naming == Naming::Random {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        if self.0.catalog.find::<OrgItem>(org, org).await?.is_none() {
            let item = OrgItem::new(org.to_string(), None, Quotas::default(), self.0.clock.now());
            changes.push(Change::put(&item, Expect::Absent)?);
        }
        for other in self.0.catalog.all::<ProjectItem>(org, "").await? {
            if other.item.name != project {
                changes.push(Change::remove::<ProjectItem>(other.item.name, Expect::Anything));
            }
        }
        for endpoint in self.0.catalog.all::<EndpointItem>(org, "").await? {
            if endpoint.item.project != project {
                let key = store::catalog::Item::key(&endpoint.item);
                changes.push(Change::remove::<EndpointItem>(key, Expect::Anything));
            }
        }
        Ok(changes)
    }

    /// The projects that [`Registry::alone`] takes away.
    fn others(&self, org: &Org, project: &str) -> Vec<String> {
        if self.0.naming == Naming::Random {
            return Vec::new();
        }
        let snapshot = self.0.deployed.load();
        let projects = snapshot.projects(org).map(|serving| serving.project.clone());
        projects.filter(|other| other != project).collect()
    }

    async fn add_modules(
        &self,
        manifest: &Manifest,
        project: &Project,
        mistakes: &mut Vec<Diagnostic>,
    ) -> store::Result<(Modules, Vec<ModuleItem>)> {
        let (mut modules, mut uploads) = (Modules::new(), Vec::new());
        for (name, bytes) in project.modules.iter().filter(|(name, _)| manifest.modules.contains_key(*name)) {
            match self.add_module(bytes.clone()).await {
                Ok((module, upload)) => {
                    modules.insert(name.clone(), module);
                    uploads.push(upload);
                }
                Err(LoadError::Store(error)) => return Err(error),
                Err(error) => mistakes.push(bad_module(manifest, &project.manifest, name, &error)),
            }
        }
        Ok((modules, uploads))
    }

    async fn add_module(&self, bytes: Bytes) -> Result<(Arc<Module>, ModuleItem), LoadError> {
        let (size, of) = (bytes.len(), bytes.clone());
        let digest = tokio::task::spawn_blocking(move || Digest::of(&of)).await;
        let digest = digest.map_err(|panic| store::Error::Backend(panic.to_string()))?;
        let module = self.0.library.add(bytes).await?;
        let upload = ModuleItem {
            digest,
            component: module.digest,
            bytes: u64::try_from(size).unwrap_or(u64::MAX),
            uploaded_at: self.0.clock.now(),
            uploaded_by: By::host().actor,
            state: ModuleState::Ready {
                handlers: module.handlers().into_iter().flatten().cloned().collect(),
                imports: module.imports().to_vec(),
                compile_ms: None,
            },
        };
        Ok((module, upload))
    }

    /// The modules of a draft, compiled. Those that were not uploaded are mistakes.
    async fn uploaded_modules(
        &self,
        org: &Org,
        manifest: &Manifest,
        draft: &Draft,
        mistakes: &mut Vec<Diagnostic>,
    ) -> store::Result<Modules> {
        let mut modules = Modules::new();
        for (name, spec) in &manifest.modules {
            let mistake = |message: String, help: &str| {
                Diagnostic::error(&draft.manifest, spec.span, message).help(help.to_owned())
            };
            let Some(digest) = draft.modules.get(name) else {
                let help = "give the digest of its component in `modules`";
                mistakes.push(mistake(format!("the module `{name}` is not given"), help));
                continue;
            };
            let Some(upload) = self.0.catalog.find::<ModuleItem>(org, &digest.to_string()).await? else {
                let message = format!("the module `{name}` is not there: nobody uploaded {digest}");
                mistakes.push(mistake(message, "upload it first"));
                continue;
            };
            match self.0.library.loaded(upload.item.component).await {
                Ok(module) => drop(modules.insert(name.clone(), module)),
                Err(LoadError::Store(error)) => return Err(error),
                Err(error) => mistakes.push(bad_module(manifest, &draft.manifest, name, &error)),
            }
        }
        Ok(modules)
    }

    fn record(&self, org: &Org, manifest: &Manifest, source: String, modules: &Modules) -> DeploymentRecord {
        let now = self.0.clock.now();
        let modules: BTreeMap<String, Digest> =
            modules.iter().map(|(name, module)| (name.clone(), module.digest)).collect();
        DeploymentRecord {
            id: DeploymentId::new(now),
            org: org.clone(),
            project: manifest.project.name.value.clone(),
            created_at: now,
            manifest: source,
            modules,
            vars: None,
        }
    }

    /// The deployment that is serving, when `record` would only repeat it.
    async fn unchanged(
        &self,
        record: &DeploymentRecord,
        deployment: &Deployment,
        place: Place,
    ) -> store::Result<Option<Arc<Deployment>>> {
        let snapshot = self.0.deployed.load();
        let serving = snapshot.project(&record.org, &record.project).filter(|serving| serving.canary.is_none());
        let Some(active) = serving.and_then(|serving| serving.active.clone()).filter(|_| place == Place::Active) else {
            return Ok(None);
        };
        let kept = self.0.catalog.deployment(&record.org, active.id).await?;
        let same = kept.is_some_and(|kept| kept.manifest == record.manifest && kept.modules == record.modules);
        Ok((same && active.vars == deployment.vars && active.secrets == deployment.secrets).then_some(active))
    }
}
