//! What the tests share: a real host on a free port, the program itself, raw sockets, handlers in WAT and in Rust.

pub(crate) mod guests;
pub(crate) mod host;
pub(crate) mod ledger;
pub(crate) mod peer;
pub(crate) mod program;
pub(crate) mod raw;
pub(crate) mod toolchains;
pub(crate) mod wat;
pub(crate) mod web;
