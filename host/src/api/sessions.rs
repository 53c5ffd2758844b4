//! `GET /sessions`, `GET /sessions/{id}` and `GET /sessions/{id}/logs`.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::parameters::{Id, Parameters};
use super::{Code, Problem, State, lists, view};
use crate::event::{LogEntry, SessionId};
use crate::store::SessionRecord;

pub(super) async fn list(
    extract::State(api): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Page<SessionRecord>>, Problem> {
    let query = lists::sessions(Parameters::of_query(query.as_deref(), &lists::SESSIONS)?, api.clock.now())?;
    Ok(Json(api.history.sessions(&api.org, query).await?.into()))
}

pub(super) async fn show(
    extract::State(api): extract::State<State>,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionRecord>, Problem> {
    find(&api, id).await.map(Json)
}

/// One page, since a session's log has a bound of its own.
pub(super) async fn logs(
    extract::State(api): extract::State<State>,
    Id(id): Id<SessionId>,
) -> Result<Json<view::Page<LogEntry>>, Problem> {
    // A session without a log and a session that does not exist are different answers; the store gives one.
    find(&api, id).await?;
    let items = api.history.logs(&api.org, id).await?;
    Ok(Json(view::Page { items, next: None }))
}

async fn find(api: &State, id: SessionId) -> Result<SessionRecord, Problem> {
    let record = api.history.session(&api.org, id).await?;
    record.ok_or_else(|| Problem::new(Code::SessionNotFound, format!("there is no session `{id}`")))
}
