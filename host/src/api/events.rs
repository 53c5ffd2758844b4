//! `GET /events` and `GET /events/{id}`.

use axum::{Json, extract};

use super::bounds::{Bounds, Id};
use super::{Code, Problem, State, view};
use crate::event::EventId;

pub(super) async fn list(
    extract::State(api): extract::State<State>,
    bounds: Bounds<EventId>,
) -> Result<Json<view::Page<view::EventSummary>>, Problem> {
    let records = api.history.events(&api.org, bounds.page()).await?;
    Ok(Json(bounds.cut(records, |record| record.event.id)))
}

pub(super) async fn show(
    extract::State(api): extract::State<State>,
    Id(id): Id<EventId>,
) -> Result<Json<view::Event>, Problem> {
    let record = api.history.event(&api.org, id).await?;
    let record = record.ok_or_else(|| Problem::new(Code::EventNotFound, format!("there is no event `{id}`")))?;
    Ok(Json(record.into()))
}
