//! What a manifest says. The mistakes are in `tests/mistakes.rs`, and YAML's traps in `tests/yaml.rs`.

mod deliveries;
mod grants;
mod json_schema;
mod limits;
mod locate;
mod mistakes;
mod schema;
mod yaml;

use std::time::Duration;

use super::{At, Manifest, TriggerSpec};

/// The manifest, or its mistakes as the reason of the panic.
fn read(source: &str) -> Manifest {
    match Manifest::parse(source) {
        Ok(manifest) => manifest,
        Err(e) => panic!("{}", e.render("tenterhook.yaml", source)),
    }
}

/// What a person is shown of a manifest that is refused.
fn refused(source: &str) -> String {
    match Manifest::parse(source) {
        Ok(manifest) => panic!("taken: {manifest:?}"),
        Err(e) => e.render("tenterhook.yaml", source),
    }
}

/// A manifest with one trigger: the usual keys, and `more`, each line of it a key.
fn trigger_with(more: &str) -> String {
    let more: String = more.lines().map(|line| format!("      {line}\n")).collect();
    format!(
        "version: v1\nproject:\n  name: p\n  triggers:\n    - name: t\n      type: webhook\n{more}      call: webhooks.py:on_event\n"
    )
}

fn only_trigger(source: &str) -> TriggerSpec {
    read(source).project.triggers.swap_remove(0)
}

fn text(text: Option<&At<String>>) -> Option<&str> {
    text.map(|text| text.value.as_str())
}

#[test]
fn every_key_is_read() {
    let manifest = read(
        r#"
version: v1
project:
  name: orders
  display_name: Orders & returns
  vars:
    - name: API_URL
      value: https://example.com/
      description: Where orders go.
    - name: API_KEY
      value: s3cret
      secret: true
  triggers:
    - name: new_order
      type: webhook
      endpoint: shop
      event_type: post
      filter: data.url.path.endsWith("/orders")
      call: src/orders.py:on_order
      is_sync: true
      is_durable: false
      timeout: 1500ms
    - name: returned
      type: webhook
      call: returns.js:on-return
modules:
  src/orders.py:
    path: target/orders.wasm
    build: make orders
"#,
    );
    let project = &manifest.project;
    assert_eq!((project.name.as_str(), project.display_name.as_deref()), ("orders", Some("Orders & returns")));
    let vars: Vec<_> = project.vars.iter().map(|var| (var.name.as_str(), var.value.as_str(), var.secret)).collect();
    assert_eq!(vars, [("API_URL", "https://example.com/", false), ("API_KEY", "s3cret", true)]);
    assert_eq!(project.vars[0].description.as_deref(), Some("Where orders go."));

    let [order, returned] = project.triggers.as_slice() else { panic!("{:?}", project.triggers) };
    assert_eq!((order.name.as_str(), order.slug()), ("new_order", "shop"));
    assert_eq!(order.event_type.as_ref().map(|kind| kind.as_str()), Some("post"));
    assert_eq!(text(order.filter.as_ref()), Some(r#"data.url.path.endsWith("/orders")"#));
    assert_eq!(
        (order.call.to_string(), order.call.export()),
        ("src/orders.py:on_order".to_owned(), "on-order".to_owned())
    );
    assert_eq!((order.is_sync, order.timeout), (true, Some(Duration::from_millis(1500))));

    assert_eq!((returned.slug(), returned.event_type.as_ref(), returned.timeout), ("returned", None, None));
    assert!(!returned.is_sync);

    let modules: Vec<_> =
        manifest.modules.iter().map(|(name, spec)| (name.as_str(), spec.path.as_str(), spec.listed)).collect();
    assert_eq!(modules, [("src/orders.py", "target/orders.wasm", true), ("returns.js", "returns.wasm", false)]);
    assert_eq!(manifest.modules["src/orders.py"].build.as_deref(), Some("make orders"));
}

/// The blocks of the specification, as it prints them but for YAML's indentation, which its print has lost.
#[test]
fn every_trigger_block_of_the_specification_is_read() {
    let blocks = [
        (None, None),
        (Some("get"), None),
        (Some("post"), None),
        (None, Some(r#"data.method == "GET" || data.method == "POST""#)),
        (None, Some(r#"data.method in ["GET", "POST"]"#)),
        (None, Some(r#"data.url.path.endsWith("/foo")"#)),
        (None, Some(r#"data.url.path.matches("^/webhooks/.*/foo$")"#)),
        (Some("post"), Some(r#"data.headers["Content-Type"] == "application/json""#)),
        (Some("post"), Some(r#"data.headers["Content-Type"].startsWith("application/json")"#)),
        (Some("post"), Some(r#"data.headers["Content-Type"].matches("application/json(;.*)?")"#)),
    ];
    for (event_type, filter) in blocks {
        let line =
            |key: &str, value: Option<&str>| value.map(|value| format!("  {key}: {value}\n")).unwrap_or_default();
        let (kind, condition) = (line("event_type", event_type), line("filter", filter));
        let block = format!(
            "triggers:\n- name: trigger_name\n  type: webhook\n{kind}{condition}  call: filename.py:handler_function_name\n"
        );
        // Lists may be indented or not, and so may the blocks of a manifest.
        for (lists, indent) in [("- ", "  "), ("  - ", "    ")] {
            let block: String = block
                .lines()
                .map(|line| match line.split_once("- ") {
                    Some((_, rest)) if line.starts_with("- ") => format!("  {lists}{rest}\n"),
                    _ if line.starts_with("  ") => format!("  {indent}{}\n", line.trim_start()),
                    _ => format!("  {line}\n"),
                })
                .collect();
            let manifest = read(&format!("version: v1\nproject:\n  name: sample\n{block}"));
            let [trigger] = manifest.project.triggers.as_slice() else { panic!("{manifest:?}") };
            assert_eq!(trigger.name.value, "trigger_name");
            assert_eq!(trigger.event_type.as_ref().map(|kind| kind.as_str()), event_type);
            assert_eq!(text(trigger.filter.as_ref()), filter);
            assert_eq!(trigger.call.to_string(), "filename.py:handler_function_name");
            assert_eq!(manifest.modules["filename.py"].path, "filename.wasm");
        }
    }
}

/// The manifest of the sample that the specification points to.
#[test]
fn autokittehs_http_sample_is_read_unchanged() {
    let manifest = read(
        r#"# This YAML file is a declarative manifest that describes the setup
# of a project that demonstrates 2-way usage of HTTP.

version: v1

project:
  name: http_sample
  vars:
    - name: HTTPBIN_BASE_URL
      value: https://httpbin.org/

  triggers:
    - name: receive_http_get_or_head
      type: webhook
      filter: data.method in ["GET", "HEAD"]
      call: webhooks.py:on_http_get_or_head

    - name: receive_http_post_form
      type: webhook
      event_type: post
      filter: data.headers["Content-Type"] == "application/x-www-form-urlencoded"
      call: webhooks.py:on_http_post_form
    - name: receive_http_post_json
      type: webhook
      event_type: post
      filter: data.headers["Content-Type"].startsWith("application/json")
      call: webhooks.py:on_http_post_json

    - name: send_requests
      type: webhook
      call: webhooks.py:send_requests
"#,
    );
    let calls: Vec<_> = manifest.project.triggers.iter().map(|trigger| trigger.call.export()).collect();
    assert_eq!(calls, ["on-http-get-or-head", "on-http-post-form", "on-http-post-json", "send-requests"]);
    assert_eq!(manifest.modules.keys().collect::<Vec<_>>(), ["webhooks.py"]);
}

#[test]
fn event_types_fold_case_and_none_is_all() {
    for (written, read) in [("event_type: POST", Some("post")), ("event_type: PropFind", Some("propfind"))] {
        assert_eq!(only_trigger(&trigger_with(written)).event_type.as_ref().map(|kind| kind.as_str()), read);
    }
    for all in ["", "event_type:", "event_type: ''", "event_type: '*'", "event_type: null", "event_type: ~"] {
        assert_eq!(only_trigger(&trigger_with(all)).event_type, None, "{all}");
    }
}

#[test]
fn nothing_after_a_key_is_as_the_key_left_out() {
    let source = trigger_with("endpoint:\nfilter:\nis_sync:\ntimeout:\nis_durable:");
    let trigger = only_trigger(&source);
    assert_eq!((trigger.slug(), trigger.filter.as_ref(), trigger.is_sync, trigger.timeout), ("t", None, false, None));
    let manifest = read("version: v1\nproject:\n  name: p\n  display_name:\n  vars:\n  triggers:\nmodules:\n");
    assert!(manifest.project.vars.is_empty() && manifest.project.triggers.is_empty() && manifest.modules.is_empty());
}

#[test]
fn a_vars_value_is_the_text_that_stands_there() {
    for (written, value) in [
        ("text", "text"),
        ("123", "123"),
        ("1.10", "1.10"),
        ("0x1F", "0x1F"),
        ("1e400", "1e400"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("True", "True"),
        ("no", "no"),
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("", ""),
        ("~", ""),
        ("null", ""),
        ("'null'", "null"),
        ("'12'", "12"),
        ("\"a\\tb\"", "a\tb"),
        (".inf", ".inf"),
        ("!!str 12", "12"),
    ] {
        let manifest = read(&format!("version: v1\nproject:\n  name: p\n  vars:\n  - name: V\n    value: {written}\n"));
        assert_eq!(manifest.project.vars[0].value, value, "{written}");
    }
}

#[test]
fn secrets_are_not_in_debug_output() {
    let manifest = read(
        "version: v1\nproject:\n  name: p\n  vars:\n  - {name: A, value: open-sesame, secret: true}\n  - {name: B, value: hello}\n",
    );
    let debug = format!("{manifest:?}");
    assert!(!debug.contains("open-sesame"), "{debug}");
    assert!(debug.contains("hello"), "{debug}");
}

#[test]
fn a_modules_name_stands_for_a_file() {
    for (module, path) in [
        ("webhooks.py", "webhooks.wasm"),
        ("webhooks", "webhooks.wasm"),
        ("src/web.hooks.py", "src/web.hooks.wasm"),
        ("v1.2/webhooks", "v1.2/webhooks.wasm"),
        (".hidden", ".hidden.wasm"),
        ("webhooks.wasm", "webhooks.wasm"),
    ] {
        assert_eq!(super::grammar::default_path(module), path);
    }
}

#[test]
fn timeouts() {
    for (written, time) in [
        ("1ms", Duration::from_millis(1)),
        ("500ms", Duration::from_millis(500)),
        ("30s", Duration::from_secs(30)),
        ("'2m'", Duration::from_secs(120)),
        ("15m", Duration::from_secs(900)),
        ("900000ms", Duration::from_secs(900)),
    ] {
        assert_eq!(only_trigger(&trigger_with(&format!("timeout: {written}"))).timeout, Some(time));
    }
}

/// What its reference shows is read, and so are the manifests of the example projects.
#[test]
fn what_the_documentation_shows_is_read() {
    let reference = include_str!("../../../docs/manifest.md");
    let examples: Vec<_> = reference.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 7);
    for example in examples {
        read(example);
    }
    let escaped = reference.lines().filter_map(|line| line.rsplit_once("| `filter: ")?.1.strip_suffix("` |"));
    let filters: Vec<_> = escaped.collect();
    assert_eq!(filters.len(), 4);
    for filter in filters {
        let trigger = only_trigger(&trigger_with(&format!("filter: {filter}")));
        crate::trigger::Filter::compile(&trigger.filter.unwrap()).unwrap();
    }
}
