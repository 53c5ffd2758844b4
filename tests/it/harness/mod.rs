//! What the tests share: a real host on a free port, the program itself, raw sockets, handlers in WAT and in Rust.

pub mod guests;
pub mod host;
pub mod program;
pub mod raw;
pub mod wat;
