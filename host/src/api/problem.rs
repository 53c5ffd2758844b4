//! Every error that the API answers with, as RFC 9457 has it. `host/docs/errors.md` explains each code.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::error;

use crate::store;

/// What a problem's `type` begins with; the code follows.
const TYPE_PREFIX: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/host/docs/errors.md#");

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A code that scripts may rely on; its text never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The path's id is not an id of that kind.
    InvalidId,
    /// A query parameter is unknown, repeated, or out of its range.
    InvalidQuery,
    /// The body is not the JSON that the route takes.
    InvalidBody,
    /// The expression does not compile.
    InvalidFilter,
    /// The org has no such event.
    EventNotFound,
    /// The org has no such session.
    SessionNotFound,
    /// The session is owed already, or it succeeded.
    NotRetryable,
    /// The event's payload is not there any more.
    PayloadNotKept,
    /// The session has ended: nothing is there to cancel.
    SessionEnded,
    /// The session is owed, and no server has taken it over yet.
    SessionElsewhere,
    /// The org has no deployment that serves.
    NothingDeployed,
    /// The org has no such deployment.
    DeploymentNotFound,
    /// The deployment does not load any more.
    DeploymentBroken,
    /// No trigger of the deployment listens on the endpoint.
    NoListener,
    /// The trigger does not listen on the endpoint.
    TriggerNotFound,
    /// No route has this path.
    UnknownRoute,
    /// The route exists, not for this method.
    MethodNotAllowed,
    /// The request does not come from this machine, or not straight from it.
    NotLocal,
    /// The request is for a host name that is not this machine's own.
    ForeignHost,
    /// A web page of another site asks.
    ForeignOrigin,
    /// What is stored contradicts the request.
    Conflict,
    /// Another node owns the work by now.
    LeaseLost,
    /// The store cannot do it now.
    StoreUnavailable,
    /// What is stored cannot be read.
    StoreCorrupt,
    /// The store failed otherwise.
    StoreFailed,
}

impl Code {
    /// All of them, in the order of `host/docs/errors.md`.
    pub const ALL: [Self; 25] = [
        Self::InvalidId,
        Self::InvalidQuery,
        Self::InvalidBody,
        Self::InvalidFilter,
        Self::EventNotFound,
        Self::SessionNotFound,
        Self::NotRetryable,
        Self::PayloadNotKept,
        Self::SessionEnded,
        Self::SessionElsewhere,
        Self::NothingDeployed,
        Self::DeploymentNotFound,
        Self::DeploymentBroken,
        Self::NoListener,
        Self::TriggerNotFound,
        Self::UnknownRoute,
        Self::MethodNotAllowed,
        Self::NotLocal,
        Self::ForeignHost,
        Self::ForeignOrigin,
        Self::Conflict,
        Self::LeaseLost,
        Self::StoreUnavailable,
        Self::StoreCorrupt,
        Self::StoreFailed,
    ];

    /// The text: `event_not_found`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidId => "invalid_id",
            Self::InvalidQuery => "invalid_query",
            Self::InvalidBody => "invalid_body",
            Self::InvalidFilter => "invalid_filter",
            Self::EventNotFound => "event_not_found",
            Self::SessionNotFound => "session_not_found",
            Self::NotRetryable => "not_retryable",
            Self::PayloadNotKept => "payload_not_kept",
            Self::SessionEnded => "session_ended",
            Self::SessionElsewhere => "session_elsewhere",
            Self::NothingDeployed => "nothing_deployed",
            Self::DeploymentNotFound => "deployment_not_found",
            Self::DeploymentBroken => "deployment_broken",
            Self::NoListener => "no_listener",
            Self::TriggerNotFound => "trigger_not_found",
            Self::UnknownRoute => "unknown_route",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotLocal => "not_local",
            Self::ForeignHost => "foreign_host",
            Self::ForeignOrigin => "foreign_origin",
            Self::Conflict => "conflict",
            Self::LeaseLost => "lease_lost",
            Self::StoreUnavailable => "store_unavailable",
            Self::StoreCorrupt => "store_corrupt",
            Self::StoreFailed => "store_failed",
        }
    }

    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidId | Self::InvalidQuery | Self::InvalidBody => StatusCode::BAD_REQUEST,
            Self::InvalidFilter => StatusCode::UNPROCESSABLE_ENTITY,
            Self::EventNotFound
            | Self::SessionNotFound
            | Self::DeploymentNotFound
            | Self::TriggerNotFound
            | Self::UnknownRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotLocal | Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NotRetryable
            | Self::PayloadNotKept
            | Self::SessionEnded
            | Self::NothingDeployed
            | Self::DeploymentBroken
            | Self::NoListener
            | Self::Conflict => StatusCode::CONFLICT,
            Self::SessionElsewhere | Self::LeaseLost | Self::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::StoreCorrupt | Self::StoreFailed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The same words for every problem with this code.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidId => "Invalid id",
            Self::InvalidQuery => "Invalid query parameter",
            Self::InvalidBody => "Invalid body",
            Self::InvalidFilter => "Invalid filter",
            Self::EventNotFound => "No such event",
            Self::SessionNotFound => "No such session",
            Self::NotRetryable => "The session cannot be retried",
            Self::PayloadNotKept => "The payload is not kept",
            Self::SessionEnded => "The session has ended",
            Self::SessionElsewhere => "The session is not taken over yet",
            Self::NothingDeployed => "Nothing is deployed",
            Self::DeploymentNotFound => "No such deployment",
            Self::DeploymentBroken => "The deployment cannot run",
            Self::NoListener => "No trigger listens",
            Self::TriggerNotFound => "No such trigger",
            Self::UnknownRoute => "No such route",
            Self::MethodNotAllowed => "Method not allowed",
            Self::NotLocal => "Only this machine may ask",
            Self::ForeignHost => "Not this machine's host name",
            Self::ForeignOrigin => "A page of another site may not ask",
            Self::Conflict => "Conflict",
            Self::LeaseLost => "Another node took over",
            Self::StoreUnavailable => "The store is unavailable",
            Self::StoreCorrupt => "The store is corrupt",
            Self::StoreFailed => "The store failed",
        }
    }
}

/// An answer that says what went wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which problem.
    pub code: Code,
    /// What happened this time, for people.
    pub detail: String,
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

impl From<store::Error> for Problem {
    fn from(err: store::Error) -> Self {
        let code = match err {
            store::Error::Conflict(_) => Code::Conflict,
            store::Error::LeaseLost => Code::LeaseLost,
            store::Error::Unavailable(_) => Code::StoreUnavailable,
            store::Error::Corrupt(_) => Code::StoreCorrupt,
            store::Error::Backend(_) => Code::StoreFailed,
        };
        let detail = match &err {
            // The caller can act on these words; the others are about the server's own files, for its log.
            store::Error::Conflict(reason) => reason.clone(),
            store::Error::LeaseLost | store::Error::Unavailable(_) => "try again in a moment".to_owned(),
            store::Error::Corrupt(_) | store::Error::Backend(_) => "the server's log says why".to_owned(),
        };
        if code.status().is_server_error() {
            error!(code = code.as_str(), error = %err, "failed to answer a request of the API");
        }
        Self { code, detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = json!({
            "type": format!("{TYPE_PREFIX}{}", self.code.as_str()),
            "title": self.code.title(),
            "status": status.as_u16(),
            "detail": self.detail,
            "code": self.code.as_str(),
        });
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body.to_string()).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

pub(super) async fn unknown_route(uri: Uri) -> Problem {
    Problem::new(Code::UnknownRoute, format!("no route has the path `{}`; host/docs/api.md lists them", uri.path()))
}

pub(super) async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(
        Code::MethodNotAllowed,
        format!("this route does not answer to {method}; the header `Allow` has those that it does"),
    )
}
