//! Tenterhook: a self-hosted, multi-tenant webhook host whose handlers are sandboxed WebAssembly components.
//!
//! In reading order; a module uses only those above it. `host/docs/architecture.md` tells the story.

// The values that everything else speaks of.
pub mod event;
// The one caller of the system's clock.
pub mod clock;
// Secrets that nobody can guess.
pub mod random;
// The one caller of `spawn`.
pub mod task;
// What the host tells those who run it.
pub mod observe;
// Where handlers' requests may go.
pub mod egress;
// Which handlers an event selects.
pub mod trigger;
// Certificates, and the one provider of cryptography.
pub mod tls;
// What is kept, as seven traits written for their users.
pub mod store;
// Secrets as they are kept: sealed.
pub mod seal;
// Who somebody is, by the word of an issuer of OpenID Connect.
pub mod oidc;
// Removes from the history what is too old or too much.
pub mod retention;
// Runs handlers: a fresh sandbox for every event.
pub mod guest;
// What is deployed: manifests, modules, and the snapshot that requests are routed by.
pub mod deploy;
// What an org may take.
pub mod quota;
// Runs what is owed.
pub mod dispatch;
// Removes what was deleted, little by little.
pub mod removal;
// Receives webhooks.
pub mod ingest;
// Connections to requests.
pub mod server;
// The JSON API.
pub mod api;
// Settings.
pub mod config;
// Puts the parts together.
pub mod app;
// The command line.
pub mod cli;
