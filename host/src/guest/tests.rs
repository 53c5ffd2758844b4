//! What can be told without a guest; sandboxes are tested with real ones, in the integration tests.

use bytes::Bytes;

use super::bindings::types;
use super::{Limits, componentize, response};
use crate::event::FaultKind;

const LIMITS: Limits = Limits {
    memory: 1 << 20,
    table_elements: 100,
    log_bytes: 100,
    response_bytes: 10,
    response_headers: 2,
    response_header_bytes: 60,
};

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> types::Response {
    let pair = |(name, value): &(&str, &str)| types::Pair { name: (*name).to_owned(), value: (*value).to_owned() };
    types::Response { status, headers: headers.iter().map(pair).collect(), body: body.as_bytes().to_vec() }
}

#[test]
fn a_response_that_can_be_sent_is_sent_as_it_is() {
    let sent = response::check(answer(418, &[("X-A", "1"), ("x-a", "2")], "0123456789"), &LIMITS).unwrap();
    assert_eq!((sent.status, sent.body.as_ref()), (418, b"0123456789".as_slice()));
    assert_eq!(sent.headers, [("X-A".to_owned(), "1".to_owned()), ("x-a".to_owned(), "2".to_owned())]);
    assert!(response::check(answer(200, &[("Content-Length", "2")], "ok"), &LIMITS).is_ok());
    assert!(response::check(answer(204, &[], ""), &LIMITS).is_ok());
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
            "the body has 11 bytes, more than the limit of 10 (guest.limits.response_bytes)",
        ),
        (
            answer(200, &[("a", ""), ("b", ""), ("c", "")], ""),
            "there are 3 headers, more than the limit of 2 (guest.limits.response_headers)",
        ),
        (
            answer(200, &[("a", &"b".repeat(60))], ""),
            "the headers have 61 bytes, more than the limit of 60 (guest.limits.response_header_bytes)",
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
        let fault = response::check(response, &LIMITS).unwrap_err();
        assert_eq!((fault.kind, fault.message.as_str()), (FaultKind::BadResponse, message));
    }
}

#[test]
fn what_is_not_a_component_says_what_it_is() {
    let cases: [(&'static [u8], &str); 3] = [
        (b"", "not a WebAssembly component: it is empty"),
        (b"#!/bin/sh", "not a WebAssembly component: it does not start as a WebAssembly file does"),
        (b"\0asm\x01\0\0\0", "it is a core module that cannot be made a component"),
    ];
    for (bytes, message) in cases {
        let error = componentize(Bytes::from_static(bytes)).unwrap_err();
        assert!(error.starts_with(message), "{error}");
    }
}
