//! The control plane: orgs and what they have.

pub(super) mod audit;
pub(super) mod deployments;
pub(super) mod endpoints;
pub(super) mod members;
pub(super) mod modules;
mod once;
pub(super) mod orgs;
pub(super) mod place;
pub(super) mod projects;
pub(super) mod standing;
pub(super) mod tokens;
mod usage;
pub(super) mod vars;
mod write;

pub(super) use once::{Asked, Once};
pub(super) use usage::{limits, owed};
pub(super) use write::{Body, IfMatch, Tagged, commit, listing};
