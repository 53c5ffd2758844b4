//! The records that the catalog keeps, a type for each kind. They are kept as JSON: a field is added with a default and never
//! changes its meaning.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::{Kind, Role, Scope};
use crate::event::{DeploymentId, Digest, Timestamp, TokenId};

/// A record's type.
pub trait Item: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is.
    const KIND: Kind;
    /// By what it is found in its org.
    fn key(&self) -> String;
    /// By what it is found without its org.
    fn mark(&self) -> Option<String> {
        None
    }
    /// From then on it may be removed.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrgItem {
    /// Its id, which never changes.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub display_name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What it may take, where that is not the host's default.
    #[serde(default)]
    pub quotas: Quotas,
    /// Since when it takes no webhooks and begins no sessions; none when it does.
    #[serde(default)]
    pub suspended_at: Option<Timestamp>,
    /// Since when all of it is being removed.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    /// Since when nothing else of it is left. This record stays, so that nobody else gets the name, and with it what still knows it.
    #[serde(default)]
    pub removed_at: Option<Timestamp>,
}

/// What an org may take; none of them is the host's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Webhooks that are taken each second, in the long run.
    pub events_per_second: Option<u32>,
    /// Webhooks that are taken at once after a pause.
    pub burst: Option<u32>,
    /// Accepted sessions that may wait.
    pub backlog: Option<u32>,
    /// Sessions that run at once.
    pub sessions: Option<u32>,
    /// Modules.
    pub modules: Option<u32>,
    /// The largest module, in bytes.
    pub module_bytes: Option<u64>,
    /// All modules together, in bytes.
    pub modules_bytes: Option<u64>,
    /// What its events and logs may take, in bytes: the oldest make way.
    pub stored_bytes: Option<u64>,
    /// The log of one session, in bytes: what exceeds it is dropped and counted.
    pub log_bytes: Option<u64>,
    /// Time on processors that its handlers may take in a minute, in seconds: beyond it sessions wait.
    pub cpu_seconds_per_minute: Option<u32>,
    /// The memory of one handler, in bytes, whatever its trigger's limit is.
    pub memory_bytes: Option<u64>,
    /// What handlers of all its projects keep in `kv` together, in bytes.
    pub kv_bytes: Option<u64>,
}

/// Who somebody is to an issuer of OIDC tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The issuer's own name for them, which is never given to another.
    Subject {
        /// Who says so.
        issuer: String,
        /// The name.
        subject: String,
    },
    /// An e-mail address that the issuer has verified, in lower case.
    Email(String),
}

impl Identity {
    /// The id of a member who is this: the same in every org.
    pub fn member(&self) -> String {
        let text = match self {
            Self::Subject { issuer, subject } => format!("subject\n{issuer}\n{subject}"),
            Self::Email(address) => format!("email\n{}", address.to_lowercase()),
        };
        let digest = format!("{:x}", Sha256::digest(text));
        format!("mem_{}", digest.get(..32).expect("a SHA-256 has 64 digits"))
    }
}

/// Somebody who may do something in an org.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberItem {
    /// Who it is.
    pub identity: Identity,
    /// What they may do.
    pub role: Role,
    /// For people.
    #[serde(default)]
    pub display_name: Option<String>,
    /// When they became one.
    pub created_at: Timestamp,
}

/// An API token. What its holder shows is not kept, only its digest: it is random, so nobody can guess it from that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenItem {
    /// `tok_…`.
    pub id: TokenId,
    /// What it is for, in words.
    pub name: String,
    /// What it is for.
    pub scope: Scope,
    /// The SHA-256 of what its holder shows.
    pub digest: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// From then on it is no good; none for never.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When somebody revoked it.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
}

/// A project and which of its deployments serve. Those that it does not name are inactive, or draining as long as sessions of
/// theirs are owed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectItem {
    /// Its name, which never changes.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What serves.
    #[serde(default)]
    pub active: Option<DeploymentId>,
    /// What served before: a rollback goes there.
    #[serde(default)]
    pub previous: Option<DeploymentId>,
    /// What serves a part of the events in the place of the active one.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// What serves only what is addressed to it.
    #[serde(default)]
    pub testing: Vec<Testing>,
    /// Since when all of it is being removed.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

impl OrgItem {
    /// A new one.
    pub fn new(name: String, display_name: Option<String>, quotas: Quotas, now: Timestamp) -> Self {
        Self { name, display_name, created_at: now, quotas, suspended_at: None, deleted_at: None, removed_at: None }
    }
}

impl ProjectItem {
    /// A new one, of which nothing serves.
    pub fn new(name: String, now: Timestamp) -> Self {
        let (active, previous, canary, testing) = (None, None, None, Vec::new());
        Self { name, created_at: now, active, previous, canary, testing, deleted_at: None }
    }
}

/// A deployment that serves a part of the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Which.
    pub deployment: DeploymentId,
    /// How many of a hundred.
    pub percent: u8,
}

/// A deployment that serves what is addressed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testing {
    /// Which.
    pub deployment: DeploymentId,
    /// The SHA-256 of the token that a sender shows.
    pub digest: Digest,
}

/// How far a module is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ModuleState {
    /// It is there, and is being compiled.
    Compiling,
    /// It can be deployed.
    Ready {
        /// The names of its exports that are handlers, sorted.
        handlers: Vec<String>,
        /// What it imports, sorted.
        imports: Vec<String>,
        /// How long compiling took, in milliseconds; none when another org had it already.
        compile_ms: Option<u64>,
    },
    /// It cannot.
    Refused {
        /// Why.
        reason: String,
    },
}

/// A module that an org uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleItem {
    /// The SHA-256 of what was uploaded, by which the org calls it.
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

/// A slug and what it stands for. One that was replaced stays its org's: nobody else may get what senders still send there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndpointItem {
    /// What stands in the URL.
    pub slug: String,
    /// Whose triggers listen.
    pub project: String,
    /// As the manifest calls it: a trigger's `endpoint`, or its name.
    pub name: String,
    /// When the slug was made.
    pub created_at: Timestamp,
    /// When another took its place.
    #[serde(default)]
    pub retired_at: Option<Timestamp>,
}

/// A variable or a secret of a project. It takes the place of the manifest's value for its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VarItem {
    /// Whose handlers read it.
    pub project: String,
    /// The name by which they do.
    pub name: String,
    /// Whether its value is shown to nobody but them.
    pub secret: bool,
    /// Greater with each value that the name has had; a sealed value is of one version alone.
    pub version: u64,
    /// When it got this value.
    pub updated_at: Timestamp,
    /// The value, sealed, in base64.
    pub sealed: String,
}

/// What a request with an idempotency key was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerItem {
    /// The SHA-256 of who asked and of the key.
    pub key: Digest,
    /// The SHA-256 of what was asked: another question with the same key is a mistake.
    pub request: Digest,
    /// The answer, sealed, in base64: it may have a secret that is shown once.
    pub sealed: String,
    /// Until then it is given again.
    pub expires_at: Timestamp,
}

impl Item for OrgItem {
    const KIND: Kind = Kind::Org;

    fn key(&self) -> String {
        self.name.clone()
    }

    fn mark(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

impl Item for MemberItem {
    const KIND: Kind = Kind::Member;

    fn key(&self) -> String {
        self.identity.member()
    }
}

impl Item for TokenItem {
    const KIND: Kind = Kind::Token;

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn mark(&self) -> Option<String> {
        Some(self.digest.to_string())
    }
}

impl Item for ProjectItem {
    const KIND: Kind = Kind::Project;

    fn key(&self) -> String {
        self.name.clone()
    }
}

impl Item for ModuleItem {
    const KIND: Kind = Kind::Module;

    fn key(&self) -> String {
        self.digest.to_string()
    }
}

impl EndpointItem {
    /// The key of an endpoint's slugs in its org begins with this.
    pub fn prefix(project: &str, name: &str) -> String {
        format!("{project}/{name}/")
    }
}

impl Item for EndpointItem {
    const KIND: Kind = Kind::Endpoint;

    fn key(&self) -> String {
        format!("{}{}", Self::prefix(&self.project, &self.name), self.slug)
    }

    fn mark(&self) -> Option<String> {
        Some(self.slug.clone())
    }
}

impl VarItem {
    /// The key of a variable in its org.
    pub fn key_of(project: &str, name: &str) -> String {
        format!("{project}/{name}")
    }
}

impl Item for VarItem {
    const KIND: Kind = Kind::Var;

    fn key(&self) -> String {
        Self::key_of(&self.project, &self.name)
    }
}

impl Item for AnswerItem {
    const KIND: Kind = Kind::Answer;

    fn key(&self) -> String {
        self.key.to_string()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
