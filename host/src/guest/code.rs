//! How machine code is made of components. The processes that compile have no settings, so none may have a say in it.

use wasmtime::WasmBacktraceDetails;

use super::component;

/// What a component needs of the engine that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Functions that return when they are done, as nearly all components have.
    Plain,
    /// `async` functions, streams and futures of the component model, or WASI 0.3, which is made of them. What they need
    /// costs every event some microseconds, so others have an engine without it.
    Concurrent,
}

impl Kind {
    /// How compiled code of this kind ends.
    const fn mark(self) -> u8 {
        match self {
            Self::Plain => b'p',
            Self::Concurrent => b'c',
        }
    }

    /// The kind of compiled code, by its last byte.
    pub(super) fn of(mark: u8) -> Option<Self> {
        [Self::Plain, Self::Concurrent].into_iter().find(|kind| kind.mark() == mark)
    }
}

/// What decides how code of a kind is made.
pub(super) fn config(kind: Kind) -> wasmtime::Config {
    let mut wasmtime = wasmtime::Config::new();
    wasmtime
        .wasm_component_model(true)
        .concurrency_support(kind == Kind::Concurrent)
        .epoch_interruption(true)
        .memory_init_cow(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // Registering unwind information makes dropping a module slower the more modules there are.
        .native_unwind_info(false);
    wasmtime
}

/// An engine that compiles, and runs nothing: nothing is reserved for it.
///
/// # Errors
/// The machine cannot have one.
pub(super) fn compiler(kind: Kind) -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(config(kind).allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand))
}

/// The machine code of a component, as engines of this program load it, and after it the mark of its kind.
///
/// # Errors
/// The bytes are no component that the host could run, in words.
pub(super) fn compile(component: &[u8]) -> Result<Vec<u8>, String> {
    let make = |kind| compiler(kind).and_then(|engine| engine.precompile_component(component));
    let plain = if component::imports_wasi_0_3(component) { None } else { make(Kind::Plain).ok() };
    let (made, kind) = match plain {
        Some(made) => (Ok(made), Kind::Plain),
        // What is wrong with it otherwise is wrong here too.
        None => (make(Kind::Concurrent), Kind::Concurrent),
    };
    let mut made = made.map_err(|error| format!("{error:#}"))?;
    made.push(kind.mark());
    Ok(made)
}
