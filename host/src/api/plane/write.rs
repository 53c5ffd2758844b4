//! What all writes have in common: a JSON body, a condition, a commit with its line in the audit log.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, http};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::parameters::Parameters;
use super::super::{Code, DEFAULT_LIMIT, MAX_LIMIT, Problem, State, body, lists};
use crate::event::Org;
use crate::store::catalog::{AuditEntry, Change, Committed, Expect, Refusal, Revision, Why};

/// The largest body, in bytes: a manifest of 1 MiB, each byte of which JSON may write as two.
const LIMIT: usize = 2 << 20;

/// The JSON of a body.
pub(in crate::api) struct Body<T>(pub(in crate::api) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let invalid = |detail: String| Problem::new(Code::InvalidBody, detail);
        if !body::is_json(request.headers()) {
            let detail = "send a JSON object, with the header `Content-Type: application/json`";
            return Err(invalid(detail.to_owned()));
        }
        let bytes = to_bytes(request.into_body(), LIMIT).await;
        let bytes =
            bytes.map_err(|err| invalid(format!("the body has more than {LIMIT} bytes, or broke off: {err}")))?;
        // To serde a list is as good as an object whose fields it has in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(invalid("the body is not a JSON object".to_owned()));
        }
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Self).map_err(|err| invalid(format!("the body is not what this route takes: {err}")))
    }
}

/// On what condition something is written: `If-Match` has the `ETag` of the version that was looked at.
pub(in crate::api) struct IfMatch(pub(in crate::api) Expect);

impl IfMatch {
    /// The condition; `otherwise` when the request has none.
    pub(in crate::api) fn or(self, otherwise: Expect) -> Expect {
        if self.0 == Expect::Anything { otherwise } else { self.0 }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(Expect::Anything)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(Expect::Present));
        }
        let number = text.strip_prefix("\"r").and_then(|rest| rest.strip_suffix('"'));
        // What is no version of ours is not the one that is there.
        let revision = number.and_then(|number| number.parse().ok()).unwrap_or(Revision::MAX);
        Ok(Self(Expect::At(revision)))
    }
}

/// A single thing with its version.
pub(in crate::api) struct Tagged<T>(pub(in crate::api) Revision, pub(in crate::api) T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.1).into_response();
        let tag = HeaderValue::try_from(format!("\"r{}\"", self.0)).expect("a number is ASCII");
        response.headers_mut().insert(header::ETAG, tag);
        response
    }
}

impl<T: Serialize> Tagged<T> {
    /// As the answer to a creation.
    pub(in crate::api) fn created(self, location: String) -> Response {
        let mut response = self.into_response();
        *response.status_mut() = http::StatusCode::CREATED;
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// Makes an org's changes. `refused` says what a condition that does not hold means, unless it is a version's.
pub(in crate::api) async fn commit(
    api: &State,
    org: &Org,
    changes: Vec<Change>,
    told: AuditEntry,
    refused: impl FnOnce(Refusal) -> Problem,
) -> Result<Revision, Problem> {
    // It may have been deleted since it was looked at who asks: a body can take its time.
    if api.registry.deployed().load().is_org_leaving(org) {
        return Err(Problem::new(Code::OrgNotFound, format!("there is no org `{org}`")));
    }
    commit_new(api, org, changes, told, refused).await
}

/// As [`commit`], for an org that is not there yet.
pub(super) async fn commit_new(
    api: &State,
    org: &Org,
    changes: Vec<Change>,
    told: AuditEntry,
    refused: impl FnOnce(Refusal) -> Problem,
) -> Result<Revision, Problem> {
    match api.catalog.commit(org, changes, Some(told)).await? {
        Committed::Done(revision) => Ok(revision),
        Committed::Refused(Refusal { why: Why::Changed, .. }) => Err(changed()),
        Committed::Refused(refusal) => Err(refused(refusal)),
    }
}

pub(in crate::api) fn changed() -> Problem {
    let detail = "it was changed since: look at it again, and repeat the change with the new `ETag`";
    Problem::new(Code::PreconditionFailed, detail)
}

/// The `limit` and the `after` of a list in the order of its keys.
pub(in crate::api) fn listing(query: Option<&str>) -> Result<(u32, Option<String>), Problem> {
    let mut given = Parameters::of_query(query, &["limit", "after"])?;
    let limit = given.take("limit", lists::limit)?.unwrap_or(DEFAULT_LIMIT);
    debug_assert!(limit <= MAX_LIMIT, "`lists::limit` bounds it");
    Ok((limit, given.text("after")))
}
