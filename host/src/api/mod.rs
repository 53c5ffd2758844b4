//! The JSON API under `/api/v1`: what was received, what became of it, what a filter would say of it, and to drive sessions.
//! It answers to this machine alone.
//!
//! Knows nothing of how events are received or handlers are run: it reads a [`History`] and tells a [`Control`].

mod body;
mod control;
mod events;
mod filter;
mod guard;
pub mod health;
mod lists;
mod parameters;
mod problem;
mod redispatch;
mod sessions;
mod usage;
pub mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::routing::{any, get, post};
use axum::{Router, middleware};

pub use control::{Control, Live};
pub(crate) use lists::moment;
pub(crate) use problem::MEDIA_TYPE as PROBLEM_MEDIA_TYPE;
pub use problem::{Code, Problem};

use crate::clock::Clock;
use crate::event::Org;
use crate::store::History;

/// The path that every route of the API is below.
pub const PREFIX: &str = "/api/v1";

/// How many items a page has unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// How many items a page has at the most, so that no request holds thousands of payloads in memory.
pub const MAX_LIMIT: u32 = 200;

/// What the API answers from.
#[derive(Clone)]
pub struct State {
    /// Where events and sessions are read.
    pub history: Arc<dyn History>,
    /// Whose events and sessions: nothing of another org is ever found.
    pub org: Org,
    /// What drives sessions.
    pub control: Arc<dyn Control>,
    /// By which `since=1h` is understood.
    pub clock: Clock,
}

/// Everything at and below [`PREFIX`]. Every request must carry the peer's address as axum's
/// `ConnectInfo<SocketAddr>` extension; one without it is refused.
pub fn router(state: State) -> Router {
    let at = |path: &str| format!("{PREFIX}{path}");
    Router::new()
        .route(&at("/events"), get(events::list))
        .route(&at("/events/{id}"), get(events::show))
        .route(&at("/sessions"), get(sessions::list))
        .route(&at("/sessions/{id}"), get(sessions::show))
        .route(&at("/sessions/{id}/logs"), get(sessions::logs))
        .route(&at("/events/{id}/redispatch"), post(redispatch::redispatch))
        .route(&at("/sessions/retry"), post(control::retry_all))
        .route(&at("/sessions/{id}/retry"), post(control::retry))
        .route(&at("/sessions/{id}/cancel"), post(control::cancel))
        .route(&at("/usage"), get(usage::show))
        .route(&at("/filter/check"), post(filter::check))
        .route(&at("/filter/test"), post(filter::test))
        .method_not_allowed_fallback(problem::method_not_allowed)
        // Routes and no fallback, so that the router can be merged with one that has a fallback of its own.
        .route(&at(""), any(problem::unknown_route))
        .route(&at("/"), any(problem::unknown_route))
        .route(&at("/{*rest}"), any(problem::unknown_route))
        .layer(middleware::from_fn(guard::local_only))
        .with_state(state)
}
