//! What is deployed: the face of the store that deploying works with.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Result;
use crate::event::{DeploymentId, Digest, Org, Timestamp};

/// A deployment as it was kept: an immutable manifest and its modules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// Its id.
    pub id: DeploymentId,
    /// Whose.
    pub org: Org,
    /// The project's name.
    pub project: String,
    /// When it was applied.
    pub created_at: Timestamp,
    /// The manifest's text.
    pub manifest: String,
    /// The manifest's module names and what they stood for.
    pub modules: BTreeMap<String, Digest>,
}

/// What is deployed. A project's active deployment is the last one that was committed for it.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Keeps a deployment and makes it the project's active one.
    async fn deploy(&self, deployment: DeploymentRecord) -> Result<()>;
    /// Each project's active deployment, of all orgs.
    async fn active(&self) -> Result<Vec<DeploymentRecord>>;
    /// One deployment; none when the org has no such deployment.
    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>>;
}
