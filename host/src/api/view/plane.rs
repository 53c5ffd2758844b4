//! Orgs and what they have: members, tokens, projects, modules, deployments, variables.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::{AuditId, DeploymentId, Digest, Timestamp, TokenId};
use crate::quota::Limits;
use crate::store::catalog::{ModuleState, Quotas, Role, Scope};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// Who: `token tok_…`, `member ada@example.com`, `local`.
    pub actor: String,
    /// Whether everything on this host is theirs to manage.
    pub operator: bool,
    /// Where they may do something, and what.
    pub orgs: Vec<Membership>,
    /// The token that was shown, if it was one.
    pub token: Option<Token>,
}

/// What somebody may do in an org.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// Its name.
    pub org: String,
    /// What they may do.
    pub role: Role,
    /// The one project that this is about; null for all.
    pub project: Option<String>,
}

/// The tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Org {
    /// Its id, which never changes.
    pub name: String,
    /// For people.
    pub display_name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it may take, where an operator said so; null is the host's default.
    pub quotas: Quotas,
}

/// What an org is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrg {
    /// Its id, which never changes: 1 to 40 of `a-z 0-9 -`, neither first nor last a `-`.
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
    pub name: String,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub display_name: Option<String>,
    /// What it may take.
    #[serde(default)]
    pub quotas: Option<Quotas>,
}

/// What is changed of an org. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrgChange {
    /// For people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub display_name: Option<String>,
    /// What it may take, all of it: what is null or left out is the host's default. For operators.
    #[serde(default)]
    pub quotas: Option<Quotas>,
}

/// Somebody who may do something in an org.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// `mem_…`, the same in every org.
    pub id: String,
    /// Who says who it is; null when an e-mail address does.
    pub issuer: Option<String>,
    /// The issuer's name for them.
    pub subject: Option<String>,
    /// Their address, which the issuer must have verified.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// For people.
    pub display_name: Option<String>,
    /// When they became one.
    pub created_at: Timestamp,
}

/// Who becomes a member: by `issuer` and `subject`, or by `email`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Who says who it is.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 500)]
    pub issuer: Option<String>,
    /// The issuer's name for them.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    pub subject: Option<String>,
    /// Their address, which the issuer must have verified.
    #[serde(default)]
    #[schema(min_length = 3, max_length = 254)]
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub display_name: Option<String>,
}

/// What is changed of a member. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// What they may do.
    #[serde(default)]
    pub role: Option<Role>,
    /// For people.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub display_name: Option<String>,
}

/// An API token, without what its holder shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// `tok_…`.
    pub id: TokenId,
    /// What it is for, in words.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// From then on it is no good; null for never.
    pub expires_at: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked_at: Option<Timestamp>,
    /// When it was shown last, to five minutes.
    pub last_used_at: Option<Timestamp>,
}

/// What a token is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in words.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it is for: an org's are `org` and `project`, the host's `operator`.
    pub scope: Scope,
    /// From then on it is no good; null for never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A new token and what its holder shows, which is never told again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MadeToken {
    /// What its holder shows: `th_…`.
    pub secret: String,
    /// The token.
    #[serde(flatten)]
    pub token: Token,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Its name, which never changes.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The deployment that serves.
    pub active: Option<DeploymentId>,
    /// The one that served before, where a rollback goes.
    pub previous: Option<DeploymentId>,
    /// The one that serves a part of the events in its place.
    pub canary: Option<Canary>,
    /// Those that serve what is addressed to them.
    pub testing: Vec<DeploymentId>,
}

/// A deployment that serves a part of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Canary {
    /// Which.
    pub deployment: DeploymentId,
    /// How many of a hundred.
    pub percent: u8,
}

/// What a project is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its name, as the manifest's `project: {name: …}`.
    #[schema(pattern = "^[A-Za-z0-9_][A-Za-z0-9._~-]{0,63}$")]
    pub name: String,
}

/// A module that the org uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Module {
    /// The SHA-256 of what was uploaded.
    pub digest: Digest,
    /// The component that it became: itself, unless it was a core module.
    pub component: Digest,
    /// What was uploaded, in bytes.
    pub bytes: u64,
    /// When.
    pub uploaded_at: Timestamp,
    /// By whom.
    pub uploaded_by: String,
    /// How far it is.
    #[serde(flatten)]
    pub state: ModuleState,
}

/// Where a deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It serves; with `percent`, a part of the events.
    Active,
    /// It serves what is addressed to it.
    Testing,
    /// It serves nothing, and sessions of its are owed.
    Draining,
    /// It serves nothing.
    Inactive,
}

/// A deployment: an immutable manifest and its modules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deployment {
    /// `dep_…`.
    pub id: DeploymentId,
    /// Whose.
    pub project: String,
    /// When it was applied.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: DeploymentState,
    /// How many of a hundred events it serves; null when that is not split.
    pub percent: Option<u8>,
    /// The manifest's module names and what they stand for.
    pub modules: BTreeMap<String, Digest>,
    /// The manifest's text; only where one deployment is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

/// What is deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeployment {
    /// The text of `tenterhook.yaml`. It names the project of the path.
    #[schema(max_length = 1_048_576)]
    pub manifest: String,
    /// The manifest's module names and the SHA-256 of what was uploaded for them.
    #[serde(default)]
    pub modules: BTreeMap<String, Digest>,
    /// What it does from now on.
    #[serde(default)]
    pub state: PlaceState,
    /// With `active`: serve so many of a hundred events, and leave the others to what serves now.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: Option<u8>,
}

/// What a deployment does from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `active` serves, `testing` serves what is addressed to it, `inactive` nothing.
    #[serde(default)]
    pub state: PlaceState,
    /// With `active`: serve so many of a hundred events, and leave the others to what serves now.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: Option<u8>,
}

/// As a deployment is asked to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// It serves.
    #[default]
    Active,
    /// It serves what is addressed to it.
    Testing,
    /// It serves nothing.
    Inactive,
}

/// A deployment that was applied or moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Placed {
    /// The deployment.
    pub deployment: Deployment,
    /// Whether it is new; false when it served already.
    pub created: bool,
    /// What a sender shows in `Tenterhook-Testing` to have an event handled by it; only when it was made testing, and never told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub testing_token: Option<String>,
    /// Where its triggers listen.
    pub triggers: Vec<Trigger>,
    /// What is likely not what was meant.
    pub warnings: Vec<ManifestMistake>,
}

/// What differs between two deployments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Diff {
    /// The one that is compared with.
    pub from: DeploymentId,
    /// The one that was asked for.
    pub to: DeploymentId,
    /// The manifests' lines as a unified diff; empty when they are the same.
    pub manifest: String,
    /// Modules that differ, by name.
    pub modules: Vec<ModuleDiff>,
}

/// What became of a module's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ModuleDiff {
    /// The manifest's name for it.
    pub name: String,
    /// What it stood for; null when it was not there.
    pub from: Option<Digest>,
    /// What it stands for; null when it is not there.
    pub to: Option<Digest>,
}

/// Something wrong in a manifest, or likely not what was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManifestMistake {
    /// In words.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The character of that line, from 1.
    pub column: usize,
    /// What to do.
    pub help: Option<String>,
    /// The mistake with the lines that it is about, for a terminal.
    pub rendered: String,
}

/// A trigger of what serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The endpoint that it listens on, as the manifest calls it.
    pub endpoint: String,
    /// The path that senders use: `/webhooks/…`.
    pub path: Option<String>,
    /// The one type that it takes; null for every type.
    pub event_type: Option<String>,
    /// Its filter, in CEL.
    pub filter: Option<String>,
    /// The handler that it calls.
    pub call: String,
    /// Whether the handler's response is the sender's.
    pub is_sync: bool,
}

/// An endpoint of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Endpoint {
    /// As the manifest calls it: a trigger's `endpoint`, or its name.
    pub name: String,
    /// What stands in the URL.
    pub slug: String,
    /// The path that senders use: `/webhooks/…`.
    pub path: String,
    /// When the slug was made.
    pub created_at: Timestamp,
    /// Slugs that it had before. They take nothing, and stay the org's.
    pub retired: Vec<String>,
}

/// A variable or a secret of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Var {
    /// The name by which handlers read it.
    pub name: String,
    /// Whether its value is shown to nobody but them.
    pub secret: bool,
    /// Its value; null of a secret.
    pub value: Option<String>,
    /// Greater with each value.
    pub version: u64,
    /// When it got this value.
    pub updated_at: Timestamp,
}

/// A variable's value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVar {
    /// The value.
    #[schema(max_length = 65_536)]
    pub value: String,
    /// Whether it is shown to nobody but handlers. One that was a secret stays one.
    #[serde(default)]
    pub secret: bool,
}

impl std::fmt::Debug for NewVar {
    /// Without the value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewVar").field("secret", &self.secret).finish_non_exhaustive()
    }
}

/// What an org takes of each quota.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Events that are kept.
    pub events: u64,
    /// Their bytes and those of their sessions' logs.
    pub bytes: u64,
    /// Sessions whose handlers run now.
    pub running: u64,
    /// Modules.
    pub modules: u64,
    /// All modules together, in bytes.
    pub modules_bytes: u64,
    /// What it may take: the host's defaults where no operator said otherwise.
    pub limits: Limits,
}

/// A line of an org's audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// `aud_…`.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From where; null when it was the host itself.
    #[schema(value_type = Option<String>)]
    pub from: Option<IpAddr>,
    /// What: `token.create`.
    pub action: String,
    /// On what.
    pub target: String,
    /// What else is worth knowing.
    pub detail: BTreeMap<String, Value>,
}
