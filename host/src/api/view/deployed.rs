//! What is deployed: modules, deployments, triggers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{DeploymentId, Digest, Timestamp};
use crate::store::catalog::ModuleState;

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
