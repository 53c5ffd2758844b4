//! Values to keep.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::event::{
    Attempt, AttemptOutcome, Data, DeploymentId, Digest, Event, EventId, EventType, Keep, LogEntry, LogLevel, Org, Raw,
    SessionId, SessionState, Timestamp, Verdict, VerdictKind,
};
use crate::store::{Delivery, DeploymentRecord, NewEvent, Next, Settlement};

/// So many microseconds after a moment.
pub(in crate::store) fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + micros).unwrap()
}

pub(in crate::store) fn org(name: &str) -> Org {
    name.into()
}

pub(in crate::store) fn event(org: &str, raw: Raw) -> Arc<Event> {
    Arc::new(Event {
        id: EventId::new(at(1)),
        org: org.into(),
        endpoint: "orders".into(),
        received_at: at(1),
        kind: EventType::of(&raw.method),
        data: Arc::new(Data::new(raw)),
        redispatched_from: None,
    })
}

/// A POST that these triggers matched.
pub(in crate::store) fn new_event(org: &str, triggers: &[&str]) -> NewEvent {
    let raw = Raw {
        method: "POST".to_owned(),
        url: "/webhooks/orders?id=1".to_owned(),
        headers: [("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2")].into_iter().collect(),
        trailers: [("X-Sum", "3")].into_iter().collect(),
        body: Some(Bytes::from_static(b"bytes \x00\xff")),
    };
    let event = event(org, raw);
    let deliveries = triggers.iter().map(|trigger| delivery(&event, trigger)).collect();
    let verdicts = triggers.iter().map(|trigger| verdict(trigger, VerdictKind::Matched, None)).collect();
    NewEvent { event, key: None, keep: Keep::Full, verdicts, deliveries }
}

pub(in crate::store) fn delivery(event: &Arc<Event>, trigger: &str) -> Delivery {
    Delivery::new(Arc::clone(event), SessionId::new(at(1)), trigger.into(), DeploymentId::new(at(1)))
}

pub(in crate::store) fn verdict(trigger: &str, kind: VerdictKind, detail: Option<&str>) -> Verdict {
    Verdict { trigger: trigger.to_owned(), kind, detail: detail.map(str::to_owned), explanation: None }
}

/// A success that wrote nothing.
pub(in crate::store) fn settlement(delivery: &Delivery) -> Settlement {
    Settlement {
        org: Arc::clone(&delivery.event.org),
        session: delivery.session,
        attempt: Some(attempt(delivery.attempt)),
        logs: Vec::new(),
        next: ended(SessionState::Succeeded, None),
        told: None,
    }
}

pub(in crate::store) fn ended(state: SessionState, reason: Option<&str>) -> Next {
    Next::Ended { state, reason: reason.map(str::to_owned), at: at(3) }
}

pub(in crate::store) fn attempt(number: u32) -> Attempt {
    Attempt {
        number,
        started_at: at(2),
        ended_at: at(3),
        cpu_us: 17,
        peak_memory: 1 << 33,
        outcome: AttemptOutcome::Succeeded,
        fault: None,
        error: None,
        status: None,
        used: Default::default(),
        requests: Vec::new(),
    }
}

pub(in crate::store) fn log(message: &str, fields: &[(&str, &str)]) -> LogEntry {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    LogEntry { at: at(2), attempt: 1, level: LogLevel::Warn, message: message.to_owned(), fields }
}

pub(in crate::store) fn deployment(org: &str, project: &str, created_at: Timestamp) -> DeploymentRecord {
    DeploymentRecord {
        id: DeploymentId::new(created_at),
        org: org.into(),
        project: project.to_owned(),
        created_at,
        manifest: "version: v1\nproject:\n  name: é\n".to_owned(),
        modules: BTreeMap::from([("webhooks.py".to_owned(), Digest::of(b"one")), ("b".to_owned(), Digest::of(b""))]),
    }
}
