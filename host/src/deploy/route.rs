//! What listens on a slug, and which deployment an event goes to.

use std::sync::Arc;

use super::snapshot::{Deployment, Serving};
use crate::event::{Digest, Event, Org};
use crate::trigger::{Asked, Dedup, Trigger};

/// What of a deployment listens on a slug.
#[derive(Debug)]
pub struct Endpoint {
    /// The slug.
    pub slug: Arc<str>,
    /// As the manifest calls it.
    pub name: Arc<str>,
    /// Whose handlers run.
    pub deployment: Arc<Deployment>,
    /// Which of the deployment's triggers listen, by their place.
    listeners: Vec<usize>,
}

impl Endpoint {
    /// What of a deployment listens on the endpoint that it calls `name`; none when nothing does.
    pub fn of(deployment: Arc<Deployment>, slug: &Arc<str>, name: &Arc<str>) -> Option<Self> {
        let listens = |(place, trigger): (usize, &Trigger)| (trigger.endpoint == *name).then_some(place);
        let listeners: Vec<usize> = deployment.triggers.iter().enumerate().filter_map(listens).collect();
        (!listeners.is_empty()).then(|| Self { slug: slug.clone(), name: name.clone(), deployment, listeners })
    }

    /// The triggers that listen, in the manifest's order.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.listeners.iter().filter_map(|place| self.deployment.triggers.get(*place))
    }

    /// By what it tells duplicates; none when it takes every delivery for a new one.
    pub fn dedup(&self) -> Option<&Dedup> {
        self.deployment.dedups.get(&self.name).map(Arc::as_ref)
    }

    /// By what events that belong together are known: their delivery key, else the first lane that a trigger gives them.
    fn family(&self, event: &Event) -> Option<Arc<str>> {
        let asked = Asked::new(event);
        let key = self.dedup().and_then(|dedup| asked.dedup_key(dedup).ok().flatten());
        key.or_else(|| self.triggers().find_map(|trigger| asked.lane(trigger.ordered_by.as_ref()?).ok()))
    }
}

/// `/webhooks/{slug}` and the deployments that listen on it.
#[derive(Debug)]
pub struct Route {
    /// Whose.
    pub org: Org,
    /// The slug.
    pub slug: Arc<str>,
    /// What takes its events.
    pub(super) active: Option<Arc<Endpoint>>,
    /// What takes so many of a hundred in its place.
    pub(super) canary: Option<(u8, Arc<Endpoint>)>,
    /// What takes those that are addressed to it, by the digest of the token that says so.
    pub(super) testing: Vec<(Digest, Arc<Endpoint>)>,
}

impl Route {
    /// Whether anything listens.
    pub(super) fn listens(&self) -> bool {
        self.is_open() || !self.testing.is_empty()
    }

    pub(super) fn is_of(&self, serving: &Serving) -> bool {
        let mut endpoints = self.active.iter().chain(self.canary.iter().map(|(_, endpoint)| endpoint));
        let mut testing = self.testing.iter().map(|(_, endpoint)| endpoint);
        let endpoint = endpoints.next().or_else(|| testing.next());
        endpoint.is_some_and(|endpoint| {
            endpoint.deployment.org == serving.org && endpoint.deployment.project == serving.project
        })
    }

    /// Whether it takes events that are addressed to no deployment.
    pub fn is_open(&self) -> bool {
        self.active.is_some() || self.canary.is_some()
    }

    /// What takes an event that is addressed by this token; none when nothing does. That digests are compared tells nothing of
    /// the tokens.
    pub fn addressed(&self, token: &[u8]) -> Option<&Arc<Endpoint>> {
        let digest = Digest::of(token);
        self.testing.iter().find(|(other, _)| *other == digest).map(|(_, endpoint)| endpoint)
    }

    /// What takes an event that is addressed to no deployment. Events that belong together go to one: by their delivery key or
    /// their lane, and others by their id. What only one of the two listens on, that one takes.
    pub fn endpoint(&self, event: &Event) -> Option<&Arc<Endpoint>> {
        match (&self.active, &self.canary) {
            (Some(active), Some((percent, canary))) => {
                let family = active.family(event).unwrap_or_else(|| event.id.to_string().into());
                Some(if share(&self.slug, &family) < *percent { canary } else { active })
            }
            (Some(only), None) | (None, Some((_, only))) => Some(only),
            (None, None) => None,
        }
    }
}

/// In which hundredth of all events one falls: the same for the same family, whatever the percentage.
fn share(slug: &str, family: &str) -> u8 {
    let digest = Digest::of(format!("{slug}\n{family}").as_bytes());
    let number = digest.bytes().iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    u8::try_from((u64::from(number) * 100) >> 32).expect("it is less than 100")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_fair_and_stays() {
        let canary = (0..10_000).filter(|number| share("hook", &number.to_string()) < 10).count();
        assert!((900..1100).contains(&canary), "{canary}");
        assert_eq!(share("hook", "a"), share("hook", "a"));
        // More percent take more families and let none go.
        let taken = |percent| (0..1_000).filter(|n| share("hook", &n.to_string()) < percent).collect::<Vec<_>>();
        assert!(taken(10).iter().all(|number| taken(20).contains(number)));
    }
}
