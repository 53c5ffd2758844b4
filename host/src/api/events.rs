//! `GET /events` and `GET /events/{id}`.

use axum::{Json, extract};

use super::bounds::{Bounds, Id};
use super::{Code, Problem, State, view};
use crate::event::EventId;
use crate::store::EventQuery;

pub(super) async fn list(
    extract::State(api): extract::State<State>,
    bounds: Bounds<EventId>,
) -> Result<Json<view::Page<view::EventSummary>>, Problem> {
    let query = EventQuery { before: bounds.before(), limit: bounds.limit(), ..EventQuery::default() };
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
