//! Tenterhook: a self-hosted, multi-tenant webhook host whose handlers are sandboxed WebAssembly components.
//!
//! In reading order; a module uses only those above it. `host/docs/architecture.md` tells the story.

/// The JSON API.
pub mod api;
/// Puts the parts together.
pub mod app;
/// The command line.
pub mod cli;
/// The one caller of the system's clock.
pub mod clock;
/// Settings.
pub mod config;
/// What is deployed: manifests, modules, and the snapshot that requests are routed by.
pub mod deploy;
/// Runs what is owed.
pub mod dispatch;
/// The values that everything else speaks of.
pub mod event;
/// Runs handlers: a fresh sandbox for every event.
pub mod guest;
/// Receives webhooks.
pub mod ingest;
/// What the host tells those who run it.
pub mod observe;
/// Connections to requests.
pub mod server;
/// What is kept, as four traits written for their users.
pub mod store;
/// The one caller of `spawn`.
pub mod task;
/// Which handlers an event selects.
pub mod trigger;
