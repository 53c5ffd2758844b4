//! The body of an action: a JSON object, and nothing that a web page of another site could send.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::{Code, Problem};

/// The largest body, in bytes; an action has a few short fields.
const LIMIT: usize = 65_536;

/// The fields of a body. An empty one has none.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        // A page of another site may send a form or plain text without asking first, JSON only if it is allowed to.
        let invalid = |detail: String| Problem::new(Code::InvalidBody, detail);
        if !is_json(request.headers()) {
            let detail = "send a JSON object, with the header `Content-Type: application/json`";
            return Err(invalid(detail.to_owned()));
        }
        let body = to_bytes(request.into_body(), LIMIT).await;
        let body = body.map_err(|err| invalid(format!("the body has more than {LIMIT} bytes, or broke off: {err}")))?;
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(invalid("the body is not a JSON object".to_owned())),
            Err(err) => Err(invalid(format!("the body is not JSON: {err}"))),
        }
    }
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
