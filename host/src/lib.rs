//! Tenterhook: a self-hosted, multi-tenant webhook host whose handlers are sandboxed WebAssembly components.
//!
//! In reading order; a module uses only those above it. `host/docs/architecture.md` tells the story.

/// The one caller of the system's clock.
pub mod clock;
/// Manifests, and what they deploy.
pub mod deploy;
/// The values that everything else speaks of.
pub mod event;
/// The one caller of `spawn`.
pub mod task;
/// What is kept.
pub mod store;
