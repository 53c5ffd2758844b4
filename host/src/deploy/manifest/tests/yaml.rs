//! YAML's traps, and what nobody should be able to do with a file.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::super::Manifest;
use super::{only_trigger, read, refused, text, trigger_with};

#[test]
fn filters_as_scalars_of_every_style() {
    for (written, filter) in [
        (r#"filter: data.method == "GET""#, r#"data.method == "GET""#),
        (r#"filter: 'data.method == "GET"'"#, r#"data.method == "GET""#),
        (r#"filter: "data.method == \"GET\"""#, r#"data.method == "GET""#),
        ("filter: |\n  data.a == 'b: c' &&\n  data.d", "data.a == 'b: c' &&\ndata.d\n"),
        ("filter: >-\n  data.a == '#' &&\n  data.d", "data.a == '#' && data.d"),
        ("filter: data.a == 'b' # why", "data.a == 'b'"),
        ("filter: data.a == 'b#c'", "data.a == 'b#c'"),
        ("filter: '!data.a'", "!data.a"),
        ("filter: (data.a)", "(data.a)"),
        ("filter: data.a ? data.b : data.c", "data.a ? data.b : data.c"),
    ] {
        match Manifest::parse(trigger_with(written)) {
            Ok(manifest) => assert_eq!(text(manifest.project.triggers[0].filter.as_ref()), Some(filter), "{written}"),
            // A ternary has `: ` in it.
            Err(e) => assert!(written.contains('?'), "{written}: {e}"),
        }
    }
}

#[test]
fn filters_that_yaml_takes_for_something_else() {
    assert_snapshot!(refused(&trigger_with("filter: data.a == \"b: c\"")), @r#"
    error: this is not YAML: mapping values are not allowed in this context
     --> tenterhook.yaml:7:27
      |
    7 |       filter: data.a == "b: c"
      |                           ^
      |
      = help: a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: `filter: '…'`; or write `filter: >-` and the filter in the next line, indented
    "#);
    assert_snapshot!(refused(&trigger_with("filter: \"a\" in data.b")), @r#"
    error: this is not YAML: invalid trailing content after double-quoted scalar
     --> tenterhook.yaml:7:19
      |
    7 |       filter: "a" in data.b
      |                   ^
      |
      = help: a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: `filter: '…'`; or write `filter: >-` and the filter in the next line, indented
    "#);
    assert_snapshot!(refused(&trigger_with("filter: !data.a")), @"
    error: this is not YAML: unsupported tag `!data.a`
     --> tenterhook.yaml:7:22
      |
    7 |       filter: !data.a
      |                      ^
      |
      = help: a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: `filter: '…'`; or write `filter: >-` and the filter in the next line, indented
    ");
    assert_snapshot!(refused(&trigger_with("filter: [\"GET\"].exists(m, m == data.method)")), @r#"
    error: this is not YAML: while parsing a block mapping, did not find expected key
     --> tenterhook.yaml:7:22
      |
    7 |       filter: ["GET"].exists(m, m == data.method)
      |                      ^
      |
      = help: a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: `filter: '…'`; or write `filter: >-` and the filter in the next line, indented
    "#);
    assert_snapshot!(refused(&trigger_with("filter: *a")), @"
    error: this is not YAML: alias references unknown anchor
     --> tenterhook.yaml:7:15
      |
    7 |       filter: *a
      |               ^
      |
      = help: a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: `filter: '…'`; or write `filter: >-` and the filter in the next line, indented
    ");
}

#[test]
fn broken_yaml() {
    assert_snapshot!(refused("version: v1\nproject:\n\tname: p\n"), @"
    error: this is not YAML: tabs disallowed within this context (block indentation)
     --> tenterhook.yaml:3:2
      |
    3 |     name: p
      |     ^
      |
      = help: indent with spaces: YAML takes no tabs
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: \"p\n"), @r#"
    error: this is not YAML: unclosed quote
     --> tenterhook.yaml:3:9
      |
    3 |   name: "p
      |         ^
    "#);
    assert_snapshot!(refused("version: v1\nproject: {name: p\n"), @"
    error: this is not YAML: unclosed bracket '{'
     --> tenterhook.yaml:2:10
      |
    2 | project: {name: p
      |          ^
    ");
    assert_snapshot!(refused("version: v1\n---\nversion: v1\n"), @"
    error: a manifest is one YAML document, and here a second begins
     --> tenterhook.yaml:3:1
      |
    3 | version: v1
      | ^
      |
      = help: remove the line `---`, and give each project its own manifest
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\n a: b\n"), @"
    error: this is not YAML: while parsing a block mapping, did not find expected key
     --> tenterhook.yaml:4:2
      |
    4 |  a: b
      |  ^
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\u{7}\n"), @r#"
    error: this is not YAML: unexpected character: `\u{7}'
     --> tenterhook.yaml:3:9
      |
    3 |   name: p␇
      |         ^
    "#);
    assert_snapshot!(refused("version: v1\nproject:\n  näme: @p\n"), @"
    error: this is not YAML: unexpected character: `@'
     --> tenterhook.yaml:3:9
      |
    3 |   näme: @p
      |         ^
    ");
}

#[test]
fn text_that_is_not_utf8() {
    let bytes = b"version: v1\nproject:\n  name: caf\xe9\n";
    let error = Manifest::parse(bytes).unwrap_err();
    assert_snapshot!(error.render("tenterhook.yaml", &String::from_utf8_lossy(bytes)), @"
    error: the file is not UTF-8 text
     --> tenterhook.yaml:3:12
      |
    3 |   name: caf�
      |            ^
      |
      = help: save the file in the encoding UTF-8
    ");
}

#[test]
fn anchors_and_merges_are_yaml() {
    let manifest = read(
        "version: v1
project:
  name: p
  triggers:
    - &base
      name: a
      type: webhook
      call: webhooks.py:on_a
      is_sync: true
    - <<: *base
      name: b
      call: &call webhooks.py:on_b
    - name: c
      type: webhook
      call: *call
",
    );
    let triggers: Vec<_> =
        manifest.project.triggers.iter().map(|t| (t.name.as_str(), t.call.to_string(), t.is_sync)).collect();
    let on = |name: &str| format!("webhooks.py:on_{name}");
    assert_eq!(triggers, [("a", on("a"), true), ("b", on("b"), true), ("c", on("b"), false)]);
}

#[test]
fn byte_order_marks_and_windows_line_ends() {
    let source = trigger_with("event_type: get").replace('\n', "\r\n");
    let trigger = only_trigger(&format!("\u{feff}{source}"));
    assert_eq!(trigger.call.function, "on_event");
    assert_snapshot!(refused(&format!("\u{feff}{}", source.replace("get", "gte"))), @"
    error: no event has the type `gte`
     --> tenterhook.yaml:7:19
      |
    7 |       event_type: gte
      |                   ^^^
      |
      = help: did you mean `get`?
    ");
    assert_snapshot!(refused("\u{feff}versoin: v1\nproject: {name: p}\n"), @"
    error: a manifest has no key `versoin`
     --> tenterhook.yaml:1:1
      |
    1 | versoin: v1
      | ^^^^^^^
      |
      = help: did you mean `version`?
    ");
}

#[test]
fn a_billion_laughs_are_not_heard() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let before = format!("*a{}, ", i - 1).repeat(10);
        bomb += &format!("a{i}: &a{i} [{before}]\n");
    }
    assert_snapshot!(refused(&bomb), @"
    error: the manifest is too large
     --> tenterhook.yaml:5:15
      |
    5 | a4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, ]
      |               ^
      |
      = help: it may have 30000 values, those that aliases repeat included, 32 deep
    ");
    let deep = "[".repeat(100_000);
    assert_snapshot!(refused(&deep).lines().next().unwrap(), @"error: the manifest is too large");
    let long = format!("version: v1 #{}", "x".repeat(1 << 20));
    assert_snapshot!(Manifest::parse(&long).unwrap_err(), @"line 1, column 1: the file is 1048589 bytes long, and a manifest has at most 1048576");
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(e) = Manifest::parse(&bytes) {
            prop_assert!(!e.render("tenterhook.yaml", &String::from_utf8_lossy(&bytes)).is_empty());
        }
    }

    /// Texts of YAML's own signs and of a manifest's words, which get further in.
    #[test]
    fn no_text_is_too_strange(words in proptest::collection::vec(word(), 0..40)) {
        let source = words.concat();
        if let Err(e) = Manifest::parse(&source) {
            prop_assert!(!e.diagnostics.is_empty());
            for found in &e.diagnostics {
                prop_assert!(found.line >= 1 && found.line <= source.matches('\n').count() + 1);
            }
            prop_assert!(!e.render("tenterhook.yaml", &source).is_empty());
        }
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "version: v1\n",
        "project:\n",
        "  name: p\n",
        "  triggers:\n",
        "    - name: t\n",
        "      type: webhook\n",
        "      call: a.py:f\n",
        "      filter: ",
        "      event_type: ",
        "modules:\n",
        "  a.py: ",
        "{path: x}",
        "\n",
        "  ",
        "- ",
        ": ",
        "?",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "\\",
        "|\n",
        ">-\n",
        "#",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "\t",
        "\r\n",
        "---\n",
        "é",
        "\u{feff}",
        "12",
        "true",
        "~",
        "%",
    ])
}
