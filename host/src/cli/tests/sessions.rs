//! Sessions and their logs as people see them.

use insta::assert_snapshot;

use super::super::retry::{self, Done, Failed};
use super::super::sessions;
use super::{SESSION, at, attempt, session, trapped};
use crate::api::view::{Page, Retried};
use crate::event::{Attempt, AttemptOutcome, LogEntry, LogLevel, OutboundRequest, SessionState, Used};

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
    SESSION                         CREATED                   TRIGGER  STATE      ATTEMPTS  TOOK    ERROR
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  queued     0
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  succeeded  1         3.0 ms
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  failed     1         3.0 ms  trap: wasm `unreachable` instruction executed
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
fn a_session_that_is_tried_again_and_one_that_is_dead() {
    let asked = Attempt {
        outcome: AttemptOutcome::Retry,
        error: Some("the handler asked for a retry: busy".to_owned()),
        ..attempt(2)
    };
    let mut record = session(SessionState::Queued, vec![trapped(1), asked]);
    record.due_at = Some(at(30_000));
    assert_snapshot!(sessions::show(&record), @r"
    session     ses_01kb0000000000000000000002
    state       queued
    trigger     on_post
    event       evt_01kb0000000000000000000001 (post)
    deployment  dep_01kb0000000000000000000003
    created     2026-11-23T20:25:01.001Z
    due         2026-11-23T20:25:31.000Z

    Attempts
      #1  2026-11-23T20:25:01.002Z  failed (trap)  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
          trap: wasm `unreachable` instruction executed
          wasm backtrace:
            0: 0x1f - handler\u{1b}[31m!on_post
      #2  2026-11-23T20:25:01.002Z  asked for a retry  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
          the handler asked for a retry: busy
    ");
    (record.state, record.due_at, record.ended_at) = (SessionState::Dead, None, Some(at(40_000)));
    record.reason = Some("all 2 attempts failed; the last: busy\u{1b}[2J".to_owned());
    record.attempts = vec![Attempt { outcome: AttemptOutcome::Rejected, error: Some("no".to_owned()), ..attempt(1) }];
    assert_snapshot!(sessions::show(&record), @r"
    session     ses_01kb0000000000000000000002
    state       dead
    trigger     on_post
    event       evt_01kb0000000000000000000001 (post)
    deployment  dep_01kb0000000000000000000003
    created     2026-11-23T20:25:01.001Z
    ended       2026-11-23T20:25:41.000Z
    reason      all 2 attempts failed; the last: busy\u{1b}[2J

    Attempts
      #1  2026-11-23T20:25:01.002Z  rejected  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
          no
    ");
    assert_snapshot!(sessions::list(&Page { items: vec![record], next: Some("ses_x".to_owned()) }, None), @r"
    SESSION                         CREATED                   TRIGGER  STATE  ATTEMPTS  TOOK    ERROR
    ses_01kb0000000000000000000002  2026-11-23T20:25:01.001Z  on_post  dead   1         3.0 ms  all 2 attempts failed; the last: busy\u{1b}[2J

    More: the same command with --before ses_x
    ");
    assert_snapshot!(sessions::list(&Page { items: Vec::new(), next: Some("ses_x".to_owned()) }, None), @"
    No sessions so far.

    More: the same command with --before ses_x
    ");
    assert_snapshot!(sessions::list(&Page { items: Vec::new(), next: None }, None), @"No sessions.");
}

#[test]
fn what_retrying_did() {
    let failed = |code: &str, error: &str| Failed {
        id: SESSION.parse().unwrap(),
        code: code.to_owned(),
        error: error.to_owned(),
    };
    let done = Done {
        done: vec![SESSION.parse().unwrap()],
        failed: vec![failed("not_retryable", "it is queued\u{1b}[2J: its handler runs without that")],
    };
    assert_snapshot!(retry::outcomes(&done, "queued again"), @r"
    ses_01kb0000000000000000000002  queued again
    ses_01kb0000000000000000000002  failed: it is queued\u{1b}[2J: its handler runs without that
    ");
    let summary = |retried, skipped, not_kept| retry::summary(&Retried { retried, skipped, not_kept, next: None });
    assert_snapshot!([summary(0, 0, 0), summary(1, 0, 0), summary(1_000, 1, 2)].concat(), @"
    Retried 0 sessions.
    Retried 1 session.
    Retried 1000 sessions.
    2 sessions cannot be retried: the payloads are not kept.
    1 session had another state by then.
    ");
}

#[test]
fn what_a_handler_asked_of_the_host_is_shown_with_its_attempt() {
    let request = OutboundRequest {
        method: "POST".to_owned(),
        url: "https://api.github.com/graphql".to_owned(),
        status: Some(200),
        sent: 12,
        received: 34_000,
        elapsed_us: 53_000,
        error: None,
    };
    let refused = OutboundRequest {
        url: "https://evil.example/\u{1b}[31m".to_owned(),
        status: None,
        sent: 0,
        received: 0,
        elapsed_us: 90,
        error: Some("the manifest grants no request to it".to_owned()),
        ..request.clone()
    };
    let used = Used { event: 2, kv: 3, outbound: 2, bytes_out: 12, bytes_in: 34_000, ..Used::default() };
    let attempt = Attempt { status: Some(200), used, requests: vec![request, refused], ..attempt(1) };
    assert_snapshot!(sessions::attempts(&[attempt], 0), @r"
    #1  2026-11-23T20:25:01.002Z  answered 200  took 3.0 ms, CPU 1.2 ms, peak memory 1.2 MiB
        called event 2, kv 3, outbound 2
        POST https://api.github.com/graphql  200  sent 12 bytes, received 33.2 KiB, took 53.0 ms
        POST https://evil.example/\u{1b}[31m  no answer  sent 0 bytes, received 0 bytes, took 90 µs: the manifest grants no request to it
    ");
}
