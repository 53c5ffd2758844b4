//! Filters and events that are meant to hurt: each ends in an error or a verdict, soon, and the process lives.

use std::time::{Duration, Instant};

use super::super::{Context, Filter};
use super::{ask, request};
use crate::event::{Data, EventType, VerdictKind};

/// Far more than any bound, since a test may wait for a processor, and far less than what these take without bounds.
const SOON: Duration = Duration::from_secs(5);

fn assert_soon(data: &Data, source: &str, expected: &str) {
    let start = Instant::now();
    let answer = ask(data, source);
    let took = start.elapsed();
    let shown = source.chars().take(120).collect::<String>();
    assert!(answer.contains(expected), "{shown} gave {answer}");
    assert!(took < SOON, "{shown} took {took:?}");
}

fn large_text() -> Data {
    request("POST", "/webhooks/slug", &[], &"a".repeat(500_000))
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let deep = "more than 100 levels deep";
    let rows = [
        (format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000)), "has 20004 bytes, more than 4096"),
        (format!("{}true{}", "(".repeat(2_000), ")".repeat(2_000)), deep),
        ("(".repeat(4_000), deep),
        ("[".repeat(4_000), deep),
        ("{1:".repeat(1_300), deep),
        ("1".to_owned() + &"+1".repeat(5_000), "more than 4096"),
        ("1".to_owned() + &"+1".repeat(2_000) + " == 1", deep),
        ("'a'".to_owned() + &".trim()".repeat(580), deep),
        ("data".to_owned() + &"[0]".repeat(1_300), deep),
        ("data".to_owned() + &".a".repeat(2_000), deep),
        ("true?true:".repeat(400) + "true", deep),
        ("true".to_owned() + &"&&true".repeat(680), "parts with its macros expanded, more than 1000"),
        (format!("[{}1].size() == 2", "1,".repeat(2_000)), "parts with its macros expanded, more than 1000"),
        (format!("[{}1].size() == 2", "1,".repeat(100_000)), "more than 4096"),
        ("[1]".to_owned() + &".map(x, x)".repeat(120), deep),
        ("@#$%^&*".repeat(500), "token recognition error"),
        ("\0".repeat(4_000), "token recognition error"),
        ("'".repeat(4_001), "Syntax error"),
        ("'a'.matches('a{1000}{1000}')".to_owned(), "it takes more than 1048576 bytes when compiled"),
        (format!("'a'.matches('{}')", "(".repeat(2_000)), "is not a regular expression"),
        ("{'a': 1, ?'b': 2}.a == 1".to_owned(), "unsupported syntax"),
    ];
    for (source, expected) in rows {
        assert_soon(&request("GET", "/", &[], ""), &source, expected);
    }
    for source in ["!".repeat(4_000) + "true", "(".repeat(90) + "true" + &")".repeat(90)] {
        assert_soon(&request("GET", "/", &[], ""), &source, "matched");
    }
}

#[test]
fn what_is_as_deep_as_allowed_is_evaluated_on_a_small_stack() {
    let source = "1".to_owned() + &"+1".repeat(97) + " == 98";
    let filter = Filter::compile(&source).unwrap();
    let evaluate = move || {
        let (kind, data) = (EventType::of("get"), request("GET", "/", &[], ""));
        filter.evaluate(&Context::new(&kind, &data)).0
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(evaluate).unwrap();
    assert_eq!(thread.join().unwrap(), VerdictKind::Matched);
}

#[test]
fn loops_end() {
    let ten = "[1,2,3,4,5,6,7,8,9,10]";
    let nest = |depth: usize, seed: &str, form: &dyn Fn(usize, String) -> String| {
        (0..depth).fold(seed.to_owned(), |inner, level| form(level, inner))
    };
    let rows = [
        nest(7, "1", &|i, inner| format!("{ten}.map(x{i}, {inner})")) + " == []",
        nest(12, "true", &|i, inner| format!("{ten}.all(x{i}, {inner})")),
        nest(12, "false", &|i, inner| format!("({ten}.exists(x{i}, {inner}) || false)")),
        nest(12, "true", &|i, inner| format!("{ten}.filter(x{i}, {inner}).size() > 0")),
        nest(12, "true", &|i, inner| format!("{ten}.exists_one(x{i}, {inner})")),
        "cel.bind(l, lists.range(20000), l.all(x, l.all(y, true)) || true)".to_owned(),
        "cel.bind(l, lists.range(20000), l.all(x, l == l))".to_owned(),
        "cel.bind(l, lists.range(20000), l.all(x, (x + 20000) in l || true))".to_owned(),
    ];
    for source in rows {
        assert_soon(&large_text(), &source, "filter over budget");
    }
}

#[test]
fn values_stay_small() {
    let doubled = (0..20).fold("'xxxxxxxxxx'".to_owned(), |inner, i| format!("[{inner}].map(v{i}, v{i}+v{i})[0]"));
    let copied = (0..20).rev().fold("b19 == []".to_owned(), |inner, i: usize| {
        let below = if i == 0 { "1".to_owned() } else { format!("b{}", i - 1) };
        format!("cel.bind(b{i}, [{}], {inner})", [below.as_str(); 8].join(","))
    });
    let mapped = (0..20).rev().fold("b19 == {}".to_owned(), |inner, i: usize| {
        let below = if i == 0 { "1".to_owned() } else { format!("b{}", i - 1) };
        format!("cel.bind(b{i}, {{'a': {below}, 'b': {below}, 'c': {below}}}, {inner})")
    });
    let rows = [
        doubled + " == ''",
        copied,
        mapped,
        "data.body.text.replace('', data.body.text).size() > 1".to_owned(),
        "data.body.text.replace('a', 'bbbb', 400000).size() > 1".to_owned(),
        "lists.range(100000).size() > 1".to_owned(),
        "lists.range(10000).map(x, data.body.text).join(data.body.text).size() > 1".to_owned(),
        "'%s%s%s%s'.format([data, data, data, data]).size() > 1".to_owned(),
        "data.body.text.split('').size() > 1".to_owned(),
        "(data.body.text + data.body.text + data.body.text).size() > 1".to_owned(),
        format!("data.body.text{}.size() == 1", ".lowerAscii()".repeat(90)),
        "cel.bind(l, lists.range(20000), [l, l, l, l]).size() == 1".to_owned(),
    ];
    for source in rows {
        assert_soon(&large_text(), &source, "filter over budget");
    }
}

#[test]
fn regular_expressions_end() {
    let rows = [
        ("(a+)+$", "matched"),
        ("^(a|aa)+$", "matched"),
        ("[ab]*a[ab]{200}c", "filter false"),
        // These grow the automaton; whether it grows too large is the regex crate's to say.
        ("^(a?){500}(b?){500}$", "filter "),
        ("a{10000}b", "filter "),
    ];
    for (pattern, expected) in rows {
        assert_soon(&large_text(), &format!("data.body.text.matches('{pattern}')"), expected);
        assert_soon(&large_text(), &format!("data.body.text.matches('{pattern}' + '')"), expected);
    }
}

#[test]
fn quadratic_functions_end() {
    let body = format!("[{}0]", (1..80_000).map(|n| format!("{n},")).collect::<String>());
    let data = request("POST", "/webhooks/slug", &[], &body);
    let rows = [
        "data.body.json_value.distinct().size() == 1",
        "sets.equivalent(data.body.json_value, data.body.json_value)",
        "sets.intersects(data.body.json_value, data.body.json_value.map(x, -x))",
        "data.body.json_value.all(x, x in data.body.json_value)",
        "data.body.json_value.map(x, data.body) == data.body.json_value.map(x, data.body)",
    ];
    for source in rows {
        assert_soon(&data, source, "filter over budget");
    }
}

#[test]
fn every_filter_has_its_own_budget() {
    let (kind, data) = (EventType::of("post"), large_text());
    let context = Context::new(&kind, &data);
    let ask = |source: &str| Filter::compile(source).unwrap().evaluate(&context).0;
    for _ in 0..3 {
        assert_eq!(ask("data.body.text.replace('', data.body.text) == ''"), VerdictKind::FilterOverBudget);
        assert_eq!(ask("data.body.text.replace('a', 'b').contains('b')"), VerdictKind::Matched);
        assert_eq!(ask("lists.range(1000).exists(x, x == 999)"), VerdictKind::Matched);
    }
}
