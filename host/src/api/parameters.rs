//! What a request's path, query and body say, checked: nothing unknown, nothing twice, each value one that is allowed.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::{Code, Problem};
use crate::event::IdError;

/// The `{id}` of a path.
pub(super) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: FromStr<Err = IdError>> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Names(names) = Names::from_request_parts(parts, state).await?;
        let text = names.get("id").map(String::as_str).unwrap_or_default();
        text.parse().map(Self).map_err(|err: IdError| Problem::new(Code::InvalidId, err.to_string()))
    }
}

/// What a path says, by the names that its route gives.
#[derive(Debug)]
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// One of them; the route has it.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// One of them, as the id that it must be.
    pub(super) fn id<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T, Problem> {
        self.get(name).parse().map_err(|err: IdError| Problem::new(Code::InvalidId, err.to_string()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Names {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_text = |rejection: PathRejection| Problem::new(Code::InvalidId, rejection.body_text());
        let Path(names) = Path::from_request_parts(parts, state).await.map_err(not_text)?;
        Ok(Self(names))
    }
}

/// Names and their values, of a query or of a JSON object. Each is taken once.
#[derive(Debug)]
pub(super) struct Parameters {
    given: BTreeMap<String, String>,
    /// What it is a problem with, when it is one.
    code: Code,
}

impl Parameters {
    /// Those of a query, all of which must be among `known`.
    pub(super) fn of_query(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters = Self { given: BTreeMap::new(), code: Code::InvalidQuery };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            parameters.add(name.into_owned(), value.into_owned(), known)?;
        }
        Ok(parameters)
    }

    /// Those of a JSON object, all of which must be among `known`; null is as good as absent.
    pub(super) fn of_object(object: Map<String, Value>, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters = Self { given: BTreeMap::new(), code: Code::InvalidBody };
        for (name, value) in object {
            let value = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(is_so) => is_so.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(parameters.problem(format!("`{name}` must be a single value")));
                }
            };
            parameters.add(name, value, known)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, name: String, value: String, known: &[&str]) -> Result<(), Problem> {
        if !known.contains(&name.as_str()) {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "it has none".to_owned() } else { known };
            return Err(self.problem(format!("`{name}` is not a parameter of this route ({known})")));
        }
        if value.is_empty() {
            return Err(self.problem(format!("`{name}` is empty: give it a value, or leave it out")));
        }
        if self.given.insert(name.clone(), value).is_some() {
            return Err(self.problem(format!("`{name}` is given more than once")));
        }
        Ok(())
    }

    /// The value of `name` if it is given. `parse` says what is wrong with one that is not allowed.
    pub(super) fn take<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.given.remove(name) else { return Ok(None) };
        parse(&text).map(Some).map_err(|error| self.problem(format!("`{name}`: {error}")))
    }

    /// The value of `name` if it is given, whatever it is.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// A problem with these parameters.
    pub(super) fn problem(&self, detail: impl Into<String>) -> Problem {
        Problem::new(self.code, detail)
    }
}
