//! Orgs and what they have: members, tokens, projects, modules, deployments, variables.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::dispatch::CpuUse;
use crate::event::{AuditId, DeploymentId, Timestamp, TokenId};
use crate::quota::Limits;
use crate::store::catalog::{Quotas, Role, Scope};

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
    /// Since when it takes no webhooks and begins no sessions; null when it does.
    #[serde(default)]
    pub suspended_at: Option<Timestamp>,
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
    #[serde(default, deserialize_with = "object")]
    pub quotas: Option<Quotas>,
}

/// Quotas as an object: to serde a list is as good as one whose fields it has in their order.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Quotas>, D::Error> {
    let fields: Option<Map<String, Value>> = Option::deserialize(deserializer)?;
    fields.map(|fields| serde_json::from_value(Value::Object(fields)).map_err(D::Error::custom)).transpose()
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
    #[serde(default, deserialize_with = "object")]
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
    /// What handlers of all its projects keep in `kv` together, in bytes.
    pub kv_bytes: u64,
    /// What its handlers take of the processors.
    #[serde(flatten)]
    pub cpu: CpuUse,
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
