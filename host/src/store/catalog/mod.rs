//! Who may do what, and what is deployed: the face of the store that the control plane works with.
//!
//! A deployment is kept once and never changes. Everything else is a record: JSON below an org, a kind and a key, with the
//! revision at which it was written last. What belongs together is committed together, each part under its own condition, and
//! the line of the audit log with it. The types of the records are in `item.rs`; [`Items`] reads them.

mod audit;
mod change;
mod item;
mod items;
mod role;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use audit::{AuditEntry, By};
pub use change::{Change, Committed, Expect, Kind, Refusal, Revision, Row, Why};
pub use item::{
    AnswerItem, Canary, EndpointItem, Identity, Item, MemberItem, ModuleItem, ModuleState, OrgItem, ProjectItem,
    Quotas, Testing, TokenItem, VarItem,
};
pub use items::{Items, Kept};
pub use role::{Role, Scope};

use super::{Page, Result};
use crate::event::{AuditId, DeploymentId, Digest, Org, Timestamp};

/// Under what the operator's own tokens are kept: no org has such a name, since a name begins with a letter or a digit.
pub const HOST: &str = "_host";

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
    /// The manifest's text. It has no values of variables once they are sealed.
    pub manifest: String,
    /// The manifest's module names and what they stood for.
    pub modules: BTreeMap<String, Digest>,
    /// The values of the manifest's variables, sealed; none when an earlier version kept them in the manifest.
    pub vars: Option<Vec<u8>>,
}

/// Which records of an org: those of one kind whose keys begin with a text, in the order of their keys.
#[derive(Clone, Debug)]
pub struct RecordQuery {
    /// Of what kind.
    pub kind: Kind,
    /// With what their keys begin; empty for all.
    pub prefix: String,
    /// Only those whose keys come after this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Who may do what, and what is deployed.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Makes all of an org's changes, with the line that tells of them, or none.
    async fn commit(&self, org: &Org, changes: Vec<Change>, told: Option<AuditEntry>) -> Result<Committed>;
    /// One record; none when the org has no such record.
    async fn record(&self, org: &Org, kind: Kind, key: &str) -> Result<Option<Row>>;
    /// Some records of an org, in the order of their keys.
    async fn records(&self, org: &Org, query: RecordQuery) -> Result<Vec<Row>>;
    /// The record of this kind that has this mark, which no two records of a kind have, and whose it is: by it a token and a slug are found
    /// before anybody knows the org.
    async fn marked(&self, kind: Kind, mark: &str) -> Result<Option<(Org, Row)>>;
    /// The orgs that have a record of this kind and key, in order, after `after`: who has a module, where somebody is a member.
    async fn holders(&self, kind: Kind, key: &str, after: Option<&Org>, limit: u32) -> Result<Vec<Org>>;
    /// The records of all orgs themselves, in the order of their names, after `after`.
    async fn orgs(&self, after: Option<&str>, limit: u32) -> Result<Vec<Row>>;
    /// Notes when a record was used last. It is no change: its revision stays, and one that is gone is none.
    async fn touch(&self, org: &Org, kind: Kind, key: &str, at: Timestamp) -> Result<()>;
    /// Removes at most `budget` records that have expired, and says how many.
    async fn remove_expired(&self, now: Timestamp, budget: u32) -> Result<u32>;
    /// One deployment; none when the org has no such deployment.
    async fn deployment(&self, org: &Org, id: DeploymentId) -> Result<Option<DeploymentRecord>>;
    /// A page of a project's deployments, newest first: by the order of their commits, which a clock that went back does not turn.
    async fn deployments(
        &self,
        org: &Org,
        project: &str,
        before: Option<DeploymentId>,
        limit: u32,
    ) -> Result<Page<DeploymentRecord, DeploymentId>>;
    /// A page of an org's audit log, newest first.
    async fn audit(&self, org: &Org, before: Option<AuditId>, limit: u32) -> Result<Page<AuditEntry, AuditId>>;
}
