//! Filters and events that are meant to hurt: each ends in an error or a verdict, soon, and the process lives.

use std::thread;
use std::time::Duration;

use super::super::budget::{Meter, Purpose, processor_time};
use super::super::{COMPILE_STACK, CompileError, Context, Filter, MAX_SOURCE, compile};
use super::{ask, request};
use crate::event::{Data, EventType, VerdictKind};

const MATCHED: &str = "(Matched, None)";
const FALSE: &str = "(FilterFalse, None)";
const OVER: &str = "(FilterOverBudget";

/// Of a processor's time, compiling included: a bound in a build without optimisation, and far less than what these take
/// without bounds.
const SOON: Duration = Duration::from_secs(1);

fn assert_soon(data: &Data, source: &str, expected: &str) {
    let (answer, took) = thread::scope(|scope| {
        // The compiler's own thread, so that its time counts.
        let thread = thread::Builder::new().stack_size(COMPILE_STACK);
        let asked = thread.spawn_scoped(scope, || {
            let start = processor_time();
            (ask_here(data, source), processor_time() - start)
        });
        asked.unwrap().join().unwrap()
    });
    let shown = source.chars().take(120).collect::<String>();
    assert!(answer.contains(expected), "{shown} gave {answer}");
    assert!(took < SOON, "{shown} took {took:?}");
}

fn ask_here(data: &Data, source: &str) -> String {
    if source.len() > MAX_SOURCE {
        return ask(data, source);
    }
    let kind = EventType::of(data.method());
    match compile(source, super::super::Type::Bool) {
        Ok(filter) => format!("{:?}", filter.evaluate(&Context::new(&kind, data))),
        Err(found) => CompileError::new(source, found).to_string(),
    }
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
        ("'".repeat(4_001), "does not end"),
        ("'a'.matches('a{1000}{1000}')".to_owned(), "it takes more than 1048576 bytes when compiled"),
        (format!("'a'.matches('{}')", "(".repeat(2_000)), "is not a regular expression"),
        ("{'a': 1, ?'b': 2}.a == 1".to_owned(), "unsupported syntax"),
    ];
    for (source, expected) in rows {
        assert_soon(&request("GET", "/", &[], ""), &source, expected);
    }
    for source in ["!".repeat(4_000) + "true", "(".repeat(90) + "true" + &")".repeat(90)] {
        assert_soon(&request("GET", "/", &[], ""), &source, MATCHED);
    }
}

#[test]
fn what_is_as_deep_as_allowed_is_evaluated_on_a_small_stack() {
    type Form = fn(&str) -> String;
    // Each around itself as often as may be.
    let forms: [(&str, Form); 12] = [
        ("1", |inner| format!("{inner} + 1")),
        ("true", |inner| format!("lists.range(1).exists(x, {inner})")),
        ("true", |inner| format!("[1].all(x, {inner})")),
        ("true", |inner| format!("[1].exists_one(x, {inner})")),
        ("[1]", |inner| format!("[1].map(x, {inner})")),
        ("[1]", |inner| format!("{inner}.map(x, x)")),
        ("[1]", |inner| format!("[1].sortBy(x, {inner})")),
        ("true", |inner| format!("false || ({inner})")),
        ("true", |inner| format!("cel.bind(x, {inner}, x)")),
        ("data.method", |inner| format!("string({inner})")),
        ("data.method", |inner| format!("'%s'.format([{inner}])")),
        ("0", |inner| format!("[0, 1][{inner}]")),
    ];
    for (seed, form) in forms {
        let mut nested = vec![seed.to_owned()];
        while compile_any(&form(nested.last().unwrap())).is_ok() {
            nested.push(form(nested.last().unwrap()));
        }
        assert!(nested.len() > 15, "{}", nested.last().unwrap());
        let filter = compile_any(nested.last().unwrap()).unwrap();
        let evaluate = move || {
            let (kind, data) = (EventType::of("get"), request("GET", "/", &[], ""));
            filter.judge(&Context::new(&kind, &data)).kind
        };
        let thread = thread::Builder::new().stack_size(256 << 10).spawn(evaluate).unwrap();
        assert_ne!(thread.join().unwrap(), VerdictKind::FilterOverBudget);
    }
}

/// A filter of an expression, whatever it gives.
fn compile_any(source: &str) -> Result<Filter, CompileError> {
    Filter::compile(&format!("dyn({source}) == dyn(true)"))
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
        assert_soon(&large_text(), &source, OVER);
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
        assert_soon(&large_text(), &source, OVER);
    }
}

#[test]
fn regular_expressions_end() {
    let rows = [
        ("(a+)+$", MATCHED),
        ("^(a|aa)+$", MATCHED),
        ("[ab]*a[ab]{200}c", FALSE),
        // These grow the automaton; whether it grows too large is the regex crate's to say.
        ("^(a?){500}(b?){500}$", "Filter"),
        ("a{10000}b", "Filter"),
    ];
    for (pattern, expected) in rows {
        assert_soon(&large_text(), &format!("data.body.text.matches('{pattern}')"), expected);
        assert_soon(&large_text(), &format!("data.body.text.matches('{pattern}' + '')"), expected);
    }
}

#[test]
fn a_regular_expression_from_the_event_is_short() {
    let pattern = |count: usize| request("POST", "/webhooks/slug", &[], &format!("(?i){}", r"\pL".repeat(count)));
    let refused = "is not a regular expression: it has 60004 bytes, and one that is no literal may have 1024";
    assert_soon(&pattern(20_000), "'a'.matches(data.body.text)", refused);
    assert_soon(&pattern(340), "'a'.matches(data.body.text)", "");
    let many = "lists.range(9999).all(i, !'a'.matches(data.body.text + string(i)) || true)";
    assert_soon(&pattern(100), many, OVER);
    assert_soon(&pattern(330), many, OVER);
    let caught = "'a'.matches(data.body.text + 'x') || ".repeat(25) + "true";
    assert_soon(&pattern(330), &caught, "");
}

#[test]
fn quadratic_functions_end() {
    let body = format!("[{}0]", (1..60_000).map(|n| format!("{n},")).collect::<String>());
    let data = request("POST", "/webhooks/slug", &[], &body);
    let rows = [
        "data.body.json_value.distinct().size() == 1",
        "sets.equivalent(data.body.json_value, data.body.json_value)",
        "sets.intersects(data.body.json_value, data.body.json_value.map(x, -x))",
        "data.body.json_value.all(x, x in data.body.json_value)",
        "data.body.json_value.map(x, data.body) == data.body.json_value.map(x, data.body)",
    ];
    for source in rows {
        assert_soon(&data, source, OVER);
    }
}

#[test]
fn a_body_of_too_many_parts_is_not_read() {
    // Commas of texts are no parts.
    let body = |lists: usize| format!("{{\"a\": \"{}\", \"b\": [{}1]}}", ",\\\"".repeat(50_000), "[],".repeat(lists));
    let is_there = "data.body.json != null && data.body.json_value != null && data.body.form == null";
    assert_soon(&request("POST", "/webhooks/slug", &[], &body(24_000)), is_there, MATCHED);
    let large = request("POST", "/webhooks/slug", &[], &body(26_000));
    let reason = "FilterOverBudget, Some(\"it reads JSON of more than 50,000 lists, objects and commas";
    for source in ["data.body.json == null", "data.body.json_value != null", "true && data.body.json.a == 'b'"] {
        assert_soon(&large, source, reason);
    }
    // Each filter that reads it, and no other.
    let (kind, filter) = (EventType::of("POST"), |source: &str| Filter::compile(source).unwrap());
    let context = Context::new(&kind, &large);
    let reads = filter("has(data.body.json.b)");
    assert_eq!(reads.judge(&context).kind, VerdictKind::FilterOverBudget);
    assert_eq!(
        filter("data.body.text.size() > 1 && data.body.form == null").judge(&context).kind,
        VerdictKind::Matched
    );
    assert_eq!(filter("data.method == 'GET' && data.body.json.a == 1").judge(&context).kind, VerdictKind::FilterFalse);
    assert_eq!(reads.judge(&context).kind, VerdictKind::FilterOverBudget);
    // A list is no object, and a table no JSON.
    let list = request("POST", "/webhooks/slug", &[], &format!(" [{}1]", "1,".repeat(70_000)));
    assert_soon(&list, "data.body.json == null", MATCHED);
    assert_soon(&list, "data.body.json_value.size() > 1", reason);
    let table = request("POST", "/webhooks/slug", &[], &"1,2,3\n".repeat(40_000));
    assert_soon(&table, "data.body.json == null && data.body.json_value == null", MATCHED);
    let form = |fields: usize| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        request("POST", "/webhooks/slug", &headers, &"a=b&".repeat(fields))
    };
    assert_soon(&form(50_000), "data.body.form != null && data.body.form_all != null", MATCHED);
    let reason = "FilterOverBudget, Some(\"it reads a form of more than 50,000 fields";
    assert_soon(&form(50_001), "data.body.form == null", reason);
    assert_soon(&form(50_001), "data.body.form_all.size() > 1", reason);
}

#[test]
fn a_search_takes_no_longer_than_its_texts_are_long() {
    let half = "data.body.text.substring(0, 250000)";
    let rows = [
        (format!("data.body.text.indexOf({half} + 'b') == -1"), MATCHED),
        (format!("data.body.text.lastIndexOf('b' + {half}) == -1"), MATCHED),
        (format!("data.body.text.indexOf({half} + 'b', 9) == -1"), MATCHED),
        (format!("data.body.text.lastIndexOf('b' + {half}, 400000) == -1"), MATCHED),
        ("lists.range(9999).all(i, data.body.text.indexOf('b', i) == -1)".to_owned(), OVER),
        ("lists.range(9999).all(i, data.body.text.lastIndexOf('b', i) == -1)".to_owned(), OVER),
        ("lists.range(9999).all(i, !data.body.text.contains('b'))".to_owned(), OVER),
        (format!("{}true", "data.body.text.lowerAscii() == '' || ".repeat(90)), OVER),
        (format!("{}false", "data.body.text.split('')[0] == '' || ".repeat(90)), OVER),
    ];
    for (source, expected) in rows {
        assert_soon(&large_text(), &source, expected);
    }
}

#[test]
fn what_repeats_the_payload_is_paid_for_when_it_is_read() {
    let numbers = format!("[{}0]", "1,".repeat(60_000));
    let long = request("POST", "/webhooks/slug", &[], &numbers);
    let doubled = (0..12).rev().fold("x11 == x11".to_owned(), |inner, i: usize| {
        let below = if i == 0 { "data.body.json_value".to_owned() } else { format!("x{}", i - 1) };
        format!("cel.bind(x{i}, [{below}, {below}], {inner})")
    });
    let repeated = "lists.range(15000).map(i, data.body.json_value)";
    let rows = [
        doubled.clone(),
        doubled.replace("==", "!="),
        doubled.replace("x11 == x11", "x11 in [x11]"),
        doubled.replace("x11 == x11", "sets.contains([x11], [x11])"),
        doubled.replace("x11 == x11", "{'a': x11} == {'a': x11}"),
        doubled.replace("x11 == x11", "[x11, x11].distinct().size() == 1"),
        format!("cel.bind(q, {repeated}, q == q)"),
        format!("cel.bind(q, {repeated}, q in [q])"),
        format!("cel.bind(q, {repeated}, [q, q].distinct().size() == 1)"),
        "lists.range(300).map(i, data.body.json_value).flatten().size() > 0".to_owned(),
        "lists.range(300).map(i, [data.body.json_value]).flatten(9).size() > 0".to_owned(),
    ];
    for source in rows {
        assert_soon(&long, &source, OVER);
    }
    let rows = [
        "cel.bind(q, lists.range(15000).map(i, data.body.text), q == q)",
        "lists.range(15000).map(i, data.body.text).sort().size() > 0",
        "lists.range(15000).sortBy(i, data.body.text).size() > 0",
        "lists.range(15000).all(i, data.body.text <= data.body.text)",
        "data.body.text in lists.range(15000).map(i, data.body.text).map(text, text + '')",
    ];
    for source in rows {
        assert_soon(&large_text(), source, OVER);
    }
}

#[test]
fn what_reads_a_long_text_is_paid_for_without_a_loop_too() {
    let hours = request("POST", "/webhooks/slug", &[], &"1h".repeat(250_000));
    let chain = |part: &str, count: usize| format!("{}true", format!("{part} || ").repeat(count));
    assert_soon(&hours, &chain("duration(data.body.text) == null", 90), OVER);
    let zeros = request("POST", "/webhooks/slug", &[], &"0".repeat(500_000));
    for part in ["int(data.body.text) == 1", "uint(data.body.text) == 1u", "double(data.body.text) == 1.0"] {
        assert_soon(&zeros, &chain(part, 110), "Filter");
    }
    assert_soon(&large_text(), &chain("data.headers[data.body.text] == ''", 95), "Filter");
}

#[test]
fn patterns_that_are_too_large_are_not_all_compiled() {
    let filter = r"data.method.matches('\\pL{30}') || ".repeat(60) + "true";
    assert_soon(&large_text(), &filter, "the regular expressions up to this one take more than");
}

#[test]
fn a_verdict_says_how_much_the_filter_took() {
    let data = large_text();
    let steps = ask(&data, "lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))");
    assert!(steps.starts_with("filter over budget: it "), "{steps}");
    assert!(steps.contains("; stopped after "), "{steps}");
    let built = ask(&data, "data.body.text + data.body.text + data.body.text == ''");
    let (before, after) = built.split_once(" ms, ").unwrap();
    assert!(before.starts_with("filter over budget: it builds more than 1 MiB; stopped after "), "{built}");
    // The second sum is the one that is too large.
    assert_eq!(after, "2 steps and 977 KiB built");
    let meter = Meter::default();
    meter.start(Purpose::Verdict);
    meter.take(99_999).unwrap();
    meter.take(2).unwrap_err();
    // What comes after it is not done.
    meter.build(1).unwrap_err();
    let exceeded = meter.exceeded().unwrap();
    assert!(exceeded.starts_with("it takes more than 100,000 steps; stopped after "), "{exceeded}");
    assert!(exceeded.ends_with(" ms, 99,999 steps and 0 KiB built"), "{exceeded}");
}

#[test]
fn all_filters_of_an_event_share_its_time() {
    let (kind, data) = (EventType::of("post"), large_text());
    let context = Context::new(&kind, &data);
    let slow = Filter::compile("lists.range(30000).all(i, data.body.text.indexOf('b') == -1)").unwrap();
    let start = processor_time();
    let details: Vec<_> = (0..100).map(|_| slow.evaluate(&context).1.unwrap_or_default()).collect();
    assert!(processor_time() - start < SOON);
    assert!(details[0].starts_with("it takes more than 50 ms; stopped after "), "{}", details[0]);
    let spent = "all filters of this event together take more than 200 ms, and those before it took the rest";
    assert!(details[99].starts_with(spent), "{}", details[99]);
    // What takes no steps is still answered.
    let quick = Filter::compile("data.method == 'POST'").unwrap();
    assert_eq!(quick.evaluate(&context).0, VerdictKind::Matched);
}

#[test]
fn every_filter_has_its_own_budget() {
    // Small, so that all of them together stay far below the event's time.
    let data = request("POST", "/webhooks/slug", &[], &"a".repeat(20_000));
    let kind = EventType::of("post");
    let context = Context::new(&kind, &data);
    let ask = |source: &str| Filter::compile(source).unwrap().evaluate(&context).0;
    for _ in 0..3 {
        assert_eq!(ask("data.body.text.replace('', data.body.text) == ''"), VerdictKind::FilterOverBudget);
        assert_eq!(ask("data.body.text.replace('a', 'b').contains('b')"), VerdictKind::Matched);
        assert_eq!(ask("lists.range(1000).exists(x, x == 999)"), VerdictKind::Matched);
    }
}
