//! What is deployed, as the data path reads it: immutable, and swapped whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::route::{Endpoint, Route};
use crate::egress::Secrets;
use crate::event::{DeploymentId, Digest, Org};
use crate::guest::{Module, Vars};
use crate::store::catalog::{OrgItem, Quotas};
use crate::trigger::{Dedup, Trigger};

/// An applied manifest, ready to run.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// Whose.
    pub org: Org,
    /// The project's name.
    pub project: String,
    /// What its handlers read as variables.
    pub vars: Arc<Vars>,
    /// What its handlers' requests carry and they do not see.
    pub secrets: Arc<Secrets>,
    /// In the manifest's order.
    pub triggers: Vec<Trigger>,
    /// By what its endpoints tell duplicates, by their names; those that do not are not there.
    pub dedups: HashMap<Arc<str>, Arc<Dedup>>,
    /// By the names that the triggers call them.
    pub modules: HashMap<String, Arc<Module>>,
}

impl Deployment {
    /// A trigger and the module that it calls; none when the deployment has no such trigger.
    pub fn target(&self, trigger: &str) -> Option<(&Trigger, &Arc<Module>)> {
        let trigger = self.triggers.iter().find(|other| &*other.name == trigger)?;
        Some((trigger, self.modules.get(&trigger.call.module)?))
    }
}

/// What of a project serves, and under which slugs.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Whose.
    pub org: Org,
    /// The project's name.
    pub project: String,
    /// What serves.
    pub active: Option<Arc<Deployment>>,
    /// What serves so many of a hundred events in its place.
    pub canary: Option<(u8, Arc<Deployment>)>,
    /// What serves what is addressed to it, by the digest of the token that a sender shows.
    pub testing: Vec<(Digest, Arc<Deployment>)>,
    /// The slugs of its endpoints.
    pub slugs: Vec<Slug>,
}

/// A slug and the endpoint that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug {
    /// What stands in the URL.
    pub slug: Arc<str>,
    /// The endpoint, as the manifest calls it.
    pub name: Arc<str>,
    /// Whether another has taken its place: it takes no webhooks, and events that it took are still the endpoint's.
    pub is_retired: bool,
}

impl Serving {
    /// One of its deployments that serve; none when it does not.
    pub fn deployment(&self, id: DeploymentId) -> Option<&Arc<Deployment>> {
        self.deployments().find(|deployment| deployment.id == id)
    }

    /// All of its deployments that serve.
    pub fn deployments(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        let canary = self.canary.iter().map(|(_, deployment)| deployment);
        self.active.iter().chain(canary).chain(self.testing.iter().map(|(_, deployment)| deployment))
    }

    /// As [`Serving::deployments`], to put others in their places.
    pub(super) fn deployments_mut(&mut self) -> impl Iterator<Item = &mut Arc<Deployment>> {
        let canary = self.canary.iter_mut().map(|(_, deployment)| deployment);
        self.active.iter_mut().chain(canary).chain(self.testing.iter_mut().map(|(_, deployment)| deployment))
    }

    /// The slug of an endpoint that takes webhooks.
    pub fn slug(&self, name: &str) -> Option<&Arc<str>> {
        self.slugs.iter().find(|slug| !slug.is_retired && &*slug.name == name).map(|slug| &slug.slug)
    }

    fn routes(&self) -> impl Iterator<Item = Route> {
        let live = self.slugs.iter().filter(|slug| !slug.is_retired);
        live.filter_map(|Slug { slug, name, .. }| {
            let endpoint = |deployment: &Arc<Deployment>| Endpoint::of(deployment.clone(), slug, name).map(Arc::new);
            let route = Route {
                org: self.org.clone(),
                slug: slug.clone(),
                active: self.active.as_ref().and_then(endpoint),
                canary: self.canary.as_ref().and_then(|(percent, of)| Some((*percent, endpoint(of)?))),
                testing: self.testing.iter().filter_map(|(token, of)| Some((*token, endpoint(of)?))).collect(),
            };
            route.listens().then_some(route)
        })
    }
}

/// All endpoints of all deployments that serve, and what each org may take.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    projects: HashMap<(Org, String), Arc<Serving>>,
    routes: HashMap<Arc<str>, Arc<Route>>,
    orgs: HashMap<Org, Tenant>,
    /// Projects that are being removed.
    leaving: BTreeSet<(Org, String)>,
}

/// What holds for an org.
#[derive(Clone, Copy, Debug, Default)]
struct Tenant {
    quotas: Quotas,
    is_suspended: bool,
    is_leaving: bool,
    /// Whether nothing is left to be removed.
    is_gone: bool,
}

impl Snapshot {
    /// What listens on a slug.
    pub fn route(&self, slug: &str) -> Option<&Arc<Route>> {
        self.routes.get(slug)
    }

    /// A project of an org.
    pub fn project(&self, org: &Org, project: &str) -> Option<&Arc<Serving>> {
        self.projects.get(&(org.clone(), project.to_owned()))
    }

    /// The projects of an org, in no order.
    pub fn projects(&self, org: &Org) -> impl Iterator<Item = &Arc<Serving>> {
        self.projects.values().filter(move |serving| serving.org == *org)
    }

    /// The project and the endpoint's name that a slug of an org stands for or stood for.
    pub fn named(&self, org: &Org, slug: &str) -> Option<(&Arc<Serving>, &Arc<str>)> {
        self.projects(org).find_map(|serving| {
            let found = serving.slugs.iter().find(|known| &*known.slug == slug)?;
            Some((serving, &found.name))
        })
    }

    /// What an org may take, where that is not the host's default.
    pub fn quotas(&self, org: &Org) -> Quotas {
        self.orgs.get(org).map(|org| org.quotas).unwrap_or_default()
    }

    /// Whether an org takes no webhooks and begins no sessions for the time being.
    pub fn is_suspended(&self, org: &Org) -> bool {
        self.orgs.get(org).is_some_and(|org| org.is_suspended)
    }

    /// Whether an org was deleted.
    pub fn is_org_leaving(&self, org: &Org) -> bool {
        self.orgs.get(org).is_some_and(|org| org.is_leaving)
    }

    /// Whether a project is being removed, by itself or with its org.
    pub fn is_leaving(&self, org: &Org, project: &str) -> bool {
        self.is_org_leaving(org) || self.leaving.contains(&(org.clone(), project.to_owned()))
    }

    /// The orgs of which something is to be removed, and the projects.
    pub fn leaving(&self) -> Vec<(Org, Option<String>)> {
        let orgs =
            self.orgs.iter().filter(|(_, org)| org.is_leaving && !org.is_gone).map(|(name, _)| (name.clone(), None));
        orgs.chain(self.leaving.iter().map(|(org, project)| (org.clone(), Some(project.clone())))).collect()
    }

    /// What single orgs may keep of their history, in bytes, where an operator said so.
    pub fn stored_bytes(&self) -> BTreeMap<Org, u64> {
        let said = self.orgs.iter().filter_map(|(name, org)| Some((name.clone(), org.quotas.stored_bytes?)));
        said.collect()
    }

    /// This snapshot with `serving` in the place of what its project had.
    fn with(&self, serving: Serving) -> Self {
        let mut next = self.without(&serving.org, &serving.project);
        next.routes.extend(serving.routes().map(|route| (route.slug.clone(), Arc::new(route))));
        next.projects.insert((serving.org.clone(), serving.project.clone()), Arc::new(serving));
        next
    }

    /// This snapshot without a project.
    fn without(&self, org: &Org, project: &str) -> Self {
        let mut next = self.clone();
        if let Some(serving) = next.projects.remove(&(org.clone(), project.to_owned())) {
            serving.slugs.iter().for_each(|slug| {
                // What stands there may be another project's by now.
                let own = next.routes.get(&slug.slug).is_some_and(|route| route.is_of(&serving));
                if own {
                    next.routes.remove(&slug.slug);
                }
            });
        }
        next
    }
}

/// The snapshot of this moment. Clones share it; reading takes no lock.
#[derive(Clone, Debug, Default)]
pub struct Current(Arc<ArcSwap<Snapshot>>);

impl Current {
    /// The snapshot that holds now. Keep it for one request, so that the request sees one deployment.
    pub fn load(&self) -> Arc<Snapshot> {
        self.0.load_full()
    }

    /// Puts `serving` in the place of what its project had, for all requests from now on.
    pub(super) fn publish(&self, serving: &Serving) {
        self.0.rcu(|snapshot| snapshot.with(serving.clone()));
    }

    /// Takes a project away.
    pub(super) fn remove(&self, org: &Org, project: &str) {
        self.0.rcu(|snapshot| snapshot.without(org, project));
    }

    /// From now on this holds for the org. One that is being removed serves nothing.
    pub(super) fn allow(&self, item: &OrgItem) {
        let org: Org = item.name.as_str().into();
        let tenant = Tenant {
            quotas: item.quotas,
            is_suspended: item.suspended_at.is_some(),
            is_leaving: item.deleted_at.is_some(),
            // After a start it is looked at once more: something may have been written as the host stopped.
            is_gone: false,
        };
        self.0.rcu(|snapshot| {
            let projects = snapshot.projects(&org).filter(|_| tenant.is_leaving);
            let projects: Vec<String> = projects.map(|serving| serving.project.clone()).collect();
            let gone = |next: Snapshot, project: &String| next.without(&org, project);
            let mut next = projects.iter().fold(Snapshot::clone(snapshot), gone);
            next.orgs.insert(org.clone(), tenant);
            next
        });
    }

    /// Takes a project away that is being removed.
    pub(super) fn leave(&self, org: &Org, project: &str) {
        self.0.rcu(|snapshot| {
            let mut next = snapshot.without(org, project);
            next.leaving.insert((org.clone(), project.to_owned()));
            next
        });
    }

    /// Forgets a project, or all of an org but that it was there.
    pub(super) fn forget(&self, org: &Org, project: Option<&str>) {
        self.0.rcu(|snapshot| {
            let mut next = Snapshot::clone(snapshot);
            match project {
                Some(project) => drop(next.leaving.remove(&(org.clone(), project.to_owned()))),
                None => {
                    if let Some(tenant) = next.orgs.get_mut(org) {
                        tenant.is_gone = true;
                    }
                    next.leaving.retain(|(of, _)| of != org);
                }
            }
            next
        });
    }
}
