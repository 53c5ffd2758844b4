//! The one `wasmtime::Config`, and the tick by which a running guest is interrupted.

use std::time::Duration;

use serde::Deserialize;
use wasmtime::{InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use super::budget::Budget;
use super::imports::limiter::{MEMORIES, TABLES};
use super::lane::Lane;
use super::{compile, kv, library};
use crate::egress;
use crate::trigger::Limits;

/// What the host's functions may need of a sandbox's stack, in bytes.
const HOST_STACK: usize = 3 << 19;

/// What is said of components that need what engines of this host do not have.
const ASYNC: &str = "; `async` functions and WASI 0.3 do not run here: build it for WASI 0.2 (`wasm32-wasip2`), its handlers without `async`";

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
    pub(super) wasmtime: wasmtime::Engine,
    pub(super) ceilings: Limits,
    pub(super) tick: Duration,
    pub(super) stack: usize,
    pub(super) lane: Lane,
    pub(super) budget: Budget,
}

impl Engine {
    /// Reserves address space for `sandboxes` that exist at once, and starts the tick, which ends with the engine.
    ///
    /// # Errors
    /// The operating system refuses the address space or the thread.
    pub fn new(config: &Config, sandboxes: usize) -> Result<Self, SetupError> {
        let wasmtime = wasmtime::Engine::new(&wasmtime_config(config, sandboxes)).map_err(SetupError::of)?;
        let weak = wasmtime.weak();
        let tick = Duration::from_millis(config.tick_ms.max(1));
        let ticker = std::thread::Builder::new().name("guest-tick".to_owned());
        let ticker = ticker.spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(tick);
            }
        });
        ticker.map_err(|error| SetupError(error.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if config.long_threads > 0 { config.long_threads } else { cores };
        let per_org = if config.long_threads_per_org > 0 { config.long_threads_per_org } else { cores.div_ceil(2) };
        let budget = Budget::new(config.memory_total, config.memory_per_org);
        let lane = Lane::new(threads, per_org).map_err(|error| SetupError(error.to_string()))?;
        Ok(Self { wasmtime, ceilings: config.ceilings, tick, stack: config.stack, lane, budget })
    }
}

fn wasmtime_config(config: &Config, sandboxes: usize) -> wasmtime::Config {
    let total = |each: usize| u32::try_from(sandboxes.saturating_mul(each)).unwrap_or(u32::MAX);
    let each = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let ceilings = &config.ceilings;
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(total(1))
        .total_core_instances(total(size(ceilings.instances)))
        .total_memories(total(MEMORIES))
        .total_tables(total(TABLES))
        .total_stacks(total(1))
        .max_core_instances_per_component(each(ceilings.instances))
        .max_memories_per_component(each(MEMORIES as u64))
        .max_tables_per_component(each(TABLES as u64))
        .max_tables_per_module(4)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(size(ceilings.memory))
        .table_elements(size(ceilings.table_elements))
        // A page that was swapped out may escape the kernel's scan of resident pages and reach the next tenant, so
        // memory is wiped by writing to it.
        .pagemap_scan(wasmtime::Enabled::No)
        .linear_memory_keep_resident(config.keep_resident)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        // A slot that was used by the same module before is the cheapest one to use again.
        .max_unused_warm_slots(total(MEMORIES));
    let mut wasmtime = code_config();
    wasmtime
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .max_wasm_stack(config.stack)
        // The host's own functions run on it too.
        .async_stack_size(config.stack + HOST_STACK)
        .async_stack_zeroing(false);
    wasmtime
}

/// What decides how code is made. The processes that compile have no settings, so none may have a say in it.
pub(super) fn code_config() -> wasmtime::Config {
    let mut wasmtime = wasmtime::Config::new();
    wasmtime
        .wasm_component_model(true)
        // A store that could run several tasks at once costs every event some microseconds.
        .concurrency_support(false)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // Registering unwind information makes dropping a module slower the more modules there are.
        .native_unwind_info(false);
    wasmtime
}

/// The machine code of a component, as [`Engine`]s of this program load it.
///
/// # Errors
/// The bytes are no component that the host could run, in words.
pub(super) fn compile(component: &[u8]) -> Result<Vec<u8>, String> {
    let mut config = code_config();
    // Nothing is run here, so nothing is reserved for it.
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    let engine = wasmtime::Engine::new(&config).map_err(|error| format!("{error:#}"))?;
    engine.precompile_component(component).map_err(|error| {
        let reason = format!("{error:#}");
        // Composing such a component is easy, and the engine's word for it is a switch that is not the tenant's.
        let hint = if reason.contains("component model async") { ASYNC } else { "" };
        format!("{reason}{hint}")
    })
}
