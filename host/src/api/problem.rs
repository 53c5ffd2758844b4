//! Every error that the API answers with, as RFC 9457 has it. `host/docs/errors.md` explains each code.

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::error;

use super::view::ManifestMistake;
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
    /// The request shows no token that is good.
    Unauthenticated,
    /// Too many wrong tokens came from the address.
    TooManyAttempts,
    /// Who asks may not do this.
    Forbidden,
    /// There is no such org, or it is none of theirs who ask.
    OrgNotFound,
    /// An org has the name.
    OrgExists,
    /// The org has no such member.
    MemberNotFound,
    /// They are a member already.
    MemberExists,
    /// The org has no such token.
    TokenNotFound,
    /// The org has no such project.
    ProjectNotFound,
    /// The org has a project of the name.
    ProjectExists,
    /// The org has no such module.
    ModuleNotFound,
    /// A deployment that serves has the module.
    ModuleInUse,
    /// What was uploaded is no component that can be run.
    InvalidModule,
    /// The body has another digest than the path.
    DigestMismatch,
    /// The module is larger than the org's may be.
    ModuleTooLarge,
    /// The org has as much as it may.
    QuotaExceeded,
    /// The manifest or its modules have mistakes.
    InvalidManifest,
    /// The deployment cannot do that.
    NotPlaceable,
    /// The project has no such endpoint.
    EndpointNotFound,
    /// The project has no such variable.
    VarNotFound,
    /// It was changed since the client looked.
    PreconditionFailed,
    /// The key named something else before.
    IdempotencyMismatch,
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
    pub const ALL: [Self; 47] = [
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
        Self::Unauthenticated,
        Self::TooManyAttempts,
        Self::Forbidden,
        Self::OrgNotFound,
        Self::OrgExists,
        Self::MemberNotFound,
        Self::MemberExists,
        Self::TokenNotFound,
        Self::ProjectNotFound,
        Self::ProjectExists,
        Self::ModuleNotFound,
        Self::ModuleInUse,
        Self::InvalidModule,
        Self::DigestMismatch,
        Self::ModuleTooLarge,
        Self::QuotaExceeded,
        Self::InvalidManifest,
        Self::NotPlaceable,
        Self::EndpointNotFound,
        Self::VarNotFound,
        Self::PreconditionFailed,
        Self::IdempotencyMismatch,
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
            Self::Unauthenticated => "unauthenticated",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Forbidden => "forbidden",
            Self::OrgNotFound => "org_not_found",
            Self::OrgExists => "org_exists",
            Self::MemberNotFound => "member_not_found",
            Self::MemberExists => "member_exists",
            Self::TokenNotFound => "token_not_found",
            Self::ProjectNotFound => "project_not_found",
            Self::ProjectExists => "project_exists",
            Self::ModuleNotFound => "module_not_found",
            Self::ModuleInUse => "module_in_use",
            Self::InvalidModule => "invalid_module",
            Self::DigestMismatch => "digest_mismatch",
            Self::ModuleTooLarge => "module_too_large",
            Self::QuotaExceeded => "quota_exceeded",
            Self::InvalidManifest => "invalid_manifest",
            Self::NotPlaceable => "not_placeable",
            Self::EndpointNotFound => "endpoint_not_found",
            Self::VarNotFound => "var_not_found",
            Self::PreconditionFailed => "precondition_failed",
            Self::IdempotencyMismatch => "idempotency_mismatch",
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
            Self::InvalidFilter
            | Self::InvalidModule
            | Self::DigestMismatch
            | Self::InvalidManifest
            | Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::EventNotFound
            | Self::SessionNotFound
            | Self::DeploymentNotFound
            | Self::TriggerNotFound
            | Self::OrgNotFound
            | Self::MemberNotFound
            | Self::TokenNotFound
            | Self::ProjectNotFound
            | Self::ModuleNotFound
            | Self::EndpointNotFound
            | Self::VarNotFound
            | Self::UnknownRoute => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Forbidden | Self::NotLocal | Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::ModuleTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::NotRetryable
            | Self::PayloadNotKept
            | Self::SessionEnded
            | Self::NothingDeployed
            | Self::DeploymentBroken
            | Self::NoListener
            | Self::OrgExists
            | Self::MemberExists
            | Self::ProjectExists
            | Self::ModuleInUse
            | Self::QuotaExceeded
            | Self::NotPlaceable
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
            Self::Unauthenticated => "Who asks is not known",
            Self::TooManyAttempts => "Too many wrong tokens",
            Self::Forbidden => "Not allowed",
            Self::OrgNotFound => "No such org",
            Self::OrgExists => "The org is there already",
            Self::MemberNotFound => "No such member",
            Self::MemberExists => "The member is there already",
            Self::TokenNotFound => "No such token",
            Self::ProjectNotFound => "No such project",
            Self::ProjectExists => "The project is there already",
            Self::ModuleNotFound => "No such module",
            Self::ModuleInUse => "The module is in use",
            Self::InvalidModule => "The module cannot be run",
            Self::DigestMismatch => "Not the digest of the body",
            Self::ModuleTooLarge => "The module is too large",
            Self::QuotaExceeded => "A quota is used up",
            Self::InvalidManifest => "The manifest has mistakes",
            Self::NotPlaceable => "The deployment cannot be placed so",
            Self::EndpointNotFound => "No such endpoint",
            Self::VarNotFound => "No such variable",
            Self::PreconditionFailed => "Changed meanwhile",
            Self::IdempotencyMismatch => "The key named something else",
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
    /// Each mistake, where there may be several.
    pub errors: Vec<ManifestMistake>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// With the mistakes that there are.
    #[must_use]
    pub fn errors(mut self, errors: Vec<ManifestMistake>) -> Self {
        self.errors = errors;
        self
    }

    /// With the time that makes trying again worth while.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
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
        Self::new(code, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let mut body = json!({
            "type": format!("{TYPE_PREFIX}{}", self.code.as_str()),
            "title": self.code.title(),
            "status": status.as_u16(),
            "detail": self.detail,
            "code": self.code.as_str(),
        });
        if !self.errors.is_empty()
            && let Some(fields) = body.as_object_mut()
        {
            fields.insert("errors".to_owned(), json!(self.errors));
        }
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body.to_string()).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let soon = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::from_secs(1));
        if let Some(wait) = self.retry_after.or(soon) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
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
