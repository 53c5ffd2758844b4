//! The one `wasmtime::Config`, and the tick by which a running guest is interrupted.

use std::time::Duration;

use serde::Deserialize;
use wasmtime::{InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

use super::Limits;
use super::imports::limiter::{INSTANCES, MEMORIES, TABLES};

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
    /// What one sandbox may take.
    pub limits: Limits,
}

/// The machine refuses what sandboxes need.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(String);

impl SetupError {
    pub(super) fn of(error: wasmtime::Error) -> Self {
        Self(format!("{error:#}"))
    }
}

/// Compiles components and makes sandboxes. Clones share it.
#[derive(Clone)]
pub struct Engine {
    pub(super) wasmtime: wasmtime::Engine,
    pub(super) limits: Limits,
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
        Ok(Self { wasmtime, limits: config.limits })
    }
}

fn wasmtime_config(config: &Config, sandboxes: usize) -> wasmtime::Config {
    let total = |each: usize| u32::try_from(sandboxes.saturating_mul(each)).unwrap_or(u32::MAX);
    let each = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(total(1))
        .total_core_instances(total(INSTANCES))
        .total_memories(total(MEMORIES))
        .total_tables(total(TABLES))
        .total_stacks(total(1))
        .max_core_instances_per_component(each(INSTANCES))
        .max_memories_per_component(each(MEMORIES))
        .max_tables_per_component(each(TABLES))
        .max_tables_per_module(4)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(config.limits.memory)
        .table_elements(config.limits.table_elements)
        // A page that was swapped out may escape the kernel's scan of resident pages and reach the next tenant, so
        // memory is wiped by writing to it.
        .pagemap_scan(wasmtime::Enabled::No)
        .linear_memory_keep_resident(config.keep_resident)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        // A slot that was used by the same module before is the cheapest one to use again.
        .max_unused_warm_slots(total(MEMORIES));
    let mut wasmtime = wasmtime::Config::new();
    wasmtime
        .wasm_component_model(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .memory_init_cow(true)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .async_stack_zeroing(false)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // Registering unwind information makes dropping a module slower the more modules there are.
        .native_unwind_info(false);
    wasmtime
}
