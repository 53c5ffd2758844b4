//! Runs handlers: a fresh sandbox for every event. Knows nothing of HTTP servers, storage of events or retries.

mod bindings;
mod budget;
mod code;
pub mod compile;
mod component;
mod engine;
mod fault;
mod grants;
mod imports;
mod invoke;
mod lane;
mod library;
mod meter;
mod module;
mod offer;
mod response;
mod runtime;
mod sandbox;
mod shelf;
mod threads;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroize as _;

pub use engine::{Concurrent, Config, Engine, SetupError};
pub use grants::{Grants, Services, Tenant};
pub use imports::{kv, outbound, reply};
pub use library::{Library, LoadError, Parts};
pub use module::Module;
pub use threads::Threads;

use crate::event::{Event, LogEntry, OutboundRequest, Outcome, SessionId, Timestamp, Used};
use crate::trigger::Limits;

/// One attempt of one session: what a sandbox is made for.
#[derive(Clone, Debug)]
pub struct Job {
    /// What is to be handled.
    pub event: Arc<Event>,
    /// The session, which the handler may use as an idempotency key.
    pub session: SessionId,
    /// 1 at the first attempt.
    pub attempt: u32,
    /// The name of the trigger that matched.
    pub trigger: Arc<str>,
    /// The name of the component's export: `on-http-get`.
    pub export: String,
    /// What the guest reads through `vars` and as its environment.
    pub vars: Arc<Vars>,
    /// How long the handler may take, host waits included.
    pub timeout: Duration,
    /// What it may take meanwhile.
    pub limits: Limits,
    /// The memory that a handler of its org may have, in bytes, which `limits` is within.
    pub memory_quota: u64,
    /// What else it may use.
    pub grants: Grants,
}

/// A project's variables and secrets, in the manifest's order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Vars(pub Vec<(String, String)>);

impl Drop for Vars {
    /// Wipes the values. Copies that handlers read are in their sandboxes, whose memory is wiped too.
    fn drop(&mut self) {
        self.0.iter_mut().for_each(|(_, value)| value.zeroize());
    }
}

impl std::fmt::Debug for Vars {
    /// Names only: some values are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What came of a [`Job`].
#[derive(Clone, Debug)]
pub struct Run {
    /// How it ended; none when it was stopped.
    pub outcome: Option<Outcome>,
    /// What the guest wrote, in order.
    pub logs: Vec<LogEntry>,
    /// When the sandbox was made.
    pub started_at: Timestamp,
    /// When the outcome was known.
    pub ended_at: Timestamp,
    /// The guest's time on a processor.
    pub cpu: Duration,
    /// The most linear memory that it held, in bytes.
    pub peak_memory: u64,
    /// What the guest asked of the host.
    pub used: Used,
    /// The requests that it made.
    pub requests: Vec<OutboundRequest>,
}
