//! The schema and the reader agree.

use serde_json::Value;

use super::super::{Manifest, keys, schema};
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
