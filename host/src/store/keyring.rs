//! Orgs' keys, wrapped, and what older versions did not seal: the face of the store that sealing works with. What wraps them is not in the store.

use async_trait::async_trait;

use super::{DeploymentRecord, Result};
use crate::event::Org;

/// The key that an org's secrets are sealed by, itself sealed by a master key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgKey {
    /// Whose.
    pub org: Org,
    /// The id of the master key that wrapped it.
    pub master: String,
    /// The key, wrapped.
    pub wrapped: Vec<u8>,
}

/// Keeps what is sealed.
#[async_trait]
pub trait Keyring: Send + Sync {
    /// An org's key; none when it has none.
    async fn org_key(&self, org: &Org) -> Result<Option<OrgKey>>;
    /// Keeps an org's key if it has none, and answers the one that it has: this one, or the one that was there.
    async fn keep_org_key(&self, key: OrgKey) -> Result<OrgKey>;
    /// All orgs' keys, for who wraps them anew.
    async fn org_keys(&self) -> Result<Vec<OrgKey>>;
    /// Puts keys in the place of those that their orgs have, all of them in one commit.
    ///
    /// # Errors
    /// [`super::Error::Conflict`] when one of the orgs has none; then nothing is changed.
    async fn rewrap(&self, keys: Vec<OrgKey>) -> Result<()>;
    /// All deployments of all orgs whose values of variables an earlier version left in their manifests.
    async fn unsealed(&self) -> Result<Vec<DeploymentRecord>>;
    /// Puts these manifests and sealed values in the place of what the deployments had, all in one commit, and leaves
    /// nothing of it in the store's files. Those that are sealed already stay as they are.
    async fn seal(&self, deployments: Vec<DeploymentRecord>) -> Result<()>;
}
