//! The contract of `wit/`, as Rust types and traits.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "imports",
    imports: {
        "tenterhook:webhook/kv.get": async,
        "tenterhook:webhook/kv.set": async,
        "tenterhook:webhook/kv.delete": async,
        "tenterhook:webhook/kv.add": async,
        "tenterhook:webhook/kv.compare-and-swap": async,
        "tenterhook:webhook/kv.list": async,
        "tenterhook:webhook/reply.write": async,
    },
    with: { "tenterhook:webhook/types.event": super::imports::event::Handle },
});

pub(crate) use tenterhook::webhook::{kv, log, reply, types, vars};
