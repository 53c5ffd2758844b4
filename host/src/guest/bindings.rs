//! The contract of `wit/`, as Rust types and traits.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "imports",
    with: { "tenterhook:webhook/types.event": super::imports::event::Handle },
});

pub(crate) use tenterhook::webhook::{log, types, vars};
