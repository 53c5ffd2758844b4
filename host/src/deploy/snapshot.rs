//! What is deployed, as the data path reads it: immutable, and swapped whole.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::egress::Secrets;
use crate::event::{DeploymentId, Org};
use crate::guest::{Module, Vars};
use crate::trigger::{Dedup, Trigger};

/// An applied manifest, ready to run.
#[derive(Debug)]
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
    /// By what its endpoints tell duplicates, by their slugs; those that do not are not there.
    pub dedups: HashMap<Arc<str>, Dedup>,
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

/// `/webhooks/{slug}` and what listens on it.
#[derive(Debug)]
pub struct Endpoint {
    /// The slug.
    pub slug: Arc<str>,
    /// Whose handlers run.
    pub deployment: Arc<Deployment>,
    /// Which of the deployment's triggers listen, by their place.
    listeners: Vec<usize>,
}

impl Endpoint {
    /// What of a deployment listens on a slug; none when nothing does.
    pub fn of(deployment: Arc<Deployment>, slug: &Arc<str>) -> Option<Self> {
        let listens = |(place, trigger): (usize, &Trigger)| (trigger.endpoint == *slug).then_some(place);
        let listeners: Vec<usize> = deployment.triggers.iter().enumerate().filter_map(listens).collect();
        (!listeners.is_empty()).then(|| Self { slug: slug.clone(), deployment, listeners })
    }

    /// The triggers that listen, in the manifest's order.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.listeners.iter().filter_map(|place| self.deployment.triggers.get(*place))
    }

    /// By what it tells duplicates; none when it takes every delivery for a new one.
    pub fn dedup(&self) -> Option<&Dedup> {
        self.deployment.dedups.get(&self.slug)
    }
}

/// All endpoints of all active deployments.
#[derive(Debug, Default)]
pub struct Snapshot {
    deployments: HashMap<Org, Arc<Deployment>>,
    endpoints: HashMap<Arc<str>, Arc<Endpoint>>,
}

impl Snapshot {
    /// The endpoint of a slug.
    pub fn endpoint(&self, slug: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.get(slug)
    }

    /// The org's deployment that is serving.
    pub fn of(&self, org: &Org) -> Option<&Arc<Deployment>> {
        self.deployments.get(org)
    }

    /// This snapshot with `deployment` in the place of what its org had: an org has one project yet, which may be renamed.
    pub fn with(&self, deployment: Arc<Deployment>) -> Self {
        let others = self.endpoints.iter().filter(|(_, endpoint)| endpoint.deployment.org != deployment.org);
        let mut endpoints: HashMap<_, _> = others.map(|(slug, endpoint)| (slug.clone(), endpoint.clone())).collect();
        let mut listeners: HashMap<Arc<str>, Vec<usize>> = HashMap::new();
        for (place, trigger) in deployment.triggers.iter().enumerate() {
            listeners.entry(trigger.endpoint.clone()).or_default().push(place);
        }
        for (slug, listeners) in listeners {
            let endpoint = Endpoint { slug: slug.clone(), deployment: deployment.clone(), listeners };
            endpoints.insert(slug, Arc::new(endpoint));
        }
        let mut deployments = self.deployments.clone();
        deployments.insert(deployment.org.clone(), deployment);
        Self { deployments, endpoints }
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

    /// Puts `deployment` in the place of what its org had, for all requests from now on.
    pub(super) fn publish(&self, deployment: &Arc<Deployment>) {
        self.0.rcu(|snapshot| snapshot.with(deployment.clone()));
    }
}
