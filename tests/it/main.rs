//! The integration tests: one binary, since each would link all of wasmtime.

mod harness;

mod http2;
mod payload;
mod plugins;
mod refusals;
mod sdk;
mod seed;
mod sync;
mod tidy;
mod up;
