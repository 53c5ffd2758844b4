//! Tenterhook: a self-hosted, multi-tenant webhook host whose handlers are sandboxed WebAssembly components.
//!
//! In reading order; a module uses only those above it. `host/docs/architecture.md` tells the story.

/// The values that everything else speaks of.
pub mod event;
/// The one caller of the system's clock.
pub mod clock;
/// The one caller of `spawn`.
pub mod task;
/// Which handlers an event selects.
pub mod trigger;
/// What is kept.
pub mod store;
/// Manifests, and what they deploy.
pub mod deploy;
