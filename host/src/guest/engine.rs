//! How sandboxes are made, as operators set it, and what makes them.

use std::time::Duration;

use serde::Deserialize;

use super::budget::Budget;
use super::lane::Lane;
use super::runtime::{self, Runtimes};
use super::{compile, kv, library};
use crate::egress;
use crate::trigger::Limits;

/// How sandboxes are made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// After so many milliseconds on a processor a guest lets others run.
    pub tick_ms: u64,
    /// So much of a memory, in bytes, is wiped in place rather than given back to the kernel.
    pub keep_resident: usize,
    /// Threads that run guests; 0 is one for each processor.
    pub threads: usize,
    /// Threads for guests that compute for longer than a tick; 0 is one for each processor.
    pub long_threads: usize,
    /// How many of those an org may have at once; 0 is half of the processors.
    pub long_threads_per_org: usize,
    /// Memory of all sandboxes together, in bytes; 0 is half of the machine's.
    pub memory_total: u64,
    /// Memory of an org's sandboxes together, in bytes; 0 is half of the total.
    pub memory_per_org: u64,
    /// Stack of WebAssembly code, in bytes.
    pub stack: usize,
    /// Components with `async` functions or WASI 0.3.
    pub concurrent: Concurrent,
    /// How modules are compiled.
    pub compile: compile::Config,
    /// How much of what is compiled is kept.
    pub modules: library::Config,
    /// What a handler may take whose trigger does not say.
    pub limits: Limits,
    /// The most that a trigger may allow its handler.
    pub ceilings: Limits,
    /// What handlers may keep between events.
    pub kv: kv::Config,
    /// Where their requests may go.
    pub outbound: egress::Config,
}

/// Components with `async` functions or WASI 0.3, which have an engine of their own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concurrent {
    /// Sandboxes of theirs that exist at once; 0 refuses such components.
    pub sandboxes: usize,
    /// An org's; 0 is a quarter of them.
    pub sandboxes_per_org: usize,
    /// Whether WASI 0.3 is offered.
    pub wasi_0_3: bool,
}

impl Config {
    pub(super) fn tick(&self) -> Duration {
        Duration::from_millis(self.tick_ms.max(1))
    }
}

/// The machine refuses what sandboxes need.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(String);

impl SetupError {
    pub(super) fn new(reason: String) -> Self {
        Self(reason)
    }

    pub(super) fn of(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Compiles components and makes sandboxes. Clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(super) runtimes: Runtimes,
    pub(super) ceilings: Limits,
    pub(super) tick: Duration,
    pub(super) stack: usize,
    pub(super) lane: Lane,
    pub(super) budget: Budget,
    /// Sandboxes of concurrent components.
    pub(super) places: Budget,
    /// What the stacks of one of those may take, in bytes.
    pub(super) stacks: u64,
}

impl Engine {
    /// Reserves address space for `sandboxes` that exist at once, and starts the tick, which ends with the engine.
    ///
    /// # Errors
    /// The operating system refuses the address space or the thread.
    pub fn new(config: &Config, sandboxes: usize) -> Result<Self, SetupError> {
        let runtimes = Runtimes::new(config, sandboxes)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if config.long_threads > 0 { config.long_threads } else { cores };
        let per_org = if config.long_threads_per_org > 0 { config.long_threads_per_org } else { cores.div_ceil(2) };
        let budget = Budget::of_memory(config.memory_total, config.memory_per_org);
        let places = config.concurrent.sandboxes.min(sandboxes);
        let places = Budget::of_places(places, config.concurrent.sandboxes_per_org);
        let lane = Lane::new(threads, per_org).map_err(|error| SetupError(error.to_string()))?;
        let (ceilings, tick, stack) = (config.ceilings, config.tick(), config.stack);
        let stacks = runtime::stack_bytes(config);
        Ok(Self { runtimes, ceilings, tick, stack, lane, budget, places, stacks })
    }
}
