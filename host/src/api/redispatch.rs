//! `POST /events/{id}/redispatch`.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, extract};

use super::auth::InOrg;
use super::body::Fields;
use super::parameters::{Id, Parameters};
use super::{Code, PREFIX, Problem, State, events, view};
use crate::event::EventId;
use crate::ingest::{Redispatch, RedispatchError};
use crate::store::catalog::Role;

/// What may be said of it.
const FIELDS: [&str; 3] = ["deployment", "trigger", "force"];

/// Where the new event is, and what it is.
type Made = (StatusCode, [(HeaderName, String); 1], Json<view::EventSummary>);

/// Dispatch an event again
///
/// Makes a new event. What keeps it from being accepted is answered as a sender would be.
#[utoipa::path(post, path = "/events/{id}/redispatch", tag = "events", request_body = view::Redispatch, responses((status = 201, body = view::EventSummary)))]
pub(super) async fn redispatch(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<EventId>,
    Fields(fields): Fields,
) -> Result<Made, Response> {
    asker.may(Role::Developer).map_err(Problem::into_response)?;
    let options = options(Parameters::of_object(fields, &FIELDS).map_err(Problem::into_response)?);
    let options = options.map_err(Problem::into_response)?;
    let record = events::find(&api, &asker.org, id).await.map_err(Problem::into_response)?;
    let made = api.control.redispatch(&asker.org, &record, &options).await;
    let event = made.map_err(refused)?.event;
    let new = events::find(&api, &asker.org, event).await.map_err(Problem::into_response)?;
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, format!("{PREFIX}/orgs/{}/events/{event}", asker.org))],
        Json(new.into()),
    ))
}

fn options(mut given: Parameters) -> Result<Redispatch, Problem> {
    Ok(Redispatch {
        deployment: given.take("deployment", str::parse)?,
        trigger: given.text("trigger"),
        force: given.take("force", str::parse::<bool>)?.unwrap_or(false),
    })
}

fn refused(error: RedispatchError) -> Response {
    let code = match error {
        RedispatchError::NotKept(_) => Code::PayloadNotKept,
        RedispatchError::NothingDeployed => Code::NothingDeployed,
        RedispatchError::UnknownDeployment(_) => Code::DeploymentNotFound,
        RedispatchError::BrokenDeployment { .. } => Code::DeploymentBroken,
        RedispatchError::NoListener { .. } => Code::NoListener,
        RedispatchError::UnknownTrigger { .. } => Code::TriggerNotFound,
        RedispatchError::NothingToForce => Code::InvalidBody,
        RedispatchError::Rejected(rejection) => return rejection.into_response(),
    };
    Problem::new(code, error.to_string()).into_response()
}
