//! The API as its clients see it: status, media type and body of each answer.

mod actions;
mod filter;
mod isolation;
mod lists;
mod members;
mod plane;
mod problems;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header, request};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Control, Door, State, health, router};
use crate::clock::Clock;
use crate::deploy::{self, Current, Defaults, Naming, Registry};
use crate::dispatch::{Cancelled, CpuUse};
use crate::event::{
    Attempt, AttemptOutcome, Data, DeploymentId, Event, EventId, EventType, FaultKind, Keep, LogEntry, LogLevel, Org,
    Raw, SessionId, SessionState, Timestamp, Verdict, VerdictKind,
};
use crate::guest::compile::Program;
use crate::guest::{self, Engine, Library};
use crate::ingest::{Redispatch, RedispatchError, Redispatched};
use crate::quota::Limits;
use crate::seal::{MasterKeys, Vault};
use crate::store::{self, Delivery, EventRecord, Lease, NewEvent, Next, Redriven, Settlement, Store, memory};
use crate::task::Tasks;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn post(second: i64, org: &str, body: &str) -> Event {
    Event {
        // Those of the process's generator increase from test to test, whatever the time.
        id: EventId::floor(at(second)),
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
    let session = SessionId::floor(event.received_at);
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
        used: Default::default(),
        requests: Vec::new(),
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

/// Drives sessions as the dispatcher does, save that it runs none: what runs is what a test says.
struct Desk {
    store: Store,
    lease: Lease,
    running: Vec<SessionId>,
    /// Why the next events are not dispatched again, the last one first.
    refusals: Mutex<Vec<RedispatchError>>,
}

impl Desk {
    async fn new(store: &Store) -> Self {
        let lease = store.ledger.join(at(0), at(1_000)).await.unwrap();
        Self { store: store.clone(), lease, running: Vec::new(), refusals: Mutex::default() }
    }
}

#[async_trait]
impl Control for Desk {
    fn is_running(&self, session: SessionId) -> bool {
        self.running.contains(&session)
    }

    fn running(&self, _: &Org) -> Vec<SessionId> {
        self.running.clone()
    }

    fn cpu(&self, _: &Org) -> CpuUse {
        CpuUse::default()
    }

    async fn redrive(&self, org: &Org, session: SessionId) -> store::Result<Redriven> {
        self.store.ledger.redrive(&self.lease, org, session, at(60)).await
    }

    async fn cancel(&self, org: &Org, session: SessionId) -> store::Result<Cancelled> {
        let next = Next::Ended { state: SessionState::Cancelled, reason: Some("cancelled".to_owned()), at: at(60) };
        let settlement =
            Settlement { org: Arc::clone(org), session, attempt: None, logs: Vec::new(), next, told: None };
        let owed = self.store.history.session(org, session).await?.is_some_and(|record| !record.state.is_final());
        match self.store.ledger.settle(&self.lease, settlement).await {
            Ok(()) => Ok(Cancelled::Done),
            // It belongs to another lease.
            Err(store::Error::LeaseLost) if owed => Ok(Cancelled::Elsewhere),
            Err(store::Error::LeaseLost) => Ok(Cancelled::NotOwed),
            Err(error) => Err(error),
        }
    }

    async fn redispatch(
        &self,
        _: &Org,
        record: &EventRecord,
        options: &Redispatch,
    ) -> Result<Redispatched, RedispatchError> {
        let refusal = self.refusals.lock().unwrap().pop();
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let first = record.event.id;
        let event = Event { id: EventId::floor(at(60)), redispatched_from: Some(first), ..(*record.event).clone() };
        let detail = format!("{:?} {:?}", options.deployment.map(|id| id.to_string()), options.force);
        let trigger = options.trigger.clone().unwrap_or_else(|| "all".to_owned());
        let verdict = Verdict { trigger, kind: VerdictKind::FilterFalse, detail: Some(detail), explanation: None };
        let (id, verdicts) = (event.id, vec![verdict]);
        let event = Arc::new(event);
        let new = NewEvent { event, key: None, keep: Keep::Full, verdicts: verdicts.clone(), deliveries: Vec::new() };
        self.store.ledger.accept(&self.lease, new).await.unwrap();
        Ok(Redispatched { event: id, verdicts, sessions: Vec::new() })
    }
}

fn api_of(store: &Store, desk: Desk) -> Router {
    router(state(store, Arc::new(desk), "main", Clock::manual(at(60))))
}

/// What an org may take of which no operator said anything.
const LIMITS: Limits = Limits {
    events_per_second: None,
    burst: 1_000,
    backlog: 10_000,
    sessions: 256,
    modules: 3,
    module_bytes: 1 << 20,
    modules_bytes: 1 << 21,
    stored_bytes: None,
    log_bytes: 1 << 18,
    cpu_seconds_per_minute: None,
    memory_bytes: 1 << 28,
    kv_bytes: 1 << 30,
};

/// The API of one org without tokens.
fn state(store: &Store, control: Arc<dyn Control>, org: &str, clock: Clock) -> State {
    state_of(store, control, Door::Local(org.into()), Naming::Names, clock)
}

fn state_of(store: &Store, control: Arc<dyn Control>, door: Door, naming: Naming, clock: Clock) -> State {
    let defaults: toml::Table = include_str!("../../default.toml").parse().unwrap();
    let guests: guest::Config = defaults["guest"].clone().try_into().unwrap();
    let engine = Engine::new(&guests, 1).unwrap();
    let (blobs, program) = (store.blobs.clone(), Program::Here);
    let parts = guest::Parts { engine, blobs, folder: None, program, clock: clock.clone() };
    let defaults = Defaults { timeout: Duration::from_secs(30), limits: guests.limits, ceilings: guests.ceilings };
    let registry = Registry::new(deploy::Parts {
        catalog: store.catalog.clone(),
        library: Library::new(&guests.modules, guests.compile.clone(), parts).unwrap(),
        deployed: Current::default(),
        clock: clock.clone(),
        naming,
        defaults,
        policy: guests.outbound.policy().unwrap(),
        vault: Vault::new(MasterKeys::generate().unwrap(), store.keyring.clone()),
    });
    State {
        history: store.history.clone(),
        catalog: store.catalog.clone(),
        kv: store.kv.clone(),
        blobs: store.blobs.clone(),
        registry,
        control,
        door,
        quotas: LIMITS,
        tasks: Tasks::default(),
        clock,
    }
}

async fn api(store: &Store) -> Router {
    api_of(store, Desk::new(store).await)
}

async fn ask(api: &Router, method: Method, path: &str) -> (String, Value) {
    send(api, method, path, &[], "").await
}

/// Does something.
async fn act(api: &Router, path: &str, body: &str) -> (String, Value) {
    send(api, Method::POST, path, &[("content-type", "application/json")], body).await
}

async fn send(api: &Router, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> (String, Value) {
    let request = headers.iter().fold(local(method, path), |request, (name, value)| request.header(*name, *value));
    answered(api, request.body(Body::from(body.to_owned())).unwrap()).await
}

/// A request of this machine.
fn local(method: Method, path: &str) -> request::Builder {
    let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 50_000)));
    Request::builder().method(method).uri(path).header("host", "localhost").extension(peer)
}

async fn answered(api: &Router, request: Request<Body>) -> (String, Value) {
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
    assert_snapshot!(answer(&api(&store).await, &format!("/api/v1/events/{event}")).await, @r#"
    200 application/json
    {
      "id": "evt_…",
      "type": "post",
      "endpoint": "orders",
      "received_at": "2026-11-18T11:06:41Z",
      "redispatched_from": null,
      "kept": "full",
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
          "reason": "trap: unreachable",
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
      ]
    }
    "#);
}

#[tokio::test]
async fn a_session_and_its_log() {
    let store = memory::store();
    let (_, session) = receive(&store, post(1, "main", "{}"), Some(trapped())).await;
    let api = api(&store).await;
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
async fn health_is_for_everybody() {
    let request = Request::builder().uri("/healthz").body(Body::empty()).unwrap();
    let response = health::router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "ok");
}
