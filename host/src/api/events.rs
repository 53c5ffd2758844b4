//! `GET /events` and `GET /events/{id}`.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::parameters::{Id, Parameters};
use super::{Code, Problem, State, lists, view};
use crate::event::EventId;

pub(super) async fn list(
    extract::State(api): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Page<view::EventSummary>>, Problem> {
    let query = lists::events(Parameters::of_query(query.as_deref(), &lists::EVENTS)?, api.clock.now())?;
    Ok(Json(api.history.events(&api.org, query).await?.into()))
}

pub(super) async fn show(
    extract::State(api): extract::State<State>,
    Id(id): Id<EventId>,
) -> Result<Json<view::Event>, Problem> {
    let record = api.history.event(&api.org, id).await?;
    let record = record.ok_or_else(|| Problem::new(Code::EventNotFound, format!("there is no event `{id}`")))?;
    Ok(Json(record.into()))
}
