//! What people see, and that the command line is sound.

mod events;
mod feed;
mod filter;
mod sessions;

use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use insta::assert_snapshot;
use serde_json::json;

use super::{Cli, Failure, backup, output};
use crate::api::view::{Event, EventSession};
use crate::event::Keep;
use crate::event::{
    Attempt, AttemptOutcome, Data, EventType, FaultKind, Raw, SessionState, Timestamp, Verdict, VerdictKind,
};
use crate::store::SessionRecord;
use crate::store::sqlite::backup::Backup;

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
        used: Default::default(),
        requests: Vec::new(),
    }
}

fn trapped(number: u32) -> Attempt {
    let error = "trap: wasm `unreachable` instruction executed\nwasm backtrace:\n  0: 0x1f - handler\u{1b}[31m!on_post";
    Attempt {
        outcome: AttemptOutcome::Fault,
        fault: Some(FaultKind::Trap),
        error: Some(error.to_owned()),
        ..attempt(number)
    }
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
        redispatched_from: None,
        kept: Keep::Full,
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
fn a_command_line_that_cannot_be_meant() {
    let error = |arguments: &[&str]| {
        let arguments = [&["tenterhook"], arguments].concat();
        let error = Cli::try_parse_from(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string().lines().next().unwrap_or_default().to_owned()
    };
    let errors = [
        error(&["events", "list", "--since", "yesterday"]),
        error(&["events", "list", "--limit", "0"]),
        error(&["sessions", "list", "--state", "done"]),
        error(&["restore", "backup.tar"]),
        error(&["sessions", "retry"]),
        error(&["sessions", "retry", "evt_01kb0000000000000000000001"]),
        error(&["sessions", "retry", SESSION, "--where", "state=dead"]),
        error(&["sessions", "retry", "--where", "dead"]),
        error(&["sessions", "retry", "--where", "project=shop"]),
        error(&["sessions", "retry", "--where", "state=queued"]),
        error(&["sessions", "retry", "--where", "since=soon"]),
        error(&["sessions", "retry", "--where", "trigger="]),
        error(&["sessions", "cancel"]),
    ];
    assert_snapshot!(errors.join("\n"), @"
    error: invalid value 'yesterday' for '--since <TIME>': `yesterday` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
    error: invalid value '0' for '--limit <NUMBER>': 0 is not in 1..=200
    error: invalid value 'done' for '--state <STATE>': `done` is not a session's state (queued, running, succeeded, failed, dead, cancelled)
    error: the following required arguments were not provided:
    error: the following required arguments were not provided:
    error: invalid value 'evt_01kb0000000000000000000001' for '[ID]...': `evt_01kb0000000000000000000001` is not a session id (`ses_…`)
    error: the argument '[ID]...' cannot be used with '--where <KEY=VALUE>'
    error: invalid value 'dead' for '--where <KEY=VALUE>': `dead` has no `=`: write `state=dead`
    error: invalid value 'project=shop' for '--where <KEY=VALUE>': `project` is not one of state, trigger, type, since, until, error
    error: invalid value 'state=queued' for '--where <KEY=VALUE>': sessions that are queued cannot be retried (failed, dead, cancelled)
    error: invalid value 'since=soon' for '--where <KEY=VALUE>': `soon` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
    error: invalid value 'trigger=' for '--where <KEY=VALUE>': `trigger` has no value
    error: the following required arguments were not provided:
    ");
}

#[test]
fn what_a_backup_has() {
    let contents = |modules, owed| backup::contents(&Backup { made_at: at(0), bytes: 1_310_720, modules, owed });
    assert_snapshot!([contents(1, 0), contents(0, 1), contents(2, 3)].join("\n"), @"
    made at 2026-11-23T20:25:01.000Z, 1.2 MiB, 1 module; no session is owed
    made at 2026-11-23T20:25:01.000Z, 1.2 MiB, 0 modules; 1 session is owed and runs when a server starts on it
    made at 2026-11-23T20:25:01.000Z, 1.2 MiB, 2 modules; 3 sessions are owed and run when a server starts on it
    ");
}
