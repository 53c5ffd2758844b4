//! What is removed for good: here all at once.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::Memory;
use crate::event::{Digest, EventId, Org};
use crate::store::catalog::{Item as _, Kind, ModuleItem};
use crate::store::{Error, Part, Purge, Purged, Result};

#[async_trait]
impl Purge for Memory {
    async fn purge(&self, org: &Org, part: Part, _budget: u32) -> Result<Purged> {
        let mut state = self.state();
        let state = &mut *state;
        match part {
            Part::Org => {
                state.orgs.remove(org);
                state.org_keys.remove(org);
                state.spaces.retain(|space, _| space.org != *org);
                state.catalog.purge(org, |kind, _| kind != Kind::Org, |_| true);
                state.catalog.forget_audit(org);
            }
            Part::Project { name, slugs, .. } => {
                if let Some(tenant) = state.orgs.get_mut(org) {
                    let events = tenant.events.values().filter(|kept| slugs.contains(&*kept.event.endpoint));
                    let events: Vec<EventId> = events.map(|kept| kept.event.id).collect();
                    for event in events {
                        tenant.owed.retain(|_, owed| owed.delivery.event.id != event);
                        tenant.remove(event);
                    }
                    tenant.keys.retain(|(endpoint, _), _| !slugs.contains(&**endpoint));
                }
                state.spaces.retain(|space, _| space.org != *org || *space.project != *name);
                let below = format!("{name}/");
                let is_its = |kind, key: &str| matches!(kind, Kind::Endpoint | Kind::Var) && key.starts_with(&below);
                state.catalog.purge(org, is_its, |project| project == name);
            }
        }
        Ok(Purged::All)
    }

    async fn components(&self) -> Result<BTreeSet<Digest>> {
        let state = self.state();
        let mut components = BTreeSet::new();
        for body in state.catalog.bodies(ModuleItem::KIND) {
            let item: ModuleItem = serde_json::from_str(body).map_err(|err| Error::Corrupt(err.to_string()))?;
            components.insert(item.component);
        }
        components.extend(state.catalog.deployments.iter().flat_map(|record| record.modules.values().copied()));
        Ok(components)
    }
}
