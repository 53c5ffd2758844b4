//! What a request is refused with.

use std::fs;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use insta::assert_snapshot;
use tower::ServiceExt as _;

use super::super::{Code, State, router};
use super::{Desk, api, ask, at, state};
use crate::clock::Clock;
use crate::event::{EventId, LogEntry, Org, SessionId};
use crate::store::{
    self, Answer, EventQuery, EventRecord, Expired, Expiry, History, Page, SessionQuery, SessionRecord, Usage, memory,
};

#[tokio::test]
async fn problems() {
    let api = api(&memory::store()).await;
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
        ("GET", "events?state=dead"),
        ("GET", "events?since=yesterday"),
        ("GET", "sessions?state=lost"),
        ("GET", "sessions?since=1h&until=1d"),
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
    GET events?limit=0: 400 application/problem+json: invalid_query: `limit`: `0` is not a number from 1 to 200
    GET events?limit=201: 400 application/problem+json: invalid_query: `limit`: `201` is not a number from 1 to 200
    GET events?limit=-1: 400 application/problem+json: invalid_query: `limit`: `-1` is not a number from 1 to 200
    GET events?limit=1&limit=2: 400 application/problem+json: invalid_query: `limit` is given more than once
    GET events?before=ses_01arz3ndektsv4rrffq69g5fav: 400 application/problem+json: invalid_query: `before`: `ses_01arz3ndektsv4rrffq69g5fav` is not an event id (`evt_…`)
    GET sessions?after=x: 400 application/problem+json: invalid_query: `after` is not a parameter of this route (`limit`, `before`, `since`, `until`, `trigger`, `state`, `type`, `error`)
    GET events?state=dead: 400 application/problem+json: invalid_query: `state` is not a parameter of this route (`limit`, `before`, `since`, `until`, `endpoint`, `type`)
    GET events?since=yesterday: 400 application/problem+json: invalid_query: `since`: `yesterday` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
    GET sessions?state=lost: 400 application/problem+json: invalid_query: `state`: `lost` is not a session's state (queued, running, succeeded, failed, dead, cancelled)
    GET sessions?since=1h&until=1d: 400 application/problem+json: invalid_query: `since` (2026-11-18T10:07:40Z) is not before `until` (2026-11-17T11:07:40Z), so nothing can be found
    GET nowhere: 404 application/problem+json: unknown_route: no route has the path `/api/v1/nowhere`; host/docs/api.md lists them
    GET : 404 application/problem+json: unknown_route: no route has the path `/api/v1/`; host/docs/api.md lists them
    GET events/: 404 application/problem+json: unknown_route: no route has the path `/api/v1/events/`; host/docs/api.md lists them
    POST events: 405 application/problem+json GET,HEAD: method_not_allowed: this route does not answer to POST; the header `Allow` has those that it does
    DELETE sessions/ses_01arz3ndektsv4rrffq69g5fav: 405 application/problem+json GET,HEAD: method_not_allowed: this route does not answer to DELETE; the header `Allow` has those that it does
    ");
}

#[tokio::test]
async fn a_request_without_a_peer_is_refused() {
    let request = Request::builder().uri("/api/v1/events").header("host", "localhost").body(Body::empty()).unwrap();
    let response = api(&memory::store()).await.oneshot(request).await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
}

/// What senders of webhooks read, with their statuses. They also read `method_not_allowed`.
const WEBHOOK_CODES: [(&str, u16); 14] = [
    ("webhook_not_found", 404),
    ("testing_token_unknown", 403),
    ("body_too_large", 413),
    ("request_malformed", 400),
    ("body_too_slow", 408),
    ("org_suspended", 403),
    ("rate_limited", 429),
    ("org_backlog_full", 429),
    ("backlog_full", 429),
    ("unavailable", 503),
    ("stopping", 503),
    ("handler_retry", 503),
    ("handler_failed", 502),
    ("handler_late", 504),
];

#[test]
fn every_code_is_explained() {
    let errors = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md")).unwrap();
    let headings: Vec<&str> = errors.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let of_api: Vec<_> = Code::ALL.iter().map(|code| (code.as_str(), code.status())).collect();
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
    async fn owed_to(&self, _: &Org) -> store::Result<std::collections::BTreeSet<crate::event::DeploymentId>> {
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
        let control = Arc::new(Desk::new(&memory::store()).await);
        let history = Arc::new(Broken(error));
        let api = router(State { history, ..state(&memory::store(), control, "main", Clock::manual(at(60))) });
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
