//! Responses that are sent while the handler runs.

use std::time::Duration;

use serde_json::Value;
use tenterhook_host::config::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::host::Host;

const MANIFEST: &str = "
version: v1
project:
  name: reply
  kv: true
  triggers:
    - name: stream
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:stream
      is_sync: true
      timeout: 5s
    - name: bad_heads
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:bad_heads
      is_sync: true
    - name: keep
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:keep
      is_sync: true
    - name: unheard
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:stream
      retry: {attempts: 1}
  endpoints:
    stream:
      dedup: {key: 'data.headers[\"X-Key\"]'}
";

fn get(path: &str) -> String {
    format!("GET /webhooks/{path} HTTP/1.1\r\nHost: h\r\nX-Key: {path}\r\n\r\n")
}

#[tokio::test]
async fn a_response_is_sent_in_pieces_and_told_again() {
    let host = Host::start(MANIFEST).await;
    let first = host.send(get("stream?count=3")).await;
    assert_eq!((first.status, first.text()), (200, "0-\n1-\n2-\n"));
    assert_eq!((first.header("x-streamed"), first.header("content-length")), (Some("yes"), None));
    let id = first.header("tenterhook-event-id").unwrap();
    let event = host.settled(id).await;
    let attempt = &event["sessions"][0]["attempts"][0];
    assert_eq!((&attempt["status"], &attempt["used"]["reply"]), (&Value::from(200), &Value::from(4)));
    let second = host.send(get("stream?count=3")).await;
    assert_eq!(
        (second.status, second.text(), second.header("tenterhook-duplicate")),
        (200, first.text(), Some("true"))
    );
    assert_eq!(second.header("tenterhook-event-id"), Some(id));
}

#[tokio::test]
async fn what_cannot_be_sent_says_why() {
    let host = Host::start(MANIFEST).await;
    insta::assert_snapshot!(host.send(get("bad_heads")).await.text(), @r#"
    Err(Invalid("the status 99 is not one of 200 to 599"))
    Err(Invalid("the header Connection describes a connection, which is the host's to manage"))
    Err(Invalid("Content-Length is the host's to say of a body that is not written yet"))
    Err(Invalid("the header name \"a b\" is not a token"))
    "#);
    let again = host.send(get("stream?end=again")).await;
    assert_eq!(again.text(), "0-\nErr(Invalid(\"the head was sent before\"))");
    // What a status without a body is, and what is too much, ends the handler's loop; it says so where the next one looks.
    for (query, ended) in [
        ("stream?status=204", "0 Invalid(\\\"a response of status 204 has no body\\\")"),
        (
            "stream?count=9&size=300000",
            "6 Limit(\\\"the body would have 2100014 bytes, more than the limit of 2 MiB; the trigger's `limits: {response: …}` raises it up to 16 MiB (guest.ceilings.response_bytes)\\\")",
        ),
    ] {
        assert_eq!(host.send(get(query)).await.status, if query.contains("204") { 204 } else { 200 });
        let kept = host.send(get(&format!("keep?do=get&key=ended&for={}", query.len()))).await;
        assert_eq!(kept.text(), format!("Some(Some(\"{ended}\"))"));
    }
}

/// The event of a request whose connection is closed before the response is whole, perhaps before it begins.
async fn cut_off(host: &Host, path: &str) -> Value {
    let mut socket = TcpStream::connect(host.address()).await.unwrap();
    socket.write_all(get(path).as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // A connection that is cut may be reset.
    let read = tokio::time::timeout(Duration::from_secs(20), socket.read_to_end(&mut received));
    drop(read.await.expect("a connection that is cut is closed"));
    let received = String::from_utf8(received).unwrap();
    assert!(received.is_empty() || received.starts_with("HTTP/1.1 200 OK"), "{received}");
    assert!(!received.ends_with("0\r\n\r\n"), "it has no end: {received}");
    let newest = host.api("events?limit=1").await;
    host.settled(newest["items"][0]["id"].as_str().unwrap()).await
}

/// A sender does not take a part for the whole.
#[tokio::test]
async fn a_handler_that_fails_cuts_its_response_off() {
    let host = Host::start(MANIFEST).await;
    for (end, fault) in
        [("panic", Value::from("trap")), ("reject", Value::Null), ("response", Value::from("bad_response"))]
    {
        let path = format!("stream?end={end}");
        let first = cut_off(&host, &path).await;
        assert_eq!(first["sessions"][0]["state"], "failed", "{end}");
        assert_eq!(first["sessions"][0]["attempts"][0]["fault"], fault, "{end}");
        // Sent again, it is a new event.
        let second = cut_off(&host, &path).await;
        assert_ne!(first["id"], second["id"], "{end}");
    }
}

#[tokio::test]
async fn nobody_waits_for_what_is_handled_later() {
    let host = Host::start(MANIFEST).await;
    let answer = host.send(get("unheard")).await;
    assert_eq!(answer.status, 202);
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    let reason = event["sessions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("nobody waits for a response"), "{reason}");
}

/// A handler waits for a sender that does not read, and no longer than its own time; one that goes away ends the wait.
#[tokio::test]
async fn a_handler_writes_no_faster_than_its_sender_reads() {
    let mut config = Config::load(None).unwrap();
    (config.guest.limits.response_bytes, config.guest.ceilings.response_bytes) = (1 << 30, 1 << 30);
    let host = Host::start_with(config, MANIFEST).await;
    let mut socket = TcpStream::connect(host.address()).await.unwrap();
    socket.write_all(get("stream?count=1000&size=1000000").as_bytes()).await.unwrap();
    let mut head = [0; 512];
    let read = socket.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let id = head.lines().find_map(|line| line.strip_prefix("tenterhook-event-id: ")).unwrap().to_owned();
    let event = host.api(&format!("events/{id}")).await;
    assert_eq!(event["sessions"][0]["state"], "running", "it waits for the sender");
    drop(socket);
    let event = tokio::time::timeout(Duration::from_secs(30), host.settled(&id)).await.unwrap();
    assert_eq!(event["sessions"][0]["state"], "succeeded", "{event}");
    let kept = host.send(get("keep?do=get&key=ended")).await;
    assert!(kept.text().contains("Closed"), "{}", kept.text());
}
