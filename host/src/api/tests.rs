//! The API as its clients see it: status, media type and body of each answer.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Code, State, health, router};
use crate::event::{
    Attempt, AttemptOutcome, Data, DeploymentId, Event, EventId, EventType, FaultKind, Keep, LogEntry, LogLevel, Org,
    Raw, SessionId, SessionState, Timestamp, Verdict, VerdictKind,
};
use crate::store::{
    self, Answer, Delivery, EventQuery, EventRecord, Expired, Expiry, History, NewEvent, Next, Page, SessionQuery,
    SessionRecord, Settlement, Store, Usage, memory,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn post(second: i64, org: &str, body: &str) -> Event {
    Event {
        id: EventId::new(at(second)),
        org: org.into(),
        endpoint: "orders".into(),
        received_at: at(second),
        kind: EventType::of("POST"),
        redispatched_from: None,
        data: Arc::new(Data::new(Raw {
            method: "POST".to_owned(),
            url: "/webhooks/orders?page=1".to_owned(),
            headers: [("content-type", "application/json")].into_iter().collect(),
            body: Some(body.to_owned().into()),
            ..Raw::default()
        })),
    }
}

/// Stores an event whose first trigger matched, and its session; `attempt` ends the session.
async fn receive(store: &Store, event: Event, attempt: Option<(Attempt, Vec<LogEntry>)>) -> (EventId, SessionId) {
    let lease = store.ledger.join(at(0), at(0)).await.unwrap();
    let session = SessionId::new(event.received_at);
    let (id, org, event) = (event.id, Arc::clone(&event.org), Arc::new(event));
    let verdict = |trigger: &str, kind, detail: Option<&str>| Verdict {
        trigger: trigger.to_owned(),
        kind,
        detail: detail.map(str::to_owned),
        explanation: None,
    };
    let verdicts = vec![
        verdict("on_post", VerdictKind::Matched, None),
        verdict("on_big", VerdictKind::FilterError, Some("no such key: size")),
    ];
    let deployment = DeploymentId::new(at(0));
    let deliveries = vec![Delivery::new(Arc::clone(&event), session, "on_post".into(), deployment)];
    let new = NewEvent { event, key: None, keep: Keep::Full, verdicts, deliveries };
    store.ledger.accept(&lease, new).await.unwrap();
    if let Some((attempt, logs)) = attempt {
        let state = if attempt.error.is_some() { SessionState::Failed } else { SessionState::Succeeded };
        let next = Next::Ended { state, reason: attempt.error.clone(), at: attempt.ended_at };
        let settled = Settlement { org, session, attempt: Some(attempt), logs, next, told: None };
        store.ledger.settle(&lease, settled).await.unwrap();
    }
    (id, session)
}

fn trapped() -> (Attempt, Vec<LogEntry>) {
    let attempt = Attempt {
        number: 1,
        started_at: at(3),
        ended_at: at(4),
        cpu_us: 1_200,
        peak_memory: 1 << 20,
        outcome: AttemptOutcome::Fault,
        fault: Some(FaultKind::Trap),
        error: Some("trap: unreachable".to_owned()),
        status: None,
    };
    let log = LogEntry {
        at: at(3),
        attempt: 1,
        level: LogLevel::Info,
        message: "hello".to_owned(),
        fields: vec![("order".to_owned(), "7".to_owned())],
    };
    (attempt, vec![log])
}

fn api(store: &Store) -> Router {
    router(State { history: Arc::clone(&store.history), org: "main".into() })
}

async fn ask(api: &Router, method: Method, path: &str) -> (String, Value) {
    let mut request =
        Request::builder().method(method).uri(path).header("host", "localhost").body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000))));
    let response = api.clone().oneshot(request).await.unwrap();
    let header = |name| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let head = [header(header::CONTENT_TYPE), header(header::ALLOW), header(header::RETRY_AFTER)].join(" ");
    let head = format!("{} {}", response.status().as_u16(), head.trim());
    assert_eq!(header(header::CACHE_CONTROL), "no-store");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (head, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// An answer with its ids replaced by what stands for them.
async fn answer(api: &Router, path: &str) -> String {
    let (head, body) = ask(api, Method::GET, path).await;
    let text = format!("{head}\n{body:#}");
    let mut plain = String::new();
    for part in text.split_inclusive(['"', ' ', '`']) {
        let end = part.len() - part.trim_end_matches(['"', ' ', '`', '\n']).len();
        let prefix = ["evt_", "ses_", "dep_"].into_iter().find(|prefix| part.starts_with(prefix));
        match prefix.filter(|_| part.len() - end == 30) {
            Some(prefix) => plain += &format!("{prefix}…{}", &part[part.len() - end..]),
            None => plain += part,
        }
    }
    plain
}

#[tokio::test]
async fn an_event_with_all_that_became_of_it() {
    let store = memory::store();
    let (event, _) = receive(&store, post(1, "main", r#"{"size": 1}"#), Some(trapped())).await;
    assert_snapshot!(answer(&api(&store), &format!("/api/v1/events/{event}")).await, @r#"
    200 application/json
    {
      "id": "evt_…",
      "type": "post",
      "endpoint": "orders",
      "received_at": "2026-11-18T11:06:41Z",
      "data": {
        "method": "POST",
        "url": {
          "path": "/webhooks/orders",
          "query": {
            "page": "1"
          },
          "raw_query": "page=1",
          "fragment": "",
          "raw_fragment": "",
          "raw_path": "/webhooks/orders",
          "path_suffix": "",
          "query_all": [
            [
              "page",
              "1"
            ]
          ]
        },
        "raw_url": "/webhooks/orders?page=1",
        "headers": {
          "Content-Type": "application/json"
        },
        "headers_all": [
          [
            "Content-Type",
            "application/json"
          ]
        ],
        "trailers": {},
        "trailers_all": [],
        "body": {
          "bytes": "eyJzaXplIjogMX0=",
          "form": null,
          "json": {
            "size": 1
          },
          "text": "{\"size\": 1}",
          "json_value": {
            "size": 1
          },
          "form_all": null
        }
      },
      "verdicts": [
        {
          "trigger": "on_post",
          "verdict": "matched",
          "detail": null
        },
        {
          "trigger": "on_big",
          "verdict": "filter_error",
          "detail": "no such key: size"
        }
      ],
      "sessions": [
        {
          "id": "ses_…",
          "trigger": "on_post",
          "state": "failed",
          "attempts": [
            {
              "number": 1,
              "started_at": "2026-11-18T11:06:43Z",
              "ended_at": "2026-11-18T11:06:44Z",
              "cpu_us": 1200,
              "peak_memory": 1048576,
              "outcome": "fault",
              "fault": "trap",
              "error": "trap: unreachable"
            }
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_list_has_no_payloads() {
    let store = memory::store();
    receive(&store, post(1, "main", "{}"), None).await;
    assert_snapshot!(answer(&api(&store), "/api/v1/events").await, @r#"
    200 application/json
    {
      "items": [
        {
          "id": "evt_…",
          "type": "post",
          "endpoint": "orders",
          "received_at": "2026-11-18T11:06:41Z",
          "method": "POST",
          "raw_url": "/webhooks/orders?page=1",
          "verdicts": [
            {
              "trigger": "on_post",
              "verdict": "matched",
              "detail": null
            },
            {
              "trigger": "on_big",
              "verdict": "filter_error",
              "detail": "no such key: size"
            }
          ],
          "sessions": [
            {
              "id": "ses_…",
              "trigger": "on_post",
              "state": "queued",
              "attempts": []
            }
          ]
        }
      ],
      "next": null
    }
    "#);
}

#[tokio::test]
async fn a_session_and_its_log() {
    let store = memory::store();
    let (_, session) = receive(&store, post(1, "main", "{}"), Some(trapped())).await;
    let api = api(&store);
    assert_snapshot!(answer(&api, &format!("/api/v1/sessions/{session}")).await, @r#"
    200 application/json
    {
      "id": "ses_…",
      "event": "evt_…",
      "event_type": "post",
      "trigger": "on_post",
      "deployment": "dep_…",
      "state": "failed",
      "reason": "trap: unreachable",
      "created_at": "2026-11-18T11:06:41Z",
      "ended_at": "2026-11-18T11:06:44Z",
      "due_at": null,
      "attempts": [
        {
          "number": 1,
          "started_at": "2026-11-18T11:06:43Z",
          "ended_at": "2026-11-18T11:06:44Z",
          "cpu_us": 1200,
          "peak_memory": 1048576,
          "outcome": "fault",
          "fault": "trap",
          "error": "trap: unreachable"
        }
      ]
    }
    "#);
    assert_snapshot!(answer(&api, &format!("/api/v1/sessions/{session}/logs")).await, @r#"
    200 application/json
    {
      "items": [
        {
          "at": "2026-11-18T11:06:43Z",
          "attempt": 1,
          "level": "info",
          "message": "hello",
          "fields": [
            [
              "order",
              "7"
            ]
          ]
        }
      ],
      "next": null
    }
    "#);
}

#[tokio::test]
async fn pages_follow_each_other_and_end() {
    let store = memory::store();
    let mut expected = Vec::new();
    for second in 0..5 {
        let (event, session) = receive(&store, post(second, "main", "{}"), None).await;
        expected.insert(0, (event.to_string(), session.to_string()));
    }
    let api = api(&store);
    let (events, sessions): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
    for (route, expected) in [("events", events), ("sessions", sessions)] {
        // Five items: a last page that is not full, one that is, and one page for all.
        for limit in [2, 5, 200] {
            let (mut found, mut query) = (Vec::new(), format!("limit={limit}"));
            loop {
                let (head, page) = ask(&api, Method::GET, &format!("/api/v1/{route}?{query}")).await;
                assert_eq!(head, "200 application/json");
                let ids = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
                found.extend(ids);
                let Some(next) = page["next"].as_str() else { break };
                query = format!("limit={limit}&before={next}");
            }
            assert_eq!(found, expected, "{route} by {limit}");
        }
    }
}

#[tokio::test]
async fn nothing_of_another_org_is_found() {
    let store = memory::store();
    let (event, session) = receive(&store, post(1, "other", "{}"), Some(trapped())).await;
    let api = api(&store);
    for list in ["events", "sessions"] {
        let (_, page) = ask(&api, Method::GET, &format!("/api/v1/{list}")).await;
        assert_eq!(page["items"], serde_json::json!([]), "{list}");
    }
    for (path, code) in [
        (format!("events/{event}"), "event_not_found"),
        (format!("sessions/{session}"), "session_not_found"),
        (format!("sessions/{session}/logs"), "session_not_found"),
    ] {
        let (head, problem) = ask(&api, Method::GET, &format!("/api/v1/{path}")).await;
        assert_eq!((head.as_str(), &problem["code"]), ("404 application/problem+json", &code.into()), "{path}");
    }
}

#[tokio::test]
async fn problems() {
    let api = api(&memory::store());
    let mut report = String::new();
    for (method, path) in [
        ("GET", "events/nonsense"),
        ("GET", "events/%ff"),
        ("GET", "events/ses_01arz3ndektsv4rrffq69g5fav"),
        ("GET", "sessions/evt_01arz3ndektsv4rrffq69g5fav"),
        ("GET", "events/evt_01arz3ndektsv4rrffq69g5fav"),
        ("GET", "events?limit=0"),
        ("GET", "events?limit=201"),
        ("GET", "events?limit=-1"),
        ("GET", "events?limit=1&limit=2"),
        ("GET", "events?before=ses_01arz3ndektsv4rrffq69g5fav"),
        ("GET", "sessions?after=x"),
        ("GET", "nowhere"),
        ("GET", ""),
        ("GET", "events/"),
        ("POST", "events"),
        ("DELETE", "sessions/ses_01arz3ndektsv4rrffq69g5fav"),
    ] {
        let (head, problem) = ask(&api, method.parse().unwrap(), &format!("/api/v1/{path}")).await;
        let (code, detail) = (problem["code"].as_str().unwrap(), problem["detail"].as_str().unwrap());
        assert!(problem["type"].as_str().unwrap().ends_with(&format!("/host/docs/errors.md#{code}")), "{path}");
        report += &format!("{method} {path}: {head}: {code}: {detail}\n");
    }
    assert_snapshot!(report, @"
    GET events/nonsense: 400 application/problem+json: invalid_id: `nonsense` is not an event id (`evt_…`)
    GET events/%ff: 400 application/problem+json: invalid_id: Invalid URL: Invalid UTF-8 in `id`
    GET events/ses_01arz3ndektsv4rrffq69g5fav: 400 application/problem+json: invalid_id: `ses_01arz3ndektsv4rrffq69g5fav` is not an event id (`evt_…`)
    GET sessions/evt_01arz3ndektsv4rrffq69g5fav: 400 application/problem+json: invalid_id: `evt_01arz3ndektsv4rrffq69g5fav` is not a session id (`ses_…`)
    GET events/evt_01arz3ndektsv4rrffq69g5fav: 404 application/problem+json: event_not_found: there is no event `evt_01arz3ndektsv4rrffq69g5fav`
    GET events?limit=0: 400 application/problem+json: invalid_query: `limit` is `0`; it must be a number from 1 to 200
    GET events?limit=201: 400 application/problem+json: invalid_query: `limit` is `201`; it must be a number from 1 to 200
    GET events?limit=-1: 400 application/problem+json: invalid_query: `limit` is `-1`; it must be a number from 1 to 200
    GET events?limit=1&limit=2: 400 application/problem+json: invalid_query: `limit` is given more than once
    GET events?before=ses_01arz3ndektsv4rrffq69g5fav: 400 application/problem+json: invalid_query: `before`: `ses_01arz3ndektsv4rrffq69g5fav` is not an event id (`evt_…`)
    GET sessions?after=x: 400 application/problem+json: invalid_query: `after` is not a parameter of this route (`limit`, `before`)
    GET nowhere: 404 application/problem+json: unknown_route: no route has the path `/api/v1/nowhere`; host/docs/api.md lists them
    GET : 404 application/problem+json: unknown_route: no route has the path `/api/v1/`; host/docs/api.md lists them
    GET events/: 404 application/problem+json: unknown_route: no route has the path `/api/v1/events/`; host/docs/api.md lists them
    POST events: 405 application/problem+json GET,HEAD: method_not_allowed: this route does not answer to POST, only to GET and HEAD
    DELETE sessions/ses_01arz3ndektsv4rrffq69g5fav: 405 application/problem+json GET,HEAD: method_not_allowed: this route does not answer to DELETE, only to GET and HEAD
    ");
}

#[tokio::test]
async fn a_request_without_a_peer_is_refused() {
    let request = Request::builder().uri("/api/v1/events").header("host", "localhost").body(Body::empty()).unwrap();
    let response = api(&memory::store()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
}

#[tokio::test]
async fn health_is_for_everybody() {
    let request = Request::builder().uri("/healthz").body(Body::empty()).unwrap();
    let response = health::router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
}

/// What senders of webhooks read, with their statuses. They also read `method_not_allowed`.
const WEBHOOK_CODES: [(&str, u16); 8] = [
    ("webhook_not_found", 404),
    ("body_too_large", 413),
    ("request_malformed", 400),
    ("body_too_slow", 408),
    ("backlog_full", 429),
    ("unavailable", 503),
    ("handler_failed", 502),
    ("handler_late", 504),
];

#[test]
fn every_code_is_explained() {
    let errors = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md")).unwrap();
    let headings: Vec<&str> = errors.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let of_api = Code::ALL.map(|code| (code.as_str(), code.status()));
    let of_webhooks = WEBHOOK_CODES.map(|(code, status)| (code, StatusCode::from_u16(status).unwrap()));
    let codes = [&of_api[..], &of_webhooks].concat();
    assert_eq!(headings, codes.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    for (code, status) in codes {
        let begins = format!("## {code}\n\nStatus {status}");
        assert!(errors.contains(&begins), "errors.md has no `{begins}`");
    }
}

/// A history that cannot be read.
struct Broken(store::Error);

#[async_trait]
impl History for Broken {
    async fn events(&self, _: &Org, _: EventQuery) -> store::Result<Page<EventRecord, EventId>> {
        Err(self.0.clone())
    }
    async fn event(&self, _: &Org, _: EventId) -> store::Result<Option<EventRecord>> {
        Err(self.0.clone())
    }
    async fn sessions(&self, _: &Org, _: SessionQuery) -> store::Result<Page<SessionRecord, SessionId>> {
        Err(self.0.clone())
    }
    async fn session(&self, _: &Org, _: SessionId) -> store::Result<Option<SessionRecord>> {
        Err(self.0.clone())
    }
    async fn logs(&self, _: &Org, _: SessionId) -> store::Result<Vec<LogEntry>> {
        Err(self.0.clone())
    }
    async fn answer(&self, _: &Org, _: EventId) -> store::Result<Answer> {
        Err(self.0.clone())
    }
    async fn usage(&self, _: &Org) -> store::Result<Usage> {
        Err(self.0.clone())
    }
    async fn expire(&self, _: Expiry) -> store::Result<Expired> {
        Err(self.0.clone())
    }
}

#[tokio::test]
async fn a_store_that_fails() {
    let mut report = String::new();
    for error in [
        store::Error::Conflict("the event is gone".to_owned()),
        store::Error::LeaseLost,
        store::Error::Unavailable("disk full".to_owned()),
        store::Error::Corrupt("/var/lib/x: not a database".to_owned()),
        store::Error::Backend("disk I/O error".to_owned()),
    ] {
        let api = router(State { history: Arc::new(Broken(error)), org: "main".into() });
        let (head, problem) = ask(&api, Method::GET, "/api/v1/events").await;
        report += &format!("{head}: {}: {}\n", problem["code"], problem["detail"]);
    }
    assert_snapshot!(report, @r#"
    409 application/problem+json: "conflict": "the event is gone"
    503 application/problem+json  1: "lease_lost": "try again in a moment"
    503 application/problem+json  1: "store_unavailable": "try again in a moment"
    500 application/problem+json: "store_corrupt": "the server's log says why"
    500 application/problem+json: "store_failed": "the server's log says why"
    "#);
}
