//! The integration tests: one binary, since each would link all of wasmtime.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and stands outside the host"
)]

mod harness;
#[path = "../fuzz/inputs/mod.rs"]
mod inputs;

mod backup;
mod concurrent;
mod control;
mod corpus;
mod deliveries;
mod described;
mod faults;
mod hostile;
mod http2;
mod kv;
mod languages;
mod oidc;
mod outbound;
mod payload;
mod placed;
mod plugins;
mod refusals;
mod removal;
mod reply;
mod sdk;
mod sdk_native;
mod secrets;
mod seed;
mod sync;
mod tenants;
mod tidy;
mod tls;
mod up;
mod upload;
