//! What the sender receives: 202 and the event's id, or the handler's response within its deadline.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::rejection;
use crate::dispatch::{Ending, Heard, Ticket};
use crate::event::{self, Event, EventId, Fault, FaultKind, Outcome};
use crate::guest::reply::Started;
use crate::trigger::Trigger;

/// Names the event in every answer to a request that became one.
pub(super) const EVENT_ID: HeaderName = HeaderName::from_static("tenterhook-event-id");

/// The session whose response the sender waits for.
pub(super) struct Awaited {
    ticket: Ticket,
    trigger: Arc<str>,
    timeout: Duration,
    /// When a sender may come back to a handler that asks for it and does not say when.
    pause: Duration,
}

impl Awaited {
    pub(super) fn new(ticket: Ticket, trigger: &Trigger) -> Self {
        let pause = trigger.retry.backoff.initial;
        Self { ticket, trigger: trigger.name.clone(), timeout: trigger.timeout, pause }
    }
}

pub(super) async fn reply(event: &Event, awaited: Option<Awaited>) -> Response<Body> {
    let mut answer = match awaited {
        None => accepted(),
        Some(Awaited { ticket, trigger, timeout, pause }) => {
            match tokio::time::timeout(timeout, ticket.heard()).await {
                Ok(Heard::Started(started, ending)) => streamed(started, ending),
                Ok(Heard::Ended(outcome)) => handled(outcome, &trigger, timeout, pause),
                Err(_) => late(&trigger, timeout),
            }
        }
    };
    name(&mut answer, event.id);
    answer
}

/// Says which event it is about.
pub(super) fn name(answer: &mut Response<Body>, event: EventId) {
    let id = HeaderValue::try_from(event.to_string()).expect("an id is ASCII");
    answer.headers_mut().insert(EVENT_ID, id);
}

pub(super) fn accepted() -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::ACCEPTED;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

fn handled(outcome: Option<Outcome>, trigger: &str, timeout: Duration, pause: Duration) -> Response<Body> {
    let failed = |what: &str| {
        let detail = format!("the handler of the trigger `{trigger}` {what}; its session has the details");
        rejection::problem(StatusCode::BAD_GATEWAY, "handler_failed", &detail)
    };
    match outcome {
        Some(Outcome::Answered(Some(response))) => {
            response_of(response).unwrap_or_else(|_| failed("gave a bad response"))
        }
        Some(Outcome::Answered(None)) => failed("gave no response"),
        Some(Outcome::Retry { after, .. }) => again(trigger, after.unwrap_or(pause)),
        Some(Outcome::Rejected(_)) => failed("rejected the event"),
        Some(Outcome::Fault(Fault { kind: FaultKind::Timeout, .. })) => late(trigger, timeout),
        Some(Outcome::Fault(_)) => failed("failed"),
        None => failed("was stopped before it ended"),
    }
}

/// The handler's wish is the sender's to fulfil: `Retry-After` in whole seconds, and never sooner than it asked for.
fn again(trigger: &str, after: Duration) -> Response<Body> {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    let detail = format!("the handler of the trigger `{trigger}` asks for the event to be sent again later");
    let mut answer = rejection::problem(StatusCode::SERVICE_UNAVAILABLE, "handler_retry", &detail);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    answer
}

fn late(trigger: &str, timeout: Duration) -> Response<Body> {
    let detail = format!("the handler of the trigger `{trigger}` did not answer within {timeout:?}");
    rejection::problem(StatusCode::GATEWAY_TIMEOUT, "handler_late", &detail)
}

/// A response that goes on while its handler runs. It is cut off when the handler does not end well, so that its sender does not
/// take a part of it for the whole.
fn streamed(started: Started, ending: Ending) -> Response<Body> {
    let Started { status, headers, chunks } = started;
    let body = futures_util::stream::unfold((chunks, Some(ending)), |(mut chunks, mut ending)| async move {
        if let Some(chunk) = chunks.recv().await {
            return Some((Ok(chunk), (chunks, ending)));
        }
        match ending.take()?.outcome().await {
            Some(Outcome::Answered(_)) => None,
            Some(Outcome::Retry { .. } | Outcome::Rejected(_) | Outcome::Fault(_)) | None => {
                let cut = std::io::Error::other("the handler did not end well");
                Some((Err(cut), (chunks, ending)))
            }
        }
    });
    let response = event::Response { status, headers, body: Bytes::new() };
    let mut answer = response_of(response).expect("a head is checked before it is sent");
    *answer.body_mut() = Body::from_stream(body);
    answer
}

pub(super) fn response_of(response: event::Response) -> http::Result<Response<Body>> {
    let mut answer = Response::builder().status(response.status);
    for (name, value) in response.headers {
        answer = answer.header(name, value);
    }
    answer.body(Body::from(response.body))
}
