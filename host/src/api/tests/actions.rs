//! What changes something, and who may not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use super::super::{Control, router};
use super::{Desk, act, api, api_of, ask, at, post, receive, send, state, trapped};
use crate::clock::Clock;
use crate::dispatch::{Cancelled, CpuUse, Full};
use crate::event::{DeploymentId, Keep, Org, SessionId, SessionState};
use crate::ingest::{Redispatch, RedispatchError, Redispatched, Rejection};
use crate::store::{self, Delivery, EventRecord, NewEvent, Next, Redriven, Settlement, Store, memory};

/// Status and body of an answer, without what every session has.
fn brief((head, body): (String, Value)) -> String {
    let status = head.split(' ').next().unwrap_or_default();
    match body["code"].as_str() {
        Some(code) => format!("{status} {code}: {}", body["detail"].as_str().unwrap()),
        None => format!(
            "{status} {}, {} attempts, due {}",
            body["state"],
            body["attempts"].as_array().unwrap().len(),
            body["due_at"]
        ),
    }
}

/// The answer with the session's id replaced by what stands for it.
fn brief_of(session: SessionId, answer: (String, Value)) -> String {
    brief(answer).replace(&session.to_string(), "SESSION")
}

#[tokio::test]
async fn a_session_is_retried() {
    let store = memory::store();
    let (_, failed) = receive(&store, post(1, "main", "{}"), Some(trapped())).await;
    let (_, foreign) = receive(&store, post(2, "other", "{}"), Some(trapped())).await;
    let api = api(&store).await;
    let retry = async |id: SessionId| brief_of(id, act(&api, &format!("/api/v1/sessions/{id}/retry"), "{}").await);
    assert_snapshot!(retry(failed).await, @r#"200 "queued", 1 attempts, due "2026-11-18T11:07:40Z""#);
    assert_snapshot!(retry(failed).await, @"409 not_retryable: `SESSION` is queued: its handler runs without that");
    assert_snapshot!(retry(foreign).await, @"404 session_not_found: there is no session `SESSION`");
}

#[tokio::test]
async fn a_session_whose_payload_is_gone_is_not_retried() {
    let store = memory::store();
    receive(&store, post(1, "main", "{}"), Some(trapped())).await;
    let cut = metadata(&store).await;
    let api = api(&store).await;
    let answer = act(&api, &format!("/api/v1/sessions/{cut}/retry"), "").await;
    assert_snapshot!(brief_of(cut, answer), @"409 payload_not_kept: the payload of the event of `SESSION` is not kept, so its handler has nothing to handle");
    let (head, all) = act(&api, "/api/v1/sessions/retry", r#"{"state": "failed"}"#).await;
    assert_eq!(
        (head.as_str(), all),
        ("200 application/json", json!({"retried": 1, "skipped": 0, "not_kept": 1, "next": null}))
    );
}

/// A failed session of an event of which the metadata is kept.
async fn metadata(store: &Store) -> SessionId {
    let lease = store.ledger.join(at(0), at(1_000)).await.unwrap();
    let event = Arc::new(post(2, "main", "{}"));
    let session = SessionId::floor(at(2));
    let delivery = Delivery::new(event.clone(), session, "on_post".into(), DeploymentId::new(at(0)));
    let deliveries = vec![Delivery { keep: Keep::Metadata, ..delivery }];
    let new = NewEvent { event: event.clone(), key: None, keep: Keep::Metadata, verdicts: Vec::new(), deliveries };
    store.ledger.accept(&lease, new).await.unwrap();
    let next = Next::Ended { state: SessionState::Failed, reason: None, at: at(3) };
    let settled = Settlement { org: event.org.clone(), session, attempt: None, logs: Vec::new(), next, told: None };
    store.ledger.settle(&lease, settled).await.unwrap();
    session
}

#[tokio::test]
async fn sessions_are_retried_in_bulk_page_by_page() {
    let store = memory::store();
    for second in 0..7 {
        receive(&store, post(second, "main", "{}"), (second != 3).then(trapped)).await;
        receive(&store, post(second, "other", "{}"), Some(trapped())).await;
    }
    let api = api(&store).await;
    let (mut body, mut counts) = (json!({"state": "failed", "limit": 4, "since": "59s"}), Vec::new());
    loop {
        let (head, page) = act(&api, "/api/v1/sessions/retry", &body.to_string()).await;
        assert_eq!(head, "200 application/json", "{page}");
        counts.push(page["retried"].as_u64().unwrap());
        let Some(next) = page["next"].as_str() else { break };
        body["before"] = next.into();
    }
    assert_eq!(counts.iter().sum::<u64>(), 5, "six failed, the first of them more than 59 s ago: {counts:?}");
    assert!(counts.len() >= 2);
    let (_, page) = ask(&api, Method::GET, "/api/v1/sessions?state=queued").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 6);
    let other = api_of_other(&store).await;
    let (_, page) = ask(&other, Method::GET, "/api/v1/sessions?state=failed").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 7, "the other org's are as they were");
    // Dead ones, when no state is given; and there are none.
    let (_, none) = act(&api, "/api/v1/sessions/retry", "").await;
    assert_eq!(none, json!({"retried": 0, "skipped": 0, "not_kept": 0, "next": null}));
}

async fn api_of_other(store: &Store) -> Router {
    let control = Arc::new(Desk::new(store).await);
    let clock = Clock::manual(at(60));
    router(state(store, control, "other", clock))
}

#[tokio::test]
async fn a_session_is_cancelled() {
    let store = memory::store();
    let (_, left) = receive(&store, post(1, "main", "{}"), None).await;
    let (_, ended) = receive(&store, post(2, "main", "{}"), Some(trapped())).await;
    let api = api(&store).await;
    let cancel = async |id: SessionId| brief_of(id, act(&api, &format!("/api/v1/sessions/{id}/cancel"), "{}").await);
    // An earlier start left it owed.
    assert_snapshot!(cancel(left).await, @"503 session_elsewhere: this server has not taken over `SESSION` yet: try again in a moment");
    assert_snapshot!(cancel(ended).await, @"409 session_ended: `SESSION` is failed: there is nothing to cancel");
    assert!(act(&api, &format!("/api/v1/sessions/{ended}/retry"), "").await.0.starts_with("200"));
    assert_snapshot!(cancel(ended).await, @r#"200 "cancelled", 1 attempts, due null"#);
    assert_snapshot!(cancel(ended).await, @"409 session_ended: `SESSION` is cancelled: there is nothing to cancel");
    assert_snapshot!(cancel(SessionId::floor(at(9))).await.replace(&SessionId::floor(at(9)).to_string(), "SESSION"), @"404 session_not_found: there is no session `SESSION`");
}

#[tokio::test]
async fn what_runs_is_known_to_the_dispatcher_alone() {
    let store = memory::store();
    let mut ids = Vec::new();
    for second in 0..4 {
        ids.push(receive(&store, post(second, "main", "{}"), (second == 2).then(trapped)).await);
    }
    let mut desk = Desk::new(&store).await;
    // The third has ended since the dispatcher was asked; of the last nothing is kept.
    desk.running = vec![ids[2].1, ids[0].1, ids[3].1, SessionId::floor(at(5))];
    let api = api_of(&store, desk);
    let listed = async |query: &str| {
        let (head, page) = ask(&api, Method::GET, &format!("/api/v1/sessions?{query}")).await;
        assert_eq!(head, "200 application/json", "{page}");
        let items = page["items"].as_array().unwrap().iter().map(|item| {
            let number = ids.iter().position(|(_, id)| item["id"] == id.to_string()).unwrap();
            format!("{number} {}", item["state"].as_str().unwrap())
        });
        (items.collect::<Vec<_>>().join(", "), page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(listed("").await.0, "3 running, 2 failed, 1 queued, 0 running");
    assert_eq!(listed("state=queued").await.0, "1 queued");
    assert_eq!(listed("state=running").await, ("3 running, 0 running".to_owned(), None));
    let (first, next) = listed("state=running&limit=1").await;
    assert_eq!((first.as_str(), next.as_deref()), ("3 running", Some(&*ids[3].1.to_string())));
    assert_eq!(listed(&format!("state=running&limit=1&before={}", ids[3].1)).await, ("0 running".to_owned(), None));
    assert_eq!(listed("state=running&since=58s").await.0, "3 running");
    assert_eq!(listed("state=running&until=58s").await.0, "0 running");
    for query in ["trigger=other", "error=x", "type=get"] {
        assert_eq!(listed(&format!("state=running&{query}")).await.0, "", "{query}");
    }
    let (_, shown) = ask(&api, Method::GET, &format!("/api/v1/sessions/{}", ids[0].1)).await;
    assert_eq!((&shown["state"], &shown["due_at"]), (&"running".into(), &Value::Null));
    let (_, event) = ask(&api, Method::GET, &format!("/api/v1/events/{}", ids[0].0)).await;
    assert_eq!(event["sessions"][0]["state"], "running");
    let (_, events) = ask(&api, Method::GET, "/api/v1/events").await;
    assert_eq!(events["items"][3]["sessions"][0]["state"], "running");
    let (_, usage) = ask(&api, Method::GET, "/api/v1/usage").await;
    assert_eq!((&usage["events"], &usage["running"]), (&4.into(), &4.into()));
    assert!(usage["bytes"].as_u64().unwrap() > 4_096, "{usage}");
}

#[tokio::test]
async fn actions_that_are_refused() {
    let store = memory::store();
    let (_, session) = receive(&store, post(1, "main", "{}"), Some(trapped())).await;
    let api = api(&store).await;
    let (one, all) = (format!("/api/v1/sessions/{session}/retry"), "/api/v1/sessions/retry".to_owned());
    let json = ("content-type", "application/json");
    let large = format!("{{\"trigger\": \"{}\"}}", "x".repeat(70_000));
    let mut report = Vec::new();
    for (path, headers, body) in [
        (&one, &[][..], "{}"),
        (&one, &[("content-type", "text/plain")], "{}"),
        (&one, &[("content-type", "application/x-www-form-urlencoded")], "state=dead"),
        (&one, &[json, ("origin", "https://evil.example")], "{}"),
        (&one, &[json, ("sec-fetch-site", "cross-site")], "{}"),
        (&one, &[json], "[]"),
        (&one, &[json], "{"),
        (&one, &[json], r#"{"force": true}"#),
        (&one, &[json], r#"{"force": 1}"#),
        (&all, &[json], r#"{"state": "succeeded"}"#),
        (&all, &[json], r#"{"state": "queued"}"#),
        (&all, &[json], r#"{"state": "lost"}"#),
        (&all, &[json], r#"{"limit": 201}"#),
        (&all, &[json], r#"{"since": "yesterday"}"#),
        (&all, &[json], r#"{"where": "x"}"#),
        (&all, &[json], &large),
    ] {
        report.push(brief_of(session, send(&api, Method::POST, path, headers, body).await));
    }
    report.push(brief(ask(&api, Method::GET, "/api/v1/usage?of=all").await));
    report.push(brief(ask(&api, Method::GET, &all).await));
    report.push(brief(act(&api, "/api/v1/sessions/nonsense/cancel", "").await));
    assert_snapshot!(report.join("\n"), @"
    400 invalid_body: send a JSON object, with the header `Content-Type: application/json`
    400 invalid_body: send a JSON object, with the header `Content-Type: application/json`
    400 invalid_body: send a JSON object, with the header `Content-Type: application/json`
    403 foreign_origin: a web page of another site asks: only programs and pages of this server may change anything
    403 foreign_origin: a web page of another site asks: only programs and pages of this server may change anything
    400 invalid_body: the body is not a JSON object
    400 invalid_body: the body is not JSON: EOF while parsing an object at line 1 column 1
    400 invalid_body: `force` is not a parameter of this route (it has none)
    400 invalid_body: `force` is not a parameter of this route (it has none)
    400 invalid_body: `state`: sessions that are succeeded cannot be retried (failed, dead, cancelled)
    400 invalid_body: `state`: sessions that are queued cannot be retried (failed, dead, cancelled)
    400 invalid_body: `state`: `lost` is not a session's state (queued, running, succeeded, failed, dead, cancelled)
    400 invalid_body: `limit`: `201` is not a number from 1 to 200
    400 invalid_body: `since`: `yesterday` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
    400 invalid_body: `where` is not a parameter of this route (`limit`, `before`, `since`, `until`, `trigger`, `state`, `type`, `error`)
    400 invalid_body: the body has more than 65536 bytes, or broke off: length limit exceeded
    400 invalid_query: `of` is not a parameter of this route (it has none)
    405 method_not_allowed: this route does not answer to GET; the header `Allow` has those that it does
    400 invalid_id: `nonsense` is not a session id (`ses_…`)
    ");
    let (_, shown) = ask(&api, Method::GET, &format!("/api/v1/sessions/{session}")).await;
    assert_eq!(shown["state"], "failed", "nothing was done");
}

#[tokio::test]
async fn an_event_is_dispatched_again() {
    let store = memory::store();
    let (event, _) = receive(&store, post(1, "main", "{}"), None).await;
    let api = api(&store).await;
    let path = format!("/api/v1/events/{event}/redispatch");
    let body = r#"{"trigger": "on_post", "deployment": "dep_01arz3ndektsv4rrffq69g5fav", "force": true}"#;
    let (head, new) = act(&api, &path, body).await;
    assert_eq!((head.as_str(), &new["redispatched_from"]), ("201 application/json", &event.to_string().into()));
    assert_eq!(new["verdicts"][0]["trigger"], "on_post");
    assert_eq!(new["verdicts"][0]["detail"], r#"Some("dep_01arz3ndektsv4rrffq69g5fav") true"#);
    let (_, shown) = ask(&api, Method::GET, &format!("/api/v1/events/{}", new["id"].as_str().unwrap())).await;
    assert_eq!((&shown["redispatched_from"], &shown["kept"]), (&event.to_string().into(), &"full".into()));
}

#[tokio::test]
async fn an_event_that_is_not_dispatched_again() {
    let store = memory::store();
    let (event, _) = receive(&store, post(1, "main", "{}"), None).await;
    let (foreign, _) = receive(&store, post(2, "other", "{}"), None).await;
    let deployment = DeploymentId::floor(at(0));
    let desk = Desk::new(&store).await;
    *desk.refusals.lock().unwrap() = vec![
        RedispatchError::NotKept(event),
        RedispatchError::NothingDeployed,
        RedispatchError::UnknownDeployment(deployment),
        RedispatchError::BrokenDeployment { id: deployment, reason: "a module is missing".to_owned() },
        RedispatchError::NoListener { endpoint: "orders".into(), deployment },
        RedispatchError::UnknownTrigger {
            trigger: "x".to_owned(),
            endpoint: "orders".into(),
            deployment,
            listeners: "`on_post`".to_owned(),
        },
        RedispatchError::NothingToForce,
        RedispatchError::Rejected(Rejection::Backlogged(Full::Org)),
        RedispatchError::Rejected(Rejection::Unavailable("the store is not available".to_owned())),
    ];
    let count = desk.refusals.lock().unwrap().len();
    let api = api_of(&store, desk);
    let path = format!("/api/v1/events/{event}/redispatch");
    let mut report = Vec::new();
    for _ in 0..count {
        report.push(
            brief(act(&api, &path, "{}").await)
                .replace(&event.to_string(), "EVENT")
                .replace(&deployment.to_string(), "DEPLOYMENT"),
        );
    }
    for body in [r#"{"deployment": "evt_x"}"#, r#"{"force": "perhaps"}"#, r#"{"all": true}"#, r#"{"trigger": ["x"]}"#] {
        report.push(brief(act(&api, &path, body).await));
    }
    let path = format!("/api/v1/events/{foreign}/redispatch");
    report.push(brief(act(&api, &path, "{}").await).replace(&foreign.to_string(), "EVENT"));
    assert_snapshot!(report.join("\n"), @"
    503 unavailable: the event cannot be accepted now: the store is not available
    429 org_backlog_full: too many sessions of this webhook's owner wait already
    400 invalid_body: only a trigger that is named can be forced
    404 trigger_not_found: no trigger `x` of the deployment DEPLOYMENT listens on the endpoint `orders`; there are `on_post`
    409 no_listener: no trigger of the deployment DEPLOYMENT listens on the endpoint `orders`
    409 deployment_broken: the deployment DEPLOYMENT cannot run: a module is missing
    404 deployment_not_found: there is no deployment DEPLOYMENT
    409 nothing_deployed: nothing is deployed
    409 payload_not_kept: the payload of the event EVENT is not kept
    400 invalid_body: `deployment`: `evt_x` is not a deployment id (`dep_…`)
    400 invalid_body: `force`: provided string was not `true` or `false`
    400 invalid_body: `all` is not a parameter of this route (`deployment`, `trigger`, `force`)
    400 invalid_body: `trigger` must be a single value
    404 event_not_found: there is no event `EVENT`
    ");
}

/// Has room for so many sessions.
struct Narrow {
    desk: Desk,
    room: AtomicUsize,
}

#[async_trait]
impl Control for Narrow {
    fn is_running(&self, session: SessionId) -> bool {
        self.desk.is_running(session)
    }

    fn running(&self, org: &Org) -> Vec<SessionId> {
        self.desk.running(org)
    }

    fn cpu(&self, org: &Org) -> CpuUse {
        self.desk.cpu(org)
    }

    async fn redrive(&self, org: &Org, session: SessionId) -> store::Result<Redriven> {
        if self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |room| room.checked_sub(1)).is_err() {
            return Err(store::Error::Unavailable("full".to_owned()));
        }
        self.desk.redrive(org, session).await
    }

    async fn cancel(&self, org: &Org, session: SessionId) -> store::Result<Cancelled> {
        self.desk.cancel(org, session).await
    }

    async fn redispatch(
        &self,
        org: &Org,
        record: &EventRecord,
        options: &Redispatch,
    ) -> Result<Redispatched, RedispatchError> {
        self.desk.redispatch(org, record, options).await
    }
}

#[tokio::test]
async fn a_page_that_has_not_room_for_all_is_gone_on_with() {
    let store = memory::store();
    for second in 0..5 {
        receive(&store, post(second, "main", "{}"), Some(trapped())).await;
    }
    let narrow = Arc::new(Narrow { desk: Desk::new(&store).await, room: 3.into() });
    let clock = Clock::manual(at(60));
    let api = router(state(&store, narrow.clone(), "main", clock));
    let retry = async |body: &Value| act(&api, "/api/v1/sessions/retry", &body.to_string()).await;
    let (_, some) = retry(&json!({"state": "failed"})).await;
    assert_eq!(some["retried"], 3);
    let rest = json!({"state": "failed", "before": some["next"]});
    let (head, none) = retry(&rest).await;
    assert_eq!((head.as_str(), &none["code"]), ("503 application/problem+json  1", &"store_unavailable".into()));
    narrow.room.store(9, Ordering::SeqCst);
    let (_, others) = retry(&rest).await;
    assert_eq!(others, json!({"retried": 2, "skipped": 0, "not_kept": 0, "next": null}));
}
