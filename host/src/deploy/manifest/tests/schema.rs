//! The schema and the reader agree.

use regex::Regex;
use serde_json::Value;

use super::super::{Manifest, grammar, keys, schema};
use super::json_schema::accepts;
use crate::event::EventType;

/// As an editor reads YAML before it asks the schema.
fn json(source: &str) -> Value {
    serde_saphyr::from_str_with_options(source, serde_saphyr::options! { strict_booleans: true }).unwrap()
}

fn under_project(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    format!("version: v1\nproject:\n  name: p\n{lines}")
}

fn trigger(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    under_project(&format!("triggers:\n  - name: t\n{lines}"))
}

fn webhook(line: &str) -> String {
    trigger(&format!("type: webhook\ncall: a.py:f\n{line}"))
}

fn var(line: &str) -> String {
    under_project(&format!("vars:\n  - name: V\n    {line}"))
}

fn outbound(rule: &str) -> String {
    under_project(&format!("outbound: [{rule}]"))
}

fn retry(line: &str) -> String {
    webhook(&format!("retry: {{{line}}}"))
}

fn limits(line: &str) -> String {
    webhook(&format!("limits: {{{line}}}"))
}

fn backoff(line: &str) -> String {
    retry(&format!("backoff: {{{line}}}"))
}

fn endpoint(line: &str) -> String {
    webhook("") + &format!("  endpoints: {{t: {line}}}")
}

fn dedup(line: &str) -> String {
    endpoint(&format!("{{dedup: {line}}}"))
}

fn modules(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    under_project("") + &format!("modules:\n{lines}")
}

#[test]
fn they_take_the_same_manifests() {
    let schema = schema();
    let sound = [
        under_project(""),
        under_project("display_name: P\nvars: []\ntriggers: []"),
        under_project("display_name:\nvars:\ntriggers:\nmodules:").replace("  modules:", "modules:"),
        webhook(""),
        webhook("event_type: get"),
        webhook("event_type: PROPFIND"),
        webhook("event_type: '*'"),
        webhook("event_type:"),
        webhook("filter: data.method == \"GET\" || data.method == \"POST\""),
        webhook("filter:"),
        webhook("is_sync: true"),
        webhook("is_sync:"),
        webhook("is_durable: false"),
        webhook("endpoint: a.b_c~d-e"),
        webhook("endpoint: 0").replace('0', "_0"),
        webhook("timeout: 1ms"),
        webhook("timeout: 900000ms"),
        webhook("timeout: 900s"),
        webhook("timeout: 15m"),
        webhook("timeout:"),
        webhook("limits:"),
        limits(""),
        limits("memory: 1B, cpu: 1ms, table_elements: 1, instances: 1, handles: 1"),
        limits("memory: 9999999999GiB, cpu: 15m, log: 512KiB, response: 2MiB, handles: 1000000000"),
        limits("memory: , cpu: , response_headers: 10, response_header_size: 1KiB"),
        retry(""),
        retry("attempts: 1"),
        retry("attempts: 100, backoff: , on: "),
        retry("on: [fault]"),
        retry("on: [retry, fault, timeout]"),
        backoff("initial: 1ms, factor: 1, max: 24h, jitter: 0"),
        backoff("initial: 86400000ms, factor: 100, max: 86400s, jitter: 1"),
        backoff("initial: 1440m, factor: 1.5, max: 1d, jitter: 0.25"),
        webhook("retry:"),
        webhook("max_concurrency: 1"),
        webhook("max_concurrency: 10000"),
        webhook("max_concurrency:"),
        webhook("ordered_by: data.body.json.id"),
        webhook("ordered_by:"),
        webhook("history: full"),
        webhook("history: metadata"),
        webhook("is_sync: true\nhistory: none"),
        webhook("history:"),
        webhook("kv: true"),
        webhook("kv:"),
        webhook("outbound: []"),
        webhook("outbound:"),
        under_project("kv: false\noutbound: ['https://api.github.com', 'https://*.slack.com:443']"),
        outbound("{url: 'http://10.1.2.3:8080', method: [GET]}"),
        outbound("{url: 'http://[fd00::1]:8080/', addresses: [10.1.2.3, 10.0.0.0/8]}"),
        outbound("{url: http://localhost, addresses: [], method: }"),
        var("secret: true\n    hosts: ['https://api.github.com']"),
        var("hosts:"),
        webhook("") + "  endpoints: {}",
        webhook("") + "  endpoints:",
        dedup("auto"),
        dedup("{key: auto}"),
        dedup("{key: data.body.json.id, window: 72h}"),
        dedup("{key: data.body.json.id, window: }"),
        dedup("{key: auto, window: 1s}"),
        dedup("{key: auto, window: 30d}"),
        trigger("type: webhook\ncall: src/a.py:on-http-get"),
        trigger("type: webhook\ncall: ..py/...x:_f"),
        var("value: text"),
        var("value: 12"),
        var("value: 1.5"),
        var("value: true"),
        var("value:"),
        var("secret: true"),
        var("description: why"),
        modules("a.py: {path: ../a.wasm}"),
        modules("src/a.py: {build: make}"),
        modules("a: {build: make, path: a.wasm}"),
        modules("a: {build: make, path: }"),
    ];
    for source in &sound {
        if let Err(e) = Manifest::parse(source) {
            panic!("the reader refuses\n{source}\n{e}");
        }
        assert!(accepts(&schema, &json(source)), "the schema refuses\n{source}");
    }
    let unsound = [
        String::new(),
        "version: v1".to_owned(),
        "version: v2\nproject: {name: p}".to_owned(),
        "project: {name: p}".to_owned(),
        "version: v1\nproject:".to_owned(),
        "version: v1\nproject: p".to_owned(),
        "version: v1\nproject: {}".to_owned(),
        "version: v1\nproject: {name: }".to_owned(),
        "version: v1\nproject: {name: 1}".to_owned(),
        "version: v1\nproject: {name: a b}".to_owned(),
        "version: v1\nproject: {name: .a}".to_owned(),
        "version: v1\nproject: {name: p}\nconnections: []".to_owned(),
        under_project("connections: []"),
        under_project("modules: {}"),
        under_project("triggers: {}"),
        under_project("triggers: [t]"),
        under_project("vars: {}"),
        under_project("vars: [V]"),
        under_project("vars: [{value: 1}]"),
        under_project("vars: [{name: 1A}]"),
        under_project("vars: [{name: A-B}]"),
        under_project("display_name: 1"),
        trigger("call: a.py:f"),
        trigger("type:\ncall: a.py:f"),
        trigger("type: schedule\ncall: a.py:f"),
        trigger("type: connection\ncall: a.py:f"),
        trigger("type: webhook"),
        trigger("type: webhook\ncall: a.py"),
        trigger("type: webhook\ncall: 'a.py:'"),
        trigger("type: webhook\ncall: :f"),
        trigger("type: webhook\ncall: a.py:f()"),
        trigger("type: webhook\ncall: a.py:1f"),
        trigger("type: webhook\ncall: a.py:a:b"),
        trigger("type: webhook\ncall: /a.py:f"),
        trigger("type: webhook\ncall: ../a.py:f"),
        trigger("type: webhook\ncall: a/./b:f"),
        trigger("type: webhook\ncall: a//b:f"),
        trigger("type: webhook\ncall: a/:f"),
        trigger("type: webhook\ncall: 'a\\b:f'"),
        webhook("filtr: x"),
        webhook("schedule: x"),
        webhook("connection: x"),
        webhook("webhook: {}"),
        webhook("event_type: [get]"),
        webhook("event_type: 1"),
        webhook("filter: true"),
        webhook("filter: {}"),
        webhook("is_sync: 'true'"),
        webhook("is_sync: yes"),
        webhook("is_durable: true"),
        webhook("endpoint: a/b"),
        webhook("endpoint: ''"),
        webhook(&format!("endpoint: {}", "x".repeat(65))),
        webhook("timeout: 30"),
        webhook("timeout: 0s"),
        webhook("timeout: 01s"),
        webhook("timeout: 901s"),
        webhook("timeout: 16m"),
        webhook("timeout: 900001ms"),
        webhook("timeout: 1h"),
        webhook("timeout: 1.5s"),
        webhook("timeout: s"),
        webhook("retry: 3"),
        webhook("retry: []"),
        retry("attempt: 1"),
        retry("attempts: 0"),
        retry("attempts: 101"),
        retry("attempts: 1.5"),
        retry("attempts: '3'"),
        retry("attempts: -1"),
        retry("on: fault"),
        retry("on: []"),
        retry("on: [fault, fault]"),
        retry("on: [trap]"),
        retry("on: [1]"),
        retry("initial: 1s"),
        backoff("initial: 1"),
        backoff("initial: 0s"),
        backoff("initial: 25h"),
        backoff("initial: 86401s"),
        backoff("initial: 2d"),
        backoff("max: 1441m"),
        backoff("factor: 0.5"),
        backoff("factor: 101"),
        backoff("factor: two"),
        backoff("jitter: 1.1"),
        backoff("jitter: -0.1"),
        webhook("backoff: {}"),
        limits("memory: 1024"),
        limits("memory: 0MiB"),
        limits("memory: 64MB"),
        limits("memory: 12345678901B"),
        limits("memory: 1.5GiB"),
        limits("cpu: 16m"),
        limits("cpu: 5"),
        limits("instances: 0"),
        limits("instances: 1000000001"),
        limits("handles: many"),
        limits("stack: 1MiB"),
        webhook("limits: 1GiB"),
        webhook("max_concurrency: 0"),
        webhook("max_concurrency: 10001"),
        webhook("max_concurrency: all"),
        webhook("ordered_by: 1"),
        webhook("ordered_by: []"),
        webhook("history: all"),
        webhook("history: 1"),
        webhook("kv: 1"),
        webhook("kv: 'true'"),
        webhook("outbound: https://a.example"),
        under_project("kv: {}"),
        under_project("outbound: {}"),
        outbound("1"),
        outbound("a.example"),
        outbound("https://a.example/path"),
        outbound("https://*"),
        outbound("{}"),
        outbound("{url: }"),
        outbound("{url: a.example}"),
        outbound("{url: https://a.example, methods: [GET]}"),
        outbound("{url: https://a.example, method: GET}"),
        outbound("{url: https://a.example, method: []}"),
        outbound("{url: https://a.example, addresses: 10.1.2.3}"),
        var("secret: true\n    hosts: []"),
        var("secret: true\n    hosts: [a]"),
        webhook("dedup: auto"),
        webhook("") + "  endpoints: []",
        webhook("") + "  endpoints: {a b: {dedup: auto}}",
        webhook("") + "endpoints: {t: {dedup: auto}}",
        endpoint(""),
        endpoint("{}"),
        endpoint("{key: auto}"),
        endpoint("auto"),
        dedup(""),
        dedup("true"),
        dedup("automatic"),
        dedup("{}"),
        dedup("{window: 1h}"),
        dedup("{key: }"),
        dedup("{key: 1}"),
        dedup("{key: ' '}"),
        dedup("{key: auto, window: 72}"),
        dedup("{key: auto, window: 999ms}"),
        dedup("{key: auto, window: 31d}"),
        dedup("{key: auto, window: 721h}"),
        dedup("{key: auto, windw: 1h}"),
        var("value: [1]"),
        var("value: {}"),
        var("secret: 1"),
        var("description: 1"),
        var("is_secret: true"),
        modules("a.py:"),
        modules("a.py: {}"),
        modules("a.py: {path: }"),
        modules("a.py: a.wasm"),
        modules("a.py: {path: ''}"),
        modules("a.py: {path: ' '}"),
        modules("a.py: {build: []}"),
        modules("a.py: {path: a, url: b}"),
        modules("../a.py: {path: a}"),
        modules("'a:b': {path: a}"),
        modules("'': {path: a}"),
        modules("- a"),
    ];
    for source in &unsound {
        assert!(Manifest::parse(source).is_err(), "the reader takes\n{source}");
        assert!(!accepts(&schema, &json(source)), "the schema takes\n{source}");
    }
}

#[test]
fn they_know_the_same_keys() {
    let schema = schema();
    let known = |pointer: &str, keys: &keys::Keys| {
        let object = schema.pointer(pointer).unwrap();
        assert_eq!(object["additionalProperties"], Value::Bool(false), "{pointer}");
        let properties = object["properties"].as_object().unwrap();
        let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
        let mut read = keys.known.to_vec();
        names.sort_unstable();
        read.sort_unstable();
        assert_eq!(names, read, "{pointer}");
        for (name, property) in properties {
            assert!(property["description"].is_string(), "{pointer}: {name} has no description");
        }
    };
    known("", &keys::ROOT);
    known("/properties/project", &keys::PROJECT);
    known("/properties/project/properties/vars/items", &keys::VAR);
    known("/properties/project/properties/triggers/items", &keys::TRIGGER);
    let trigger = "/properties/project/properties/triggers/items/properties";
    known(&format!("{trigger}/retry"), &keys::RETRY);
    known(&format!("{trigger}/retry/properties/backoff"), &keys::BACKOFF);
    let rule = "/properties/project/properties/outbound/items/anyOf/1";
    known(rule, &keys::OUTBOUND);
    let endpoint = "/properties/project/properties/endpoints/additionalProperties";
    known(endpoint, &keys::ENDPOINT);
    known(&format!("{endpoint}/properties/dedup/anyOf/1"), &keys::DEDUP);
    known("/properties/modules/additionalProperties", &keys::MODULE);
}

#[test]
fn its_event_types_exist() {
    let schema = schema();
    let usual =
        schema.pointer("/properties/project/properties/triggers/items/properties/event_type/anyOf/0/enum").unwrap();
    for word in usual.as_array().unwrap().iter().filter_map(Value::as_str).filter(|word| *word != "*") {
        assert!(EventType::parse(word).is_ok(), "{word}");
    }
}

#[test]
fn its_examples_are_sound() {
    fn visit(schema: &Value, found: &mut usize) {
        if let Some(examples) = schema.get("examples") {
            for example in examples.as_array().unwrap() {
                assert!(accepts(schema, example), "{example}");
                *found += 1;
            }
        }
        match schema {
            Value::Object(members) => members.values().for_each(|value| visit(value, found)),
            Value::Array(items) => items.iter().for_each(|value| visit(value, found)),
            _ => {}
        }
    }
    let mut found = 0;
    visit(&schema(), &mut found);
    assert!(found > 8, "{found}");
}

/// Each unit at its bounds and beyond them.
#[test]
fn its_times_end_where_the_readers_do() {
    let forms = [
        (grammar::TIMEOUT, grammar::TIMEOUTS, 15 * 60 * 1000),
        (grammar::WAIT, grammar::WAITS, 24 * 60 * 60 * 1000),
        (grammar::WINDOW, grammar::WINDOWS, 30 * 24 * 60 * 60 * 1000),
    ];
    for (form, times, longest) in forms {
        let form = Regex::new(form).unwrap();
        for (unit, milliseconds) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000_u64)] {
            let most = longest / milliseconds;
            let around = |number: u64| (number.saturating_sub(11)..number + 12).chain([number * 10, number / 10]);
            let numbers = (0..2_000).chain(around(most)).chain((0..200).map(|part| most * part / 150));
            for number in numbers.map(|number| format!("{number}{unit}")) {
                assert_eq!(form.is_match(&number), grammar::time(&number, &times).is_ok(), "{number} of {form}");
            }
        }
    }
}
