//! All routes. One that is not here does not exist, and one that is here is described.

use axum::routing::any;
use axum::{Router, middleware};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::plane::{audit, deployments, endpoints, members, modules, orgs, place, projects, standing, tokens, vars};
use super::{PREFIX, State, auth, control, events, filter, openapi, problem, redispatch, sessions, usage};

/// What the document has beside its routes.
#[derive(OpenApi)]
#[openapi(components(schemas(
    crate::event::Digest,
    crate::event::DeploymentId,
    crate::event::EventId,
    crate::event::SessionId,
    super::view::ManifestMistake
)))]
struct Document;

/// Everything at and below [`PREFIX`]. Every request must carry the peer's address as axum's
/// `ConnectInfo<SocketAddr>` extension; one without it is refused.
pub fn router(state: State) -> Router {
    let (documented, _) = documented().split_for_parts();
    // Without an org in the path: the one that the caller is of.
    let (own, _) = history().split_for_parts();
    let at = |path: &str| format!("{PREFIX}{path}");
    documented
        .nest(PREFIX, own)
        .method_not_allowed_fallback(problem::method_not_allowed)
        // Routes and no fallback, so that the router can be merged with one that has a fallback of its own.
        .route(&at(""), any(problem::unknown_route))
        .route(&at("/"), any(problem::unknown_route))
        .route(&at("/{*rest}"), any(problem::unknown_route))
        // Of its own routes alone: what is at no route is another's to answer.
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::door))
        .with_state(state)
}

pub(super) fn documented() -> OpenApiRouter<State> {
    let host = OpenApiRouter::new()
        .routes(routes!(openapi::show))
        .routes(routes!(orgs::whoami))
        .routes(routes!(orgs::list, orgs::create))
        .routes(routes!(audit::list_of_host))
        .routes(routes!(tokens::list_of_host, tokens::create_of_host))
        .routes(routes!(tokens::show_of_host, tokens::revoke_of_host));
    let org = OpenApiRouter::new().merge(own()).merge(of_projects()).merge(history());
    let org_itself = OpenApiRouter::new().routes(routes!(orgs::show, orgs::change, standing::remove));
    OpenApiRouter::with_openapi(Document::openapi()).nest(PREFIX, host.merge(org_itself).nest("/orgs/{org}", org))
}

/// What an org has.
fn own() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(audit::list))
        .routes(routes!(standing::suspend))
        .routes(routes!(standing::resume))
        .routes(routes!(members::list, members::create))
        .routes(routes!(members::show, members::change, members::remove))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::show, tokens::revoke))
        .routes(routes!(modules::list))
        .routes(routes!(modules::show, modules::upload, modules::remove))
}

/// What a project has.
fn of_projects() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::remove))
        .routes(routes!(projects::stop))
        .routes(routes!(deployments::list, deployments::create))
        .routes(routes!(deployments::show))
        .routes(routes!(deployments::diff))
        .routes(routes!(place::place))
        .routes(routes!(place::rollback))
        .routes(routes!(endpoints::triggers))
        .routes(routes!(endpoints::list))
        .routes(routes!(endpoints::rotate))
        .routes(routes!(vars::list))
        .routes(routes!(vars::show, vars::set, vars::remove))
}

/// What happened.
fn history() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(events::list))
        .routes(routes!(events::show))
        .routes(routes!(redispatch::redispatch))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show))
        .routes(routes!(sessions::logs))
        .routes(routes!(control::retry_all))
        .routes(routes!(control::retry))
        .routes(routes!(control::cancel))
        .routes(routes!(usage::show))
        .routes(routes!(filter::check))
        .routes(routes!(filter::test))
}
