//! `Idempotency-Key`: a creation that is asked for twice happens once, and is answered twice the same.

use std::time::Duration;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::error;

use super::super::auth::Caller;
use super::super::{Code, Problem, State};
use crate::event::{Digest, Org, Timestamp};
use crate::seal::{self, Label};
use crate::store::catalog::{AnswerItem, Change, Expect, Items as _, Kept};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key, in bytes: clients send a UUID.
const LONGEST: usize = 255;

/// So long an answer is given again: longer than clients go on trying.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// By what a client names a creation; none when it does not.
pub(in crate::api) struct Once(Option<String>);

/// A creation with a key that is new.
pub(in crate::api) struct Asked(Option<Fresh>);

struct Fresh {
    key: Digest,
    request: Digest,
    /// On what was kept under the key, if its time is over.
    expect: Expect,
}

/// What was answered.
#[derive(Serialize, Deserialize)]
struct Answer {
    location: String,
    body: Value,
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(KEY) else { return Ok(Self(None)) };
        let text = value.to_str().ok().filter(|text| (1..=LONGEST).contains(&text.len()));
        let detail = format!("`Idempotency-Key` has 1 to {LONGEST} characters of ASCII");
        text.map(|text| Self(Some(text.to_owned()))).ok_or_else(|| Problem::new(Code::InvalidBody, detail))
    }
}

impl Once {
    /// The answer that an earlier request with the key had; or what it takes to keep the one of this request.
    pub(in crate::api) async fn ask(
        self,
        api: &State,
        org: &Org,
        caller: &Caller,
        request: &impl Serialize,
    ) -> Result<Result<Response, Asked>, Problem> {
        let Some(key) = self.0 else { return Ok(Err(Asked(None))) };
        let said = serde_json::to_string(request).unwrap_or_default();
        let request = Digest::of(said.as_bytes());
        // What others name so is something else.
        let key = Digest::of(format!("{}\n{key}", caller.actor).as_bytes());
        let kept = api.catalog.find::<AnswerItem>(org, &key.to_string()).await?;
        let Some(Kept { item, revision, .. }) = kept else {
            return Ok(Err(Asked(Some(Fresh { key, request, expect: Expect::Absent }))));
        };
        if item.expires_at <= api.clock.now() {
            return Ok(Err(Asked(Some(Fresh { key, request, expect: Expect::At(revision) }))));
        }
        if item.request != request {
            let detail = "this `Idempotency-Key` was used for something else: use another one";
            return Err(Problem::new(Code::IdempotencyMismatch, detail));
        }
        let sealed = STANDARD.decode(&item.sealed).unwrap_or_default();
        let name = item.key.to_string();
        let opened = api.registry.vault().open(label(org, &name), &sealed).await.map_err(|error| broken(&error))?;
        let answer: Result<Answer, _> = serde_json::from_slice(&opened);
        let Answer { location, body } = answer.map_err(|error| broken(&error))?;
        let mut response = (StatusCode::CREATED, Json(body)).into_response();
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(Ok(response))
    }
}

impl Asked {
    /// What keeps the answer, to be committed with what it tells of.
    pub(in crate::api) async fn keep(
        self,
        api: &State,
        org: &Org,
        location: &str,
        body: &impl Serialize,
    ) -> Result<Option<Change>, Problem> {
        let Some(Fresh { key, request, expect }) = self.0 else { return Ok(None) };
        let body = serde_json::to_value(body).map_err(|error| broken(&error))?;
        let answer = Answer { location: location.to_owned(), body };
        let plain = seal::Zeroizing::new(serde_json::to_vec(&answer).map_err(|error| broken(&error))?);
        let name = key.to_string();
        let sealed = api.registry.vault().seal(label(org, &name), &plain).await.map_err(|error| broken(&error))?;
        let expires_at = api.clock.now().checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        let item = AnswerItem { key, request, sealed: STANDARD.encode(sealed), expires_at };
        Ok(Some(Change::put(&item, expect)?))
    }
}

/// It is of no project, as no variable is.
fn label<'a>(org: &'a Org, name: &'a str) -> Label<'a> {
    Label { org, project: "", name, version: 1 }
}

fn broken(error: &dyn std::fmt::Display) -> Problem {
    error!(%error, "failed to keep or to find the answer to a request with an idempotency key");
    Problem::new(Code::StoreFailed, "the server's log says why")
}
