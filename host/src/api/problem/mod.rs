//! Every error that the API answers with, as RFC 9457 has it. `host/docs/errors.md` explains each code.

mod code;

use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::error;

pub use code::Code;

use super::view::ManifestMistake;
use crate::quota::Allowance;
use crate::store;

/// What a problem's `type` begins with; the code follows.
const TYPE_PREFIX: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/host/docs/errors.md#");

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

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
    /// What is left of what who asks may do.
    pub allowance: Option<Box<Allowance>>,
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, allowance: None }
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

impl Problem {
    /// With what is left of what who asks may do.
    #[must_use]
    pub fn allowance(mut self, allowance: Allowance) -> Self {
        self.allowance = Some(Box::new(allowance));
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
        if let Some(allowance) = self.allowance {
            allowance.tell(headers);
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
