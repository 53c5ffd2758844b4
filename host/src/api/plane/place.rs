//! What a deployment does from now on: `POST …/deployments/{deployment}/place` and `POST …/rollback`.

use std::collections::BTreeSet;

use axum::extract;

use super::super::auth::{Asker, InProject};
use super::super::body::Fields;
use super::super::openapi::Condition;
use super::super::parameters::{Names, Parameters};
use super::super::view::{Place, PlaceState, Placed};
use super::super::{Code, Problem, State};
use super::{Body, IfMatch, Tagged, deployments, endpoints, projects};
use crate::deploy;
use crate::store::catalog::Role;

/// Place a deployment
///
/// It serves from now on, or serves a part of the events, or what is addressed to it, or nothing. What it replaces finishes what it has.
/// `If-Match` has the project's `ETag`.
#[utoipa::path(post, path = "/projects/{project}/deployments/{deployment}/place", tag = "deployments", params(Condition),
    request_body = Place, responses((status = 200, body = Placed)))]
pub(in crate::api) async fn place(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
    condition: IfMatch,
    Body(Place { state, percent }): Body<Place>,
) -> Result<Tagged<Placed>, Problem> {
    asker.may(Role::Developer)?;
    let to = of(state, percent)?;
    let (id, by) = (path.id("deployment")?, asker.caller.by());
    let placed = api.registry.place(&asker.org, &project, id, to, condition.0, &by).await;
    answer(&api, &asker, &project, placed.map_err(deployments::refused)?).await
}

/// Roll back
///
/// What served before serves again. `If-Match` has the project's `ETag`.
#[utoipa::path(post, path = "/projects/{project}/rollback", tag = "deployments", params(Condition),
    request_body = super::super::openapi::Nothing, responses((status = 200, body = Placed)))]
pub(in crate::api) async fn rollback(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    condition: IfMatch,
    Fields(fields): Fields,
) -> Result<Tagged<Placed>, Problem> {
    asker.may(Role::Developer)?;
    Parameters::of_object(fields, &[])?;
    let by = asker.caller.by();
    let placed = api.registry.rollback(&asker.org, &project, condition.0, &by).await;
    answer(&api, &asker, &project, placed.map_err(deployments::refused)?).await
}

async fn answer(api: &State, asker: &Asker, project: &str, placed: deploy::Placed) -> Result<Tagged<Placed>, Problem> {
    let deploy::Placed { deployment: id, revision, testing_token } = placed;
    let item = projects::find(api, &asker.org, project).await?.item;
    let record = deployments::find(api, &asker.org, project, id).await?;
    let (triggers, warnings) = match api.registry.deployment(&asker.org, id).await {
        Ok(deployment) => {
            (endpoints::of(api, &asker.org, &deployment), deployments::warnings(api, &deployment, &record.manifest))
        }
        // It serves nothing, so that it does not load any more is no reason to refuse.
        Err(_) => (Vec::new(), Vec::new()),
    };
    let deployment = deployments::view(record, &item, &BTreeSet::new(), false);
    Ok(Tagged(revision, Placed { deployment, created: false, testing_token, triggers, warnings }))
}

/// What a deployment is asked to do.
pub(super) fn of(state: PlaceState, percent: Option<u8>) -> Result<deploy::Place, Problem> {
    let invalid = |detail: &str| Err(Problem::new(Code::InvalidBody, detail));
    match (state, percent) {
        (PlaceState::Active, None) => Ok(deploy::Place::Active),
        (PlaceState::Active, Some(percent @ 1..=100)) => Ok(deploy::Place::Canary(percent)),
        (_, Some(0 | 101..)) => invalid("`percent` is a number from 1 to 100"),
        (_, Some(_)) => invalid("`percent` goes with the state `active`"),
        (PlaceState::Testing, None) => Ok(deploy::Place::Testing),
        (PlaceState::Inactive, None) => Ok(deploy::Place::Inactive),
    }
}
