//! `POST /sessions/{id}/retry`, `POST /sessions/retry` and `POST /sessions/{id}/cancel`.

use async_trait::async_trait;
use axum::{Json, extract};
use futures_util::future::join_all;

use super::auth::InOrg;
use super::body::Fields;
use super::openapi::Nothing;
use super::parameters::{Id, Parameters};
use super::{Code, Problem, State, lists, sessions, view};
use crate::dispatch::{self, Cancelled, CpuUse};
use crate::event::{Org, SessionId, SessionState};
use crate::ingest::{Intake, Redispatch, RedispatchError, Redispatched};
use crate::store::catalog::Role;
use crate::store::{self, EventRecord, Redriven, SessionRecord};

/// What drives sessions and makes events, as the API needs it.
#[async_trait]
pub trait Control: Send + Sync {
    /// Whether the session's handler runs now.
    fn is_running(&self, session: SessionId) -> bool;
    /// The sessions of an org whose handlers run now, in no order.
    fn running(&self, org: &Org) -> Vec<SessionId>;
    /// What an org's handlers take of the processors.
    fn cpu(&self, org: &Org) -> CpuUse;
    /// Owes an ended session again, and runs it as soon as there is room.
    async fn redrive(&self, org: &Org, session: SessionId) -> store::Result<Redriven>;
    /// Ends a session that is owed; one that runs is stopped.
    async fn cancel(&self, org: &Org, session: SessionId) -> store::Result<Cancelled>;
    /// Makes a new event with the payload of one of the org's, and runs what it matches.
    async fn redispatch(
        &self,
        org: &Org,
        record: &EventRecord,
        options: &Redispatch,
    ) -> Result<Redispatched, RedispatchError>;
}

/// The host's own.
pub struct Live {
    /// Runs sessions.
    pub dispatch: dispatch::Handle,
    /// Takes events.
    pub intake: Intake,
}

#[async_trait]
impl Control for Live {
    fn is_running(&self, session: SessionId) -> bool {
        self.dispatch.is_running(session)
    }

    fn running(&self, org: &Org) -> Vec<SessionId> {
        self.dispatch.running(org)
    }

    fn cpu(&self, org: &Org) -> CpuUse {
        self.dispatch.cpu(org)
    }

    async fn redrive(&self, org: &Org, session: SessionId) -> store::Result<Redriven> {
        self.dispatch.redrive(org, session).await
    }

    async fn cancel(&self, org: &Org, session: SessionId) -> store::Result<Cancelled> {
        self.dispatch.cancel(org, session).await
    }

    async fn redispatch(
        &self,
        org: &Org,
        record: &EventRecord,
        options: &Redispatch,
    ) -> Result<Redispatched, RedispatchError> {
        self.intake.redispatch(org, record, options).await
    }
}

/// Retry a session
#[utoipa::path(post, path = "/sessions/{id}/retry", tag = "sessions", request_body = Nothing, responses((status = 200, body = SessionRecord)))]
pub(super) async fn retry(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<SessionId>,
    Fields(fields): Fields,
) -> Result<Json<SessionRecord>, Problem> {
    asker.may(Role::Developer)?;
    Parameters::of_object(fields, &[])?;
    match api.control.redrive(&asker.org, id).await? {
        Redriven::Owed(_) => sessions::find(&api, &asker.org, id).await.map(Json),
        Redriven::Unknown => Err(sessions::not_found(id)),
        Redriven::NotRedrivable(state) => Err(Problem::new(Code::NotRetryable, not_retryable(id, state))),
        Redriven::NotKept => {
            let detail =
                format!("the payload of the event of `{id}` is not kept, so its handler has nothing to handle");
            Err(Problem::new(Code::PayloadNotKept, detail))
        }
    }
}

fn not_retryable(id: SessionId, state: SessionState) -> String {
    let why = if state.is_final() { "nothing is left to do" } else { "its handler runs without that" };
    format!("`{id}` is {state}: {why}")
}

/// Retry sessions
///
/// A page of the sessions that a list would have, driven again together. It is for the client to ask for the next one, so that
/// no request takes long.
#[utoipa::path(post, path = "/sessions/retry", tag = "sessions", request_body = view::RetryAll, responses((status = 200, body = view::Retried)))]
pub(super) async fn retry_all(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Fields(fields): Fields,
) -> Result<Json<view::Retried>, Problem> {
    asker.may(Role::Developer)?;
    let mut query = lists::sessions(Parameters::of_object(fields, &lists::SESSIONS)?, api.clock.now())?;
    let state = *query.state.get_or_insert(SessionState::Dead);
    if !state.is_redrivable() {
        let detail = format!("`state`: sessions that are {state} cannot be retried (failed, dead, cancelled)");
        return Err(Problem::new(Code::InvalidBody, detail));
    }
    let before = query.before;
    let page = api.history.sessions(&asker.org, query).await?;
    // Together, so that they share their commits.
    let driven = join_all(page.records.iter().map(|record| api.control.redrive(&asker.org, record.id))).await;
    let mut retried = view::Retried { retried: 0, skipped: 0, not_kept: 0, next: page.next.map(|id| id.to_string()) };
    let mut failed = None;
    // Behind which session those that failed are found again.
    let mut behind = before;
    for (record, driven) in page.records.iter().zip(driven) {
        match driven {
            Ok(Redriven::Owed(_)) => retried.retried += 1,
            // Somebody else was faster, or its time of retention is over.
            Ok(Redriven::Unknown | Redriven::NotRedrivable(_)) => retried.skipped += 1,
            Ok(Redriven::NotKept) => retried.not_kept += 1,
            Err(error) => failed = failed.or(Some(error)),
        }
        if failed.is_none() {
            behind = Some(record.id);
        }
    }
    match (failed, behind) {
        (None, _) => Ok(Json(retried)),
        // There was room for some of them: the next call goes on with the others.
        (Some(_), Some(behind)) if retried.retried > 0 => {
            retried.next = Some(behind.to_string());
            Ok(Json(retried))
        }
        (Some(error), _) => Err(error.into()),
    }
}

/// Cancel a session
#[utoipa::path(post, path = "/sessions/{id}/cancel", tag = "sessions", request_body = Nothing, responses((status = 200, body = SessionRecord)))]
pub(super) async fn cancel(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    Id(id): Id<SessionId>,
    Fields(fields): Fields,
) -> Result<Json<SessionRecord>, Problem> {
    asker.may(Role::Developer)?;
    Parameters::of_object(fields, &[])?;
    let cancelled = api.control.cancel(&asker.org, id).await?;
    let session = sessions::find(&api, &asker.org, id).await?;
    match cancelled {
        Cancelled::Done => Ok(Json(session)),
        Cancelled::NotOwed => {
            let detail = format!("`{id}` is {}: there is nothing to cancel", session.state);
            Err(Problem::new(Code::SessionEnded, detail))
        }
        Cancelled::Elsewhere => {
            let detail = format!("this server has not taken over `{id}` yet: try again in a moment");
            Err(Problem::new(Code::SessionElsewhere, detail))
        }
    }
}
