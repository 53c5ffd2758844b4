//! What somebody may do, and where.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody may do: each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks at everything but secrets.
    Viewer,
    /// Deploys, uploads, sets variables and secrets, drives sessions.
    Developer,
    /// Says who else may do what.
    Owner,
}

impl Role {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Viewer, Self::Developer, Self::Owner];
        let found = all.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no role (viewer, developer, owner)"))
    }
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Scope {
    /// Everything on this host.
    Operator,
    /// An org.
    Org {
        /// What its holder may do there.
        role: Role,
    },
    /// A project of an org, and nothing else there.
    Project {
        /// Which.
        project: String,
        /// What its holder may do there.
        role: Role,
    },
}
