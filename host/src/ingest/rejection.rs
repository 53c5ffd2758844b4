//! Why a request did not become an event, and how its sender hears of it.

use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::dispatch::Full;
use crate::quota::Allowance;
use crate::store;

/// The methods that become events, for a sender that used the one that does not.
const ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE";

/// What a problem's `type` begins with; the code follows.
const TYPE_PREFIX: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/host/docs/errors.md#");

/// A request that did not become an event: nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No active deployment listens on the slug.
    #[error("no webhook is deployed at this path")]
    NotFound,
    /// No deployment that is testing has the token that the request shows.
    #[error("no deployment is addressed by the token in `Tenterhook-Testing`")]
    NotAddressed,
    /// The body is over the limit, whether its length was declared or counted.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// The request's framing is broken.
    #[error("the request is malformed: {0}")]
    Malformed(String),
    /// The body made no progress in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// CONNECT is not an event.
    #[error("CONNECT is not a webhook's method")]
    Connect,
    /// An operator has suspended the org.
    #[error("this webhook's owner is suspended")]
    Suspended,
    /// The org has had as many events as it may for the moment.
    #[error("this webhook's owner takes no more events for the moment")]
    TooMany {
        /// When it takes the next one.
        retry_after: Duration,
        /// What is left.
        allowance: Allowance,
    },
    /// Too many sessions wait already: of the org, or of all.
    #[error("{}", match .0 {
        Full::Org => "too many sessions of this webhook's owner wait already",
        Full::Total => "too many sessions wait already",
    })]
    Backlogged(Full),
    /// The host is shutting down.
    #[error("the host is stopping")]
    Stopping,
    /// The event cannot be made durable now.
    #[error("the event cannot be accepted now: {0}")]
    Unavailable(String),
}

impl From<tokio::time::error::Elapsed> for Rejection {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Slow
    }
}

impl From<Full> for Rejection {
    fn from(full: Full) -> Self {
        Self::Backlogged(full)
    }
}

impl From<store::Error> for Rejection {
    fn from(error: store::Error) -> Self {
        tracing::error!(%error, "refusing an event that cannot be made durable");
        // The sender learns that it may come back, not what the store looks like inside.
        Self::Unavailable("the store is not available".to_owned())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response<Body> {
        let (status, code) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "webhook_not_found"),
            Self::NotAddressed => (StatusCode::FORBIDDEN, "testing_token_unknown"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "request_malformed"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::Connect => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Self::Suspended => (StatusCode::FORBIDDEN, "org_suspended"),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::Backlogged(Full::Org) => (StatusCode::TOO_MANY_REQUESTS, "org_backlog_full"),
            Self::Backlogged(Full::Total) => (StatusCode::TOO_MANY_REQUESTS, "backlog_full"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        let mut answer = problem(status, code, &self.to_string());
        let headers = answer.headers_mut();
        match self {
            // What is left of the body is not read, so the connection cannot be used again.
            Self::TooLarge { .. } | Self::Malformed(_) | Self::Slow => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            // Another node, or the next start, takes it on another connection.
            Self::Stopping => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::TooMany { retry_after, allowance } => {
                allowance.tell(headers);
                let seconds = u64::try_from(retry_after.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
            }
            Self::Backlogged(_) | Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Connect => {
                headers.insert(ALLOW, HeaderValue::from_static(ALLOWED));
            }
            Self::NotFound | Self::NotAddressed | Self::Suspended => {}
        }
        answer
    }
}

/// A problem of RFC 9457; `code` is explained in `host/docs/errors.md`.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response<Body> {
    let title = status.canonical_reason().unwrap_or_default();
    let kind = format!("{TYPE_PREFIX}{code}");
    let body = serde_json::json!({
        "type": kind, "title": title, "status": status.as_u16(), "detail": detail, "code": code,
    });
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    answer
}
