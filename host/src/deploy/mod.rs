//! What is deployed: from a project's files to the snapshot that requests are routed by.

mod check;
pub mod manifest;
mod project;
mod registry;
mod snapshot;

#[cfg(test)]
mod tests;

use serde::Deserialize;

pub use check::{Defaults, expressions as check_expressions, filter_warnings};
pub use project::{Project, ReadError};
pub use registry::{Applied, ApplyError, Registry};
pub use snapshot::{Current, Deployment, Endpoint, Snapshot};

/// What may be deployed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The largest module, in bytes.
    pub module_bytes: u64,
}
