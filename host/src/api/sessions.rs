//! `GET /sessions`, `GET /sessions/{id}` and `GET /sessions/{id}/logs`.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::auth::InOrg;
use super::openapi::Sessions;
use super::parameters::{Id, Parameters};
use super::{Code, Problem, State, lists, view};
use crate::event::{LogEntry, Org, SessionId, SessionState};
use crate::store::{SessionQuery, SessionRecord};

/// List sessions
///
/// Newest first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(Sessions), responses((status = 200, body = view::Page<SessionRecord>)))]
pub(super) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Page<SessionRecord>>, Problem> {
    let query = lists::sessions(Parameters::of_query(query.as_deref(), &lists::SESSIONS)?, api.clock.now())?;
    let state = query.state;
    if state == Some(SessionState::Running) {
        return running(&api, &asker.org, query).await.map(Json);
    }
    let page = api.history.sessions(&asker.org, query).await?;
    let mut page: view::Page<SessionRecord> = page.into();
    page.items.iter_mut().for_each(|session| overlay(&api, session));
    // The store knows of no session that it runs.
    page.items.retain(|session| state.is_none_or(|state| session.state == state));
    Ok(Json(page))
}

/// The page of those that run, which are never more than there are slots.
async fn running(api: &State, org: &Org, query: SessionQuery) -> Result<view::Page<SessionRecord>, Problem> {
    let mut ids = api.control.running(org);
    ids.retain(|id| {
        query.before.is_none_or(|before| *id < before)
            && query.since.is_none_or(|since| *id >= SessionId::floor(since))
            && query.until.is_none_or(|until| *id < SessionId::floor(until))
    });
    ids.sort_unstable();
    let mut page = view::Page::<SessionRecord> { items: Vec::new(), next: None };
    for id in ids.into_iter().rev() {
        // One that nothing is kept of is not found, and one that has ended meanwhile does not run.
        let Some(mut session) = api.history.session(org, id).await? else { continue };
        overlay(api, &mut session);
        if session.state != SessionState::Running || !matches(&session, &query) {
            continue;
        }
        if page.items.len() == query.limit as usize {
            page.next = page.items.last().map(|last| last.id.to_string());
            break;
        }
        page.items.push(session);
    }
    Ok(page)
}

fn matches(session: &SessionRecord, query: &SessionQuery) -> bool {
    let trigger = query.trigger.as_ref().is_none_or(|trigger| *trigger == session.trigger);
    let event_type = query.event_type.as_ref().is_none_or(|kind| *kind == session.event_type);
    // What has not ended has no reason.
    trigger && event_type && query.error.is_none()
}

/// Show a session
#[utoipa::path(get, path = "/sessions/{id}", tag = "sessions", responses((status = 200, body = SessionRecord)))]
pub(super) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<SessionId>,
) -> Result<Json<SessionRecord>, Problem> {
    find(&api, &asker.org, id).await.map(Json)
}

/// One page, since a session's log has a bound of its own.
/// Show a session's log
///
/// Oldest first.
#[utoipa::path(get, path = "/sessions/{id}/logs", tag = "sessions", responses((status = 200, body = view::Page<LogEntry>)))]
pub(super) async fn logs(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<SessionId>,
) -> Result<Json<view::Page<LogEntry>>, Problem> {
    // A session without a log and a session that does not exist are different answers; the store gives one.
    find(&api, &asker.org, id).await?;
    let items = api.history.logs(&asker.org, id).await?;
    Ok(Json(view::Page { items, next: None }))
}

pub(super) async fn find(api: &State, org: &Org, id: SessionId) -> Result<SessionRecord, Problem> {
    let record = api.history.session(org, id).await?;
    let mut record = record.ok_or_else(|| not_found(id))?;
    overlay(api, &mut record);
    Ok(record)
}

pub(super) fn not_found(id: SessionId) -> Problem {
    Problem::new(Code::SessionNotFound, format!("there is no session `{id}`"))
}

/// What is owed may run just now: the store does not know, and the dispatcher does.
pub(super) fn overlay(api: &State, session: &mut SessionRecord) {
    if session.state == SessionState::Queued && api.control.is_running(session.id) {
        session.state = SessionState::Running;
        session.due_at = None;
    }
}
