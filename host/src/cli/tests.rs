//! What people see, and that the command line is sound.

use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use insta::assert_snapshot;
use serde_json::json;

use super::{Cli, Failure, events, explain, filter, output, payload, sessions, tail};
use crate::api::view::{Event, EventSession, EventSummary, FilterTest, Page, TestedEvent};
use crate::event::{
    Attempt, AttemptOutcome, Data, EventType, Explanation, FaultKind, LogEntry, LogLevel, Part, Raw, SessionState,
    Timestamp, Verdict, VerdictKind,
};
use crate::observe::feed::{DeployFailedNotice, DeployedNotice, EventNotice, Notice, SessionNotice};
use crate::store::SessionRecord;
use crate::trigger::filter::{Filter, Judgement};

const EVENT: &str = "evt_01kb0000000000000000000001";
const SESSION: &str = "ses_01kb0000000000000000000002";
const DEPLOYMENT: &str = "dep_01kb0000000000000000000003";

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_465_501_000 + millis).unwrap()
}

fn attempt(number: u32) -> Attempt {
    Attempt {
        number,
        started_at: at(2),
        ended_at: at(5),
        cpu_us: 1_250,
        peak_memory: 1_310_720,
        outcome: AttemptOutcome::Succeeded,
        fault: None,
        error: None,
        status: None,
    }
}

fn trapped(number: u32) -> Attempt {
    let error = "trap: wasm `unreachable` instruction executed\nwasm backtrace:\n  0: 0x1f - handler\u{1b}[31m!on_post";
    Attempt { fault: Some(FaultKind::Trap), error: Some(error.to_owned()), ..attempt(number) }
}

fn verdict(trigger: &str, kind: VerdictKind, detail: Option<&str>) -> Verdict {
    Verdict { trigger: trigger.to_owned(), kind, detail: detail.map(str::to_owned), explanation: None }
}

fn session(state: SessionState, attempts: Vec<Attempt>) -> SessionRecord {
    SessionRecord {
        id: SESSION.parse().unwrap(),
        event: EVENT.parse().unwrap(),
        event_type: EventType::of("POST"),
        trigger: "on_post".to_owned(),
        deployment: DEPLOYMENT.parse().unwrap(),
        state,
        reason: None,
        created_at: at(1),
        ended_at: None,
        due_at: None,
        attempts,
    }
}

fn event(url: &str, headers: &[(&str, &str)], body: &[u8], sessions: Vec<EventSession>) -> Event {
    let data = Data::new(Raw {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: headers.iter().copied().collect(),
        body: Some(body.to_vec().into()),
        ..Raw::default()
    });
    Event {
        id: EVENT.parse().unwrap(),
        kind: EventType::of("POST"),
        endpoint: "orders".to_owned(),
        received_at: at(0),
        data: data.to_json(),
        verdicts: Vec::new(),
        sessions,
    }
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

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

    More: tenterhook events list --before evt_01kb0000000000000000000001
    ");
    let narrow = events::list(&page, Some(100));
    assert!(narrow.lines().all(|row| row.chars().count() <= 100), "{narrow}");
    assert_eq!(narrow.matches(EVENT).count(), 5, "no id is broken: {narrow}");
    assert_snapshot!(events::list(&Page { items: Vec::new(), next: None }, None), @"No events.");
}

#[test]
fn a_session_and_its_attempts() {
    let answered = Attempt { status: Some(200), ..attempt(2) };
    assert_snapshot!(sessions::show(&session(SessionState::Succeeded, vec![trapped(1), answered])), @r"
    session     ses_01kb0000000000000000000002
    state       succeeded
    trigger     on_post
    event       evt_01kb0000000000000000000001 (post)
    deployment  dep_01kb0000000000000000000003
    created     2026-11-23T20:25:01.001Z

    Attempts
      #1  2026-11-23T20:25:01.002Z  failed (trap)  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
          trap: wasm `unreachable` instruction executed
          wasm backtrace:
            0: 0x1f - handler\u{1b}[31m!on_post
      #2  2026-11-23T20:25:01.002Z  answered 200  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
    ");
    assert_snapshot!(sessions::show(&session(SessionState::Queued, Vec::new())), @"
    session     ses_01kb0000000000000000000002
    state       queued
    trigger     on_post
    event       evt_01kb0000000000000000000001 (post)
    deployment  dep_01kb0000000000000000000003
    created     2026-11-23T20:25:01.001Z

    Attempts
      none yet
    ");
}

#[test]
fn a_list_of_sessions() {
    let items = vec![
        session(SessionState::Queued, Vec::new()),
        session(SessionState::Succeeded, vec![attempt(1)]),
        session(SessionState::Failed, vec![trapped(1)]),
    ];
    assert_snapshot!(sessions::list(&Page { items, next: None }, None), @"
    SESSION                         CREATED                   TRIGGER  STATE      TOOK    ERROR
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  queued
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  succeeded  3.0 ms
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  failed     3.0 ms  trap: wasm `unreachable` instruction executed
    ");
}

#[test]
fn a_log() {
    let entry = |attempt, level, message: &str, fields: &[(&str, &str)]| LogEntry {
        at: at(3),
        attempt,
        level,
        message: message.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let mut entries = vec![
        entry(1, LogLevel::Info, "got an order", &[("order", "7"), ("name", "A \"b\""), ("none", "")]),
        entry(1, LogLevel::Error, "  two\n    lines\u{1b}[2J", &[]),
        entry(1, LogLevel::Info, "", &[]),
    ];
    assert_snapshot!(sessions::logs(&entries), @r#"
    2026-11-23T20:25:01.003Z  info   got an order  order=7  name="A \"b\""  none=""
    2026-11-23T20:25:01.003Z  error    two
                                         lines\u{1b}[2J
    2026-11-23T20:25:01.003Z  info
    "#);
    entries.truncate(1);
    entries.push(entry(2, LogLevel::Warn, "again", &[]));
    assert_snapshot!(sessions::logs(&entries), @r#"
    2026-11-23T20:25:01.003Z  #1  info   got an order  order=7  name="A \"b\""  none=""
    2026-11-23T20:25:01.003Z  #2  warn   again
    "#);
}

#[test]
fn verdicts_of_a_filter() {
    let judged = |kind, detail: Option<&str>, explanation| {
        filter::sentence(&Judgement { kind, detail: detail.map(str::to_owned), explanation })
    };
    let sentences = [
        judged(VerdictKind::Matched, None, None),
        judged(VerdictKind::FilterFalse, Some("data.method == \"\u{1b}[2J\""), None),
        judged(VerdictKind::FilterFalse, None, Some(explanation())),
        judged(VerdictKind::FilterError, Some("no such key: \u{1b}[2J"), None),
        judged(VerdictKind::FilterOverBudget, Some("100000 steps"), None),
    ];
    assert_snapshot!(sentences.concat(), @r#"
    The filter matches.
    The filter does not match: it gives false: data.method == "\u{1b}[2J".
    The filter does not match: it gives false.

      data.url.path == '\u{1b}[2J' ||
      ^ data.url.path → "\u{1b}[2J"
                       ^ '\u{1b}' → 1
      \tdata.method == 'GET' ||
        ^ data.method → "get"  (differs from "GET" in case)
        event_type == 'get'
        ^ event_type → (hidden, a string)
      … and more
    The filter does not match: filter error: no such key: \u{1b}[2J
    The filter does not match: filter over budget: 100000 steps
    "#);
    assert_snapshot!(filter::compiles(&Filter::compile("event_type == 'POST'").unwrap()), @"
    WARNING: <input>:1:15: event types are in lower case, so none is this, did you mean ''post''?
     | event_type == 'POST'
     | ..............^

    The expression compiles.
    ");
}

fn part(line: usize, column: usize, expression: &str, value: &str) -> Part {
    Part {
        start: 0,
        end: 0,
        line,
        column,
        expression: expression.to_owned(),
        kind: Some("string".to_owned()),
        value: Some(value.to_owned()),
        is_hidden: false,
        error: None,
        note: None,
    }
}

/// Of an expression of several lines, with what a terminal would obey.
fn explanation() -> Explanation {
    let expression = "data.url.path == '\u{1b}[2J' ||\n\tdata.method == 'GET' ||\n  event_type == 'get'";
    let method = Part { note: Some("differs from \"GET\" in case".to_owned()), ..part(2, 2, "data.method", "\"get\"") };
    let hidden = Part { value: None, is_hidden: true, ..part(3, 3, "event_type", "") };
    let parts = vec![part(1, 1, "data.url.path", "\"\u{1b}[2J\""), part(1, 18, "'\u{1b}'", "1"), method, hidden];
    Explanation { expression: expression.to_owned(), parts, is_cut: true }
}

#[test]
fn carets_stand_below_what_they_are_about() {
    assert_snapshot!(explain::explain(&explanation(), 4), @r#"
    data.url.path == '\u{1b}[2J' ||
    ^ data.url.path → "\u{1b}[2J"
                     ^ '\u{1b}' → 1
    \tdata.method == 'GET' ||
      ^ data.method → "get"  (differs from "GET" in case)
      event_type == 'get'
      ^ event_type → (hidden, a string)
    … and more
    "#);
    let long = format!("{} || data.method == 'é' || {}", "data.url.path == '/a'".repeat(10), "true && ".repeat(30));
    let column = long.find("data.method").unwrap() + 1;
    let parts = vec![part(1, 1, "data.url.path", "'/b'"), part(1, column, "data.method", "'è'")];
    assert_snapshot!(explain::explain(&Explanation { expression: long, parts, is_cut: false }, 2), @"
    data.url.path == '/a'data.url.path == '/a'data.url.path == '/a'data.url.path == '/a'data.url.path == '/a'data.url.path =…
    ^ data.url.path → '/b'
    …url.path == '/a' || data.method == 'é' || true && true && true && true && true && true && true && true && true && true &…
                         ^ data.method → 'è'
    ");
}

#[test]
fn stored_events_that_a_filter_was_asked_about() {
    let item = |verdict, detail: Option<&str>, explanation| TestedEvent {
        id: EVENT.parse().unwrap(),
        kind: EventType::of("POST"),
        endpoint: "orders".to_owned(),
        received_at: at(0),
        method: "POST".to_owned(),
        raw_url: "/webhooks/orders?\u{1b}[2J".to_owned(),
        verdict,
        detail: detail.map(str::to_owned),
        explanation,
    };
    let one = Explanation { parts: vec![part(1, 1, "data.method", "\"PUT\"")], is_cut: false, ..explanation() };
    let items = vec![
        item(VerdictKind::Matched, None, None),
        item(VerdictKind::FilterFalse, None, Some(one)),
        item(VerdictKind::FilterError, Some("no such key: a"), Some(explanation())),
        item(VerdictKind::FilterOverBudget, Some("it takes more than 100,000 steps"), None),
    ];
    let mut report = FilterTest { warnings: Vec::new(), items, next: Some(EVENT.to_owned()) };
    assert_snapshot!(filter::stored(&report, None), @r#"
    EVENT                           RECEIVED                  REQUEST                          VERDICT             WHY
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  matches
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter false        data.method → "PUT"
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter error        data.url.path → "\u{1b}[2J" (and 3 more)
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter over budget  it takes more than 100,000 steps

    1 of 4 events would match; there are older ones: --limit
    "#);
    report.items.clear();
    assert_snapshot!(filter::stored(&report, None), @"No events.");
}

#[test]
fn a_filter_is_tried_on_one_thing() {
    let parsed = |arguments: &str| {
        let arguments = ["tenterhook", "filter", "test", "true"].into_iter().chain(arguments.split_whitespace());
        Cli::try_parse_from(arguments).map(drop).map_err(|error| error.kind())
    };
    for arguments in ["--data x", "--data -", &format!("--event {EVENT}"), "--since 1h --limit 5 --endpoint a --json"] {
        assert_eq!(parsed(arguments), Ok(()), "{arguments}");
    }
    for arguments in
        ["", "--data x --since 1h", "--data x --limit 5", "--endpoint a", "--since soon", "--since 1h --limit 0"]
    {
        assert!(parsed(arguments).is_err(), "{arguments}");
    }
}

fn notices() -> Vec<Notice> {
    let event = |matched: &[&str], not_matched, status| {
        Notice::Event(EventNotice {
            id: EVENT.parse().unwrap(),
            kind: EventType::of("POST"),
            method: "POST".to_owned(),
            raw_url: "/webhooks/orders?\u{1b}[2J".to_owned(),
            endpoint: "orders".to_owned(),
            received_at: at(0),
            matched: matched.iter().map(|name| (*name).to_owned()).collect(),
            not_matched,
            status,
            elapsed: Duration::from_micros(850),
        })
    };
    let session = |state, error: Option<&str>, log_lines| {
        Notice::Session(SessionNotice {
            id: SESSION.parse().unwrap(),
            event: EVENT.parse().unwrap(),
            trigger: "on_post".to_owned(),
            state,
            ended_at: at(3),
            elapsed: Duration::from_micros(3_210),
            cpu_us: 1_250,
            error: error.map(str::to_owned),
            log_lines,
        })
    };
    vec![
        event(&["on_post"], 0, 202),
        event(&["on_post", "on_big"], 3, 200),
        event(&[], 1, 202),
        event(&[], 0, 202),
        session(SessionState::Succeeded, None, 2),
        session(SessionState::Failed, Some("trap: \u{1b}[31munreachable"), 0),
        Notice::Deployed(DeployedNotice {
            id: DEPLOYMENT.parse().unwrap(),
            project: "shop".to_owned(),
            at: at(0),
            triggers: 1,
            warnings: vec!["line 3, column 5: event types are in lower case".to_owned()],
        }),
        Notice::DeployFailed(DeployFailedNotice {
            at: at(0),
            error: "error: unknown key\n --> tenterhook.yaml:1:1".to_owned(),
            serving: Some(DEPLOYMENT.parse().unwrap()),
        }),
        Notice::DeployFailed(DeployFailedNotice { at: at(0), error: "no manifest".to_owned(), serving: None }),
    ]
}

#[test]
fn the_feed_for_people() {
    assert_snapshot!(notices().iter().map(tail::readable).collect::<String>(), @r"
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> on_post
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 200  850 µs  evt_01kb0000000000000000000001 -> on_post, on_big (3 not matched)
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> no match (1 trigger)
    20:25:01.000  POST /webhooks/orders?\u{1b}[2J 202  850 µs  evt_01kb0000000000000000000001 -> no triggers
    20:25:01.003    on_post succeeded  3.2 ms (CPU 1.2 ms)  ses_01kb0000000000000000000002  2 log lines
    20:25:01.003    on_post failed  3.2 ms (CPU 1.2 ms)  ses_01kb0000000000000000000002  trap: \u{1b}[31munreachable
    20:25:01.000  deployed shop with 1 trigger, 1 warning  dep_01kb0000000000000000000003
    20:25:01.000  failed to deploy; dep_01kb0000000000000000000003 goes on serving
      error: unknown key
       --> tenterhook.yaml:1:1
    20:25:01.000  failed to deploy; nothing is served until it is mended
      no manifest
    ");
}

#[test]
fn the_feed_for_scripts() {
    let lines: Vec<_> = notices().iter().map(|notice| tail::json_line(notice).unwrap()).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":["on_post"],"not_matched":0,"status":202,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":["on_post","on_big"],"not_matched":3,"status":200,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":[],"not_matched":1,"status":202,"elapsed_us":850}
    {"kind":"event","id":"evt_01kb0000000000000000000001","type":"post","method":"POST","raw_url":"/webhooks/orders?\u001b[2J","endpoint":"orders","received_at":"2026-11-23T20:25:01Z","matched":[],"not_matched":0,"status":202,"elapsed_us":850}
    {"kind":"session","id":"ses_01kb0000000000000000000002","event":"evt_01kb0000000000000000000001","trigger":"on_post","state":"succeeded","ended_at":"2026-11-23T20:25:01.003Z","elapsed_us":3210,"cpu_us":1250,"error":null,"log_lines":2}
    {"kind":"session","id":"ses_01kb0000000000000000000002","event":"evt_01kb0000000000000000000001","trigger":"on_post","state":"failed","ended_at":"2026-11-23T20:25:01.003Z","elapsed_us":3210,"cpu_us":1250,"error":"trap: \u001b[31munreachable","log_lines":0}
    {"kind":"deployed","id":"dep_01kb0000000000000000000003","project":"shop","at":"2026-11-23T20:25:01Z","triggers":1,"warnings":["line 3, column 5: event types are in lower case"]}
    {"kind":"deploy_failed","at":"2026-11-23T20:25:01Z","error":"error: unknown key\n --> tenterhook.yaml:1:1","serving":"dep_01kb0000000000000000000003"}
    {"kind":"deploy_failed","at":"2026-11-23T20:25:01Z","error":"no manifest","serving":null}
    "#);
}

#[test]
fn json_is_harmless_and_the_same() {
    let value =
        json!({ "\u{9b}2J": ["\u{1b}]0;\u{7}", "a\nb\tc\u{7f}", "\u{202e}gpj.exe", "\u{e0041}", "é€😀\\u009b"] });
    let json = serde_json::to_string_pretty(&value).unwrap();
    let harmless = output::harmless_json(&json);
    assert!(
        !harmless.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}' || c == '\u{e0041}'),
        "{harmless}"
    );
    assert_eq!(serde_json::from_str::<serde_json::Value>(&harmless).unwrap(), value);
    assert!(matches!(output::harmless_json("{\n  \"é\": 1\n}"), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_failure_in_words() {
    let error = anyhow::anyhow!("no such file\u{1b}[2J").context("reading `x`\nsecond line");
    assert_snapshot!(Failure { code: 3, error }.to_string(), @r"
    reading `x`
    second line: no such file\u{1b}[2J
    ");
}

#[test]
fn amounts() {
    let durations = [0, 999, 1_000, 3_250, 99_999, 100_000, 999_999, 1_000_000, 61_500_000, 100_000_000, u64::MAX];
    let durations = durations.map(|micros| output::duration(Duration::from_micros(micros)));
    assert_snapshot!(durations.join(", "), @"0 µs, 999 µs, 1.0 ms, 3.2 ms, 99.9 ms, 100 ms, 999 ms, 1.0 s, 61.5 s, 100 s, 18446744073709 s");
    let sizes = [0, 1, 2, 1_023, 1_024, 1_536, 1 << 20, 1_310_720, u64::MAX].map(output::size);
    assert_snapshot!(sizes.join(", "), @"0 bytes, 1 byte, 2 bytes, 1023 bytes, 1.0 KiB, 1.5 KiB, 1.0 MiB, 1.2 MiB, 17592186044415.9 MiB");
}

#[test]
fn a_payload_of_another_version_is_shown_as_far_as_it_goes() {
    assert_snapshot!(payload::payload(&json!({})), @"Body: none");
    assert_snapshot!(payload::request_line(&json!({"method": "GET"})), @"GET ?");
}
