//! Rows as records. What a column holds that was never written there is [`Error::Corrupt`].

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::event::{Data, Event, EventType, Keep, Org, Raw, SessionState, Timestamp, Verdict};
use crate::store::{DeploymentRecord, Error, Result, SessionRecord};

/// An event as its row has it.
pub(super) struct KeptEvent {
    pub(super) event: Arc<Event>,
    /// How much of it is to stay.
    pub(super) keep: Keep,
    /// How much of it is there.
    pub(super) kept: Keep,
    pub(super) verdicts: Vec<Verdict>,
    /// Its part of its org's usage.
    pub(super) bytes: u64,
}

/// A row of `events`.
pub(super) fn event(org: &Org, row: &Row<'_>) -> Result<KeptEvent> {
    let raw = Raw {
        method: row.get("method")?,
        url: row.get("url")?,
        headers: json(row, "headers")?,
        trailers: json(row, "trailers")?,
        body: row.get::<_, Option<Vec<u8>>>("body")?.map(Bytes::from),
    };
    let redispatched_from: Option<String> = row.get("redispatched_from")?;
    let redispatched_from = redispatched_from.map(|first| first.parse()).transpose();
    let event = Event {
        id: parsed(row, "id")?,
        org: Arc::clone(org),
        endpoint: row.get("endpoint")?,
        received_at: timestamp(row, "received")?,
        kind: EventType::of(&raw.method),
        data: Arc::new(Data::new(raw)),
        redispatched_from: redispatched_from.map_err(|err| corrupt("redispatched_from", &err))?,
    };
    Ok(KeptEvent {
        event: Arc::new(event),
        keep: parsed(row, "keep")?,
        kept: parsed(row, "kept")?,
        verdicts: json(row, "verdicts")?,
        bytes: row.get("bytes")?,
    })
}

/// A row of `deliveries` as people see it.
pub(super) fn owed(row: &Row<'_>) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: parsed(row, "session")?,
        event: parsed(row, "event")?,
        event_type: EventType::of(text(row, "method")?),
        trigger: row.get("trigger")?,
        deployment: parsed(row, "deployment")?,
        state: SessionState::Queued,
        reason: None,
        created_at: timestamp(row, "created")?,
        ended_at: None,
        due_at: Some(timestamp(row, "due")?),
        attempts: json(row, "attempts")?,
    })
}

/// A row of `sessions`.
pub(super) fn ended(row: &Row<'_>) -> Result<SessionRecord> {
    Ok(SessionRecord {
        id: parsed(row, "id")?,
        event: parsed(row, "event")?,
        event_type: EventType::of(text(row, "method")?),
        trigger: row.get("trigger")?,
        deployment: parsed(row, "deployment")?,
        state: parsed(row, "state")?,
        reason: row.get("reason")?,
        created_at: timestamp(row, "created")?,
        ended_at: Some(timestamp(row, "ended")?),
        due_at: None,
        attempts: json(row, "attempts")?,
    })
}

/// A deployment.
pub(super) fn deployment(row: &Row<'_>) -> Result<DeploymentRecord> {
    Ok(DeploymentRecord {
        id: parsed(row, "id")?,
        org: row.get("org")?,
        project: row.get("project")?,
        created_at: timestamp(row, "created")?,
        manifest: row.get("manifest")?,
        modules: json(row, "modules")?,
        vars: row.get("vars")?,
    })
}

/// A column with a text that says what it is: an id, a state.
pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(row: &Row<'_>, column: &str) -> Result<T> {
    text(row, column)?.parse().map_err(|err| corrupt(column, &err))
}

/// A column with JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T> {
    serde_json::from_str(text(row, column)?).map_err(|err| corrupt(column, &err))
}

/// A value as a column with JSON.
pub(super) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|err| Error::Backend(format!("writing JSON: {err}")))
}

/// A column with a text.
pub(super) fn text<'r>(row: &'r Row<'_>, column: &str) -> Result<&'r str> {
    row.get_ref(column)?.as_str().map_err(|err| corrupt(column, &err))
}

/// A column with microseconds since 1970.
pub(super) fn timestamp(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|err| corrupt(column, &err))
}

/// A column that holds what was never written there.
pub(super) fn corrupt(column: &str, err: &dyn std::fmt::Display) -> Error {
    Error::Corrupt(format!("column `{column}`: {err}"))
}
