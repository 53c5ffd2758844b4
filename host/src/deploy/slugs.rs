//! The slugs of endpoints: made when an endpoint is first deployed, kept for as long as the project is there.

use std::collections::BTreeMap;

use super::manifest::{Diagnostic, Manifest, TriggerSpec};
use super::registry::{ApplyError, Naming, Registry};
use crate::event::Org;
use crate::random;
use crate::store::catalog::{By, Change, Committed, EndpointItem, Expect, Items as _, Kept, ProjectItem};

/// What came of asking for another slug.
#[derive(Clone, Debug, PartialEq)]
pub enum Rotated {
    /// This one takes webhooks from now on.
    Done(EndpointItem),
    /// The project has no such endpoint.
    Unknown,
}

impl Registry {
    /// The endpoints of a manifest that have no slug yet, with those that they get; and what is wrong with slugs that are
    /// asked for by name.
    pub(super) async fn endpoints(
        &self,
        org: &Org,
        manifest: &Manifest,
        source: &str,
    ) -> Result<(Vec<EndpointItem>, Vec<Diagnostic>), ApplyError> {
        let project = &manifest.project.name.value;
        let known = self.live(org, project).await?;
        let (mut made, mut taken) = (BTreeMap::new(), Vec::new());
        for spec in &manifest.project.triggers {
            let name = spec.slug();
            if known.contains_key(name) || made.contains_key(name) {
                continue;
            }
            let slug = match self.0.naming {
                Naming::Random if spec.endpoint.is_none() => random::slug()?,
                Naming::Random | Naming::Names => {
                    taken.extend(self.taken(org, project, spec, source).await?);
                    name.to_owned()
                }
            };
            made.insert(name, self.item(project, name, slug));
        }
        Ok((made.into_values().collect(), taken))
    }

    /// Slugs are the host's: one that another project has is taken. Whose it is, is nobody's business.
    async fn taken(
        &self,
        org: &Org,
        project: &str,
        spec: &TriggerSpec,
        source: &str,
    ) -> Result<Option<Diagnostic>, ApplyError> {
        let Some((other, kept)) = self.0.catalog.find_marked::<EndpointItem>(spec.slug()).await? else {
            return Ok(None);
        };
        // Where a directory is served, its project has whatever its org has.
        let is_own = other == *org && (kept.item.project == project || self.0.naming == Naming::Names);
        if is_own && kept.item.name == spec.slug() {
            return Ok(None);
        }
        let at = spec.endpoint.as_ref().unwrap_or(&spec.name);
        let message = format!("the endpoint `{}` is taken", spec.slug());
        let help = "give the trigger an `endpoint` that nobody else has, or none for a random one".to_owned();
        Ok(Some(Diagnostic::error(source, at.span, message).help(help)))
    }

    /// Gives slugs to those endpoints of what serves that have none: an earlier version did not keep them.
    pub(super) async fn name_endpoints(&self, org: &Org, project: &ProjectItem) -> Result<(), ApplyError> {
        let Some(id) = project.active else { return Ok(()) };
        let Some(record) = self.0.catalog.deployment(org, id).await? else { return Ok(()) };
        let Ok(manifest) = Manifest::parse(&record.manifest) else { return Ok(()) };
        let (endpoints, _) = self.endpoints(org, &manifest, &record.manifest).await?;
        for endpoint in endpoints {
            let told = By::host().did(self.0.clock.now(), "endpoint.create", &*endpoint.name);
            let change = vec![Change::put(&endpoint, Expect::Absent)?];
            match self.0.catalog.commit(org, change, Some(told)).await? {
                Committed::Done(_) => {}
                Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
            }
        }
        Ok(())
    }

    /// Gives an endpoint another, random slug. The one that it had takes nothing any more and stays the org's.
    ///
    /// # Errors
    /// See [`ApplyError`]; then nothing has changed.
    pub async fn rotate(&self, org: &Org, project: &str, name: &str, by: &By) -> Result<Rotated, ApplyError> {
        let turn = self.turn(org);
        let _turn = turn.lock().await;
        let Some(Kept { item: mut old, revision, .. }) = self.live(org, project).await?.remove(name) else {
            return Ok(Rotated::Unknown);
        };
        let now = self.0.clock.now();
        let new = self.item(project, name, random::slug()?);
        old.retired_at = Some(now);
        let changes = vec![Change::put(&old, Expect::At(revision))?, Change::put(&new, Expect::Absent)?];
        let told = by.did(now, "endpoint.rotate", name).with("project", project);
        match self.0.catalog.commit(org, changes, Some(told)).await? {
            Committed::Done(_) => {}
            Committed::Refused(refusal) => return Err(ApplyError::Refused(refusal)),
        }
        self.refresh(org, project).await?;
        Ok(Rotated::Done(new))
    }

    /// A project's endpoints that take webhooks, by their names.
    async fn live(&self, org: &Org, project: &str) -> Result<BTreeMap<String, Kept<EndpointItem>>, ApplyError> {
        let all = self.0.catalog.all::<EndpointItem>(org, &format!("{project}/")).await?;
        let live = all.into_iter().filter(|kept| kept.item.retired_at.is_none());
        Ok(live.map(|kept| (kept.item.name.clone(), kept)).collect())
    }

    fn item(&self, project: &str, name: &str, slug: String) -> EndpointItem {
        let (project, name) = (project.to_owned(), name.to_owned());
        EndpointItem { slug, project, name, created_at: self.0.clock.now(), retired_at: None }
    }
}
