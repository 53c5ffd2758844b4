//! What the sender receives: 202 and the event's id, or the handler's response within its deadline.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::header::{CACHE_CONTROL, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use super::rejection;
use crate::dispatch::Ticket;
use crate::event::{self, Event, Fault, FaultKind, Outcome};

/// Names the event in every answer to a request that became one.
pub(super) const EVENT_ID: HeaderName = HeaderName::from_static("tenterhook-event-id");

/// The session whose response the sender waits for.
pub(super) struct Awaited {
    pub(super) ticket: Ticket,
    pub(super) trigger: Arc<str>,
    pub(super) timeout: Duration,
}

pub(super) async fn reply(event: &Event, awaited: Option<Awaited>) -> Response<Body> {
    let mut answer = match awaited {
        None => accepted(),
        Some(Awaited { ticket, trigger, timeout }) => match tokio::time::timeout(timeout, ticket.outcome()).await {
            Ok(outcome) => handled(outcome, &trigger, timeout),
            Err(_) => late(&trigger, timeout),
        },
    };
    let id = HeaderValue::try_from(event.id.to_string()).expect("an id is ASCII");
    answer.headers_mut().insert(EVENT_ID, id);
    answer
}

fn accepted() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::ACCEPTED;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

fn handled(outcome: Option<Outcome>, trigger: &str, timeout: Duration) -> Response<Body> {
    let failed = |what: &str| {
        let detail = format!("the handler of the trigger `{trigger}` {what}; its session has the details");
        rejection::problem(StatusCode::BAD_GATEWAY, "handler_failed", &detail)
    };
    match outcome {
        Some(Outcome::Answered(Some(response))) => {
            response_of(response).unwrap_or_else(|_| failed("gave a bad response"))
        }
        Some(Outcome::Answered(None)) => failed("gave no response"),
        Some(Outcome::Retry { .. }) => failed("asked to be called again later"),
        Some(Outcome::Rejected(_)) => failed("rejected the event"),
        Some(Outcome::Fault(Fault { kind: FaultKind::Timeout, .. })) => late(trigger, timeout),
        Some(Outcome::Fault(_)) => failed("failed"),
        None => failed("was stopped before it ended"),
    }
}

fn late(trigger: &str, timeout: Duration) -> Response<Body> {
    let detail = format!("the handler of the trigger `{trigger}` did not answer within {timeout:?}");
    rejection::problem(StatusCode::GATEWAY_TIMEOUT, "handler_late", &detail)
}

fn response_of(response: event::Response) -> http::Result<Response<Body>> {
    let mut answer = Response::builder().status(response.status);
    for (name, value) in response.headers {
        answer = answer.header(name, value);
    }
    answer.body(Body::from(response.body))
}
