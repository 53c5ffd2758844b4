//! `POST /filter/check` and `POST /filter/test`: whether an expression compiles, and what it says of stored events.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::{Json, extract};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::view::{FilterCheck, FilterTest, Mistake, TestedEvent};
use super::{Code, DEFAULT_LIMIT, MAX_LIMIT, Problem, State};
use crate::event::{Event, EventId, Timestamp};
use crate::store::{EventQuery, EventRecord};
use crate::trigger::filter::{Context, Filter, Judgement};

/// The largest body, in bytes. An expression has at most 4 KiB, each byte of which JSON may write as six.
const MAX_BODY: usize = 32 << 10;

/// How many events are read at once: each may have a body of half a MiB.
const AT_ONCE: u32 = 20;

/// After so long a request gives what it has, and where to go on. One more group of events may follow it.
const TIME: Duration = Duration::from_secs(2);

/// Each takes a processor for up to [`TIME`], and sends of webhooks must not wait for those who try filters.
static TURNS: Semaphore = Semaphore::const_new(1);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expression {
    expression: String,
}

/// What `POST /filter/test` asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// In CEL.
    pub expression: String,
    /// The one event to ask about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Only events that were received then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Only events that were received before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<EventId>,
    /// Only events of this slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// How many events at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

pub(super) async fn check(headers: HeaderMap, body: Body) -> Result<Json<FilterCheck>, Problem> {
    let Expression { expression } = read(&headers, body).await?;
    let checked = blocking(move || FilterCheck::from(&Filter::compile(&expression))).await?;
    Ok(Json(checked))
}

pub(super) async fn test(
    extract::State(api): extract::State<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<FilterTest>, Problem> {
    let question: Question = read(&headers, body).await?;
    let limit = limit(&question)?;
    let expression = question.expression.clone();
    let compiled = blocking(move || Filter::compile(&expression)).await?;
    let filter = compiled.map_err(|error| Problem::new(Code::InvalidFilter, error.to_string()))?;
    let warnings = filter.warnings().iter().map(Mistake::from).collect();
    if let Some(id) = question.event {
        let record = api.history.event(&api.org, id).await?;
        let record = record.ok_or_else(|| Problem::new(Code::EventNotFound, format!("there is no event `{id}`")))?;
        let (_, items) = judge(filter, vec![record]).await?;
        return Ok(Json(FilterTest { warnings, items, next: None }));
    }
    let _turn = TURNS.acquire().await.map_err(|_| failed())?;
    let (items, next) = scan(&api, filter, &question, limit).await?;
    Ok(Json(FilterTest { warnings, items, next: next.map(|id| id.to_string()) }))
}

/// Asks the filter about one group of events after the other, until there is enough, or it takes too long.
async fn scan(
    api: &State,
    mut filter: Filter,
    question: &Question,
    limit: u32,
) -> Result<(Vec<TestedEvent>, Option<EventId>), Problem> {
    let started = Instant::now();
    let mut query = EventQuery {
        before: question.before,
        since: question.since,
        endpoint: question.endpoint.clone(),
        ..EventQuery::default()
    };
    let mut items: Vec<TestedEvent> = Vec::new();
    loop {
        query.limit = AT_ONCE.min(limit - u32::try_from(items.len()).unwrap_or(limit));
        let page = api.history.events(&api.org, query.clone()).await?;
        let tested;
        (filter, tested) = judge(filter, page.records).await?;
        items.extend(tested);
        query.before = page.next;
        if page.next.is_none() || items.len() >= limit as usize || started.elapsed() >= TIME {
            return Ok((items, page.next));
        }
    }
}

/// What the filter says of each event, and the filter.
async fn judge(filter: Filter, records: Vec<EventRecord>) -> Result<(Filter, Vec<TestedEvent>), Problem> {
    blocking(move || {
        let tested = records.iter().map(|record| tested(&filter, &record.event)).collect();
        (filter, tested)
    })
    .await
}

fn tested(filter: &Filter, event: &Event) -> TestedEvent {
    let Judgement { kind: verdict, detail, explanation } = filter.judge(&Context::new(&event.kind, &event.data));
    TestedEvent {
        id: event.id,
        kind: event.kind.clone(),
        endpoint: event.endpoint.to_string(),
        received_at: event.received_at,
        method: event.data.method().to_owned(),
        raw_url: event.data.raw_url().to_owned(),
        verdict,
        detail,
        explanation,
    }
}

fn limit(question: &Question) -> Result<u32, Problem> {
    let invalid = |detail: String| Err(Problem::new(Code::InvalidBody, detail));
    let range = [question.since.is_some(), question.before.is_some(), question.endpoint.is_some()];
    if question.event.is_some() && (range.contains(&true) || question.limit.is_some()) {
        return invalid("`event` asks about one event: leave out `since`, `before`, `endpoint` and `limit`".to_owned());
    }
    match question.limit.unwrap_or(DEFAULT_LIMIT) {
        limit if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        limit => invalid(format!("`limit` is {limit}; it must be a number from 1 to {MAX_LIMIT}")),
    }
}

/// The body as JSON. It must say that it is, which no page of another site can have a browser do unasked.
async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let invalid = |detail: String| Problem::new(Code::InvalidBody, detail);
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let media_type = content_type.as_deref().and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(invalid("send JSON, with the header `Content-Type: application/json`".to_owned()));
    }
    let body: Bytes = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(invalid(format!("the body has more than {MAX_BODY} bytes")));
        }
        Err(error) => return Err(invalid(format!("the body did not arrive: {error}"))),
    };
    serde_json::from_slice(&body).map_err(|error| invalid(format!("the body is not what this route takes: {error}")))
}

/// Runs what takes a processor for long, apart from what serves webhooks.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "failed to try a filter");
        failed()
    })
}

fn failed() -> Problem {
    Problem::new(Code::StoreUnavailable, "try again in a moment")
}
