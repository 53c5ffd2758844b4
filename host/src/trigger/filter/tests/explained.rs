//! What explanations say, and what they never show.

use insta::assert_snapshot;

use super::super::budget::{Meter, Purpose};
use super::super::{Context, Filter};
use super::{json_post, request, rich};
use crate::event::{Data, EventType, VerdictKind};

/// The verdict, and each part that it is explained with below the expression.
fn explain(data: &Data, source: &str) -> String {
    let kind = EventType::of(data.method());
    let filter = Filter::compile(source).unwrap_or_else(|error| panic!("{error}"));
    let judged = filter.judge(&Context::new(&kind, data));
    let mut text = judged.kind.to_string();
    text += &judged.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
    if let Some(explanation) = judged.explanation {
        text += &format!("\n  {source}");
        for part in explanation.parts {
            assert!(source.is_char_boundary(part.start) && source.is_char_boundary(part.end), "{part:?}");
            text += &format!("\n  {:>column$} {part}", "^", column = part.column);
        }
        text += if explanation.is_cut { "\n  …" } else { "" };
    }
    text
}

fn explained(data: &Data, sources: &[&str]) -> String {
    sources.iter().map(|source| explain(data, source)).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn five_typical_mistakes() {
    let body = r#"{"action":"opened","number":7,"sender":{"login":"ada"}}"#;
    let headers = [("content-type", "application/json; charset=utf-8"), ("x-github-event", "issues")];
    let event = request("PUT", "/webhooks/slug/foo", &headers, body);
    let mistakes = [
        r#"data.method == "POST" && data.url.path.endsWith("/foo")"#,
        r#"data.headers["X-Github-Evnt"] == "issues""#,
        r#"data.headers["Content-Type"] == "application/json""#,
        r#"data.body.json.sendr.login == "ada""#,
        r#"data.body.json.number == "7""#,
    ];
    let page = include_str!("../../../../docs/filters.md");
    let shown = explained(&event, &mistakes);
    for line in shown.lines().filter_map(|line| line.strip_prefix("  ")) {
        assert!(page.contains(&format!("\n{line}\n")), "filters.md does not have `{line}`");
    }
    assert_snapshot!(shown, @r#"
    filter false
      data.method == "POST" && data.url.path.endsWith("/foo")
      ^ data.method → "PUT"

    filter error: no such key: X-Github-Evnt
      data.headers["X-Github-Evnt"] == "issues"
      ^ data.headers["X-Github-Evnt"] → no such key  (did you mean "X-Github-Event"?)

    filter false
      data.headers["Content-Type"] == "application/json"
      ^ data.headers["Content-Type"] → "application/json; charset=utf-8"  (it begins with "application/json": see startsWith)

    filter error: no such key: sendr
      data.body.json.sendr.login == "ada"
      ^ data.body.json.sendr → no such key  (did you mean "sender"?)

    filter false
      data.body.json.number == "7"
      ^ data.body.json.number → 7  (an int never equals a string)
    "#);
}

#[test]
fn the_parts_that_decided() {
    let rows = [
        r#"data.method == "GET" || data.url.path.endsWith("/foo")"#,
        r#"data.method == "POST" && (data.url.query["key"] == "1" || event_type in ["get", "POST"])"#,
        r#"!(data.body.json.n > 0.5)"#,
        r#"data.body.json.n + 1 == 3 || size(data.body.json.items) > 3"#,
        r#"has(data.body.json.nope) && data.body.json.nope > 1"#,
        r#"data.body.json.action.lowerAscii().startsWith("c")"#,
        r#"data.url.path.matches("^/foo$")"#,
        r#"data.body.form.a == "b""#,
        r#"data.body.json.action.size() / (data.body.json.n - 1) == 2"#,
        r#"data.body.json.items[9] == 1"#,
        r#"data.body.json.n < data.body.json.action"#,
        r#"data.headers[data.body.json.action] == "a""#,
        r#"data.method == "POST" ? data.body.json.n == 2 : true"#,
        r#"data.body.json.action"#,
        r#"data.body.json.n == 2 ? true : data.body.json == {"action": "closed"}"#,
        r#"data.body.json.none.a.b == 1 || data.url.query.nope == 'a'"#,
        r#"[data.method, event_type] == ["GET", "get"]"#,
        r#"false"#,
        r#"math.greatest(data.body.json.n, 2) == 3"#,
        r#"timestamp("2026-01-01T00:00:00Z") - duration("1.5s") == timestamp("2026-01-01T00:00:00Z")"#,
        r#"data.method.matches(data.body.json.action + "[")"#,
    ];
    assert_snapshot!(explained(&rich(), &rows), @r#"
    filter false
      data.method == "GET" || data.url.path.endsWith("/foo")
      ^ data.method → "POST"
                              ^ data.url.path → "/webhooks/slug/a/b"

    filter false
      data.method == "POST" && (data.url.query["key"] == "1" || event_type in ["get", "POST"])
                                ^ data.url.query["key"] → "1, 2"
                                                                ^ event_type → "post"  (differs from "POST" in case)

    filter false
      !(data.body.json.n > 0.5)
        ^ data.body.json.n → 1

    filter false
      data.body.json.n + 1 == 3 || size(data.body.json.items) > 3
      ^ data.body.json.n → 1
      ^ data.body.json.n + 1 → 2
                                   ^ size(data.body.json.items) → 3
                                        ^ data.body.json.items → [1, "two", {"k": []}]

    filter false
      has(data.body.json.nope) && data.body.json.nope > 1
      ^ has(data.body.json.nope) → false

    filter false
      data.body.json.action.lowerAscii().startsWith("c")
      ^ data.body.json.action → "opened"
      ^ data.body.json.action.lowerAscii() → "opened"

    filter false
      data.url.path.matches("^/foo$")
      ^ data.url.path → "/webhooks/slug/a/b"

    filter error: null has no fields
      data.body.form.a == "b"
      ^ data.body.form → null
      ^ data.body.form.a → null has no fields

    filter error: division by zero
      data.body.json.action.size() / (data.body.json.n - 1) == 2
      ^ data.body.json.action → "opened"
      ^ data.body.json.action.size() → 6
      ^ data.body.json.action.size() / (data.body.json.n - 1) → division by zero
                                      ^ data.body.json.n → 1
                                      ^ data.body.json.n - 1 → 0

    filter error: index out of bounds: 9
      data.body.json.items[9] == 1
      ^ data.body.json.items → [1, "two", {"k": []}]
      ^ data.body.json.items[9] → index out of bounds: 9

    filter error: found no matching overload for '_<_' applied to '(int, string)'
      data.body.json.n < data.body.json.action
      ^ data.body.json.n → 1
      ^ data.body.json.n < data.body.json.action → found no matching overload for '_<_' applied to '(int, string)'
                         ^ data.body.json.action → "opened"

    filter error: no such key: opened
      data.headers[data.body.json.action] == "a"
      ^ data.headers[data.body.json.action] → no such key  (there are Content-Length, Content-Type, X-Github-Event)
                   ^ data.body.json.action → "opened"

    filter false
      data.method == "POST" ? data.body.json.n == 2 : true
      ^ data.method → "POST"
                              ^ data.body.json.n → 1

    filter error: the filter gave a string, not a bool
      data.body.json.action
      ^ data.body.json.action → "opened"

    filter false
      data.body.json.n == 2 ? true : data.body.json == {"action": "closed"}
      ^ data.body.json.n → 1
                                     ^ data.body.json → {"action": "opened", "big": 9223372036854775808u, "items": [1, "two", {"k": []}], "n": 1, "none": null, "x": 1.5}

    filter error: no such key: nope
      data.body.json.none.a.b == 1 || data.url.query.nope == 'a'
      ^ data.body.json.none → null
      ^ data.body.json.none.a → null has no fields
                                      ^ data.url.query.nope → no such key  (there are c d, key)

    filter false
      [data.method, event_type] == ["GET", "get"]
       ^ data.method → "POST"
                    ^ event_type → "post"

    filter false
      false

    filter false
      math.greatest(data.body.json.n, 2) == 3
      ^ math.greatest(data.body.json.n, 2) → 2
                    ^ data.body.json.n → 1

    filter false
      timestamp("2026-01-01T00:00:00Z") - duration("1.5s") == timestamp("2026-01-01T00:00:00Z")

    filter error: matches: 'opened[' is not a regular expression: unclosed character class
      data.method.matches(data.body.json.action + "[")
      ^ data.method → "POST"
      ^ data.method.matches(data.body.json.action + "[") → matches: 'opened[' is not a regular expression: unclosed character class
                          ^ data.body.json.action → "opened"
                          ^ data.body.json.action + "[" → "opened["
    "#);
}

#[test]
fn the_elements_that_decided() {
    let event = json_post(r#"{"labels":["bug","ui"],"one":["bug"],"none":[],"commits":[{"id":1},{"id":"b","x":2}]}"#);
    let rows = [
        r#"data.body.json.labels.exists(label, label == "Bug")"#,
        r#"data.body.json.labels.all(label, label.size() > 2)"#,
        r#"data.body.json.one.exists(label, label == "Bug")"#,
        r#"data.body.json.none.exists(label, label == "bug")"#,
        r#"data.body.json.labels.exists_one(label, label != "x")"#,
        r#"data.body.json.commits.exists(commit, commit.x == 3)"#,
        r#"data.body.json.commits.map(commit, commit.id + 1) == [2]"#,
        r#"data.body.json.labels.filter(label, label.startsWith("u")).size() == 2"#,
        r#"cel.bind(labels, data.body.json.labels, labels.size() == 3 || labels[0] == "ui")"#,
        r#"data.body.json.label.exists(label, label == "bug")"#,
        r#"data.url.query.exists(name, name == "bug")"#,
    ];
    assert_snapshot!(explained(&event, &rows), @r#"
    filter false
      data.body.json.labels.exists(label, label == "Bug")
      ^ data.body.json.labels → ["bug", "ui"]

    filter false
      data.body.json.labels.all(label, label.size() > 2)
                                       ^ label → "ui"
                                       ^ label.size() → 2

    filter false
      data.body.json.one.exists(label, label == "Bug")
                                       ^ label → "bug"

    filter false
      data.body.json.none.exists(label, label == "bug")
      ^ data.body.json.none → []

    filter false
      data.body.json.labels.exists_one(label, label != "x")
      ^ data.body.json.labels → ["bug", "ui"]

    filter error: no such key: x
      data.body.json.commits.exists(commit, commit.x == 3)
                                            ^ commit → {"id": 1}
                                            ^ commit.x → no such key  (there are id)

    filter error: found no matching overload for '_+_' applied to '(string, int)'
      data.body.json.commits.map(commit, commit.id + 1) == [2]
                                         ^ commit → {"id": "b", "x": 2}
                                         ^ commit.id → "b"
                                         ^ commit.id + 1 → found no matching overload for '_+_' applied to '(string, int)'

    filter false
      data.body.json.labels.filter(label, label.startsWith("u")).size() == 2
      ^ data.body.json.labels → ["bug", "ui"]
      ^ data.body.json.labels.filter(label, label.startsWith("u")) → ["ui"]
      ^ data.body.json.labels.filter(label, label.startsWith("u")).size() → 1

    filter false
      cel.bind(labels, data.body.json.labels, labels.size() == 3 || labels[0] == "ui")
                                              ^ labels → ["bug", "ui"]
                                              ^ labels.size() → 2
                                                                    ^ labels[0] → "bug"

    filter error: no such key: label
      data.body.json.label.exists(label, label == "bug")
      ^ data.body.json.label → no such key  (did you mean "labels"?)

    filter false
      data.url.query.exists(name, name == "bug")
      ^ data.url.query → {}
    "#);
}

#[test]
fn secrets_are_not_shown() {
    let headers = [
        ("authorization", "Bearer s3cr3t-0123456789"),
        ("cookie", "session=c00kie-0123456789; theme=dark"),
        ("x-hub-signature-256", "sha256=feedfacecafe0123"),
        ("x-gitlab-token", "gl-t0ken"),
        ("x-api-key", "k3y"),
        ("x-event", "push"),
    ];
    let body = r#"{"echo":"S3CR3T-0123456789","password":"hunter2-hunter2","n":1}"#;
    let event = request("POST", "/webhooks/slug?token=qt0ken&guess=guess-me", &headers, body);
    let rows = [
        r#"data.headers["Authorization"] == "Bearer x""#,
        r#"data.headers.authorization.substring(7) == data.url.query.guess"#,
        r#"data.headers["x-gitlab-TOKEN"] == data.url.query.token"#,
        r#"data.headers_all.exists(field, field == ["X-Api-Key", "x"])"#,
        r#"data.headers_all.filter(field, field[0] == "Authorization")[0][1] == "x""#,
        r#"data.headers_all.all(field, field[1].size() < 20)"#,
        r#"data.headers == {}"#,
        r#"data.headers.exists(name, data.headers[name] == "x")"#,
        r#"data.headers["Cookie"].contains("theme=light")"#,
        r#"data.headers["Cookie"].split("; ").exists(crumb, crumb == "theme=light")"#,
        r#"cel.bind(key, data.headers["X-Api-Key"], key == "x" || size(key) == 4)"#,
        r#"data.headers["X-Hub-Signature-256"].startsWith("sha1=")"#,
        r#"data.headers["X-Hub-Signature-256"].split("=")[1] == "x""#,
        r#"data.body.json.echo == "x" && true"#,
        r#"data.body.json == {"n": 1}"#,
        r#"data.body.json[data.headers["Authorization"]] == 1"#,
        r#"data.body.json[data.headers["Authorization"].substring(7, 12)] == 1"#,
        r#"data.body.json[data.headers["X-Api-Key"]] == 1"#,
        r#"data.headers["X-Event"] == "pull""#,
        r#"data.body.text == "x""#,
        r#"data.body.bytes == b"x""#,
        r#"data.method.matches(data.headers["Authorization"] + "[")"#,
    ];
    let report = explained(&event, &rows);
    let leaked = ["s3cr3t", "S3CR3T", "c00kie", "feedface", "gl-t0ken", "k3y", "qt0ken", "hunter2", "guess-me"];
    for secret in leaked {
        assert!(!report.contains(secret), "{secret} in:\n{report}");
    }
    assert_snapshot!(report, @r#"
    filter false
      data.headers["Authorization"] == "Bearer x"
      ^ data.headers["Authorization"] → (hidden, a string)

    filter false
      data.headers.authorization.substring(7) == data.url.query.guess
      ^ data.headers.authorization → (hidden, a string)
      ^ data.headers.authorization.substring(7) → (hidden, a string)
                                                 ^ data.url.query.guess → (hidden, a string)

    filter false
      data.headers["x-gitlab-TOKEN"] == data.url.query.token
      ^ data.headers["x-gitlab-TOKEN"] → (hidden, a string)
                                        ^ data.url.query.token → (hidden, a string)

    filter false
      data.headers_all.exists(field, field == ["X-Api-Key", "x"])
      ^ data.headers_all → [["Authorization", (hidden)], ["Cookie", (hidden)], ["X-Hub-Signature-256", (hidden)], ["X-Gitlab-Token", (hidden)], ["X…

    filter false
      data.headers_all.filter(field, field[0] == "Authorization")[0][1] == "x"
      ^ data.headers_all → [["Authorization", (hidden)], ["Cookie", (hidden)], ["X-Hub-Signature-256", (hidden)], ["X-Gitlab-Token", (hidden)], ["X…
      ^ data.headers_all.filter(field, field[0] == "Authorization") → [["Authorization", (hidden)]]
      ^ data.headers_all.filter(field, field[0] == "Authorization")[0] → ["Authorization", (hidden)]
      ^ data.headers_all.filter(field, field[0] == "Authorization")[0][1] → (hidden)

    filter false
      data.headers_all.all(field, field[1].size() < 20)
                                  ^ field → ["Authorization", (hidden)]
                                  ^ field[1] → (hidden)
                                  ^ field[1].size() → 24

    filter false
      data.headers == {}
      ^ data.headers → {"Authorization": (hidden), "Cookie": (hidden), "X-Api-Key": (hidden), "X-Event": "push", "X-Gitlab-Token": (hidden), "X…

    filter false
      data.headers.exists(name, data.headers[name] == "x")
      ^ data.headers → {"Authorization": (hidden), "Cookie": (hidden), "X-Api-Key": (hidden), "X-Event": "push", "X-Gitlab-Token": (hidden), "X…

    filter false
      data.headers["Cookie"].contains("theme=light")
      ^ data.headers["Cookie"] → (hidden, a string)

    filter false
      data.headers["Cookie"].split("; ").exists(crumb, crumb == "theme=light")
      ^ data.headers["Cookie"] → (hidden, a string)
      ^ data.headers["Cookie"].split("; ") → (hidden, a list)

    filter false
      cel.bind(key, data.headers["X-Api-Key"], key == "x" || size(key) == 4)
                                               ^ key → (hidden, a string)
                                                             ^ size(key) → (hidden, an int)
                                                                  ^ key → (hidden, a string)

    filter false
      data.headers["X-Hub-Signature-256"].startsWith("sha1=")
      ^ data.headers["X-Hub-Signature-256"] → (hidden, a string)

    filter false
      data.headers["X-Hub-Signature-256"].split("=")[1] == "x"
      ^ data.headers["X-Hub-Signature-256"] → (hidden, a string)
      ^ data.headers["X-Hub-Signature-256"].split("=") → (hidden, a list)
      ^ data.headers["X-Hub-Signature-256"].split("=")[1] → (hidden, a string)

    filter false
      data.body.json.echo == "x" && true
      ^ data.body.json.echo → (hidden)

    filter false
      data.body.json == {"n": 1}
      ^ data.body.json → {"echo": (hidden), "n": 1, "password": (hidden)}

    filter error: no such key
      data.body.json[data.headers["Authorization"]] == 1
      ^ data.body.json[data.headers["Authorization"]] → no such key
                     ^ data.headers["Authorization"] → (hidden, a string)

    filter error: no such key
      data.body.json[data.headers["Authorization"].substring(7, 12)] == 1
      ^ data.body.json[data.headers["Authorization"].substring(7, 12)] → no such key
                     ^ data.headers["Authorization"] → (hidden, a string)
                     ^ data.headers["Authorization"].substring(7, 12) → (hidden, a string)

    filter error: no such key
      data.body.json[data.headers["X-Api-Key"]] == 1
      ^ data.body.json[data.headers["X-Api-Key"]] → no such key
                     ^ data.headers["X-Api-Key"] → (hidden, a string)

    filter false
      data.headers["X-Event"] == "pull"
      ^ data.headers["X-Event"] → "push"

    filter false
      data.body.text == "x"
      ^ data.body.text → (hidden)

    filter false
      data.body.bytes == b"x"
      ^ data.body.bytes → (hidden)

    filter error: it failed
      data.method.matches(data.headers["Authorization"] + "[")
      ^ data.method → (hidden, a string)
      ^ data.method.matches(data.headers["Authorization"] + "[") → it failed
                          ^ data.headers["Authorization"] → (hidden, a string)
                          ^ data.headers["Authorization"] + "[" → (hidden, a string)
    "#);
}

#[test]
fn an_explanation_has_bounds() {
    let long = "é".repeat(5_000);
    let items: Vec<String> = (0..2_000).map(|n| n.to_string()).collect();
    let event = json_post(&format!(r#"{{"long":"{long}","items":[{}],"a":1,"n":2}}"#, items.join(",")));
    let rows = [
        r#"data.body.json.long == "x""#,
        r#"data.body.json.items == []"#,
        r#"data.body.json == {}"#,
        &format!("{} == 1", "data.body.json.a + ".repeat(40) + "data.body.json.n"),
        &(0..12).map(|n| format!("data.body.json.a == {n}{n}{n}")).collect::<Vec<_>>().join(" || "),
        &(0..12).map(|n| format!("data.body.json.items[{n}] == 5000")).collect::<Vec<_>>().join(" || "),
    ];
    let kind = EventType::of("POST");
    for source in rows {
        let context = Context::new(&kind, &event);
        let explanation = Filter::compile(source).unwrap().judge(&context).explanation.unwrap();
        let json = serde_json::to_string(&explanation.parts).unwrap();
        assert!(json.chars().count() < 3_000, "{source}: {json}");
        assert!(explanation.parts.len() <= 8, "{source}");
        assert_eq!(explanation.is_cut, explanation.parts.len() == 8, "{source}");
    }
}

#[test]
fn an_explanation_never_takes_what_verdicts_need() {
    let meter = Meter::default();
    for _ in 0..3 {
        meter.start(Purpose::Verdict);
        meter.take(90_000).unwrap();
        meter.build(1_000_000).unwrap();
        meter.stop();
        assert!(!meter.is_exceeded());
        meter.start(Purpose::Explanation);
        meter.take(10_000).unwrap();
        assert!(meter.take(1).is_err());
        meter.stop();
    }
    // Deciding takes 4,000 steps, and explaining it three times as many: it ends early, and says so.
    let items: Vec<String> = (0..4_000).map(|n| n.to_string()).collect();
    let event = json_post(&format!(r#"{{"items":[{}]}}"#, items.join(",")));
    let source = "!data.body.json.items.all(x, x >= 0 && x < 5000 && x != 7000) || data.method == 'PUT'";
    let judged = Filter::compile(source).unwrap().judge(&Context::new(&EventType::of("POST"), &event));
    assert_eq!(judged.kind, VerdictKind::FilterFalse, "{:?}", judged.detail);
    assert!(judged.explanation.is_none_or(|explanation| explanation.is_cut));
}

#[test]
fn the_room_for_explanations_is_an_events() {
    let event = json_post("{}");
    let kind = EventType::of("POST");
    let context = Context::new(&kind, &event);
    let filter = Filter::compile("data.method == 'GET'").unwrap();
    let answers: Vec<_> = (0..2_000).map(|_| filter.judge(&context)).collect();
    let told = answers.iter().filter(|answer| answer.explanation.is_some()).count();
    assert!((100..1_000).contains(&told), "{told}");
    assert!(answers.iter().all(|answer| answer.kind == VerdictKind::FilterFalse));
    assert_eq!(answers.last().unwrap().detail.as_deref(), Some("data.method == 'GET'"));
}

#[test]
fn what_matches_or_takes_too_much_is_not_explained() {
    let event = json_post("{}");
    let kind = EventType::of("POST");
    let context = Context::new(&kind, &event);
    let judge = |source: &str| Filter::compile(source).unwrap().judge(&context);
    assert_eq!(judge("data.method == 'POST'").explanation, None);
    let too_much = judge("lists.range(1000).all(x, lists.range(1000).all(y, y >= 0))");
    assert_eq!((too_much.kind, too_much.explanation), (VerdictKind::FilterOverBudget, None));
}
