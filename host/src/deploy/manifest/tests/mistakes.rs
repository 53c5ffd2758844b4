//! What a person is shown of each mistake.

mod keys;
mod modules;
mod values;

use insta::assert_snapshot;

use super::super::{Manifest, bad_expression};
use super::{read, refused, trigger_with};

/// The mistakes of a trigger that is sound but for this line.
fn line(more: &str) -> String {
    refused(&trigger_with(more))
}

/// The mistakes of a trigger with this call.
fn call(call: &str) -> String {
    refused(&format!(
        "version: v1\nproject:\n  name: p\n  triggers:\n  - name: t\n    type: webhook\n    call: {call}\n"
    ))
}

/// The mistakes of a project with these lines under `project:`.
fn project(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    refused(&format!("version: v1\nproject:\n{lines}"))
}

/// The mistakes of a manifest with these modules.
fn modules(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    refused(&format!("version: v1\nproject:\n  name: p\nmodules:\n{lines}"))
}

#[test]
fn all_are_told_at_once() {
    assert_snapshot!(refused(
        "version: v2
project:
  name: my project
  vars:
    - name: A-B
    - name: C
      vlaue: 1
  triggers:
    - name: first
      type: webhok
      evnt_type: post
      call: webhooks.py
    - name: first
      type: webhook
      event_type: psot
      timeout: 30
      call: webhooks.py:on_post()
"
    ), @"
    error: the only version of manifests is `v1`
     --> tenterhook.yaml:1:10
      |
    1 | version: v2
      |          ^^
      |
      = help: write `version: v1`

    error: `name: my project` has a space
     --> tenterhook.yaml:3:11
      |
    3 |   name: my project
      |           ^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`

    error: `name: A-B` has `-`
     --> tenterhook.yaml:5:14
      |
    5 |     - name: A-B
      |              ^
      |
      = help: use 1 to 128 letters, digits and `_`, and begin with a letter or `_`

    error: a var has no key `vlaue`
     --> tenterhook.yaml:7:7
      |
    7 |       vlaue: 1
      |       ^^^^^
      |
      = help: did you mean `value`?

    error: there are no triggers of the type `webhok`
      --> tenterhook.yaml:10:13
       |
    10 |       type: webhok
       |             ^^^^^^
       |
       = help: did you mean `webhook`?

    error: a trigger has no key `evnt_type`
      --> tenterhook.yaml:11:7
       |
    11 |       evnt_type: post
       |       ^^^^^^^^^
       |
       = help: did you mean `event_type`?

    error: `call: webhooks.py` names no function
      --> tenterhook.yaml:12:13
       |
    12 |       call: webhooks.py
       |             ^^^^^^^^^^^
       |
       = help: write `module:function`, as in `webhooks.py:on_http_get`

    error: two triggers have the name `first`
      --> tenterhook.yaml:13:13
       |
     9 |     - name: first
       |             ----- first here
    ...
    13 |     - name: first
       |             ^^^^^

    error: no event has the type `psot`
      --> tenterhook.yaml:15:19
       |
    15 |       event_type: psot
       |                   ^^^^
       |
       = help: did you mean `post`?

    error: `timeout: 30` has no unit
      --> tenterhook.yaml:16:16
       |
    16 |       timeout: 30
       |                ^^
       |
       = help: write `30s` for 30 seconds

    error: `call: webhooks.py:on_post()` has `()` after the function
      --> tenterhook.yaml:17:32
       |
    17 |       call: webhooks.py:on_post()
       |                                ^^
       |
       = help: write `webhooks.py:on_post`
    ");
}

#[test]
fn versions() {
    assert_snapshot!(refused("project:\n  name: p\n"), @"
    error: the manifest has no `version`
     --> tenterhook.yaml:1:1
      |
    1 | project:
      | ^^^^^^^
      |
      = help: add `version: v1`
    ");
    assert_snapshot!(refused("version: 1\nproject:\n  name: p\n"), @"
    error: the only version of manifests is `v1`
     --> tenterhook.yaml:1:10
      |
    1 | version: 1
      |          ^
      |
      = help: write `version: v1`
    ");
}

#[test]
fn empty_and_shapeless_files() {
    assert_snapshot!(refused(""), @"
    error: the manifest is empty
     --> tenterhook.yaml:1:1
      |
    1 |
      | ^
      |
      = help: begin with `version: v1` and `project:`
    ");
    assert_snapshot!(refused("# version: v1\n"), @"
    error: the manifest is empty
     --> tenterhook.yaml:1:1
      |
    1 | # version: v1
      | ^
      |
      = help: begin with `version: v1` and `project:`
    ");
    assert_snapshot!(refused("- a\n- b\n"), @"
    error: a manifest is a mapping, and this is a list
     --> tenterhook.yaml:1:1
      |
    1 | - a
      | ^
      |
      = help: a manifest has the keys `version`, `project` and `modules`
    ");
    assert_snapshot!(refused("version: v1\n"), @"
    error: the manifest has no `project`
     --> tenterhook.yaml:1:1
      |
    1 | version: v1
      | ^^^^^^^
      |
      = help: add `project:`
    ");
    assert_snapshot!(refused("version: v1\nproject: shop\n"), @"
    error: a project is a mapping, and this is text
     --> tenterhook.yaml:2:10
      |
    2 | project: shop
      |          ^^^^
      |
      = help: a project has the keys `name`, `display_name`, `vars`, `kv`, `outbound`, `triggers` and `endpoints`
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\n  triggers:\n    name: t\n"), @"
    error: `triggers` is a list, and this is a mapping
     --> tenterhook.yaml:5:5
      |
    5 |     name: t
      |     ^
      |
      = help: begin each item with `- `
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\n  triggers:\n    - t\n"), @"
    error: a trigger is a mapping, and this is text
     --> tenterhook.yaml:5:7
      |
    5 |     - t
      |       ^
      |
      = help: a trigger has the keys `name`, `type`, `endpoint`, `event_type`, `filter`, `call`, `is_sync`, `is_durable`, `timeout`, `limits`, `retry`, `max_concurrency`, `ordered_by`, `history`, `kv` and `outbound`
    ");
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\n  [a]: 1\n"), @"
    error: a key is a word, and this is a list
     --> tenterhook.yaml:4:3
      |
    4 |   [a]: 1
      |   ^
    ");
}

#[test]
fn as_json_for_machines() {
    let error = Manifest::parse("version: v1\nproject:\n  name: p\n  name: q\n  triggrs: []\n").unwrap_err();
    insta::assert_json_snapshot!(error, @r#"
    {
      "diagnostics": [
        {
          "severity": "error",
          "message": "the key `name` is there twice",
          "line": 4,
          "column": 3,
          "span": {
            "start": 33,
            "end": 37
          },
          "note": {
            "message": "first here",
            "span": {
              "start": 23,
              "end": 27
            }
          }
        },
        {
          "severity": "error",
          "message": "a project has no key `triggrs`",
          "line": 5,
          "column": 3,
          "span": {
            "start": 43,
            "end": 50
          },
          "help": "did you mean `triggers`?"
        }
      ],
      "omitted": 0
    }
    "#);
    assert_snapshot!(error, @"line 4, column 3: the key `name` is there twice; line 5, column 3: a project has no key `triggrs`");
}

#[test]
fn a_hundred_are_enough() {
    let keys: String = (0..150).map(|i| format!("k{i}: 1\n")).collect();
    let error = Manifest::parse(&keys).unwrap_err();
    // Two more for `version` and `project`.
    assert_eq!((error.diagnostics.len(), error.omitted), (100, 52));
    assert!(error.render("tenterhook.yaml", &keys).ends_with("\n\n… and 52 more"));
    // Each lacks its name, its type and its call; those that are not shown cost next to nothing.
    let triggers = format!("version: v1\nproject:\n  name: p\n  triggers:\n{}", "  - {}\n".repeat(20_000));
    let error = Manifest::parse(&triggers).unwrap_err();
    assert_eq!((error.diagnostics.len(), error.omitted), (100, 59_900));
}
