//! The engines that run components, one of each kind: the memory that they reserve, what they are linked with, and the tick by
//! which a running guest is interrupted.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wasmtime::component::Linker;
use wasmtime::{InstanceAllocationStrategy, PoolingAllocationConfig};

use super::code::{self, Kind};
use super::engine::{Config, SetupError};
use super::imports::limiter::{MEMORIES, TABLES};
use super::imports::{self, State};

/// What the host's functions may need of a sandbox's stack, in bytes.
const HOST_STACK: usize = 3 << 19;

/// Instances of components and of core modules that a concurrent component is made of. A call that waits keeps a stack, at most one in each
/// instance of a component.
pub(super) const CONCURRENT_INSTANCES: usize = 16;

/// Stacks of a concurrent sandbox: one more for what runs beside those that wait, and one for the sandbox that is being made.
const CONCURRENT_STACKS: usize = CONCURRENT_INSTANCES + 2;

/// What of a stack the host's functions touch beside what the guest's own take, in bytes: 120 KiB were seen where nothing is optimised.
const HOST_TOUCHES: usize = 128 << 10;

/// So much of a stack, in bytes, is wiped in place when it is given back, and what was touched beyond it goes back to the kernel.
const STACK_RESIDENT: usize = 64 << 10;

/// One engine, and all that its guests may import.
pub(super) struct Runtime {
    pub(super) engine: wasmtime::Engine,
    pub(super) linker: Linker<State>,
    /// Whether WASI 0.3 is among what it is linked with.
    pub(super) wasi_0_3: bool,
}

/// The engines. Clones share them.
#[derive(Clone)]
pub(super) struct Runtimes(Arc<Inner>);

struct Inner {
    plain: Runtime,
    /// Made for the first component that needs it: most hosts have none.
    concurrent: OnceLock<Runtime>,
    gate: Mutex<()>,
    config: Config,
    sandboxes: usize,
}

/// Why there is no engine for a component.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missing {
    /// The operator wants none.
    #[error(
        "it has `async` functions or imports WASI 0.3, and this host runs no such components (guest.concurrent.sandboxes): \
         build it for WASI 0.2 (`wasm32-wasip2`), its handlers without `async`"
    )]
    Off,
    /// The machine refuses what it needs.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

impl Runtimes {
    /// Reserves address space for `sandboxes` that exist at once.
    pub(super) fn new(config: &Config, sandboxes: usize) -> Result<Self, SetupError> {
        let plain = Runtime::new(config, Kind::Plain, sandboxes)?;
        let (concurrent, gate, config) = (OnceLock::new(), Mutex::default(), config.clone());
        let inner = Arc::new(Inner { plain, concurrent, gate, config, sandboxes });
        tick(&inner)?;
        Ok(Self(inner))
    }

    /// The one for components of a kind.
    pub(super) fn of(&self, kind: Kind) -> Result<&Runtime, Missing> {
        let Inner { plain, concurrent, gate, config, sandboxes } = &*self.0;
        if kind == Kind::Plain {
            return Ok(plain);
        }
        let _gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = concurrent.get() {
            return Ok(runtime);
        }
        let sandboxes = config.concurrent.sandboxes.min(*sandboxes);
        if sandboxes == 0 {
            return Err(Missing::Off);
        }
        let made = Runtime::new(config, kind, sandboxes)?;
        Ok(concurrent.get_or_init(|| made))
    }
}

impl Runtime {
    fn new(config: &Config, kind: Kind, sandboxes: usize) -> Result<Self, SetupError> {
        let engine = wasmtime::Engine::new(&wasmtime_config(config, kind, sandboxes)).map_err(SetupError::of)?;
        let wasi_0_3 = kind == Kind::Concurrent && config.concurrent.wasi_0_3;
        let linker = imports::linker(&engine, wasi_0_3).map_err(SetupError::of)?;
        Ok(Self { engine, linker, wasi_0_3 })
    }
}

/// The memory that the stacks of a concurrent sandbox may take when its guest touches all that it can of each, in bytes.
pub(super) fn stack_bytes(config: &Config) -> u64 {
    (CONCURRENT_STACKS * (config.stack + HOST_TOUCHES)) as u64
}

/// Starts the tick of the engines, those that are made later too, which ends with them.
fn tick(engines: &Arc<Inner>) -> Result<(), SetupError> {
    let (engines, tick) = (Arc::downgrade(engines), engines.config.tick());
    let ticker = std::thread::Builder::new().name("guest-tick".to_owned());
    let ticker = ticker.spawn(move || {
        while let Some(engines) = engines.upgrade() {
            for runtime in std::iter::once(&engines.plain).chain(engines.concurrent.get()) {
                runtime.engine.increment_epoch();
            }
            drop(engines);
            std::thread::sleep(tick);
        }
    });
    ticker.map(drop).map_err(|error| SetupError::new(error.to_string()))
}

fn wasmtime_config(config: &Config, kind: Kind, sandboxes: usize) -> wasmtime::Config {
    let total = |each: usize| u32::try_from(sandboxes.saturating_mul(each)).unwrap_or(u32::MAX);
    let each = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let ceilings = &config.ceilings;
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let (instances, stacks) = match kind {
        Kind::Plain => (size(ceilings.instances), 1),
        Kind::Concurrent => (size(ceilings.instances).min(CONCURRENT_INSTANCES), CONCURRENT_STACKS),
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(total(1))
        .total_core_instances(total(instances))
        .total_memories(total(MEMORIES))
        .total_tables(total(TABLES))
        .total_stacks(total(stacks))
        .max_core_instances_per_component(each(instances))
        .max_memories_per_component(each(MEMORIES))
        .max_tables_per_component(each(TABLES))
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
        .async_stack_keep_resident(STACK_RESIDENT)
        // A slot that was used by the same module before is the cheapest one to use again.
        .max_unused_warm_slots(total(MEMORIES));
    let mut wasmtime = code::config(kind);
    wasmtime
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .max_wasm_stack(config.stack)
        // The host's own functions run on it too.
        .async_stack_size(config.stack + HOST_STACK)
        // A stack keeps what its guests touched, unless it is wiped. That takes microseconds: a plain sandbox has one, a concurrent one many.
        .async_stack_zeroing(kind == Kind::Concurrent);
    wasmtime
}
