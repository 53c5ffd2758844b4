//! The Rust SDK on its author's machine: what the compiler says, what a fake event is, what is generated.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use serde_json::Value;
use tenterhook::Event;
use tenterhook_host::event::{Data, Field, Raw};

use crate::harness::guests;

/// What the compiler says to `tests/guests/mistakes` with one of its features.
fn said(mistake: &str) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--quiet", "--locked", "--features", mistake])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/mistakes"))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("mistakes"))
        .output()
        .unwrap();
    assert!(!output.status.success(), "{mistake} is no mistake to the compiler");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn mistakes_are_explained() {
    let cases: [(&str, &[&str]); 15] = [
        ("wrong_answer", &["a handler cannot answer with `u64`", "-> u64 {", "wrap it: `Json(value)`"]),
        (
            "wrong_error",
            &["a handler cannot answer with `Result<(), u64>`", "the error of a `Result` is `tenterhook::Error`"],
        ),
        ("wrong_argument", &["a handler takes a `tenterhook::Event`, not `String`", "in `event.data()`"]),
        ("no_argument", &["a handler takes one argument: `fn on_http_get(event: tenterhook::Event)`"]),
        ("asynchronous", &["a handler is not `async`"]),
        ("generic", &["a handler has no type parameters"]),
        ("options", &["`handler` takes no options"]),
        ("wrong_name", &["`on_2fa` cannot be the name of a component's export"]),
        ("not_a_function", &["`handler` goes on a function"]),
        ("two_arguments", &["a handler takes one argument: `fn on_http_get(event: tenterhook::Event)`"]),
        ("method", &["a handler is a function, not a method"]),
        ("not_safe", &["a handler is not `unsafe`"]),
        ("attribute_twice", &["this function is a handler already"]),
        ("same_name_twice", &["the name `on_http_get` is defined multiple times"]),
        ("raw_wrong_name", &["`type_` cannot be the name of a component's export"]),
    ];
    for (mistake, expected) in cases {
        let said = said(mistake);
        for words in expected {
            assert!(said.contains(words), "{mistake}: {words}: {said}");
        }
        assert_eq!(said.matches("\nerror").count(), 1, "one mistake, one error and its summary: {said}");
    }
}

#[test]
fn what_is_generated_is_that_of_the_contract() {
    guests::xtask(&["bindings", "--check"]);
}

/// A request, as far as both a host and a test can describe it.
#[derive(Clone, Debug)]
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    trailers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["(?i)x-[a-c]", Just("cookie".to_owned()), Just("CONTENT-type".to_owned())];
    let value = prop_oneof![
        "[ -~]{0,8}",
        Just("application/x-www-form-urlencoded".to_owned()),
        Just("Application/X-WWW-form-urlencoded; charset=utf-8".to_owned()),
    ];
    prop::collection::vec((name, value), 0..5)
}

fn request() -> impl Strategy<Value = Request> {
    let url = "/webhooks/[a-z]{1,3}(/[a-z%2FC/]{0,6})?(\\?[a-c&=;+%20z]{0,12})?(#[a%21]{0,3})?";
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        "[a-c&=;+%20z]{0,12}".prop_map(String::into_bytes),
        Just(br#" {"a": [1, {"b~/": 18446744073709551615}], "c": null} "#.to_vec()),
        Just(br#"[1e400]"#.to_vec()),
        Just(br#"[{"a": "\ud83d\ude00"}, 0.1]"#.to_vec()),
    ];
    let body = prop::option::of(body);
    ("[A-Z]{1,5}", url, fields(), fields(), body).prop_map(|(method, url, headers, trailers, body)| Request {
        method,
        url,
        headers,
        trailers,
        body,
    })
}

fn fake(request: &Request) -> Event {
    let mut fake = Event::fake().method(&request.method).url(&request.url);
    for (name, value) in &request.headers {
        fake = fake.header(name, value);
    }
    for (name, value) in &request.trailers {
        fake = fake.trailer(name, value);
    }
    if let Some(body) = &request.body {
        fake = fake.body(body.clone());
    }
    fake.build()
}

fn real(request: &Request) -> Data {
    let mut headers = request.headers.clone();
    if let Some(body) = &request.body {
        headers.push(("Content-Length".into(), body.len().to_string()));
    }
    Data::new(Raw {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: headers.into_iter().collect(),
        trailers: request.trailers.clone().into_iter().collect(),
        body: request.body.clone().map(Into::into),
    })
}

/// Every pointer into `value`, `value` itself first.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let mut below = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        pointers(value, &format!("{at}/{key}"), found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
}

proptest! {
    /// A handler that passes its tests reads the same from a host.
    #[test]
    fn a_fake_event_is_what_the_host_makes_of_the_request(request in request()) {
        let (event, data) = (fake(&request), real(&request));
        let payload = data.to_json();
        prop_assert_eq!(&event.data().to_json().unwrap(), &payload);
        let mut all = Vec::new();
        pointers(&payload, "", &mut all);
        for pointer in all {
            let read = event.get(&pointer);
            let loud = pointer.to_uppercase();
            for pointer in [&pointer, &loud, &format!("{pointer}/nope")] {
                prop_assert_eq!(event.get(pointer).exists(), data.get(pointer).is_some(), "{}", pointer);
            }
            match data.get(&pointer).unwrap() {
                Field::Bytes(bytes) => prop_assert_eq!(read.as_bytes(), Some(&bytes[..])),
                Field::Text(text) => prop_assert_eq!(read.as_str(), Some(&*text)),
                field @ Field::Json(_) => {
                    prop_assert_eq!(event.get(&pointer).keys(), field.keys());
                    let Field::Json(value) = field else { unreachable!() };
                    prop_assert_eq!(&read.to_json().unwrap(), value.as_ref());
                }
            }
        }
    }
}
