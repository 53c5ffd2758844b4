//! `GET /events` and `GET /events/{id}`.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::auth::InOrg;
use super::openapi::Events;
use super::parameters::{Id, Parameters};
use super::{Code, Problem, State, lists, sessions, view};
use crate::event::{EventId, Org};
use crate::store::EventRecord;

/// List events
///
/// Newest first.
#[utoipa::path(get, path = "/events", tag = "events", params(Events), responses((status = 200, body = view::Page<view::EventSummary>)))]
pub(super) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Page<view::EventSummary>>, Problem> {
    let query = lists::events(Parameters::of_query(query.as_deref(), &lists::EVENTS)?, api.clock.now())?;
    let mut page = api.history.events(&asker.org, query).await?;
    page.records.iter_mut().for_each(|record| overlay(&api, record));
    Ok(Json(page.into()))
}

/// Show an event
#[utoipa::path(get, path = "/events/{id}", tag = "events", responses((status = 200, body = view::Event)))]
pub(super) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<EventId>,
) -> Result<Json<view::Event>, Problem> {
    Ok(Json(find(&api, &asker.org, id).await?.into()))
}

pub(super) async fn find(api: &State, org: &Org, id: EventId) -> Result<EventRecord, Problem> {
    let record = api.history.event(org, id).await?;
    let mut record = record.ok_or_else(|| Problem::new(Code::EventNotFound, format!("there is no event `{id}`")))?;
    overlay(api, &mut record);
    Ok(record)
}

fn overlay(api: &State, record: &mut EventRecord) {
    record.sessions.iter_mut().for_each(|session| sessions::overlay(api, session));
}
