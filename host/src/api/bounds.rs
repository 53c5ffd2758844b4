//! What a request's path and query say, checked: ids, and the bounds of a page.

use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::{Code, Problem};
use crate::event::IdError;

/// How many items a page has unless `limit` says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// How many items a page has at the most, so that no request holds thousands of payloads in memory.
pub const MAX_LIMIT: u32 = 200;

/// The `{id}` of a path.
pub(super) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: FromStr<Err = IdError>> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_text = |rejection: PathRejection| Problem::new(Code::InvalidId, rejection.body_text());
        let Path(text): Path<String> = Path::from_request_parts(parts, state).await.map_err(not_text)?;
        text.parse().map(Self).map_err(|err: IdError| Problem::new(Code::InvalidId, err.to_string()))
    }
}

/// The `limit` and `before` of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bounds<T> {
    limit: u32,
    before: Option<T>,
}

impl<T: Copy> Bounds<T> {
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn before(&self) -> Option<T> {
        self.before
    }
}

impl<S: Send + Sync, T: FromStr<Err = IdError>> FromRequestParts<S> for Bounds<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let invalid = |detail| Problem::new(Code::InvalidQuery, detail);
        parse(parts.uri.query().unwrap_or_default()).map_err(invalid)
    }
}

fn parse<T: FromStr<Err = IdError>>(query: &str) -> Result<Bounds<T>, String> {
    let (mut limit, mut before) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let repeated = match &*name {
            "limit" => limit.replace(parse_limit(&value)?).is_some(),
            "before" => {
                let id = value.parse().map_err(|err: IdError| format!("`before`: {err}"))?;
                before.replace(id).is_some()
            }
            _ => return Err(format!("`{name}` is not a parameter of this route (`limit`, `before`)")),
        };
        if repeated {
            return Err(format!("`{name}` is given more than once"));
        }
    }
    Ok(Bounds { limit: limit.unwrap_or(DEFAULT_LIMIT), before })
}

fn parse_limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("`limit` is `{text}`; it must be a number from 1 to {MAX_LIMIT}"))
}
