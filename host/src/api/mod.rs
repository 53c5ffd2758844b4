//! The JSON API under `/api/v1`: orgs, projects, modules and deployments; what was received, what became of it, what a filter would
//! say of it, and to drive sessions. `auth` says who may ask.
//!
//! Knows nothing of how events are received or handlers are run: it reads a [`History`] and tells a [`Control`].

mod auth;
mod body;
mod control;
mod events;
mod filter;
mod guard;
pub mod health;
mod lists;
pub mod openapi;
mod parameters;
mod plane;
mod problem;
mod redispatch;
mod routes;
mod sessions;
mod usage;
pub mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use auth::{Door, Tokens};
pub use control::{Control, Live};
pub(crate) use lists::moment;
pub(crate) use problem::MEDIA_TYPE as PROBLEM_MEDIA_TYPE;
pub use problem::{Code, Problem};
pub use routes::router;

use serde::Deserialize;

use crate::clock::Clock;
use crate::deploy::Registry;
use crate::oidc;
use crate::quota::Limits;
use crate::store::{Blobs, Catalog, History, Kv};
use crate::task::Tasks;

/// The path that every route of the API is below.
pub const PREFIX: &str = "/api/v1";

/// How many items a page has unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// How many items a page has at the most, so that no request holds thousands of payloads in memory.
pub const MAX_LIMIT: u32 = 200;

/// How the API is entered, beside the host's own tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// So many wrong tokens an address may show in a minute.
    pub wrong_tokens: u32,
    /// Whose word is taken on who somebody is.
    pub oidc: oidc::Config,
}

/// What the API answers from.
#[derive(Clone)]
pub struct State {
    /// Where events and sessions are read.
    pub history: Arc<dyn History>,
    /// Who may do what, and what is deployed.
    pub catalog: Arc<dyn Catalog>,
    /// What handlers keep.
    pub kv: Arc<dyn Kv>,
    /// Where modules are kept.
    pub blobs: Blobs,
    /// Through which everything is deployed.
    pub registry: Registry,
    /// What drives sessions.
    pub control: Arc<dyn Control>,
    /// How it is entered.
    pub door: Door,
    /// What an org may take of which no operator said anything.
    pub quotas: Limits,
    /// Where modules are compiled after they were uploaded.
    pub tasks: Tasks,
    /// By which `since=1h` is understood.
    pub clock: Clock,
}
