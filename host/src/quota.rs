//! What an org may take: what an operator said of it, else the host's defaults; and how senders are told what is left of it. A function
//! of its arguments.

mod allowance;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::allowance::Allowance;
use crate::store::catalog::Quotas;

/// What an org may take of which no operator said anything, where no other section of the settings says it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Webhooks that are taken each second, in the long run; 0 for as many as come.
    pub events_per_second: u32,
    /// Webhooks that are taken at once after a pause.
    pub burst: u32,
    /// Modules.
    pub modules: u32,
    /// All modules together, in bytes.
    pub modules_bytes: u64,
    /// Time on processors in a minute, in seconds; 0 for as much as there is.
    pub cpu_seconds_per_minute: u32,
    /// What handlers keep in `kv`, in bytes.
    pub kv_bytes: u64,
}

/// What an org may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Webhooks that are taken each second, in the long run; null for as many as come.
    pub events_per_second: Option<u32>,
    /// Webhooks that are taken at once after a pause.
    pub burst: u32,
    /// Accepted sessions that may wait.
    pub backlog: u64,
    /// Sessions that run at once.
    pub sessions: u64,
    /// Modules.
    pub modules: u32,
    /// The largest module, in bytes.
    pub module_bytes: u64,
    /// All modules together, in bytes.
    pub modules_bytes: u64,
    /// What its events and logs may take, in bytes; null for as much as there is.
    pub stored_bytes: Option<u64>,
    /// The log of one session, in bytes.
    pub log_bytes: u64,
    /// Time on processors that its handlers may take in a minute, in seconds; null for as much as there is.
    pub cpu_seconds_per_minute: Option<u32>,
    /// The memory of one handler, in bytes, whatever its trigger's limit is.
    pub memory_bytes: u64,
    /// What handlers of all its projects keep in `kv` together, in bytes.
    pub kv_bytes: u64,
}

impl Limits {
    /// What an org may take of which an operator said `quotas`, where these are the host's defaults.
    #[must_use]
    pub fn with(self, quotas: &Quotas) -> Self {
        Self {
            events_per_second: quotas.events_per_second.or(self.events_per_second),
            burst: quotas.burst.unwrap_or(self.burst),
            backlog: quotas.backlog.map_or(self.backlog, u64::from),
            sessions: quotas.sessions.map_or(self.sessions, u64::from),
            modules: quotas.modules.unwrap_or(self.modules),
            module_bytes: quotas.module_bytes.unwrap_or(self.module_bytes),
            modules_bytes: quotas.modules_bytes.unwrap_or(self.modules_bytes),
            stored_bytes: quotas.stored_bytes.or(self.stored_bytes),
            log_bytes: quotas.log_bytes.unwrap_or(self.log_bytes),
            cpu_seconds_per_minute: quotas.cpu_seconds_per_minute.or(self.cpu_seconds_per_minute),
            memory_bytes: quotas.memory_bytes.unwrap_or(self.memory_bytes),
            kv_bytes: quotas.kv_bytes.unwrap_or(self.kv_bytes),
        }
    }
}
