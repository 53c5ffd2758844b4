//! `POST /filter/check` and `POST /filter/test`: whether an expression compiles, and what it says of stored events.

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::{Json, extract};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::auth::{Asker, InOrg};
use super::parameters::Parameters;
use super::view::{FilterCheck, FilterTest, Mistake, TestedEvent};
use super::{Code, Problem, State, lists, view};
use crate::event::{EventId, Keep, Org};
use crate::store::{self, EventQuery, EventRecord, History, Page};
use crate::trigger::filter::{CompileError, Context, Filter, Judgement};

/// The largest body, in bytes. An expression has at most 4 KiB, each byte of which JSON may write as six.
const MAX_BODY: usize = 64 << 10;

/// How many events are read at once: each may have a body of half a MiB.
const AT_ONCE: u32 = 20;

/// After so long a request gives what it has, and where to go on. One more group of events may follow it.
const TIME: Duration = Duration::from_secs(2);

/// Each takes a processor for up to [`TIME`], and senders of webhooks must not wait for those who try filters.
static TURNS: Semaphore = Semaphore::const_new(1);

/// Compiling takes a processor for up to 100 ms, and some MiB.
static COMPILING: Semaphore = Semaphore::const_new(1);

/// Check a filter
#[utoipa::path(post, path = "/filter/check", tag = "filters", request_body = view::Expression, responses((status = 200, body = FilterCheck)))]
pub(super) async fn check(_: Asker, headers: HeaderMap, body: Body) -> Result<Json<FilterCheck>, Problem> {
    let mut given = Parameters::of_object(read(&headers, body).await?, &["expression"])?;
    let expression = expression(&mut given)?;
    Ok(Json(FilterCheck::from(&compile(expression).await?)))
}

/// Try a filter on stored events
#[utoipa::path(post, path = "/filter/test", tag = "filters", request_body = view::TestFilter, responses((status = 200, body = FilterTest)))]
pub(super) async fn test(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<FilterTest>, Problem> {
    let object = read(&headers, body).await?;
    let about_one = object.get("event").is_some_and(|event| !event.is_null());
    let narrowed = if about_one { &["event"][..] } else { &lists::EVENTS[..] };
    let mut given = Parameters::of_object(object, &[&["expression"], narrowed].concat())?;
    let expression = expression(&mut given)?;
    let event: Option<EventId> = given.take("event", str::parse)?;
    let query = lists::events(given, api.clock.now())?;
    let filter = compile(expression).await?.map_err(|error| Problem::new(Code::InvalidFilter, error.to_string()))?;
    let warnings = filter.warnings().iter().map(Mistake::from).collect();
    let _turn = TURNS.acquire().await.map_err(|_| failed())?;
    let (items, next) = match event {
        Some(id) => {
            let record = api.history.event(&asker.org, id).await?;
            let record =
                record.ok_or_else(|| Problem::new(Code::EventNotFound, format!("there is no event `{id}`")))?;
            (judge(filter, vec![record]).await?.1, None)
        }
        None => scan(&api, &asker.org, filter, query).await?,
    };
    Ok(Json(FilterTest { warnings, items, next: next.map(|id| id.to_string()) }))
}

/// One after the other: whoever asks for many waits for them.
async fn compile(expression: String) -> Result<Result<Filter, CompileError>, Problem> {
    let _turn = COMPILING.acquire().await.map_err(|_| failed())?;
    blocking(move || Filter::compile(&expression)).await
}

/// What is asked about the events, in CEL.
fn expression(given: &mut Parameters) -> Result<String, Problem> {
    let expression = given.text("expression");
    expression
        .ok_or_else(|| given.problem("`expression` is missing: what is to be tried, such as `data.method == \"POST\"`"))
}

/// Asks the filter about one group of events after the other, until there is enough, or it takes too long.
async fn scan(
    api: &State,
    org: &Org,
    mut filter: Filter,
    query: EventQuery,
) -> Result<(Vec<TestedEvent>, Option<EventId>), Problem> {
    let started = Instant::now();
    let (mut items, mut left, mut before) = (Vec::new(), query.limit, query.before);
    loop {
        let group = EventQuery { before, limit: left.min(AT_ONCE), ..query.clone() };
        let Page { records, next } = events(api.history.as_ref(), org, group).await?;
        left = left.saturating_sub(u32::try_from(records.len()).unwrap_or(u32::MAX));
        let tested;
        (filter, tested) = judge(filter, records).await?;
        items.extend(tested);
        before = next;
        if next.is_none() || left == 0 || started.elapsed() >= TIME {
            return Ok((items, next));
        }
    }
}

/// The one place that reads events, for all that may be asked of them.
async fn events(history: &dyn History, org: &Org, query: EventQuery) -> store::Result<Page<EventRecord, EventId>> {
    history.events(org, query).await
}

/// What the filter says of each event, and the filter.
async fn judge(filter: Filter, records: Vec<EventRecord>) -> Result<(Filter, Vec<TestedEvent>), Problem> {
    blocking(move || {
        let tested = records.iter().map(|record| tested(&filter, record)).collect();
        (filter, tested)
    })
    .await
}

fn tested(filter: &Filter, record: &EventRecord) -> TestedEvent {
    let event = &record.event;
    // Of what was cut a filter would say something else.
    let judged = (record.kept == Keep::Full).then(|| filter.judge(&Context::new(&event.kind, &event.data)));
    let (verdict, detail, explanation) = match judged {
        Some(Judgement { kind, detail, explanation }) => (Some(kind), detail, explanation),
        None => (None, Some("only the event's metadata is kept".to_owned()), None),
    };
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

/// The body as JSON. It must say that it is, which no page of another site can have a browser do unasked.
async fn read(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Problem> {
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
    let fields: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|error| invalid(format!("the body is not a JSON object: {error}")))?;
    // `true` is an expression, and so is `"true"`: whoever leaves the quotes out meant something else.
    match fields.get("expression") {
        None | Some(Value::String(_) | Value::Null) => Ok(fields),
        Some(_) => Err(invalid("`expression` is text, in quotes".to_owned())),
    }
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
