//! Orgs' keys, wrapped.

use async_trait::async_trait;

use super::Memory;
use crate::event::Org;
use crate::store::{DeploymentRecord, Error, Keyring, OrgKey, Result};

#[async_trait]
impl Keyring for Memory {
    async fn org_key(&self, org: &Org) -> Result<Option<OrgKey>> {
        Ok(self.state().org_keys.get(org).cloned())
    }

    async fn keep_org_key(&self, key: OrgKey) -> Result<OrgKey> {
        Ok(self.state().org_keys.entry(key.org.clone()).or_insert(key).clone())
    }

    async fn org_keys(&self) -> Result<Vec<OrgKey>> {
        Ok(self.state().org_keys.values().cloned().collect())
    }

    async fn rewrap(&self, keys: Vec<OrgKey>) -> Result<()> {
        let mut state = self.state();
        if let Some(key) = keys.iter().find(|key| !state.org_keys.contains_key(&key.org)) {
            return Err(Error::Conflict(format!("the org `{}` has no key", key.org)));
        }
        state.org_keys.extend(keys.into_iter().map(|key| (key.org.clone(), key)));
        Ok(())
    }

    async fn unsealed(&self) -> Result<Vec<DeploymentRecord>> {
        Ok(self.state().catalog.deployments.iter().filter(|known| known.vars.is_none()).cloned().collect())
    }

    async fn seal(&self, deployments: Vec<DeploymentRecord>) -> Result<()> {
        let mut state = self.state();
        for sealed in deployments {
            let is_it = |known: &&mut DeploymentRecord| known.org == sealed.org && known.id == sealed.id;
            if let Some(known) = state.catalog.deployments.iter_mut().find(is_it).filter(|known| known.vars.is_none()) {
                known.manifest = sealed.manifest;
                known.vars = sealed.vars;
            }
        }
        Ok(())
    }
}
