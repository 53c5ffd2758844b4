//! `GET /healthz`: whether webhooks are served. Outside the guard, since a load balancer asks from elsewhere.

use axum::Router;
use axum::routing::get;

/// The route. Mount it beside the webhooks, so that it answers from the moment that they do.
pub fn router() -> Router {
    Router::new().route("/healthz", get(|| async { "ok" }))
}
