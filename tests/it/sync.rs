//! Synchronous triggers: the handler's response is the sender's. And handlers that do what they may not, each of which ends
//! as a recorded outcome while others are served.

use std::time::Duration;

use serde_json::Value;
use tenterhook_host::config::Config;

use crate::harness::host::Host;

fn manifest(fixture: &str, more: &str) -> String {
    format!(
        "
version: v1
project:
  name: sync
  triggers:
    - name: hook
      type: webhook
      call: {fixture}.wat:handle
      is_sync: true
      {more}
    - name: neighbour
      type: webhook
      call: hello.wat:handle
      is_sync: true
"
    )
}

const GET: &str = "GET /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n";
const NEIGHBOUR: &str = "GET /webhooks/neighbour HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn the_response_is_the_senders() {
    let host = Host::start(&manifest("hello", "")).await;
    let answer = host.send(GET).await;
    assert_eq!((answer.status, answer.text()), (200, "hello"));
    let id = answer.header("tenterhook-event-id").unwrap().to_owned();
    assert!(id.starts_with("evt_"), "{id}");
    let head = host.send(GET.replace("GET", "HEAD")).await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("5")));
    let event = host.settled(&id).await;
    assert_eq!(event["verdicts"][0]["verdict"], "matched");
    assert_eq!(event["sessions"][0]["state"], "succeeded");
    assert_eq!(event["sessions"][0]["attempts"][0]["status"], 200);
}

#[tokio::test]
async fn an_asynchronous_trigger_answers_at_once() {
    let once = "timeout: 300ms\n      retry: {attempts: 1}";
    let host = Host::start(&manifest("loop", once).replace("is_sync: true\n      t", "t")).await;
    let answer = host.send(GET).await;
    assert_eq!((answer.status, answer.text()), (202, ""));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    assert_eq!(event["sessions"][0]["attempts"][0]["fault"], "timeout");
}

#[tokio::test]
async fn an_event_that_no_trigger_takes_is_accepted_with_its_verdicts() {
    let host =
        Host::start(&manifest("hello", "event_type: post\n      filter: data.headers[\"X-Nope\"] == \"a\"")).await;
    let event = host.event(GET).await;
    assert_eq!(event["verdicts"][0]["verdict"], "event_type_differs");
    assert_eq!(event["sessions"].as_array().unwrap().len(), 0);
    let event = host.event(GET.replace("GET", "POST")).await;
    assert_eq!(event["verdicts"][0]["verdict"], "filter_error");
    assert!(event["verdicts"][0]["detail"].as_str().unwrap().contains("X-Nope"), "{event}");
}

/// What a handler does, what its sender hears, and what the session says.
#[tokio::test]
async fn a_fault_is_an_outcome_and_hurts_no_other_event() {
    let cases: [(&str, u16, &str, &str); 10] = [
        ("loop", 504, "timeout", "the handler ran longer than 1s"),
        ("start-loop", 504, "timeout", "the handler ran longer than 1s"),
        ("trap", 502, "trap", "unreachable"),
        ("grow", 502, "out_of_memory", "more than the limit of 64 MiB"),
        ("recurse", 502, "stack_overflow", "call stack exhausted"),
        ("oversized", 502, "bad_response", "2097153 bytes, more than the limit of 2 MiB"),
        ("bad-header", 502, "bad_response", "the value of the header x-bad"),
        ("large-header", 502, "bad_response", "the headers have 40005 bytes, more than the limit of 32 KiB"),
        ("log-flood", 502, "trap", "unreachable"),
        ("bad-status", 502, "bad_response", "the status 101 is not one of 200 to 599"),
    ];
    for (fixture, status, fault, error) in cases {
        // Those that end by themselves have the time that a busy machine takes.
        let timeout = if fault == "timeout" { "timeout: 1s" } else { "" };
        let host = Host::start(&manifest(fixture, timeout)).await;
        let hostile = host.send(GET);
        let neighbour = async {
            for _ in 0..20 {
                assert_eq!(host.send(NEIGHBOUR).await.text(), "hello", "beside {fixture}");
            }
        };
        let (answer, ()) = tokio::join!(hostile, neighbour);
        assert_eq!(answer.status, status, "{fixture}: {answer:?}");
        let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
        let attempt = &event["sessions"][0]["attempts"][0];
        assert_eq!(event["sessions"][0]["state"], "failed", "{fixture}");
        assert_eq!(attempt["fault"], fault, "{fixture}: {attempt}");
        assert!(attempt["error"].as_str().unwrap().contains(error), "{fixture}: {attempt}");
    }
}

/// Whoever reads it sees where, as far as the module has names.
#[tokio::test]
async fn a_trap_shows_the_functions_that_it_went_through() {
    let host = Host::start(&manifest("trap", "")).await;
    let event = host.settled(host.send(GET).await.header("tenterhook-event-id").unwrap()).await;
    let error = event["sessions"][0]["attempts"][0]["error"].as_str().unwrap();
    let functions: Vec<&str> = error.lines().filter_map(|line| line.split_once('!')).map(|(_, name)| name).collect();
    assert_eq!(functions, ["refund", "settle_order", "handle"], "{error}");
}

#[tokio::test]
async fn no_response_is_no_answer_for_a_sender_that_waits() {
    let host = Host::start(&manifest("none", "")).await;
    let answer = host.send(GET).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["code"], "handler_failed");
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    assert_eq!(event["sessions"][0]["state"], "succeeded", "the handler did what it may");
}

/// What a guest writes is kept as far as its limits go, whatever it is made of.
#[tokio::test]
async fn floods_are_cut() {
    let host = Host::start(&manifest("long-reject", "")).await;
    let event = host.settled(host.send(GET).await.header("tenterhook-event-id").unwrap()).await;
    let attempt = &event["sessions"][0]["attempts"][0];
    let error = attempt["error"].as_str().unwrap();
    assert!(error.starts_with("the handler rejected the event: aaa") && error.len() < 20_000, "{}", error.len());

    let host = Host::start(&manifest("log-flood", "")).await;
    let event = host.settled(host.send(GET).await.header("tenterhook-event-id").unwrap()).await;
    let logs = host.api(&format!("sessions/{}/logs", event["sessions"][0]["id"].as_str().unwrap())).await;
    let entries = logs["items"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "an entry of ten thousand fields is more than the log holds");
    assert!(entries[0]["message"].as_str().unwrap().starts_with("100 further entries were dropped"), "{logs}");
}

/// A project keeps its endpoints when it gets another name, and a restart does not bring the old one back.
#[tokio::test]
async fn a_project_can_be_renamed() {
    let host = Host::start(&manifest("hello", "")).await;
    assert_eq!(host.send(GET).await.status, 200);
    let renamed =
        manifest("hello", "").replace("name: sync", "name: renamed").replace("name: neighbour", "name: other");
    let host = host.restart(&renamed).await;
    assert_eq!(host.send(GET).await.status, 200);
    assert_eq!(host.send(NEIGHBOUR).await.status, 404);
}

/// A host out of slots and places.
#[tokio::test]
async fn a_full_backlog_asks_senders_to_come_back() {
    let mut config = Config::load(None).unwrap();
    config.dispatch.slots = 1;
    config.dispatch.backlog = 1;
    let host =
        Host::start_with(config, &manifest("loop", "timeout: 2s").replacen("is_sync: true", "is_sync: false", 1)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(host.send(GET).await.status);
    }
    assert_eq!(statuses, [202, 202, 429]);
    let answer = host.send(GET).await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(host.api("events").await["items"].as_array().unwrap().len(), 2, "what is refused is not kept");
}

/// What was accepted and not run is run by the next start.
#[tokio::test]
async fn a_restart_runs_what_is_owed() {
    let once = "timeout: 1s\n      retry: {attempts: 1}";
    let manifest = manifest("loop", once).replacen("is_sync: true", "is_sync: false", 1);
    let mut config = Config::load(None).unwrap();
    config.http.shutdown_ms = 50;
    let host = Host::start_with(config, &manifest).await;
    let id = host.event(GET).await["id"].as_str().unwrap().to_owned();
    let host = tokio::time::timeout(Duration::from_secs(20), host.restart(&manifest)).await.unwrap();
    let event = host.settled(&id).await;
    assert_eq!(event["sessions"][0]["state"], "dead");
    assert_eq!(event["sessions"][0]["attempts"][0]["fault"], "timeout");
}

/// Guests that compute in every slot delay each other, and no sender: all of them still run when the last webhook is durable.
#[tokio::test]
async fn guests_that_compute_starve_no_sender() {
    const SLOTS: usize = 64;
    let mut config = Config::load(None).unwrap();
    (config.dispatch.slots, config.dispatch.slots_per_org) = (SLOTS, SLOTS);
    let endless = manifest("loop", "timeout: 15m").replacen("is_sync: true", "is_sync: false", 1);
    let host = Host::start_with(config, &endless).await;
    for _ in 0..SLOTS {
        assert_eq!(host.send(GET).await.status, 202);
    }
    let running = async || host.api("sessions?state=running&limit=200").await["items"].as_array().unwrap().len();
    while running().await < SLOTS {
        tokio::task::yield_now().await;
    }
    for _ in 0..200 {
        assert_eq!(host.send(GET).await.status, 202);
    }
    assert_eq!(running().await, SLOTS);
}
