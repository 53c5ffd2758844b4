//! What is deployed: from a project's files to the snapshot that requests are routed by.

mod apply;
mod check;
mod leave;
pub mod manifest;
mod place;
mod project;
mod registry;
mod route;
mod slugs;
mod sealed;
mod snapshot;
mod vars;

#[cfg(test)]
mod tests;

use serde::Deserialize;

pub use apply::{Applied, Deployed, Draft};
pub use check::{Defaults, expressions as check_expressions};
pub use place::{Misplaced, Place, Placed};
pub use project::{Project, ReadError};
pub use registry::{ApplyError, Naming, Parts, Registry};
pub use route::{Endpoint, Route};
pub use slugs::Rotated;
pub use snapshot::{Current, Deployment, Serving, Slug, Snapshot};
pub use vars::NewValue;

/// What may be deployed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The largest module, in bytes.
    pub module_bytes: u64,
}
