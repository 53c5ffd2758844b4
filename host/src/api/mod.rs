//! The JSON API under `/api/v1`: what was received, what became of it. Read-only, and answers to this machine alone.
//!
//! Knows nothing of how events are received or handlers are run: it reads a [`History`].

mod bounds;
mod events;
mod guard;
pub mod health;
mod problem;
mod sessions;
pub mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};

pub use bounds::{DEFAULT_LIMIT, MAX_LIMIT};
pub(crate) use problem::MEDIA_TYPE as PROBLEM_MEDIA_TYPE;
pub use problem::{Code, Problem};

use crate::event::Org;
use crate::store::History;

/// The path that every route of the API is below.
pub const PREFIX: &str = "/api/v1";

/// What the API answers from.
#[derive(Clone)]
pub struct State {
    /// Where events and sessions are read.
    pub history: Arc<dyn History>,
    /// Whose events and sessions: nothing of another org is ever found.
    pub org: Org,
}

/// The routes of the API, at [`PREFIX`]. Every request must carry the peer's address as axum's
/// `ConnectInfo<SocketAddr>` extension; one without it is refused.
pub fn router(state: State) -> Router {
    let routes = Router::new()
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::show))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", get(sessions::show))
        .route("/sessions/{id}/logs", get(sessions::logs))
        .fallback(problem::unknown_route)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(middleware::from_fn(guard::local_only))
        .with_state(state);
    Router::new().nest(PREFIX, routes)
}
