//! The Rust SDK through a real host: `tests/guests/kitchen-sink`, built for each target that it supports.

use serde_json::{Value, json};
use wit_parser::decoding::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem};

use crate::harness::guests;
use crate::harness::host::Host;
use crate::harness::raw::Answer;

const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-unknown-unknown"];

const HANDLERS: [&str; 29] = [
    "three_ways",
    "attributes",
    "about",
    "exact",
    "long",
    "typed",
    "unit",
    "text",
    "status_alone",
    "status_and_json",
    "maybe",
    "value",
    "response",
    "large",
    "retry",
    "retry_after",
    "reject",
    "question_mark",
    "missing_key",
    "spin",
    "churn",
    "hoard",
    "logs",
    "variables",
    "write",
    "malloc",
    "type",
    "event",
    "handler",
];

/// A host that serves every handler of the guest at an endpoint of its name.
async fn serve(target: &str) -> Host {
    let mut manifest = "version: v1\nproject:\n  name: sdk\n  vars:\n    - {name: GREETING, value: hello}\n".to_owned();
    manifest.push_str("    - {name: TOKEN, value: secret, secret: true}\n  triggers:\n");
    for handler in HANDLERS {
        manifest.push_str(&format!("    - name: {handler}\n      type: webhook\n      call: {target}.rs:{handler}\n"));
        let timeout = if handler == "spin" { "300ms" } else { "15s" };
        manifest.push_str(&format!("      is_sync: true\n      timeout: {timeout}\n"));
    }
    Host::start(&manifest).await
}

fn get(url: &str) -> String {
    format!("GET /webhooks/{url} HTTP/1.1\r\nHost: h\r\n\r\n")
}

fn post(handler: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /webhooks/{handler} HTTP/1.1\r\nHost: h\r\ncontent-TYPE: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn answered(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

/// The event's only session.
async fn session(host: &Host, answer: &Answer) -> Value {
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    event["sessions"][0].clone()
}

fn decode(target: &str) -> (Resolve, WorldId) {
    match wit_component::decode(&guests::kitchen_sink(target)).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("the guest is not a component"),
    }
}

/// What the tools for components see: each handler at the root, and nothing imported that is not needed.
#[test]
fn handlers_are_exports_at_the_root() {
    for target in TARGETS {
        let (resolve, world) = decode(target);
        let world = &resolve.worlds[world];
        let mut exports: Vec<String> = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
        exports.sort();
        let mut expected = HANDLERS.map(|handler| handler.replace('_', "-"));
        expected.sort();
        assert_eq!(exports, expected, "{target}");
        for export in world.exports.values() {
            let WorldItem::Function(function) = export else { panic!("{export:?} is not a function") };
            let params: Vec<&str> = function.params.iter().map(|param| param.name.as_str()).collect();
            assert_eq!(params, ["event"], "{target}: {}", function.name);
        }
        let own = ["tenterhook:webhook/types@0.1.0", "tenterhook:webhook/log@0.1.0", "tenterhook:webhook/vars@0.1.0"];
        let imports = world.imports.iter().filter(|(_, item)| matches!(item, WorldItem::Interface { .. }));
        let imports = imports.map(|(key, _)| resolve.name_world_key(key));
        let (wasi, others): (Vec<_>, Vec<_>) = imports.partition(|name| name.starts_with("wasi:"));
        assert_eq!(others, own, "{target}");
        assert_eq!(wasi.is_empty(), target == "wasm32-unknown-unknown", "{wasi:?}");
    }
}

#[tokio::test]
async fn the_payload_reads_in_three_equal_ways() {
    for target in TARGETS {
        let host = serve(target).await;
        let answer = host.send(post("three_ways/x%20y", r#"{"a": {"b~/": [0, 9007199254740993]}}"#)).await;
        let read = answered(&answer);
        let same = |field: &str, value: Value| {
            let all = read[field].as_array().unwrap();
            assert!(all.len() > 3 && all.iter().all(|other| *other == value), "{target}: {field}: {all:?}");
        };
        same("method", json!("POST"));
        same("path", json!("/webhooks/three_ways/x y"));
        same("header", json!("application/json"));
        same("nested", json!(9_007_199_254_740_993_u64));
        assert_eq!(read["missing"], json!([null, "GET", "/", "/", 7, false]));
        assert_eq!(read["null"], json!([null, null, true]), "a null that is present is not missing");
    }
}

#[tokio::test]
async fn attributes_are_what_the_api_shows() {
    for target in TARGETS {
        let host = serve(target).await;
        let requests = [
            get("attributes/a%20b/c?x=1&x=2&y=%zz#there"),
            post("attributes", r#"{"a": [1, 2.5, null, "ü"], "b": 18446744073709551615}"#),
            post("attributes", "[1]").replace("application/json", "text/plain"),
            post("attributes", "a=1&a=2&b=+").replace("application/json", "application/x-www-form-urlencoded"),
        ];
        for request in requests {
            let answer = host.send(&request).await;
            let mut read = answered(&answer);
            let mut shown = host.api(&format!("events/{}", answer.header("tenterhook-event-id").unwrap())).await;
            let bytes = read["body"]["bytes"].take();
            shown["data"]["body"]["bytes"].take();
            assert_eq!(read, shown["data"], "{target}: {request}");
            let body = request.split_once("\r\n\r\n").unwrap().1;
            assert_eq!(bytes, if body.is_empty() { Value::Null } else { json!(body.as_bytes()) });
        }
    }
}

#[tokio::test]
async fn an_event_says_who_it_is() {
    for target in TARGETS {
        let host = serve(target).await;
        let answer = host.send(get("about")).await;
        let about = answered(&answer);
        let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
        assert_eq!(about["id"], event["id"]);
        assert_eq!(about["kind"], "get");
        assert_eq!(about["session"], event["sessions"][0]["id"]);
        assert_eq!((&about["attempt"], &about["trigger"]), (&json!(1), &json!("about")));
        assert!(about["micros"].as_u64().unwrap() > 1_600_000_000_000_000, "{about}");
        assert_eq!(about["redispatched_from"], json!(null), "it copies none");
    }
}

#[tokio::test]
async fn json_is_exact_and_typed() {
    for target in TARGETS {
        let host = serve(target).await;
        let body = r#"{"z": 1, "i64": -9223372036854775808, "u64": 18446744073709551615, "f64": 0.1, "list": [1, "a", null, {}]}"#;
        let exact = answered(&host.send(post("exact", body)).await);
        assert_eq!(exact["keys"], json!(["z", "i64", "u64", "f64", "list"]));
        assert_eq!((&exact["i64"], &exact["u64"], &exact["f64"]), (&json!(i64::MIN), &json!(u64::MAX), &json!(0.1)));
        assert_eq!(exact["list"], json!(["1", "a", "null", "{}"]));
        assert_eq!(exact["printed"][2], "u64=18446744073709551615");

        let typed = host.send(post("typed", r#"{"id": 9007199254740993, "items": ["a", "b"]}"#)).await;
        assert_eq!(answered(&typed), json!({"id": 9_007_199_254_740_993_u64, "items": ["b", "a"]}));
        for (request, error) in [
            (post("typed", r#"{"id": 1}"#), "the body is not the JSON that the handler expects: missing field `items`"),
            (get("typed"), "the request has no body, and the handler expects JSON"),
        ] {
            let answer = host.send(request).await;
            let attempt = session(&host, &answer).await["attempts"][0].clone();
            let said = attempt["error"].as_str().unwrap();
            assert!(said.contains("rejected") && said.contains(error), "{target}: {said}");
        }
    }
}

#[tokio::test]
async fn a_long_list_is_read_by_index() {
    for target in TARGETS {
        let host = serve(target).await;
        let list: Vec<u64> = (1..=10_000).collect();
        let answer = answered(&host.send(post("long", &json!(list).to_string())).await);
        assert_eq!(answer, json!({"first": 1, "count": 10_000, "sum": 50_005_000, "again": 50_005_000}), "{target}");
    }
}

/// A handler may be called as a function of C's library, as a word of Rust's, as what the macro generates.
#[tokio::test]
async fn a_name_that_something_else_has_is_a_handlers_too() {
    for target in TARGETS {
        let host = serve(target).await;
        for (name, body) in [
            ("write", "write"),
            ("malloc", "malloc 1048576"),
            ("type", "type"),
            ("event", "event get"),
            ("handler", "handler 0"),
        ] {
            let answer = host.send(get(name)).await;
            assert_eq!((answer.status, answer.text()), (200, body), "{target}: {answer:?}");
        }
        let answer = host.send(get("write")).await;
        let id = session(&host, &answer).await["id"].as_str().unwrap().to_owned();
        let logs = host.api(&format!("sessions/{id}/logs")).await;
        let written = logs["items"].as_array().unwrap().iter().any(|entry| entry["message"] == "written");
        assert_eq!(written, target == "wasm32-wasip2", "{target}: {logs}");
    }
}

#[tokio::test]
async fn answers_become_responses() {
    for target in TARGETS {
        let host = serve(target).await;
        let cases: [(&str, u16, Option<&str>, &str); 8] = [
            ("unit", 502, Some("application/problem+json"), ""),
            ("text", 200, Some("text/plain; charset=utf-8"), "größer"),
            ("status_alone", 204, None, ""),
            ("status_and_json", 201, Some("application/json"), "[1,2,3]"),
            ("maybe?name=Ada", 200, Some("text/plain; charset=utf-8"), "hello Ada"),
            ("maybe", 502, Some("application/problem+json"), ""),
            ("value?a=1&a=2&b", 200, Some("application/json"), r#"{"a":"1, 2","b":""}"#),
            ("response", 418, Some("text/html; charset=utf-8"), "<p>teapot</p>"),
        ];
        for (url, status, content_type, body) in cases {
            let answer = host.send(get(url)).await;
            assert_eq!((answer.status, answer.header("content-type")), (status, content_type), "{target}: {url}");
            if status != 502 {
                assert_eq!(answer.text(), body, "{target}: {url}");
            }
        }
        let response = host.send(get("response")).await;
        assert!(response.header("x-session").unwrap().starts_with("ses_"), "{response:?}");
        let cookies = response.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie: "));
        assert_eq!(cookies.count(), 2, "{response:?}");
        let large = host.send(get("large?size=2000000")).await;
        assert_eq!((large.status, large.body.len()), (200, 2_000_000));
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    for target in TARGETS {
        let host = serve(target).await;
        let cases = [
            ("retry", "asked for a retry: the tide is out", None),
            ("retry_after", "asked for a retry: the tide is out", None),
            ("reject", "rejected the event: reading the number: invalid digit found in string", None),
            ("question_mark", "asked for a retry: invalid digit found in string", None),
            ("missing_key", r#"no key "X-Nope" in event.data["headers"], whose keys are ["Host"]"#, Some("trap")),
            ("hoard", "more than the limit of 64 MiB", Some("out_of_memory")),
        ];
        for (handler, error, fault) in cases {
            let answer = host.send(get(handler)).await;
            let asks = matches!(handler, "retry" | "retry_after" | "question_mark");
            assert_eq!(answer.status, if asks { 503 } else { 502 }, "{target}: {handler}");
            let session = session(&host, &answer).await;
            let attempt = &session["attempts"][0];
            assert_eq!((session["state"].as_str(), attempt["fault"].as_str()), (Some("failed"), fault), "{attempt}");
            assert!(attempt["error"].as_str().unwrap().contains(error), "{target}: {handler}: {attempt}");
        }
    }
}

#[tokio::test]
async fn a_loop_ends_at_its_timeout() {
    for target in TARGETS {
        let host = serve(target).await;
        assert_eq!(host.send(post("spin", "")).await.status, 504, "{target}");
    }
}

/// What is freed beyond the arena is used again: a handler that allocates more in sum than it may hold runs to its end.
#[tokio::test]
async fn memory_is_used_again() {
    for target in TARGETS {
        let host = serve(target).await;
        let answer = host.send(get("churn")).await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert!(answer.text().parse::<u64>().unwrap() > 3 * 67_108_864, "{answer:?}");
    }
}

#[tokio::test]
async fn logs_and_variables_reach_the_host() {
    for target in TARGETS {
        let host = serve(target).await;
        let answer = host.send(get("logs")).await;
        let id = session(&host, &answer).await["id"].as_str().unwrap().to_owned();
        let logs = host.api(&format!("sessions/{id}/logs")).await;
        let entry = |entry: &Value| {
            let fields = entry.get("fields").map(Value::to_string).unwrap_or_default();
            format!("{} {}{fields}", entry["level"].as_str().unwrap(), entry["message"].as_str().unwrap())
        };
        let mut lines: Vec<String> = logs["items"].as_array().unwrap().iter().map(entry).collect();
        if target == "wasm32-wasip2" {
            assert_eq!(lines.pop().unwrap(), "info printed by std");
        }
        let expected = [
            "trace one",
            "debug two 2",
            r#"info three[["attempt","1"],["method","GET"]]"#,
            r#"warn four[["empty",""]]"#,
            r#"error five[["code","5"]]"#,
            "info ",
            "info printed here",
        ];
        assert_eq!(lines, expected, "{target}");

        let variables = answered(&host.send(get("variables")).await);
        assert_eq!(variables, json!([["GREETING", "TOKEN"], "hello", null]));
    }
}
