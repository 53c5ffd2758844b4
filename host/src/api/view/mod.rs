//! The shapes of the API, which scripts rely on: `host/docs/api.md` describes them. The client reads what the server writes.

mod deployed;
mod plane;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use deployed::*;
pub use plane::*;

use crate::event::{
    Attempt, EventId, EventType, Explanation, Keep, SessionId, SessionState, Timestamp, Verdict, VerdictKind,
};
use crate::store::{self, EventRecord, SessionRecord};
use crate::trigger::filter::{CompileError, Diagnostic, Filter};

/// A part of a list, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What there is.
    pub items: Vec<T>,
    /// The `before` that gives the next page; null when this is the last.
    pub next: Option<String>,
}

impl<R, Id: std::fmt::Display, T: From<R>> From<store::Page<R, Id>> for Page<T> {
    fn from(page: store::Page<R, Id>) -> Self {
        let next = page.next.map(|id| id.to_string());
        Self { items: page.records.into_iter().map(T::from).collect(), next }
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    /// In CEL.
    #[schema(min_length = 1)]
    pub expression: String,
}

/// An expression and the stored events that it is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFilter {
    /// In CEL.
    #[schema(min_length = 1)]
    pub expression: String,
    /// The one event to ask about; without the fields below.
    #[serde(default)]
    pub event: Option<EventId>,
    /// How many events at the most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Only what is older than this one: the `next` of an earlier answer.
    #[serde(default)]
    pub before: Option<EventId>,
    /// Received then or later: a time, or how long ago: `1h`.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub since: Option<String>,
    /// Received before then: a time, or how long ago.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub until: Option<String>,
    /// On this slug.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub endpoint: Option<String>,
    /// Of this type.
    #[serde(default, rename = "type")]
    #[schema(min_length = 1)]
    pub kind: Option<String>,
}

/// Which sessions are retried: as a list of them is narrowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryAll {
    /// How many at the most.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Only what is older than this one: the `next` of an earlier answer.
    #[serde(default)]
    pub before: Option<SessionId>,
    /// Created then or later: a time, or how long ago: `1h`.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub since: Option<String>,
    /// Created before then: a time, or how long ago.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub until: Option<String>,
    /// Of this trigger.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub trigger: Option<String>,
    /// In this state: `dead`, `failed` or `cancelled`.
    #[serde(default)]
    pub state: Option<SessionState>,
    /// Of events of this type.
    #[serde(default, rename = "type")]
    #[schema(min_length = 1)]
    pub kind: Option<String>,
    /// With this text in the reason of its end.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub error: Option<String>,
}

/// How an event is dispatched again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redispatch {
    /// Whose triggers are asked; those of what serves when it is left out.
    #[serde(default)]
    pub deployment: Option<crate::event::DeploymentId>,
    /// This trigger alone.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub trigger: Option<String>,
    /// Whether that trigger handles it whatever its event type and filter say.
    #[serde(default)]
    pub force: bool,
}

/// What became of a page of sessions that were to be retried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retried {
    /// So many are owed again.
    pub retried: u64,
    /// So many were in another state by then.
    pub skipped: u64,
    /// Of so many the event's payload is not kept.
    pub not_kept: u64,
    /// The `before` that gives the next page; null when this was the last.
    pub next: Option<String>,
}

/// An event in a list: without its payload, which may be large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventSummary {
    /// `evt_…`.
    pub id: EventId,
    /// The HTTP method in lower case.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The slug that received it.
    pub endpoint: String,
    /// When the request's last byte had been read; of a copy, when it was made.
    pub received_at: Timestamp,
    /// The event that this one copies, when it was dispatched again.
    pub redispatched_from: Option<EventId>,
    /// How much of it is there: all, or the metadata.
    #[serde(default)]
    pub kept: Keep,
    /// `data.method`.
    pub method: String,
    /// `data.raw_url`.
    pub raw_url: String,
    /// Each trigger's answer, in the manifest's order.
    pub verdicts: Vec<Verdict>,
    /// One for each trigger that matched.
    pub sessions: Vec<EventSession>,
}

/// An event with its payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// `evt_…`.
    pub id: EventId,
    /// The HTTP method in lower case.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The slug that received it.
    pub endpoint: String,
    /// When the request's last byte had been read; of a copy, when it was made.
    pub received_at: Timestamp,
    /// The event that this one copies, when it was dispatched again.
    pub redispatched_from: Option<EventId>,
    /// How much of it is there: all, or the metadata.
    #[serde(default)]
    pub kept: Keep,
    /// The payload, with `body.bytes` in base64.
    #[schema(value_type = Object)]
    pub data: Value,
    /// Each trigger's answer, in the manifest's order.
    pub verdicts: Vec<Verdict>,
    /// One for each trigger that matched.
    pub sessions: Vec<EventSession>,
}

/// A session as part of its event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventSession {
    /// `ses_…`.
    pub id: SessionId,
    /// The trigger that matched.
    pub trigger: String,
    /// Where it stands.
    pub state: SessionState,
    /// Why it did not succeed, in words.
    pub reason: Option<String>,
    /// Not before then its next attempt begins.
    pub due_at: Option<Timestamp>,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// What is wrong with an expression, or likely not what was meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The character of that line, from 1.
    pub column: usize,
    /// In words.
    pub message: String,
    /// The text that was probably meant in its place.
    pub suggestion: Option<String>,
}

/// Whether an expression compiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilterCheck {
    /// Whether it does.
    pub valid: bool,
    /// Why it does not.
    pub errors: Vec<Mistake>,
    /// What is likely not what was meant, when it does.
    pub warnings: Vec<Mistake>,
}

/// What a filter says of stored events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FilterTest {
    /// What is likely not what was meant.
    pub warnings: Vec<Mistake>,
    /// Newest first.
    pub items: Vec<TestedEvent>,
    /// The `before` that goes on; null when there is nothing left.
    pub next: Option<String>,
}

/// A stored event and what a filter says of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestedEvent {
    /// `evt_…`.
    pub id: EventId,
    /// The HTTP method in lower case.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The slug that received it.
    pub endpoint: String,
    /// When the request's last byte had been read.
    pub received_at: Timestamp,
    /// `data.method`.
    pub method: String,
    /// `data.raw_url`.
    pub raw_url: String,
    /// The answer; null when only the event's metadata is kept.
    pub verdict: Option<VerdictKind>,
    /// Why it failed, or cannot be given.
    pub detail: Option<String>,
    /// What it saw, when it does not match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

impl From<&Diagnostic> for Mistake {
    fn from(found: &Diagnostic) -> Self {
        let Diagnostic { line, column, message, suggestion, .. } = found.clone();
        Self { line, column, message, suggestion }
    }
}

impl From<&Result<Filter, CompileError>> for FilterCheck {
    fn from(compiled: &Result<Filter, CompileError>) -> Self {
        let mistakes = |found: &[Diagnostic]| found.iter().map(Mistake::from).collect();
        match compiled {
            Ok(filter) => Self { valid: true, errors: Vec::new(), warnings: mistakes(filter.warnings()) },
            Err(error) => Self { valid: false, errors: mistakes(error.diagnostics()), warnings: Vec::new() },
        }
    }
}

impl From<EventRecord> for EventSummary {
    fn from(record: EventRecord) -> Self {
        let event = record.event;
        Self {
            id: event.id,
            kind: event.kind.clone(),
            endpoint: event.endpoint.to_string(),
            received_at: event.received_at,
            redispatched_from: event.redispatched_from,
            kept: record.kept,
            method: event.data.method().to_owned(),
            raw_url: event.data.raw_url().to_owned(),
            verdicts: record.verdicts,
            sessions: record.sessions.into_iter().map(EventSession::from).collect(),
        }
    }
}

impl From<EventRecord> for Event {
    fn from(record: EventRecord) -> Self {
        let event = record.event;
        Self {
            id: event.id,
            kind: event.kind.clone(),
            endpoint: event.endpoint.to_string(),
            received_at: event.received_at,
            redispatched_from: event.redispatched_from,
            kept: record.kept,
            data: event.data.to_json(),
            verdicts: record.verdicts,
            sessions: record.sessions.into_iter().map(EventSession::from).collect(),
        }
    }
}

impl From<SessionRecord> for EventSession {
    fn from(record: SessionRecord) -> Self {
        let SessionRecord { id, trigger, state, reason, due_at, attempts, .. } = record;
        Self { id, trigger, state, reason, due_at, attempts }
    }
}
