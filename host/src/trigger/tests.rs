//! Which triggers an event selects, and what the others say.

use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;

use super::{Call, Filter, Limit, Limits, Retry, Trigger, select};
use crate::event::{Data, Event, EventId, EventType, Keep, Raw, Timestamp};

const LIMITS: Limits = Limits {
    memory: 64 << 20,
    cpu_ms: 5_000,
    table_elements: 100,
    instances: 10,
    handles: 10,
    log_bytes: 1_000,
    response_bytes: 1_536,
    response_headers: 10,
    response_header_bytes: 1_024,
};

fn event(method: &str) -> Event {
    let raw = Raw { method: method.to_owned(), url: "/webhooks/slug?id=7".to_owned(), ..Raw::default() };
    Event {
        id: EventId::new(Timestamp::UNIX_EPOCH),
        org: "default".into(),
        endpoint: "slug".into(),
        received_at: Timestamp::UNIX_EPOCH,
        kind: EventType::of(method),
        data: Arc::new(Data::new(raw)),
        redispatched_from: None,
    }
}

fn trigger(name: &str, event_type: Option<&str>, filter: Option<&str>) -> Trigger {
    Trigger {
        name: name.into(),
        endpoint: "slug".into(),
        event_type: event_type.map(|text| EventType::parse(text).unwrap()),
        filter: filter.map(|source| Arc::new(Filter::compile(source).unwrap())),
        call: Call { module: "webhooks.py".to_owned(), function: "on_event".to_owned() },
        is_sync: false,
        timeout: Duration::from_secs(30),
        limits: LIMITS,
        retry: Retry::default(),
        max_concurrency: None,
        ordered_by: None,
        history: Keep::Full,
        grants: Arc::default(),
    }
}

/// One line for each verdict.
fn verdicts(event: &Event, triggers: &[Trigger]) -> String {
    let verdicts = select(event, triggers);
    let line = |verdict: &crate::event::Verdict| match &verdict.detail {
        Some(detail) => format!("{}: {}: {detail}", verdict.trigger, verdict.kind),
        None => format!("{}: {}", verdict.trigger, verdict.kind),
    };
    verdicts.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_trigger_answers_in_order() {
    let triggers = [
        trigger("everything", None, None),
        trigger("posts", Some("POST"), None),
        trigger("gets", Some("get"), None),
        trigger("posts of seven", Some("post"), Some("data.url.query.id == '7'")),
        trigger("posts of eight", Some("post"), Some("data.url.query.id == '8'")),
        trigger("gets of seven", Some("get"), Some("data.url.query.id == '7'")),
        trigger("by type", None, Some("event_type == 'post'")),
        trigger("broken", None, Some("data.headers['X-Nope'] == '1'")),
        trigger("no bool", None, Some("data.body.json_value")),
    ];
    assert_snapshot!(verdicts(&event("POST"), &triggers), @"
    everything: matched
    posts: matched
    gets: event type differs: the event's type is `post`, the trigger's `get`
    posts of seven: matched
    posts of eight: filter false
    gets of seven: event type differs: the event's type is `post`, the trigger's `get`
    by type: matched
    broken: filter error: no such key: X-Nope
    no bool: filter error: the filter gave null, not a bool
    ");
    assert_eq!(verdicts(&event("POST"), &[]), "");
}

#[test]
fn a_call_names_the_export_in_wits_letters() {
    let call = Call { module: "webhooks.py".to_owned(), function: "on_http_get".to_owned() };
    assert_eq!((call.to_string().as_str(), call.export().as_str()), ("webhooks.py:on_http_get", "on-http-get"));
}

#[test]
fn a_limit_says_who_may_raise_it() {
    let ceilings = LIMITS.with(Limit::Memory, 1 << 30).with(Limit::Cpu, 90_000);
    let told: Vec<String> =
        [Limit::Memory, Limit::Cpu, Limit::Response].iter().map(|limit| limit.exceeded(&LIMITS, &ceilings)).collect();
    assert_snapshot!(told.join("\n"), @"
    more than the limit of 64 MiB; the trigger's `limits: {memory: …}` raises it up to 1 GiB (guest.ceilings.memory)
    more than the limit of 5 s; the trigger's `limits: {cpu: …}` raises it up to 90 s (guest.ceilings.cpu_ms)
    more than the limit of 1536 bytes, which is the most that this host allows (guest.ceilings.response_bytes)
    ");
}

#[test]
fn limits_come_down_to_the_ceilings() {
    for limit in Limit::ALL {
        let value = LIMITS.of(limit);
        assert_eq!(LIMITS.with(limit, value + 1).within(&LIMITS), LIMITS, "{limit:?}");
        assert_eq!(LIMITS.with(limit, value - 1).within(&LIMITS).of(limit), value - 1, "{limit:?}");
    }
}
