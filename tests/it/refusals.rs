//! Requests that do not become events, and what their senders hear.

use tenterhook_host::config::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::host::Host;
use crate::harness::raw;

const MANIFEST: &str = "
version: v1
project:
  name: refusals
  triggers:
    - name: hook
      type: webhook
      call: hello.wat:handle
";

async fn small() -> Host {
    let mut config = Config::load(None).unwrap();
    config.ingest.body_bytes = 16;
    config.ingest.read_timeout_ms = 200;
    Host::start_with(config, MANIFEST).await
}

async fn stored(host: &Host) -> usize {
    host.api("events").await["items"].as_array().unwrap().len()
}

/// Each request, the status that it gets, and a word of the problem's detail. None of them leaves an event.
#[tokio::test]
async fn refused_requests_leave_nothing() {
    let host = small().await;
    let cases: [(&str, &str, u16); 12] = [
        ("an unknown slug", "GET /webhooks/none HTTP/1.1\r\nHost: h\r\n\r\n", 404),
        ("no slug", "GET /webhooks/ HTTP/1.1\r\nHost: h\r\n\r\n", 404),
        ("an empty slug", "GET /webhooks//hook HTTP/1.1\r\nHost: h\r\n\r\n", 404),
        ("a path that would have to be normalised", "GET //webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n", 404),
        ("too large by its length", "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 17\r\n\r\n", 413),
        (
            "too large by its chunks",
            "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n",
            413,
        ),
        (
            "two lengths that differ",
            "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
        ),
        (
            "a bad chunk",
            "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
            400,
        ),
        ("a body that does not arrive", "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na", 408),
        ("CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", 405),
        ("a length that is none", "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400),
        ("no HTTP", "hello\r\n\r\n", 400),
    ];
    for (name, request, status) in cases {
        let answer = host.send(request).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        assert!(answer.header("tenterhook-event-id").is_none(), "{name}");
        assert!(answer.header("location").is_none(), "{name}: never a redirect");
    }
    assert_eq!(stored(&host).await, 0);
    let full = host.send("POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n\r\n0123456789abcdef").await;
    assert_eq!(full.status, 202, "the limit itself is allowed");
}

/// More bodies at once than the host may hold: the sender may come back.
#[tokio::test]
async fn bodies_beyond_what_is_held_at_once_are_refused() {
    let mut config = Config::load(None).unwrap();
    config.ingest.in_flight_bytes = 2048;
    let host = Host::start_with(config, MANIFEST).await;
    let mut slow = TcpStream::connect(host.address()).await.unwrap();
    slow.write_all(b"POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n")
        .await
        .unwrap();
    // It is being read as soon as it is told to go on.
    let mut interim = [0; 25];
    slow.read_exact(&mut interim).await.unwrap();
    let body = "a".repeat(100);
    let request = format!("POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{body}");
    let answer = host.send(&request).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{answer:?}");
    assert_eq!(stored(&host).await, 0);
    slow.write_all(&[b'a'; 2000]).await.unwrap();
    assert_eq!(raw::read(&mut slow, false).await.status, 202);
    assert_eq!(stored(&host).await, 1);
}

/// A store that cannot keep the event: never a 2xx.
#[tokio::test]
async fn an_event_that_cannot_be_made_durable_is_refused() {
    let host = Host::start(MANIFEST).await;
    host.break_store();
    let answer = host.send("GET /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{answer:?}");
    assert!(!answer.text().contains("broken"), "a sender does not learn what the store looks like inside: {answer:?}");
    host.mend_store();
    assert_eq!(stored(&host).await, 0);
    assert_eq!(host.send("GET /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n").await.status, 202);
}

/// A connection that says nothing is closed.
#[tokio::test]
async fn silent_connections_are_closed() {
    let mut config = Config::load(None).unwrap();
    config.http.head_timeout_ms = 100;
    let host = Host::start_with(config, MANIFEST).await;
    for said in ["", "P", "GET /webhooks/hook HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "after {said:?}");
    }
}

/// RFC 9112, section 6.1: Transfer-Encoding wins, and the connection is closed so that nothing can be smuggled behind it.
#[tokio::test]
async fn a_length_beside_chunks_closes_the_connection() {
    let host = Host::start(MANIFEST).await;
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let request = "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
                   2\r\nab\r\n0\r\n\r\nGET /webhooks/hook/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = raw::read(&mut stream, false).await;
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    let events = host.api("events").await;
    let urls: Vec<&str> =
        events["items"].as_array().unwrap().iter().filter_map(|event| event["raw_url"].as_str()).collect();
    assert!(matches!((answer.status, urls.as_slice()), (202, ["/webhooks/hook"]) | (400, [])), "{answer:?} {urls:?}");
}

/// A client that asks first is not told to go on when its body is too large.
#[tokio::test]
async fn expectations_are_answered() {
    let host = small().await;
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let head = "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").await.unwrap();
    assert_eq!(raw::read(&mut stream, false).await.status, 202);

    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let head = "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 17\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 413");
}
