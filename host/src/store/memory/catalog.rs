//! What is deployed.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::event::{DeploymentId, Org};
use crate::store::{Catalog, DeploymentRecord, Error, Result};

#[async_trait]
impl Catalog for Memory {
    async fn deploy(&self, deployment: DeploymentRecord) -> Result<()> {
        let mut state = self.state();
        if state.deployments.iter().any(|known| known.org == deployment.org && known.id == deployment.id) {
            return Err(Error::Conflict(format!("the deployment {} is there already", deployment.id)));
        }
        state.deployments.push(deployment);
        Ok(())
    }

    async fn active(&self) -> Result<Vec<DeploymentRecord>> {
        let state = self.state();
        let mut active = BTreeMap::new();
        for deployment in &state.deployments {
            active.insert((&deployment.org, &deployment.project), deployment);
        }
        Ok(active.into_values().cloned().collect())
    }

    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>> {
        let state = self.state();
        Ok(state.deployments.iter().find(|known| known.org == *org && known.id == id).cloned())
    }
}
