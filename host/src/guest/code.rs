//! How machine code is made of components. The processes that compile have no settings, so none may have a say in it.

use wasmtime::WasmBacktraceDetails;

use super::component;
use super::runtime::CONCURRENT_INSTANCES;

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
    let instances = component::component_instances(component);
    if kind == Kind::Concurrent && instances > CONCURRENT_INSTANCES as u64 {
        return Err(format!(
            "it is made of {instances} instances of components, and one that has `async` functions or imports WASI 0.3 has at most \
             {CONCURRENT_INSTANCES}: join them to fewer, or build it for WASI 0.2"
        ));
    }
    made.push(kind.mark());
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that needs the second engine, with instances of one that has `inner` instances itself.
    fn of_instances(outer: usize, inner: usize) -> Vec<u8> {
        let inner = "(instance (instantiate $leaf))".repeat(inner);
        let outer = "(instance (instantiate $middle))".repeat(outer);
        let text = format!(
            r#"(component (import "wait" (func async)) (component $middle (component $leaf) {inner}) {outer})"#
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn a_concurrent_component_is_made_of_few_since_each_may_hold_a_stack() {
        assert_eq!(component::component_instances(&of_instances(3, 4)), 1 + 3 * (1 + 4));
        assert_eq!(compile(&of_instances(15, 0)).unwrap().last(), Some(&b'c'));
        assert_eq!(compile(&of_instances(3, 4)).unwrap().last(), Some(&b'c'));
        for (outer, inner) in [(16, 0), (4, 3), (1, 15)] {
            let refused = compile(&of_instances(outer, inner)).unwrap_err();
            assert!(refused.starts_with("it is made of 17 instances of components"), "{refused}");
        }
        // Each level makes ten of the one below it.
        let levels = (1..30).map(|level| {
            let below = level - 1;
            let ten = format!("(instance (instantiate $c{below}))").repeat(10);
            format!("(component $c{level} (alias outer 1 $c{below} (component $c{below})) {ten})")
        });
        let levels: String = levels.collect();
        let huge = wat::parse_str(format!("(component (component $c0) {levels})")).unwrap();
        assert_eq!(component::component_instances(&huge), u64::MAX);
    }
}
