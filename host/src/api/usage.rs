//! `GET /usage`: how much is kept, and how much runs.

use axum::extract::RawQuery;
use axum::{Json, extract};

use super::parameters::Parameters;
use super::{Problem, State, view};

pub(super) async fn show(
    extract::State(api): extract::State<State>,
    RawQuery(query): RawQuery,
) -> Result<Json<view::Usage>, Problem> {
    Parameters::of_query(query.as_deref(), &[])?;
    let usage = api.history.usage(&api.org).await?;
    let running = u64::try_from(api.control.running(&api.org).len()).unwrap_or(u64::MAX);
    Ok(Json(view::Usage { events: usage.events, bytes: usage.bytes, running }))
}
