//! What people see of filters and of why they do not hold.

use clap::Parser as _;
use insta::assert_snapshot;

use super::super::{Cli, explain, filter};
use super::{EVENT, at};
use crate::api::view::{FilterTest, TestedEvent};
use crate::event::{EventType, Explanation, Part, VerdictKind};
use crate::trigger::filter::{Filter, Judgement};

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
pub(super) fn explanation() -> Explanation {
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
    // Letters of two columns each.
    let wide = "data.method == '日本' || event_type == 'a'".to_owned();
    let parts = vec![part(1, 24, "event_type", "\"b\"")];
    assert_snapshot!(explain::explain(&Explanation { expression: wide, parts, is_cut: false }, 2), @r#"
      data.method == '日本' || event_type == 'a'
                               ^ event_type → "b"
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
    let item = |verdict: VerdictKind, detail: Option<&str>, explanation| TestedEvent {
        id: EVENT.parse().unwrap(),
        kind: EventType::of("POST"),
        endpoint: "orders".to_owned(),
        received_at: at(0),
        method: "POST".to_owned(),
        raw_url: "/webhooks/orders?\u{1b}[2J".to_owned(),
        verdict: Some(verdict),
        detail: detail.map(str::to_owned),
        explanation,
    };
    let one = Explanation { parts: vec![part(1, 1, "data.method", "\"PUT\"")], is_cut: false, ..explanation() };
    let items = vec![
        item(VerdictKind::Matched, None, None),
        item(VerdictKind::FilterFalse, None, Some(one)),
        item(VerdictKind::FilterError, Some("no such key: a"), Some(explanation())),
        item(VerdictKind::FilterOverBudget, Some("it takes more than 100,000 steps"), None),
        TestedEvent { verdict: None, ..item(VerdictKind::Matched, Some("only the event's metadata is kept"), None) },
    ];
    let mut report = FilterTest { warnings: Vec::new(), items, next: Some(EVENT.to_owned()) };
    assert_snapshot!(filter::stored(&report, None), @r#"
    EVENT                           RECEIVED                  REQUEST                          VERDICT             WHY
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  matches
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter false        data.method → "PUT"
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter error        data.url.path → "\u{1b}[2J" (and 3 more)
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  filter over budget  it takes more than 100,000 steps
    evt_01kb0000000000000000000001  2026-11-23T20:25:01.000Z  POST /webhooks/orders?\u{1b}[2J  not kept            only the event's metadata is kept

    1 of 5 events would match; there are older ones: --limit
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
    for arguments in ["", "--data x --since 1h", "--data x --limit 5", "--endpoint a", "--since 1h --limit 0"] {
        assert!(parsed(arguments).is_err(), "{arguments}");
    }
}
