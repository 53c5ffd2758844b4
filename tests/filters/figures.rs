//! The figures of filters, each beside a baseline of the same run: times of different machines do not compare, and
//! ratios do.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::event::{Data, Event, EventId, EventType, Keep, Raw, VerdictKind};
use tenterhook_host::trigger::filter::Context;
use tenterhook_host::trigger::{Call, Filter, Retry, Trigger, select};

use crate::measure::median;
use crate::push;

/// None of them reads the body.
const OF_HEADERS: [&str; 3] = [
    r#"data.method == "POST""#,
    r#"data.headers["X-GitHub-Event"] == "push""#,
    r#"data.url.path.endsWith("/push") && data.headers["Content-Type"].startsWith("application/json")"#,
];

/// Each of them reads the body.
const OF_PUSH: [&str; 8] = [
    r#"data.headers["X-GitHub-Event"] == "push" && data.body.json.ref == "refs/heads/main""#,
    r#"data.body.json.repository.full_name == "octo-org/octo-repo""#,
    r#"data.body.json.pusher.name in ["octocat", "hubot"]"#,
    r#"size(data.body.json.commits) > 2 && !data.body.json.deleted"#,
    r#"data.body.json.commits.exists(c, c.modified.exists(file, file.startsWith("docs/")))"#,
    r#"data.body.json.commits.all(c, c.author.email.endsWith("@example.com"))"#,
    r#"data.body.json.head_commit.message.matches("^(fix|feat)(\\(.+\\))?: ")"#,
    r#"has(data.body.json.repository.topics) && "webhooks" in data.body.json.repository.topics"#,
];

const OF_LARGE: &str = r#"data.body.json.rows.exists(row, row.name == "row 4999")"#;

/// Prints them.
pub(crate) fn print() {
    println!("Filters, one at a time; processor time, medians of five runs");
    println!("  {:<58} {:>10} {:>8}  baseline", "what", "µs", "ratio");
    compiling();
    let push = push::push();
    let by_hand = median(20_000, || Data::new(push.clone()), |data| assert!(black_box(headers_by_hand(data))));
    let headers = median(20_000, || Data::new(push.clone()), ask_all(&OF_HEADERS));
    line("3 filters that do not read the body, per event", headers, by_hand, "the same in Rust; target: 2 µs");
    let parsing = median(2_000, || Data::new(push.clone()), read_json);
    let all = median(2_000, || Data::new(push.clone()), ask_all(&OF_PUSH));
    line("8 filters that read a push of 9 KB, per event", all, parsing, "reading its JSON; target: 60 µs");
    large();
    thousand(&push);
}

fn line(what: &str, took: Duration, baseline: Duration, name: &str) {
    let (us, baseline_us) = (took.as_secs_f64() * 1e6, baseline.as_secs_f64() * 1e6);
    println!("  {what:<58} {us:>10.2} {:>8.2}  {baseline_us:.2} µs: {name}", us / baseline_us);
}

fn compiling() {
    for (what, sources) in [("of headers", OF_HEADERS.as_slice()), ("of a push", OF_PUSH.as_slice())] {
        let compile = || sources.iter().for_each(|source| drop(black_box(Filter::compile(source).unwrap())));
        let parse = || sources.iter().for_each(|source| drop(black_box(cel::Program::compile(source).unwrap())));
        let count = u32::try_from(sources.len()).unwrap();
        let (ours, bare) = (median(50, || (), |()| compile()) / count, median(50, || (), |()| parse()) / count);
        line(&format!("compile a filter {what}"), ours, bare, "the bare parser");
    }
}

/// Makes one event's context and asks every filter.
fn ask_all(sources: &[&str]) -> impl Fn(&Data) + use<> {
    let filters: Vec<Filter> = sources.iter().map(|source| Filter::compile(source).unwrap()).collect();
    let kind = EventType::of("POST");
    move |data| {
        let context = Context::new(&kind, data);
        for filter in &filters {
            let (verdict, detail) = filter.evaluate(&context);
            assert_eq!(verdict, VerdictKind::Matched, "{filter}: {detail:?}");
        }
    }
}

/// What any filter that asks for a field of the JSON waits for first, and what the handler needs too.
fn read_json(data: &Data) {
    assert!(black_box(data.json()).is_some());
}

fn headers_by_hand(data: &Data) -> bool {
    let header = |name: &str| data.headers().iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).unwrap().1;
    data.method() == "POST"
        && header("X-GitHub-Event") == "push"
        && data.path().ends_with("/push")
        && header("Content-Type").starts_with("application/json")
}

fn large() {
    let rows: Vec<String> =
        (0..8_000).map(|n| format!(r#"{{"name": "row {n}", "value": {n}, "tags": ["{}"]}}"#, "x".repeat(80))).collect();
    let raw = push::post(format!(r#"{{"rows": [{}]}}"#, rows.join(",")));
    assert!(raw.body.as_ref().is_some_and(|body| body.len() > 1_000_000));
    let untouched = median(2_000, || Data::new(raw.clone()), ask_all(&OF_HEADERS));
    let small = push::push();
    let without = median(2_000, || Data::new(small.clone()), ask_all(&OF_HEADERS));
    line("3 filters that do not read a body of 1 MB, per event", untouched, without, "with a body of 9 KB");
    let parsing = median(10, || Data::new(raw.clone()), read_json);
    let touched = median(10, || Data::new(raw.clone()), ask_all(&[OF_LARGE]));
    line("1 filter that searches a body of 1 MB, per event", touched, parsing, "reading its JSON");
}

/// One event for 1,000 triggers of one endpoint, of which one matches.
fn thousand(push: &Raw) {
    let limits = Config::load(None).unwrap().guest.limits;
    let trigger = |number: usize, filter: &str| Trigger {
        name: format!("trigger {number}").into(),
        endpoint: "acme".into(),
        event_type: None,
        filter: Some(Arc::new(Filter::compile(filter).unwrap())),
        call: Call { module: "m.wasm".to_owned(), function: "f".to_owned() },
        is_sync: false,
        timeout: Duration::from_secs(1),
        limits,
        retry: Retry::default(),
        max_concurrency: None,
        ordered_by: None,
        history: Keep::Full,
        grants: Arc::default(),
    };
    let filter = |number: usize| match number % 3 {
        0 => format!(r#"data.headers["X-GitHub-Hook-ID"] == "{}""#, 292_429_682 + number),
        1 => format!(r#"data.url.path.matches("^/webhooks/[^/]+/(push|p{number})$") && data.method == "PUT{number}""#),
        _ => format!(r#"data.body.json.repository.id == {}"#, 186_852_502 + number),
    };
    let triggers: Vec<Trigger> = (0..1_000).map(|number| trigger(number, &filter(number))).collect();
    let kind = EventType::of("POST");
    let event = || Event {
        id: EventId::new(Clock::system().now()),
        org: "bench".into(),
        endpoint: "acme".into(),
        received_at: Clock::system().now(),
        kind: kind.clone(),
        data: Arc::new(Data::new(push.clone())),
        redispatched_from: None,
    };
    let matched = |triggers: &[Trigger], event: &Event| {
        select(event, triggers).iter().filter(|verdict| verdict.kind == VerdictKind::Matched).count()
    };
    // The repository's, of the trigger with the number 500: the hook's number is of none that ask for it.
    assert_eq!(matched(&triggers, &event()), 1);
    let all = median(100, event, |event| assert_eq!(matched(&triggers, event), 1));
    let last = &triggers[498..501];
    let three = median(100, event, |event| assert_eq!(matched(last, event), 1));
    line("1,000 triggers on one endpoint, per event", all, three, "three of them, which read the JSON too");
}
