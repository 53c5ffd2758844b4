//! Who did what: the lines of an org's audit log.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{AuditId, Timestamp};

/// Who changes something, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who: `token tok_…`, `member ada@example.com`, `host`.
    pub actor: String,
    /// From where; none when it is the host itself.
    pub from: Option<IpAddr>,
}

impl By {
    /// The host itself.
    pub fn host() -> Self {
        Self { actor: "host".to_owned(), from: None }
    }

    /// The line that tells of what was done to `target`.
    pub fn did(&self, now: Timestamp, action: &str, target: impl Into<String>) -> AuditEntry {
        let (actor, from) = (self.actor.clone(), self.from);
        let (action, target, detail) = (action.to_owned(), target.into(), BTreeMap::new());
        AuditEntry { id: AuditId::new(now), at: now, actor, from, action, target, detail }
    }
}

impl AuditEntry {
    /// With something else that is worth knowing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

/// A line of an org's audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// `aud_…`.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From where.
    pub from: Option<IpAddr>,
    /// What: `token.create`.
    pub action: String,
    /// On what.
    pub target: String,
    /// What else is worth knowing. Never a secret.
    #[serde(default)]
    pub detail: BTreeMap<String, Value>,
}
