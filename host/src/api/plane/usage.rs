//! What an org has, and what it may have.

use std::collections::BTreeSet;

use super::super::{Problem, State};
use crate::event::{DeploymentId, Org};
use crate::quota::Limits;

/// What an org may take: what an operator said, else the host's defaults.
pub(in crate::api) fn limits(api: &State, org: &Org) -> Limits {
    api.quotas.with(&api.registry.deployed().load().quotas(org))
}

/// The deployments that sessions are owed to.
pub(in crate::api) async fn owed(api: &State, org: &Org) -> Result<BTreeSet<DeploymentId>, Problem> {
    Ok(api.history.owed_to(org).await?)
}
