//! What is answered to a sender whose delivery was accepted before: what the first one was told, or is about to be.

use std::time::Duration;

use axum::body::Body;
use http::header::HeaderName;
use http::{HeaderValue, Response, StatusCode};

use super::{Parts, Rejection, rejection, reply};
use crate::deploy::Endpoint;
use crate::event::{EventId, Org};
use crate::store::{self, Answer};

/// Says that the event in `Tenterhook-Event-Id` is of an earlier delivery.
const DUPLICATE: HeaderName = HeaderName::from_static("tenterhook-duplicate");

/// How soon an answer that is not there is looked for again: each time twice as long after, up to the latter. Most handlers
/// end within the first few, and few duplicates wait at once.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(250));

/// The first one's answer, once there is one. Who sent the first one may have gone, so this asks the store.
pub(super) async fn reply(
    intake: &Parts,
    org: &Org,
    first: EventId,
    patience: Duration,
) -> Result<Response<Body>, Rejection> {
    let told = tokio::select! {
        told = told(intake, org, first, patience) => told?,
        () = intake.tasks.stopping() => return Err(Rejection::Stopping),
    };
    let mut answer = match told {
        Answer::Accepted => reply::accepted(),
        Answer::Response(response) => reply::response_of(response).unwrap_or_else(|_| failed("gave a bad response")),
        Answer::Pending => late(patience),
        Answer::None => failed("failed; sent again, it is a new event"),
    };
    reply::name(&mut answer, first);
    answer.headers_mut().insert(DUPLICATE, HeaderValue::from_static("true"));
    Ok(answer)
}

/// How long a duplicate waits: as long as whoever sent the first one did.
pub(super) fn patience(endpoint: &Endpoint) -> Duration {
    let timeouts = endpoint.triggers().filter(|trigger| trigger.is_sync).map(|trigger| trigger.timeout);
    timeouts.max().unwrap_or_default()
}

async fn told(intake: &Parts, org: &Org, first: EventId, patience: Duration) -> store::Result<Answer> {
    let end = tokio::time::Instant::now() + patience;
    let (mut pause, longest) = PAUSES;
    loop {
        let answer = intake.history.answer(org, first).await?;
        if answer != Answer::Pending || tokio::time::Instant::now() >= end {
            return Ok(answer);
        }
        tokio::time::sleep_until((tokio::time::Instant::now() + pause).min(end)).await;
        pause = (pause * 2).min(longest);
    }
}

fn failed(what: &str) -> Response<Body> {
    let detail = format!("the handler of the event that was sent first {what}");
    rejection::problem(StatusCode::BAD_GATEWAY, "handler_failed", &detail)
}

fn late(patience: Duration) -> Response<Body> {
    let detail = format!("the handler of the event that was sent first did not answer within {patience:?}");
    rejection::problem(StatusCode::GATEWAY_TIMEOUT, "handler_late", &detail)
}
