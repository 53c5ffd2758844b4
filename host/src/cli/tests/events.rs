//! Events as people see them.

use insta::assert_snapshot;
use serde_json::json;

use super::super::{events, payload};
use super::filter::explanation;
use super::{EVENT, at, event, session, trapped, verdict};
use crate::api::view::{EventSession, EventSummary, Page};
use crate::event::{EventType, Keep, SessionState, Verdict, VerdictKind};

#[test]
fn an_event_says_why_a_trigger_did_not_fire() {
    let session = EventSession::from(session(SessionState::Failed, vec![trapped(1)]));
    let headers = [("content-type", "application/json"), ("authorization", "Bearer secret"), ("cookie", "a=b")];
    let mut event = event("/webhooks/orders?page=1", &headers, b"{\n\t\"size\": 1\n}", vec![session]);
    event.verdicts = vec![
        verdict("on_post", VerdictKind::Matched, None),
        verdict("on_get", VerdictKind::EventTypeDiffers, Some("the event's type is `post`, the trigger's `get`")),
        verdict("on_foo", VerdictKind::FilterFalse, None),
        Verdict { explanation: Some(explanation()), ..verdict("on_bar", VerdictKind::FilterFalse, None) },
        verdict("on_big_order", VerdictKind::FilterError, Some("no such key: \u{1b}[2Jname")),
    ];
    assert_snapshot!(events::show(&event), @r#"
    POST /webhooks/orders?page=1

    event     evt_01kb0000000000000000000001
    received  2026-11-23T20:25:01.000Z
    endpoint  orders

    Triggers
      on_post       matched
      on_get        did not match: event type differs: the event's type is `post`, the trigger's `get`
      on_foo        did not match: filter false
      on_bar        did not match: filter false
          data.url.path == '\u{1b}[2J' ||
          ^ data.url.path → "\u{1b}[2J"
                           ^ '\u{1b}' → 1
          \tdata.method == 'GET' ||
            ^ data.method → "get"  (differs from "GET" in case)
            event_type == 'get'
            ^ event_type → (hidden, a string)
          … and more
      on_big_order  did not match: filter error: no such key: \u{1b}[2Jname

    Sessions
      ses_01kb0000000000000000000002  on_post  failed
        #1  2026-11-23T20:25:01.002Z  failed (trap)  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
            trap: wasm `unreachable` instruction executed
            wasm backtrace:
              0: 0x1f - handler\u{1b}[31m!on_post

    Headers
      Content-Type: application/json
      Authorization: (hidden, 13 bytes; --json shows it)
      Cookie: (hidden, 3 bytes; --json shows it)

    Body: 14 bytes, JSON
      {
      	"size": 1
      }
    "#);
}

#[test]
fn an_event_that_nobody_took() {
    let event = event("/webhooks/orders", &[], b"", Vec::new());
    assert_snapshot!(events::show(&event), @"
    POST /webhooks/orders

    event     evt_01kb0000000000000000000001
    received  2026-11-23T20:25:01.000Z
    endpoint  orders

    Triggers
      none listens on this endpoint

    Sessions
      none: no trigger matched

    Body: none
    ");
}

#[test]
fn a_hostile_sender_moves_no_cursor() {
    let headers = [("x-\u{1b}]0;title\u{7}", "a\rb\u{9b}2J\u{202e}gpj.exe")];
    let event = event("/webhooks/\u{1b}[2J", &headers, "ok\u{1b}[31m\r\nText\u{85}\u{200b}".as_bytes(), Vec::new());
    let shown = events::show(&event);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    assert_snapshot!(payload::payload(&event.data), @r"
    Headers
      X-\u{1b}]0;title\u{7}: a\rb\u{9b}2J\u{202e}gpj.exe

    Body: 18 bytes, text
      ok\u{1b}[31m
      Text\u{85}\u{200b}
    ");
}

#[test]
fn a_body_that_is_not_text_or_long() {
    let body = |body: &[u8]| payload::payload(&event("/", &[], body, Vec::new()).data);
    assert_snapshot!(body(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"), @"
    Body: 17 bytes, binary
      0000  89 50 4e 47 0d 0a 1a 0a 00 00 00 0d 49 48 44 52  .PNG........IHDR
      0010  ff                                               .
    ");
    assert!(body(&[0xff; 257]).ends_with("\n  … 1 byte more; --json has all\n"));
    let long = body("é".repeat(3_000).as_bytes());
    assert!(long.ends_with("é\n  … 1.8 KiB more; --json has all\n"), "{long}");
}

#[test]
fn a_list_of_events() {
    let summary = |verdicts: Vec<Verdict>, sessions: Vec<EventSession>| EventSummary {
        id: EVENT.parse().unwrap(),
        kind: EventType::of("POST"),
        endpoint: "orders".to_owned(),
        received_at: at(0),
        redispatched_from: None,
        kept: Keep::Full,
        method: "POST".to_owned(),
        raw_url: "/webhooks/orders?a=long&query=that&needs=more&than=one&line=0\u{1b}[2J".to_owned(),
        verdicts,
        sessions,
    };
    let missed = verdict("on_get", VerdictKind::EventTypeDiffers, None);
    let items = vec![
        summary(vec![missed.clone()], vec![session(SessionState::Succeeded, Vec::new()).into()]),
        summary(vec![missed.clone()], Vec::new()),
        summary(vec![missed.clone(), missed], Vec::new()),
        summary(Vec::new(), Vec::new()),
    ];
    let page = Page { items, next: Some(EVENT.to_owned()) };
    assert_snapshot!(events::list(&page, None), @r"
    EVENT                           RECEIVED                  REQUEST                                                                      SESSIONS
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?a=long&query=that&needs=more&than=one&line=0\u{1b}[2J  on_post succeeded
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?a=long&query=that&needs=more&than=one&line=0\u{1b}[2J  1 trigger, did not match
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?a=long&query=that&needs=more&than=one&line=0\u{1b}[2J  2 triggers, none matched
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?a=long&query=that&needs=more&than=one&line=0\u{1b}[2J  no triggers

    More: the same command with --before evt_01kb0000000000000000000001
    ");
    let narrow = events::list(&page, Some(100));
    assert!(narrow.lines().all(|row| row.chars().count() <= 100), "{narrow}");
    assert_eq!(narrow.matches(EVENT).count(), 5, "no id is broken: {narrow}");
    assert_snapshot!(events::list(&Page { items: Vec::new(), next: None }, None), @"No events.");
}

#[test]
fn a_payload_of_another_version_is_shown_as_far_as_it_goes() {
    assert_snapshot!(payload::payload(&json!({})), @"Body: none");
    assert_snapshot!(payload::request_line(&json!({"method": "GET"})), @"GET ?");
}

#[test]
fn a_copy_and_an_event_that_is_cut() {
    let mut copy = event("/webhooks/orders", &[], b"", Vec::new());
    copy.redispatched_from = Some(EVENT.parse().unwrap());
    copy.kept = Keep::Metadata;
    assert_snapshot!(events::show(&copy), @"
    POST /webhooks/orders

    event     evt_01kb0000000000000000000001
    received  2026-11-23T20:25:01.000Z
    endpoint  orders
    copies    evt_01kb0000000000000000000001
    kept      metadata: neither values nor body

    Triggers
      none listens on this endpoint

    Sessions
      none: no trigger matched

    Body: none
    ");
    let mut summary = EventSummary {
        id: EVENT.parse().unwrap(),
        kind: EventType::of("POST"),
        endpoint: "orders".to_owned(),
        received_at: at(0),
        redispatched_from: Some(EVENT.parse().unwrap()),
        kept: Keep::Full,
        method: "POST".to_owned(),
        raw_url: "/webhooks/orders".to_owned(),
        verdicts: vec![verdict("on_get", VerdictKind::EventTypeDiffers, None)],
        sessions: Vec::new(),
    };
    let first = "evt_01kb0000000000000000000009".parse().unwrap();
    assert_snapshot!(events::redispatched(first, &summary), @"
    evt_01kb0000000000000000000001  copies evt_01kb0000000000000000000009

    Triggers
      on_get  did not match: event type differs

    Sessions
      none: no trigger matched
    ");
    summary.verdicts = vec![verdict("on_post", VerdictKind::Matched, None)];
    summary.sessions = vec![session(SessionState::Queued, Vec::new()).into()];
    assert_snapshot!(events::redispatched(first, &summary), @"
    evt_01kb0000000000000000000001  copies evt_01kb0000000000000000000009

    Triggers
      on_post  matched

    Sessions
      ses_01kb0000000000000000000002  on_post  queued
    ");
}
