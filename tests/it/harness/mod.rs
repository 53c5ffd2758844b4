//! What the tests share: a real host on a free port, raw sockets, handlers in WAT.

pub mod wat;
pub mod host;
pub mod raw;
pub mod program;
