//! What becomes of a delivery: sent twice, tried again, kept or not, sent while the host stops, dispatched again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenterhook_host::config::Config;
use tenterhook_host::event::EventId;
use tenterhook_host::ingest::{Redispatch, RedispatchError};
use tenterhook_host::observe::feed::{Heard, Notice};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::host::Host;
use crate::harness::raw::{self, Answer};

/// One trigger on the endpoint `hook`, with more keys of its own, and more of the project's behind it.
fn manifest(trigger: &str, project: &str) -> String {
    let trigger: String = trigger.lines().map(|line| format!("      {}\n", line.trim())).collect();
    format!(
        "version: v1\nproject:\n  name: p\n  triggers:\n    - name: hook\n      type: webhook\n      call: wishes.wat:handle\n{trigger}{project}"
    )
}

const AUTO: &str = "  endpoints: {hook: {dedup: auto}}\n";
const AT_ONCE: &str = "retry: {attempts: 4, backoff: {initial: 1ms, max: 20ms, jitter: 0}}";

fn post(key: &str, body: &str) -> String {
    let length = body.len();
    format!("POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nWebhook-Id: {key}\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn event_id(answer: &Answer) -> String {
    answer.header("tenterhook-event-id").unwrap_or_else(|| panic!("no event: {answer:?}")).to_owned()
}

fn is_duplicate(answer: &Answer) -> bool {
    answer.header("tenterhook-duplicate") == Some("true")
}

async fn count(host: &Host, of: &str) -> usize {
    host.api(of).await["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_same_delivery_from_many_senders_is_one_event() {
    let host = Host::start(&manifest("", AUTO)).await;
    let request = post("msg_1", "{}");
    let answers = join_all((0..32).map(|_| host.send(&request))).await;
    assert!(answers.iter().all(|answer| answer.status == 202), "{answers:?}");
    let ids: BTreeSet<String> = answers.iter().map(event_id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(answers.iter().filter(|answer| !is_duplicate(answer)).count(), 1);
    assert_eq!((count(&host, "events").await, count(&host, "sessions").await), (1, 1));
    // Another key is another event, and so is a delivery without one.
    let others =
        [host.send(post("msg_2", "{}")).await, host.send(post("", "{}")).await, host.send(post("", "{}")).await];
    assert!(others.iter().all(|answer| answer.status == 202 && !is_duplicate(answer)), "{others:?}");
    assert_eq!(count(&host, "events").await, 4);
}

#[tokio::test]
async fn duplicates_of_a_synchronous_delivery_get_the_same_response() {
    let host = Host::start(&manifest("is_sync: true", AUTO)).await;
    let request = post("msg_1", "{}");
    let mut answers = join_all((0..32).map(|_| host.send(&request))).await;
    answers.push(host.send(&request).await);
    let told: BTreeSet<(u16, String, String)> =
        answers.iter().map(|answer| (answer.status, answer.text().to_owned(), event_id(answer))).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let (status, session, id) = told.first().unwrap();
    assert_eq!(*status, 200);
    assert_eq!(host.settled(id).await["sessions"][0]["id"], session.as_str(), "the handler ran once");
    assert_eq!(answers.iter().filter(|answer| !is_duplicate(answer)).count(), 1);
    assert_eq!(count(&host, "sessions").await, 1);
}

/// Whoever was told that it failed may try again.
#[tokio::test]
async fn a_synchronous_delivery_that_failed_frees_its_key() {
    let host = Host::start(&manifest("is_sync: true", AUTO)).await;
    let failed = host.send(post("msg_1", r#"{"trap": 1}"#)).await;
    assert_eq!((failed.status, is_duplicate(&failed)), (502, false), "{failed:?}");
    assert_eq!(host.settled(&event_id(&failed)).await["sessions"][0]["state"], "failed");
    let second = host.send(post("msg_1", "{}")).await;
    assert_eq!((second.status, is_duplicate(&second)), (200, false), "{second:?}");
    assert_ne!(event_id(&failed), event_id(&second));
    let third = host.send(post("msg_1", "{}")).await;
    assert_eq!((third.status, event_id(&third), third.text()), (200, event_id(&second), second.text()));
}

#[tokio::test]
async fn a_synchronous_handlers_wish_to_be_called_again_is_the_senders() {
    let host = Host::start(&manifest("is_sync: true", AUTO)).await;
    for (body, after) in [(r#"{"retry": 1}"#, "1"), (r#"{"later": 1}"#, "2")] {
        let answer = host.send(post("msg_1", body)).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some(after)), "{answer:?}");
        assert!(answer.text().contains(r#""code":"handler_retry""#), "{answer:?}");
        let event = host.settled(&event_id(&answer)).await;
        assert_eq!(event["sessions"][0]["attempts"].as_array().unwrap().len(), 1, "{event}");
        assert_eq!(event["sessions"][0]["state"], "failed");
    }
}

/// What the body wishes, the attempts that it takes, and how the session ends.
#[tokio::test]
async fn sessions_are_tried_again_within_their_limit() {
    let host = Host::start(&manifest(AT_ONCE, "")).await;
    let cases = [
        ("{}", 1, "succeeded", None),
        (r#"{"trap_twice": 1}"#, 3, "succeeded", None),
        (r#"{"retry_twice": 1}"#, 3, "succeeded", None),
        (r#"{"trap": 1}"#, 4, "dead", Some("unreachable")),
        (r#"{"retry": 1}"#, 4, "dead", Some("not this one")),
        (r#"{"reject": 1}"#, 1, "dead", Some("not this one")),
    ];
    for (body, attempts, state, reason) in cases {
        let answer = host.send(post("", body)).await;
        assert_eq!(answer.status, 202, "{body}: {answer:?}");
        let event = host.settled(&event_id(&answer)).await;
        let session = &event["sessions"][0];
        assert_eq!(
            (&session["state"], session["attempts"].as_array().unwrap().len()),
            (&json!(state), attempts),
            "{body}: {event}"
        );
        let last = session["attempts"].as_array().unwrap().last().unwrap();
        let error = last["error"].as_str();
        assert_eq!(error.is_some(), reason.is_some(), "{body}: {session}");
        assert!(reason.is_none_or(|reason| error.unwrap().contains(reason)), "{body}: {session}");
    }
}

#[tokio::test]
async fn what_is_not_listed_is_not_tried_again() {
    let host = Host::start(&manifest(&AT_ONCE.replace("{attempts", "{on: [retry], attempts"), "")).await;
    for (body, attempts) in [(r#"{"trap_twice": 1}"#, 1), (r#"{"retry_twice": 1}"#, 3)] {
        let event = host.settled(&event_id(&host.send(post("", body)).await)).await;
        assert_eq!(event["sessions"][0]["attempts"].as_array().unwrap().len(), attempts, "{body}: {event}");
    }
}

#[tokio::test]
async fn no_history_leaves_no_trace() {
    let host = Host::start(&manifest("is_sync: true\nhistory: none\nevent_type: post", "")).await;
    let answer = host.send(post("", "{}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text().starts_with("ses_"), "{answer:?}");
    assert_eq!(host.send(post("", r#"{"trap": 1}"#)).await.status, 502);
    assert_eq!(host.send("GET /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n").await.status, 202, "nothing matched");
    // Nor does it need the disk.
    host.break_store();
    assert_eq!(host.send(post("", "{}")).await.status, 200);
    host.mend_store();
    assert_eq!((count(&host, "events").await, count(&host, "sessions").await), (0, 0));
}

#[tokio::test]
async fn metadata_keeps_no_payload() {
    let host = Host::start(&manifest("history: metadata\nretry: {attempts: 1}", "")).await;
    for (body, state) in [(r#"{"secret": "hush"}"#, "succeeded"), (r#"{"reject": "hush"}"#, "dead")] {
        let id = event_id(&host.send(post("hush", body)).await);
        let event = host.settled(&id).await;
        assert_eq!(event["sessions"][0]["state"], state, "{event}");
        assert!(!event.to_string().contains("hush") && !event.to_string().contains("not this one"), "{event}");
        assert_eq!((&event["data"]["method"], &event["data"]["body"]["bytes"]), (&json!("POST"), &Value::Null));
    }
    // What needs the payload says that it is not there.
    let id: EventId = host.api("events").await["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let refused = host.redispatch(id, &Redispatch::default()).await.unwrap_err();
    assert!(matches!(refused, RedispatchError::NotKept(of) if of == id), "{refused}");
}

/// Of several triggers on an endpoint, the one that keeps most decides what stays of the event.
#[tokio::test]
async fn an_event_is_kept_as_the_trigger_wants_that_keeps_most() {
    let second = "    - name: second\n      type: webhook\n      endpoint: hook\n      call: hello.wat:handle\n      filter: has(data.body.json.both)\n";
    let host = Host::start(&manifest("is_sync: true\nhistory: none\nfilter: has(data.body.json.one)", second)).await;
    assert_eq!(host.send(post("", r#"{"one": 1}"#)).await.status, 200);
    assert_eq!(count(&host, "events").await, 0);
    let both = host.send(post("", r#"{"one": 1, "both": 1}"#)).await;
    assert_eq!(both.status, 200);
    let event = host.settled(&event_id(&both)).await;
    assert_eq!(event["sessions"].as_array().unwrap().len(), 2, "{event}");
    assert_eq!(event["data"]["body"]["json"]["both"], 1);
    let neither = host.send(post("", "{}")).await;
    assert_eq!(host.api(&format!("events/{}", event_id(&neither))).await["verdicts"][0]["verdict"], "filter_false");
}

/// An expression that gives no key costs the key, and one that gives no lane the order: never the event.
#[tokio::test]
async fn an_expression_that_fails_loses_no_event() {
    let endpoints = "  endpoints: {hook: {dedup: {key: data.body.json.id, window: 1h}}}\n";
    let host = Host::start(&manifest("ordered_by: data.body.json.lane", endpoints)).await;
    let mut notes = host.feed();
    for body in ["{}", "{}", r#"{"id": ""}"#, r#"{"id": 7}"#] {
        let answer = host.send(post("msg_1", body)).await;
        assert_eq!((answer.status, is_duplicate(&answer)), (202, false), "{body}");
        let event = host.settled(&event_id(&answer)).await;
        let verdict = &event["verdicts"][0];
        assert_eq!((&event["sessions"][0]["state"], &verdict["verdict"]), (&json!("succeeded"), &json!("matched")));
        assert!(verdict["detail"].as_str().unwrap().ends_with("no such key: lane"), "{verdict}");
    }
    let noted = loop {
        if let Some(Heard::Notice(notice)) = notes.next().await
            && let Notice::Event(event) = &*notice
        {
            break event.note.clone();
        }
    };
    assert_eq!(noted.as_deref(), Some("taken for a new event, having no key: no such key: id"));
    // With a key, a duplicate is told of too.
    for is_second in [false, true] {
        let answer = host.send(post("", r#"{"id": "a", "lane": "b"}"#)).await;
        assert_eq!((answer.status, is_duplicate(&answer)), (202, is_second));
    }
    assert_eq!(count(&host, "events").await, 5);
}

/// The first one runs, the second one waits, and the third is one too many: for its org, or for all.
#[tokio::test]
async fn more_than_may_wait_is_refused_with_nothing_kept() {
    for (per_org, total, code) in [(1, 9, "org_backlog_full"), (9, 1, "backlog_full")] {
        let mut config = Config::load(None).unwrap();
        (config.dispatch.slots, config.dispatch.slots_per_org) = (1, 1);
        (config.dispatch.backlog, config.dispatch.backlog_total) = (per_org, total);
        let slow = manifest("timeout: 2s\nretry: {attempts: 1}", AUTO).replace("wishes", "loop");
        let host = Host::start_with(config, &slow).await;
        for key in ["msg_1", "msg_2"] {
            assert_eq!(host.send(post(key, "{}")).await.status, 202);
        }
        // A duplicate needs room for a moment too.
        for key in ["msg_3", "msg_1"] {
            let refused = host.send(post(key, "{}")).await;
            assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{refused:?}");
            assert!(refused.text().contains(&format!(r#""code":"{code}""#)), "{refused:?}");
        }
        assert_eq!(count(&host, "events").await, 2);
    }
}

#[tokio::test]
async fn an_event_is_dispatched_again() {
    let both = "    - name: gets\n      type: webhook\n      endpoint: hook\n      event_type: get\n      call: wishes.wat:handle\n";
    let host = Host::start(&manifest("is_sync: true\nfilter: has(data.body.json.go)", &format!("{both}{AUTO}"))).await;
    let first = host.send(post("msg_1", r#"{"go": 1}"#)).await;
    let id: EventId = event_id(&first).parse().unwrap();
    host.settled(&event_id(&first)).await;

    let again = host.redispatch(id, &Redispatch::default()).await.unwrap();
    assert_ne!(again.event, id, "a key does not make it a duplicate");
    let event = host.settled(&again.event.to_string()).await;
    assert_eq!(event["data"]["body"]["json"]["go"], 1);
    let verdicts: Vec<&str> =
        event["verdicts"].as_array().unwrap().iter().filter_map(|verdict| verdict["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["matched", "event_type_differs"]);
    assert_eq!(event["sessions"][0]["id"], again.sessions[0].to_string());

    // A trigger that is named is asked all the same, unless it is forced.
    let gets = Redispatch { trigger: Some("gets".to_owned()), ..Redispatch::default() };
    let unasked = host.redispatch(id, &gets).await.unwrap();
    assert_eq!((unasked.sessions.len(), unasked.verdicts.len()), (0, 1), "{unasked:?}");
    let forced = host.redispatch(id, &Redispatch { force: true, ..gets }).await.unwrap();
    assert_eq!(forced.sessions.len(), 1);
    assert!(forced.verdicts[0].detail.as_ref().unwrap().starts_with("forced: event type differs: "), "{forced:?}");
    let settled = host.settled(&forced.event.to_string()).await;
    assert_eq!(
        (&settled["sessions"][0]["trigger"], &settled["sessions"][0]["state"]),
        (&json!("gets"), &json!("succeeded"))
    );

    let unknown = Redispatch { trigger: Some("nope".to_owned()), ..Redispatch::default() };
    let refused = host.redispatch(id, &unknown).await.unwrap_err().to_string();
    assert!(refused.starts_with("no trigger `nope` of the deployment dep_"), "{refused}");
    assert!(refused.ends_with("listens on the endpoint `hook`; there are `hook`, `gets`"), "{refused}");
    let elsewhere = "dep_01kb0000000000000000000000".parse().unwrap();
    let old = Redispatch { deployment: Some(elsewhere), ..Redispatch::default() };
    assert!(matches!(host.redispatch(id, &old).await, Err(RedispatchError::UnknownDeployment(of)) if of == elsewhere));
    assert_eq!(count(&host, "events").await, 4);
}

/// What a deployment does that serves no more.
#[tokio::test]
async fn an_event_is_dispatched_again_to_an_earlier_deployment() {
    let host = Host::start(&manifest("is_sync: true", "")).await;
    let first = event_id(&host.send(post("", "{}")).await);
    let before = host.settled(&first).await;
    let session = before["sessions"][0]["id"].as_str().unwrap();
    let deployment = host.api(&format!("sessions/{session}")).await["deployment"].as_str().unwrap().parse().unwrap();
    host.deploy(&manifest("event_type: get", "")).await;
    let id = first.parse().unwrap();
    let now = host.redispatch(id, &Redispatch::default()).await.unwrap();
    assert_eq!(now.sessions.len(), 0, "{now:?}");
    let then =
        host.redispatch(id, &Redispatch { deployment: Some(deployment), ..Redispatch::default() }).await.unwrap();
    assert_eq!(then.sessions.len(), 1, "{then:?}");
    host.settled(&then.event.to_string()).await;
    let ran = host.api(&format!("sessions/{}", then.sessions[0])).await;
    assert_eq!((&ran["state"], &ran["deployment"]), (&json!("succeeded"), &json!(deployment.to_string())));
}

#[tokio::test]
async fn a_handler_sees_what_its_event_copies() {
    let host = Host::start(&manifest("is_sync: true", "")).await;
    let first = host.send(post("", r#"{"copies": 1}"#)).await;
    assert_eq!(first.status, 200, "it copies none: {first:?}");
    let id = event_id(&first);
    host.settled(&id).await;
    let again = host.redispatch(id.parse().unwrap(), &Redispatch::default()).await.unwrap();
    let event = host.settled(&again.event.to_string()).await;
    let error = event["sessions"][0]["attempts"][0]["error"].as_str().unwrap();
    assert!(error.contains(&id), "{event}");
}

/// Whoever has a connection to a host that stops hears so, and what was acknowledged is handled by the next start.
#[tokio::test]
async fn a_shutdown_under_load_loses_nothing() {
    let manifest = manifest("retry: {attempts: 1}", "");
    let host = Host::start(&manifest).await;
    let address = host.address();
    let senders = join_all((0..16).map(|_| async move {
        let (mut acknowledged, mut refused) = (Vec::new(), None);
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Cut off without a word, after the answer to all that went before: nothing was promised.
        while stream.write_all(post("", "{}").as_bytes()).await.is_ok() {
            let Some(answer) = raw::try_read(&mut stream).await else { break };
            if answer.status != 202 {
                refused = Some(answer);
                break;
            }
            acknowledged.push(event_id(&answer));
        }
        (acknowledged, refused)
    }));
    let restarted = async {
        while count(&host, "events").await < 50 {
            tokio::task::yield_now().await;
        }
        host.restart(&manifest).await
    };
    let both = async { tokio::join!(senders, restarted) };
    let (senders, host) = Box::pin(tokio::time::timeout(Duration::from_secs(60), both)).await.unwrap();
    let mut total = 0;
    for (acknowledged, refused) in senders {
        for id in &acknowledged {
            let event = host.settled(id).await;
            assert_eq!(event["sessions"][0]["state"], "succeeded", "{event}");
        }
        total += acknowledged.len();
        let Some(refused) = refused else { continue };
        assert_eq!((refused.status, refused.header("connection")), (503, Some("close")), "{refused:?}");
        assert!(
            refused.text().contains(r#""code":"stopping""#) && refused.header("retry-after").is_some(),
            "{refused:?}"
        );
    }
    assert!(total >= 50, "{total}");
}

/// A connection that is idle when the shutdown begins is answered, and so is one that is made then.
#[tokio::test]
async fn a_host_that_stops_says_so() {
    let mut config = Config::load(None).unwrap();
    config.http.linger_ms = 20_000;
    let host = Host::start_with(config, &manifest("", "")).await;
    let mut idle = TcpStream::connect(host.address()).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    assert_eq!(raw::read(&mut idle, false).await.status, 200);
    let address = host.address();
    let told = async {
        let told = loop {
            let answer = raw::exchange(address, b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await;
            if answer.status == 503 {
                break answer;
            }
        };
        idle.write_all(post("", "{}").as_bytes()).await.unwrap();
        [told, raw::read(&mut idle, false).await]
    };
    let told = tokio::select! {
        told = told => told,
        () = host.stop() => panic!("it ended before it had told"),
    };
    for told in told {
        let headers = [told.header("connection"), told.header("retry-after")];
        assert_eq!((told.status, headers), (503, [Some("close"), Some("1")]), "{told:?}");
    }
}
