//! What can be told without running a guest; sandboxes are tested with real ones, in the integration tests.

mod lane;
mod library;
mod shelf;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wit_parser::Resolve;

use super::bindings::types;
use super::component::{self, Layer};
use super::invoke::host_call_bytes;
use super::response;
use super::{Grants, Job};
use crate::event::{Data, Event, EventId, EventType, FaultKind, Raw, SessionId, Timestamp};
use crate::trigger::Limits;

pub(super) const LIMITS: Limits = Limits {
    memory: 1 << 20,
    cpu_ms: 100,
    table_elements: 100,
    instances: 10,
    handles: 10,
    log_bytes: 100,
    response_bytes: 10,
    response_headers: 2,
    response_header_bytes: 60,
};

/// What a trigger may raise one of them to.
const CEILINGS: Limits = Limits { response_headers: 3, ..LIMITS };

/// A job for no guest.
fn job() -> Job {
    let now = Timestamp::UNIX_EPOCH;
    let event = Event {
        id: EventId::new(now),
        org: "org".into(),
        endpoint: "hook".into(),
        received_at: now,
        kind: EventType::of("GET"),
        data: Arc::new(Data::new(Raw::default())),
        redispatched_from: None,
    };
    Job {
        event: Arc::new(event),
        session: SessionId::new(now),
        attempt: 1,
        trigger: "hook".into(),
        export: "handle".to_owned(),
        vars: Arc::default(),
        timeout: Duration::from_secs(1),
        limits: LIMITS,
        memory_quota: LIMITS.memory,
        grants: Grants::default(),
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> types::Response {
    let pair = |(name, value): &(&str, &str)| types::Pair { name: (*name).to_owned(), value: (*value).to_owned() };
    types::Response { status, headers: headers.iter().map(pair).collect(), body: body.as_bytes().to_vec() }
}

#[test]
fn a_response_that_can_be_sent_is_sent_as_it_is() {
    let sent = response::check(answer(418, &[("X-A", "1"), ("x-a", "2")], "0123456789"), &LIMITS, &CEILINGS).unwrap();
    assert_eq!((sent.status, sent.body.as_ref()), (418, b"0123456789".as_slice()));
    assert_eq!(sent.headers, [("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())]);
    assert!(response::check(answer(200, &[("Content-Length", "2")], "ok"), &LIMITS, &CEILINGS).is_ok());
    assert!(response::check(answer(204, &[], ""), &LIMITS, &CEILINGS).is_ok());
}

#[test]
fn one_call_may_hand_over_a_response_whatever_its_limit() {
    let most = |response_bytes| host_call_bytes(&Limits { response_bytes, ..LIMITS });
    assert_eq!([1, 4 << 20, 8 << 20, u64::MAX].map(most), [16 << 20, 16 << 20, 32 << 20, u64::MAX]);
}

#[test]
fn a_response_that_cannot_be_sent_says_why() {
    let cases = [
        (answer(199, &[], ""), "the status 199 is not one of 200 to 599"),
        (answer(600, &[], ""), "the status 600 is not one of 200 to 599"),
        (answer(204, &[], "a"), "a response of status 204 has no body, but there are 1 bytes"),
        (answer(304, &[], "a"), "a response of status 304 has no body, but there are 1 bytes"),
        (
            answer(200, &[], "0123456789a"),
            "the body has 11 bytes, more than the limit of 10 bytes, which is the most that this host allows \
             (guest.ceilings.response_bytes)",
        ),
        (
            answer(200, &[("a", ""), ("b", ""), ("c", "")], ""),
            "the number of headers is 3, more than the limit of 2; the trigger's `limits: {response_headers: …}` raises it \
             up to 3 (guest.ceilings.response_headers)",
        ),
        (
            answer(200, &[("a", &"b".repeat(60))], ""),
            "the headers have 61 bytes, more than the limit of 60 bytes, which is the most that this host allows \
             (guest.ceilings.response_header_bytes)",
        ),
        (answer(200, &[("a b", "")], ""), "the header name \"a b\" is not a token"),
        (answer(200, &[("", "")], ""), "the header name \"\" is not a token"),
        (
            answer(200, &[("a", "x\r\ny")], ""),
            "the value of the header a has a character that no header may have: \"x\\r\\ny\"",
        ),
        (
            answer(200, &[("Connection", "close")], ""),
            "the header Connection describes a connection, which is the host's to manage",
        ),
        (
            answer(200, &[("transfer-encoding", "chunked")], ""),
            "the header transfer-encoding describes a connection, which is the host's to manage",
        ),
        (answer(200, &[("Content-Length", "3")], "ok"), "Content-Length is \"3\", but the body has 2 bytes"),
    ];
    for (response, message) in cases {
        let fault = response::check(response, &LIMITS, &CEILINGS).unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::BadResponse, message));
    }
}

#[test]
fn what_is_not_a_component_says_what_it_is() {
    assert_eq!(component::layer(b"").unwrap_err(), "not a WebAssembly component: it is empty");
    let script = component::layer(b"#!/bin/sh").unwrap_err();
    assert_eq!(script, "not a WebAssembly component: it does not start as a WebAssembly file does");
    let core = b"\0asm\x01\0\0\0";
    assert_eq!(component::layer(core), Ok(Layer::Core));
    let error = component::encode(core).unwrap_err();
    assert!(error.starts_with("it is a core module that cannot be made a component"), "{error}");
}

/// The component of `tests/guests/wat/{name}.wat`, whose one handler is `handle`.
pub(crate) fn component(name: &str) -> Bytes {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let source = std::fs::read_to_string(root.join(format!("tests/guests/wat/{name}.wat"))).unwrap();
    let mut resolve = Resolve::default();
    resolve.push_dir(root.join("wit")).unwrap();
    let world = "package test:guest;
        world guest {
            include tenterhook:webhook/imports@0.1.0;
            use tenterhook:webhook/types@0.1.0.{event, response, failure};
            export handle: func(event: event) -> result<option<response>, failure>;
        }";
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    let mut module = wat::parse_str(source).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    let encoder = wit_component::ComponentEncoder::default().module(&module).unwrap();
    encoder.validate(true).encode().unwrap().into()
}
