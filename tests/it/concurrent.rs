//! Components with `async` handlers, and with WASI 0.3.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tenterhook_host::config::Config;

use crate::harness::host::Host;
use crate::harness::wat;
use crate::hostile::assert_org_is_out_of_memory;
use crate::outbound::{Rebinding, config, server};

fn trigger(name: &str, call: &str) -> String {
    format!("    - name: {name}\n      type: webhook\n      call: {call}\n      is_sync: true\n")
}

fn manifest(keys: &str, triggers: &[(&str, &str)]) -> String {
    let triggers: String = triggers.iter().map(|(name, call)| trigger(name, call)).collect();
    format!("version: v1\nproject:\n  name: concurrent\n{keys}  triggers:\n{triggers}")
}

fn get(path: &str) -> String {
    format!("GET /webhooks/{path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// What the handler said, and the record of its attempt.
async fn attempt(host: &Host, request: String) -> (String, Value) {
    let answer = host.send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    (answer.text().to_owned(), event["sessions"][0]["attempts"][0].clone())
}

/// One component may have both, and is told from others by its type.
#[tokio::test]
async fn an_async_handler_answers_as_others_do() {
    let triggers =
        [("later", "concurrent.wat:handle"), ("plain", "concurrent.wat:plain"), ("other", "hello.wat:handle")];
    let host = Host::start(&manifest("", &triggers)).await;
    for (endpoint, _) in triggers.iter().cycle().take(9) {
        let answer = host.send(get(endpoint)).await;
        assert_eq!((answer.status, answer.text()), (200, "hello"), "{endpoint}");
    }
}

/// Sessions beyond the places wait for one.
#[tokio::test]
async fn more_sessions_than_places_are_answered_all_the_same() {
    let mut config = Config::load(None).unwrap();
    config.guest.concurrent.sandboxes = 2;
    config.guest.concurrent.sandboxes_per_org = 1;
    let host = Host::start_with(config, &manifest("", &[("later", "concurrent.wat:handle")])).await;
    let answers = (0..16).map(|_| host.send(get("later")));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!((answer.status, answer.text()), (200, "hello"));
    }
}

/// What the stacks of a sandbox may take is memory too: sessions wait until there is so much, and one for which there never is says so.
#[tokio::test]
async fn stacks_count_as_memory() {
    let host = async |memory_per_org| {
        let mut config = Config::load(None).unwrap();
        config.guest.memory_per_org = memory_per_org;
        let triggers = [("later", "concurrent.wat:handle"), ("other", "hello.wat:handle")];
        Host::start_with(config, &manifest("", &triggers)).await
    };
    let enough = host(24 << 20).await;
    let answers = (0..16).map(|_| enough.send(get("later")));
    for answer in futures_util::future::join_all(answers).await {
        assert_eq!((answer.status, answer.text()), (200, "hello"));
    }
    let short = host(8 << 20).await;
    let answer = short.send(get("later")).await;
    let event = short.settled(answer.header("tenterhook-event-id").unwrap()).await;
    assert_org_is_out_of_memory(&event["sessions"][0]["attempts"][0]);
    assert_eq!(short.send(get("other")).await.text(), "hello");
}

#[tokio::test]
async fn an_operator_may_do_without_them() {
    let mut config = Config::load(None).unwrap();
    config.guest.concurrent.sandboxes = 0;
    let manifest = manifest("", &[("hook", "it.wat:handle")]);
    let host = Host::start_with(config, &manifest.replace("it.wat", "hello.wat")).await;
    let modules = BTreeMap::from([("it.wat".to_owned(), wat::concurrent_fixture().into())]);
    let error = host.apply(&manifest, modules).await.unwrap_err();
    assert!(error.contains("this host runs no such components (guest.concurrent.sandboxes)"), "{error}");
}

#[tokio::test]
async fn an_operator_may_do_without_wasi_0_3() {
    let mut config = Config::load(None).unwrap();
    config.guest.concurrent.wasi_0_3 = false;
    let manifest = manifest("", &[("hook", "it.wat:handle")]);
    let host = Host::start_with(config, &manifest.replace("it.wat", "hello.wat")).await;
    let clock = "package wasi:clocks@0.3.0 { interface monotonic-clock { now: func() -> u64; } }";
    let source = r#"(module
      (import "cm32p2|wasi:clocks/monotonic-clock@0.3" "now" (func $now (result i64)))
      (memory (export "cm32p2_memory") 1)
      (func (export "cm32p2_initialize"))
      (func (export "cm32p2_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "cm32p2||handle_post") (param i32))
      (func (export "cm32p2||handle") (param $event i32) (result i32) (drop (call $now)) unreachable))"#;
    let component = wat::component_with(source, "handle", clock, "import wasi:clocks/monotonic-clock@0.3.0;");
    let modules = BTreeMap::from([("it.wat".to_owned(), component.into())]);
    let error = host.apply(&manifest, modules).await.unwrap_err();
    let named = "which is WASI 0.2 and the interfaces of `tenterhook:webhook`: `wasi:clocks/monotonic-clock@0.3.0` (it is \
                 offered in version 0.2)";
    assert!(error.contains(named), "{error}");
}

/// In Rust: two calls of the host at once, by its own bindings of WASI 0.3, and its standard output by those of 0.2.
#[tokio::test]
async fn an_async_handler_waits_for_several_things_at_once() {
    let host = Host::start(&manifest("", &[("pause", "concurrent.rs:pause")])).await;
    let (said, attempt) = attempt(&host, get("pause")).await;
    assert_eq!(said, "waited");
    assert!(attempt["cpu_us"].as_u64().unwrap() < 20_000, "it waits for the clock: {attempt}");
}

/// The same policy, and the same record, as for `wasi:http` of WASI 0.2.
#[tokio::test]
async fn requests_of_wasi_0_3_are_under_the_same_policy() {
    let port = server().await.port();
    let resolver = Rebinding::new(&[("api.example", &["127.0.0.1"]), ("inside.example", &["10.0.0.1"])]);
    let api = format!("http://api.example:{port}");
    let keys = format!(
        "  vars:\n    - {{name: TOKEN, value: s3cret, secret: true, hosts: ['{api}']}}\n  outbound:\n    \
         - {{url: '{api}', addresses: [127.0.0.1]}}\n    - http://inside.example:{port}\n"
    );
    let manifest = manifest(&keys, &[("ask", "concurrent.rs:ask")]);
    let host = Host::start_resolving(config(port), resolver, &manifest).await;
    let ask = |authority: &str, path: &str| {
        format!(
            "POST /webhooks/ask?authority={authority}&path={path} HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\
             Authorization: Bearer {{{{secret:TOKEN}}}}\r\n\r\n12345"
        )
    };

    let (said, record) = attempt(&host, ask(&format!("api.example:{port}"), "/echo")).await;
    let echo = format!("200 POST /echo for api.example:{port} with Bearer s3cret and 5 bytes");
    assert_eq!(said, format!("{echo}, {echo}"));
    let requests = record["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!((&request["url"], &request["status"]), (&json!(format!("{api}/echo")), &json!(200)));
        assert_eq!((&request["sent"], &request["received"]), (&json!(5), &json!(echo.len() - 4)));
    }
    assert!(!record.to_string().contains("s3cret"), "{record}");

    let (said, _) = attempt(&host, ask(&format!("api.example:{port}"), "/meet")).await;
    assert!(["200 true, 200 false", "200 false, 200 true"].contains(&said.as_str()), "both at once: {said}");

    let (said, record) = attempt(&host, ask("evil.example", "/")).await;
    assert_eq!(said, "ErrorCode::HttpRequestDenied, ErrorCode::HttpRequestDenied");
    let error = "the manifest grants no request to it: add `http://evil.example` to `outbound`";
    assert_eq!(record["requests"][0]["error"], error);
    let (said, record) = attempt(&host, ask(&format!("inside.example:{port}"), "/")).await;
    assert_eq!(said, "ErrorCode::HttpRequestDenied, ErrorCode::HttpRequestDenied");
    let error = record["requests"][0]["error"].as_str().unwrap();
    assert!(error.contains("the secret `TOKEN` is not for it"), "{error}");
}

/// However many requests of WASI 0.3 a guest sends at once: so many go out as one attempt may make, the others are told so, and no more
/// of them are kept than one.
#[tokio::test]
async fn a_flood_of_requests_of_wasi_0_3_is_bounded() {
    let port = server().await.port();
    let resolver = Rebinding::new(&[("api.example", &["127.0.0.1"])]);
    let mut config = config(port);
    (config.guest.outbound.requests, config.guest.outbound.at_once) = (10, 2);
    let keys = format!("  outbound:\n    - {{url: 'http://api.example:{port}', addresses: [127.0.0.1]}}\n");
    let manifest = manifest(&keys, &[("flood", "concurrent.rs:flood"), ("hello", "hello.wat:handle")]);
    let host = Host::start_resolving(config, resolver, &manifest).await;
    let (said, record) = attempt(&host, get(&format!("flood?authority=api.example:{port}&path=/echo"))).await;
    assert_eq!(said, r#"{"200": 10, "ErrorCode::ConnectionLimitReached": 90}"#);
    let requests = record["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 11, "{record}");
    assert_eq!(requests.iter().filter(|request| request["status"] == 200).count(), 10, "{record}");
    let refused = requests.iter().filter_map(|request| request["error"].as_str()).collect::<Vec<_>>();
    assert_eq!(refused, ["an attempt makes at most 10 requests (guest.outbound.requests)"]);
    assert_eq!(record["used"]["outbound"], 100, "{record}");
    assert_eq!(host.send(get("hello")).await.text(), "hello");
}
