//! Lists: their pages, what they are narrowed by, whose they are.

use std::sync::Arc;

use axum::http::Method;
use insta::assert_snapshot;

use super::super::router;
use super::{Desk, answer, api, ask, at, post, receive, state, trapped};
use crate::clock::Clock;
use crate::event::{Attempt, AttemptOutcome, EventType, LogEntry};
use crate::store::{Store, memory};

#[tokio::test]
async fn a_list_has_no_payloads() {
    let store = memory::store();
    receive(&store, post(1, "main", "{}"), None).await;
    assert_snapshot!(answer(&api(&store).await, "/api/v1/events").await, @r#"
    200 application/json
    {
      "items": [
        {
          "id": "evt_…",
          "type": "post",
          "endpoint": "orders",
          "received_at": "2026-11-18T11:06:41Z",
          "redispatched_from": null,
          "kept": "full",
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
              "reason": null,
              "due_at": "2026-11-18T11:06:41Z",
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
async fn pages_follow_each_other_and_end() {
    let store = memory::store();
    let mut expected = Vec::new();
    for second in 0..5 {
        let (event, session) = receive(&store, post(second, "main", "{}"), None).await;
        expected.insert(0, (event.to_string(), session.to_string()));
    }
    let api = api(&store).await;
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
    let api = api(&store).await;
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

/// Five minutes of an org: one event in each, whose sessions ended well, badly, or not yet.
async fn history() -> (Store, Vec<String>, Vec<String>) {
    let store = memory::store();
    let (mut events, mut sessions) = (Vec::new(), Vec::new());
    for minute in 0..5 {
        let mut event = post(60 * minute, "main", "{}");
        if minute % 2 == 1 {
            event.endpoint = "refunds".into();
            event.kind = EventType::of("PUT");
        }
        let ended = [None, Some(trapped()), Some(succeeded())][usize::try_from(minute % 3).unwrap()].clone();
        let (event, session) = receive(&store, event, ended).await;
        events.push(event.to_string());
        sessions.push(session.to_string());
    }
    (store, events, sessions)
}

fn succeeded() -> (Attempt, Vec<LogEntry>) {
    let (attempt, logs) = trapped();
    (Attempt { outcome: AttemptOutcome::Succeeded, fault: None, error: None, ..attempt }, logs)
}

/// The minutes of what a list has, newest first.
async fn minutes(store: &Store, path: &str, ids: &[String]) -> Vec<usize> {
    let control = Arc::new(Desk::new(store).await);
    let api = router(state(store, control, "main", Clock::manual(at(5 * 60))));
    let (head, page) = ask(&api, Method::GET, &format!("/api/v1/{path}")).await;
    assert_eq!(head, "200 application/json", "{page}");
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| ids.iter().position(|id| item["id"] == **id).unwrap()).collect()
}

#[tokio::test]
async fn lists_are_narrowed() {
    let (store, events, sessions) = history().await;
    let all = vec![4, 3, 2, 1, 0];
    for (query, expected) in [
        ("", all.clone()),
        ("since=3m", vec![4, 3, 2]),
        ("until=3m", vec![1, 0]),
        ("since=4m&until=2m", vec![2, 1]),
        ("since=2026-11-18T11:08:40Z", vec![4, 3, 2]),
        ("since=2026-11-18T12:08:40%2B01:00", vec![4, 3, 2]),
        ("since=1w", all),
        ("endpoint=refunds", vec![3, 1]),
        ("type=POST", vec![4, 2, 0]),
        ("type=put&endpoint=refunds&until=3m", vec![1]),
        ("type=put&endpoint=orders", vec![]),
    ] {
        assert_eq!(minutes(&store, &format!("events?{query}"), &events).await, expected, "{query}");
    }
    for (query, expected) in [
        ("state=queued", vec![3, 0]),
        ("state=failed", vec![4, 1]),
        ("state=succeeded", vec![2]),
        ("state=dead", vec![]),
        ("trigger=on_post&since=3m", vec![4, 3, 2]),
        ("trigger=on_get", vec![]),
        ("error=UNREACHABLE", vec![4, 1]),
        ("error=unreachable&until=2m", vec![1]),
        ("error=refused", vec![]),
        ("type=put", vec![3, 1]),
        ("type=put&state=queued&limit=1", vec![3]),
    ] {
        assert_eq!(minutes(&store, &format!("sessions?{query}"), &sessions).await, expected, "{query}");
    }
}
