//! What a person is shown of each mistake.

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
fn unknown_keys() {
    assert_snapshot!(line("filtr: 'true'"), @"
    error: a trigger has no key `filtr`
     --> tenterhook.yaml:7:7
      |
    7 |       filtr: 'true'
      |       ^^^^^
      |
      = help: did you mean `filter`?
    ");
    assert_snapshot!(line("colour: red"), @"
    error: a trigger has no key `colour`
     --> tenterhook.yaml:7:7
      |
    7 |       colour: red
      |       ^^^^^^
      |
      = help: a trigger has the keys `name`, `type`, `endpoint`, `event_type`, `filter`, `call`, `is_sync`, `is_durable`, `timeout`, `limits`, `retry`, `max_concurrency`, `ordered_by`, `history`, `kv` and `outbound`
    ");
    assert_snapshot!(project("name: p\ntrigers: []"), @"
    error: a project has no key `trigers`
     --> tenterhook.yaml:4:3
      |
    4 |   trigers: []
      |   ^^^^^^^
      |
      = help: did you mean `triggers`?
    ");
    assert_snapshot!(project("nam: p"), @"
    error: a project has no key `nam`
     --> tenterhook.yaml:3:3
      |
    3 |   nam: p
      |   ^^^
      |
      = help: did you mean `name`?
    ");
    assert_snapshot!(modules("a.py: {pth: a.wasm}"), @"
    error: a module has no key `pth`
     --> tenterhook.yaml:5:10
      |
    5 |   a.py: {pth: a.wasm}
      |          ^^^
      |
      = help: did you mean `path`?
    ");
}

#[test]
fn keys_that_stand_in_the_wrong_place() {
    assert_snapshot!(refused("version: v1\nproject:\n  name: p\ntriggers:\n  - name: t\n"), @"
    error: `triggers` is a key of a project, not of a manifest
     --> tenterhook.yaml:4:1
      |
    4 | triggers:
      | ^^^^^^^^
      |
      = help: indent it, to stand under `project:`
    ");
    assert_snapshot!(project("name: p\nmodules: {}"), @"
    error: `modules` is not a key of the project
     --> tenterhook.yaml:4:3
      |
    4 |   modules: {}
      |   ^^^^^^^
      |
      = help: move it beside `project:`, without indentation
    ");
    // The specification's print, pasted without its indentation.
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\ntype: webhook\ncall: a.py:f"), @"
    error: the trigger has no `call`
     --> tenterhook.yaml:5:5
      |
    5 |   - name: t
      |     ^^^^
      |
      = help: add `call: webhooks.py:on_http_get`

    error: the trigger has no `type`
     --> tenterhook.yaml:5:11
      |
    5 |   - name: t
      |           ^
      |
      = help: add `type: webhook`

    error: `type` is a key of a trigger, not of a project
     --> tenterhook.yaml:6:3
      |
    6 |   type: webhook
      |   ^^^^
      |
      = help: indent it as far as the `name` of its trigger

    error: `call` is a key of a trigger, not of a project
     --> tenterhook.yaml:7:3
      |
    7 |   call: a.py:f
      |   ^^^^
      |
      = help: indent it as far as the `name` of its trigger
    ");
}

#[test]
fn keys_of_autokitteh_that_are_not_here() {
    assert_snapshot!(project("name: p\nconnections:\n  - name: c\n    integration: slack"), @"
    error: connections do not exist here
     --> tenterhook.yaml:4:3
      |
    4 |   connections:
      |   ^^^^^^^^^^^
      |
      = help: have the service send its webhooks to the URL of a `type: webhook` trigger, and put its credentials under `vars` with `secret: true`
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  type: schedule\n  schedule: '@every 1h'\n  call: a.py:f"), @"
    error: triggers of the type `schedule` do not run here
     --> tenterhook.yaml:6:11
      |
    6 |     type: schedule
      |           ^^^^^^^^
      |
      = help: have a scheduler, such as cron, send requests to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  type: connection\n  connection: c\n  call: a.py:f"), @"
    error: triggers of the type `connection` do not run here
     --> tenterhook.yaml:6:11
      |
    6 |     type: connection
      |           ^^^^^^^^^^
      |
      = help: have the service send its webhooks to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  connection: gh\n  event_type: push\n  call: a.py:f"), @"
    error: a trigger on a connection does not run here
     --> tenterhook.yaml:6:5
      |
    6 |     connection: gh
      |     ^^^^^^^^^^
      |
      = help: have the service send its webhooks to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  schedule: '@daily'\n  timezone: UTC\n  call: a.py:f"), @"
    error: a trigger on a schedule does not run here
     --> tenterhook.yaml:6:5
      |
    6 |     schedule: '@daily'
      |     ^^^^^^^^
      |
      = help: have a scheduler, such as cron, send requests to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(line("schedule: '0 * * * *'"), @"
    error: a trigger on a schedule does not run here
     --> tenterhook.yaml:7:7
      |
    7 |       schedule: '0 * * * *'
      |       ^^^^^^^^
      |
      = help: have a scheduler, such as cron, send requests to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(line("connection: my_slack"), @"
    error: a trigger on a connection does not run here
     --> tenterhook.yaml:7:7
      |
    7 |       connection: my_slack
      |       ^^^^^^^^^^
      |
      = help: have the service send its webhooks to the URL of a `type: webhook` trigger, and remove this one
    ");
    assert_snapshot!(line("webhook: {}"), @"
    error: a trigger has no key `webhook`
     --> tenterhook.yaml:7:7
      |
    7 |       webhook: {}
      |       ^^^^^^^
      |
      = help: write `type: webhook`
    ");
    assert_snapshot!(line("is_durable: true"), @"
    error: a handler does not go on in the middle after a crash
     --> tenterhook.yaml:7:7
      |
    7 |       is_durable: true
      |       ^^^^^^^^^^
      |
      = help: remove it: every event is stored before it is answered and its handler is run again after a crash, from its first line
    ");
    assert_snapshot!(line("data: {path: /a}"), @r#"
    error: a trigger has no key `data`
     --> tenterhook.yaml:7:7
      |
    7 |       data: {path: /a}
      |       ^^^^
      |
      = help: say in `filter` which paths it takes: `data.url.path.endsWith("/foo")`
    "#);
    assert_snapshot!(project("name: p\nvars:\n- name: V\n  is_secret: true\n  env_var: V"), @"
    error: a var has no key `is_secret`
     --> tenterhook.yaml:6:5
      |
    6 |     is_secret: true
      |     ^^^^^^^^^
      |
      = help: write `secret`

    error: a var does not take its value from the environment
     --> tenterhook.yaml:7:5
      |
    7 |     env_var: V
      |     ^^^^^^^
      |
      = help: give the value itself, with `secret: true` if only handlers may see it
    ");
}

#[test]
fn what_is_there_twice() {
    assert_snapshot!(line("filter: a\nfilter: b"), @"
    error: the key `filter` is there twice
     --> tenterhook.yaml:8:7
      |
    7 |       filter: a
      |       ------ first here
    8 |       filter: b
      |       ^^^^^^
    ");
    assert_snapshot!(project("name: p\nvars:\n- name: V\n- name: V\n- name: V"), @"
    error: two vars have the name `V`
     --> tenterhook.yaml:6:11
      |
    5 |   - name: V
      |           - first here
    6 |   - name: V
      |           ^

    error: two vars have the name `V`
     --> tenterhook.yaml:7:11
      |
    5 |   - name: V
      |           - first here
    6 |   - name: V
    7 |   - name: V
      |           ^
    ");
    assert_snapshot!(modules("a.py: {path: a}\na.py: {path: b}"), @"
    error: the key `a.py` is there twice
     --> tenterhook.yaml:6:3
      |
    5 |   a.py: {path: a}
      |   ---- first here
    6 |   a.py: {path: b}
      |   ^^^^
    ");
}

#[test]
fn what_is_missing() {
    assert_snapshot!(project("display_name: P"), @"
    error: the project has no `name`
     --> tenterhook.yaml:3:3
      |
    3 |   display_name: P
      |   ^^^^^^^^^^^^
      |
      = help: add `name: my_project`
    ");
    assert_snapshot!(project("name:"), @"
    error: the project has no `name`
     --> tenterhook.yaml:3:3
      |
    3 |   name:
      |   ^^^^
      |
      = help: add `name: my_project`
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t"), @"
    error: the trigger has no `call`
     --> tenterhook.yaml:5:5
      |
    5 |   - name: t
      |     ^^^^
      |
      = help: add `call: webhooks.py:on_http_get`

    error: the trigger has no `type`
     --> tenterhook.yaml:5:11
      |
    5 |   - name: t
      |           ^
      |
      = help: add `type: webhook`
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- type: webhook"), @"
    error: the trigger has no `name`
     --> tenterhook.yaml:5:5
      |
    5 |   - type: webhook
      |     ^^^^
      |
      = help: add `name: my_trigger`

    error: the trigger has no `call`
     --> tenterhook.yaml:5:5
      |
    5 |   - type: webhook
      |     ^^^^
      |
      = help: add `call: webhooks.py:on_http_get`
    ");
    assert_snapshot!(project("name: p\nvars:\n- value: 1"), @"
    error: the var has no `name`
     --> tenterhook.yaml:5:5
      |
    5 |   - value: 1
      |     ^^^^^
      |
      = help: add `name: MY_VAR`
    ");
}

#[test]
fn names_and_slugs() {
    assert_snapshot!(project("name: ''"), @"
    error: `name` is empty
     --> tenterhook.yaml:3:9
      |
    3 |   name: ''
      |         ^^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`
    ");
    assert_snapshot!(project("name: 12"), @r#"
    error: `name` is text, and YAML takes this for a number
     --> tenterhook.yaml:3:9
      |
    3 |   name: 12
      |         ^^
      |
      = help: put it in quotes: `name: "12"`
    "#);
    assert_snapshot!(project("name: ..\n"), @"
    error: `name: ..` begins with `.`
     --> tenterhook.yaml:3:9
      |
    3 |   name: ..
      |         ^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`
    ");
    assert_snapshot!(line("endpoint: new/order"), @"
    error: `endpoint: new/order` has `/`
     --> tenterhook.yaml:7:20
      |
    7 |       endpoint: new/order
      |                    ^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`
    ");
    assert_snapshot!(line("endpoint: Bücher"), @"
    error: `endpoint: Bücher` has `ü`
     --> tenterhook.yaml:7:18
      |
    7 |       endpoint: Bücher
      |                  ^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`
    ");
    assert_snapshot!(line(&format!("endpoint: {}", "x".repeat(65))), @"
    error: `endpoint: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is 65 characters long
     --> tenterhook.yaml:7:81
      |
    7 |       endpoint: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      |                                                                                 ^
      |
      = help: use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`
    ");
    assert_snapshot!(project("name: p\nvars:\n- name: 1ST\n- name: A=B"), @"
    error: `name: 1ST` begins with `1`
     --> tenterhook.yaml:5:11
      |
    5 |   - name: 1ST
      |           ^
      |
      = help: use 1 to 128 letters, digits and `_`, and begin with a letter or `_`

    error: `name: A=B` has `=`
     --> tenterhook.yaml:6:12
      |
    6 |   - name: A=B
      |            ^
      |
      = help: use 1 to 128 letters, digits and `_`, and begin with a letter or `_`
    ");
}

#[test]
fn values_of_another_kind() {
    assert_snapshot!(line("is_sync: yes"), @"
    error: `is_sync` is `true` or `false`, and this is text
     --> tenterhook.yaml:7:16
      |
    7 |       is_sync: yes
      |                ^^^
      |
      = help: write `is_sync: true` or `is_sync: false`
    ");
    assert_snapshot!(line("is_sync: 'true'"), @"
    error: `is_sync` is `true` or `false`, and this is text
     --> tenterhook.yaml:7:16
      |
    7 |       is_sync: 'true'
      |                ^^^^^^
      |
      = help: write `is_sync: true` or `is_sync: false`
    ");
    assert_snapshot!(line("filter: true"), @r#"
    error: `filter` is text, and YAML takes this for a boolean
     --> tenterhook.yaml:7:15
      |
    7 |       filter: true
      |               ^^^^
      |
      = help: put it in quotes: `filter: "true"`
    "#);
    assert_snapshot!(line("filter: [a]"), @"
    error: `filter` is text, and this is a list
     --> tenterhook.yaml:7:15
      |
    7 |       filter: [a]
      |               ^
    ");
    assert_snapshot!(project("name: p\nvars:\n- name: V\n  value: {a: 1}"), @r#"
    error: `value` is text, and this is a mapping
     --> tenterhook.yaml:6:12
      |
    6 |     value: {a: 1}
      |            ^
      |
      = help: write it as text: `value: '{"a": 1}'`, or as a block that begins with `value: |`
    "#);
    assert_snapshot!(project("name: p\nvars:\n- name: V\n  description: 3"), @r#"
    error: `description` is text, and YAML takes this for a number
     --> tenterhook.yaml:6:18
      |
    6 |     description: 3
      |                  ^
      |
      = help: put it in quotes: `description: "3"`
    "#);
}

#[test]
fn types() {
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  type: Webhook\n  call: a.py:f"), @"
    error: there are no triggers of the type `Webhook`
     --> tenterhook.yaml:6:11
      |
    6 |     type: Webhook
      |           ^^^^^^^
      |
      = help: did you mean `webhook`?
    ");
    assert_snapshot!(project("name: p\ntriggers:\n- name: t\n  type: cron\n  call: a.py:f"), @"
    error: there are no triggers of the type `cron`
     --> tenterhook.yaml:6:11
      |
    6 |     type: cron
      |           ^^^^
      |
      = help: write `type: webhook`
    ");
}

#[test]
fn event_types() {
    assert_snapshot!(line("event_type: psot"), @"
    error: no event has the type `psot`
     --> tenterhook.yaml:7:19
      |
    7 |       event_type: psot
      |                   ^^^^
      |
      = help: did you mean `post`?
    ");
    assert_snapshot!(line("event_type: push"), @"
    error: no event has the type `push`
     --> tenterhook.yaml:7:19
      |
    7 |       event_type: push
      |                   ^^^^
      |
      = help: did you mean `post`?
    ");
    assert_snapshot!(line("event_type: issue_opened"), @"
    error: no event has the type `issue_opened`
     --> tenterhook.yaml:7:19
      |
    7 |       event_type: issue_opened
      |                   ^^^^^^^^^^^^
      |
      = help: an event's type is its HTTP method: `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, `trace`, or one of WebDAV's; leave `event_type` out to take them all
    ");
    assert_snapshot!(line("event_type: [get, post]"), @r#"
    error: `event_type` is text, and this is a list
     --> tenterhook.yaml:7:19
      |
    7 |       event_type: [get, post]
      |                   ^
      |
      = help: a trigger takes one type or all: leave `event_type` out and write a filter, such as `filter: data.method in ["GET", "POST"]`
    "#);
}

#[test]
fn calls() {
    assert_snapshot!(call("webhooks.py"), @"
    error: `call: webhooks.py` names no function
     --> tenterhook.yaml:7:11
      |
    7 |     call: webhooks.py
      |           ^^^^^^^^^^^
      |
      = help: write `module:function`, as in `webhooks.py:on_http_get`
    ");
    assert_snapshot!(call("webhooks.py:"), @"
    error: this is not YAML: mapping values are not allowed in this context
     --> tenterhook.yaml:7:22
      |
    7 |     call: webhooks.py:
      |                      ^
      |
      = help: write `call: module:function`, as in `call: webhooks.py:on_http_get`
    ");
    assert_snapshot!(call(":on_get"), @"
    error: `call: :on_get` names a module that is empty
     --> tenterhook.yaml:7:11
      |
    7 |     call: :on_get
      |           ^^^^^^^
      |
      = help: name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`
    ");
    assert_snapshot!(call("webhooks.py:on_get()"), @"
    error: `call: webhooks.py:on_get()` has `()` after the function
     --> tenterhook.yaml:7:29
      |
    7 |     call: webhooks.py:on_get()
      |                             ^^
      |
      = help: write `webhooks.py:on_get`
    ");
    assert_snapshot!(call("webhooks.py:on get"), @"
    error: `call: webhooks.py:on get` names a function that has a space
     --> tenterhook.yaml:7:25
      |
    7 |     call: webhooks.py:on get
      |                         ^
      |
      = help: write `module:function`, as in `webhooks.py:on_http_get`
    ");
    assert_snapshot!(call("webhooks.py:on:get"), @"
    error: `call: webhooks.py:on:get` names a function that has `:`
     --> tenterhook.yaml:7:25
      |
    7 |     call: webhooks.py:on:get
      |                         ^
      |
      = help: write `module:function`, as in `webhooks.py:on_http_get`
    ");
    assert_snapshot!(call("../webhooks.py:on_get"), @"
    error: `call: ../webhooks.py:on_get` names a module that has the segment `..`
     --> tenterhook.yaml:7:11
      |
    7 |     call: ../webhooks.py:on_get
      |           ^^
      |
      = help: name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`
    ");
    assert_snapshot!(call("/webhooks.py:on_get"), @"
    error: `call: /webhooks.py:on_get` names a module that has a `/` with nothing before or after it
     --> tenterhook.yaml:7:11
      |
    7 |     call: /webhooks.py:on_get
      |           ^^^^^^^^^^^^^^^^^^^
      |
      = help: name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`
    ");
    assert_snapshot!(call("webhooks.py: on_get"), @"
    error: this is not YAML: mapping values are not allowed in this context
     --> tenterhook.yaml:7:22
      |
    7 |     call: webhooks.py: on_get
      |                      ^
      |
      = help: write `call: module:function`, as in `call: webhooks.py:on_http_get`
    ");
}

#[test]
fn timeouts() {
    assert_snapshot!(line("timeout: 30"), @"
    error: `timeout: 30` has no unit
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 30
      |                ^^
      |
      = help: write `30s` for 30 seconds
    ");
    assert_snapshot!(line("timeout: soon"), @"
    error: `timeout: soon` is not a time
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: soon
      |                ^^^^
      |
      = help: write a whole number and its unit, `ms`, `s` or `m`: `500ms`, `30s`, `2m`
    ");
    assert_snapshot!(line("timeout: 0s"), @"
    error: `timeout: 0s` is out of bounds
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 0s
      |                ^^
      |
      = help: a timeout is between `1ms` and `15m`
    ");
    assert_snapshot!(line("timeout: 16m"), @"
    error: `timeout: 16m` is out of bounds
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 16m
      |                ^^^
      |
      = help: a timeout is between `1ms` and `15m`
    ");
    assert_snapshot!(line("timeout: 99999999999999999999s"), @"
    error: `timeout: 99999999999999999999s` is out of bounds
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 99999999999999999999s
      |                ^^^^^^^^^^^^^^^^^^^^^
      |
      = help: a timeout is between `1ms` and `15m`
    ");
    assert_snapshot!(line("timeout: 1h"), @"
    error: `timeout: 1h` is out of bounds
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 1h
      |                ^^
      |
      = help: a timeout is between `1ms` and `15m`
    ");
    assert_snapshot!(line("timeout: 1.5s"), @"
    error: `timeout: 1.5s` is not a time
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: 1.5s
      |                ^^^^
      |
      = help: write a whole number and its unit, `ms`, `s` or `m`: `500ms`, `30s`, `2m`
    ");
    assert_snapshot!(line("timeout: {s: 1}"), @"
    error: `timeout` is text, and this is a mapping
     --> tenterhook.yaml:7:16
      |
    7 |       timeout: {s: 1}
      |                ^
    ");
}

#[test]
fn module_entries() {
    assert_snapshot!(modules("a.py:"), @"
    error: the module `a.py` has neither `path` nor `build`
     --> tenterhook.yaml:5:3
      |
    5 |   a.py:
      |   ^^^^
      |
      = help: add `path: a.wasm`
    ");
    assert_snapshot!(modules("a.py: {}"), @"
    error: the module `a.py` has neither `path` nor `build`
     --> tenterhook.yaml:5:3
      |
    5 |   a.py: {}
      |   ^^^^
      |
      = help: add `path: a.wasm`
    ");
    assert_snapshot!(modules("a.py: a.wasm"), @"
    error: a module is a mapping, and this is text
     --> tenterhook.yaml:5:9
      |
    5 |   a.py: a.wasm
      |         ^^^^^^
      |
      = help: write `a.py: { path: a.wasm }`
    ");
    assert_snapshot!(modules("a.py: {path: ''}"), @"
    error: `path` is empty
     --> tenterhook.yaml:5:16
      |
    5 |   a.py: {path: ''}
      |                ^^
    ");
    assert_snapshot!(modules("a.py: {path: [a]}"), @"
    error: `path` is text, and this is a list
     --> tenterhook.yaml:5:16
      |
    5 |   a.py: {path: [a]}
      |                ^
    ");
    assert_snapshot!(modules("../a.py: {path: a.wasm}"), @"
    error: `modules: ../a.py` has the segment `..`
     --> tenterhook.yaml:5:3
      |
    5 |   ../a.py: {path: a.wasm}
      |   ^^
      |
      = help: name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`
    ");
    assert_snapshot!(modules("- a.py"), @"
    error: `modules` is a mapping, and this is a list
     --> tenterhook.yaml:5:3
      |
    5 |   - a.py
      |   ^
    ");
}

fn rendered(source: &str, found: super::super::Diagnostic) -> String {
    super::super::Error::from(found).render("tenterhook.yaml", source)
}

/// The handlers and files are looked up by others, who word what they find with these.
#[test]
fn what_the_modules_lack() {
    let source = "version: v1
project:
  name: p
  triggers:
    - {name: a, type: webhook, call: webhooks.py:on_http_gte}
    - {name: b, type: webhook, call: webhoks.py:on_http_get}
    - {name: c, type: webhook, call: 'other.py:on_http_get'}
modules:
  webhooks.py: {path: target/webhooks.wasm}
  built.py: {build: make}
";
    let manifest = read(source);
    let trigger = |i: usize| &manifest.project.triggers[i];
    let handlers = ["on-http-get", "on-http-post"];
    assert_snapshot!(rendered(source, trigger(0).missing_handler(source, handlers)), @"
    error: the module `webhooks.py` has no handler `on_http_gte`
     --> tenterhook.yaml:5:50
      |
    5 |     - {name: a, type: webhook, call: webhooks.py:on_http_gte}
      |                                                  ^^^^^^^^^^^
      |
      = help: did you mean `on_http_get`?
    ");
    assert_snapshot!(rendered(source, trigger(2).missing_handler(source, ["send"])), @"
    error: the module `other.py` has no handler `on_http_get`
     --> tenterhook.yaml:7:38
      |
    7 |     - {name: c, type: webhook, call: 'other.py:on_http_get'}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: it has `send`
    ");
    assert_snapshot!(rendered(source, trigger(1).missing_handler(source, [])), @"
    error: the module `webhoks.py` has no handler `on_http_get`
     --> tenterhook.yaml:6:49
      |
    6 |     - {name: b, type: webhook, call: webhoks.py:on_http_get}
      |                                                 ^^^^^^^^^^^
      |
      = help: it has no handlers at all
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "webhooks.py")), @"
    error: the module `webhooks.py` is not there: no file `target/webhooks.wasm`
     --> tenterhook.yaml:9:23
      |
    9 |   webhooks.py: {path: target/webhooks.wasm}
      |                       ^^^^^^^^^^^^^^^^^^^^
      |
      = help: build the component to that file, or correct `path`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "webhoks.py")), @"
    error: the module `webhoks.py` is not there: no file `webhoks.wasm`
     --> tenterhook.yaml:6:38
      |
    6 |     - {name: b, type: webhook, call: webhoks.py:on_http_get}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `webhooks.py`? or else build the component to `webhoks.wasm` beside the manifest, or say where it is: `modules: { webhoks.py: { path: … } }`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "other.py")), @"
    error: the module `other.py` is not there: no file `other.wasm`
     --> tenterhook.yaml:7:38
      |
    7 |     - {name: c, type: webhook, call: 'other.py:on_http_get'}
      |                                      ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: build the component to `other.wasm` beside the manifest, or say where it is: `modules: { other.py: { path: … } }`
    ");
    assert_snapshot!(rendered(source, manifest.missing_module(source, "built.py")), @"
    error: the module `built.py` is not there: no file `built.wasm`
      --> tenterhook.yaml:10:3
       |
    10 |   built.py: {build: make}
       |   ^^^^^^^^
       |
       = help: `make` has not written it: give `path` the file that it writes
    ");
}

#[test]
fn filters_that_do_not_compile() {
    let wrong = |filter: &str, word: &str| {
        let source = trigger_with(filter);
        let manifest = read(&source);
        let trigger = &manifest.project.triggers[0];
        let expression = trigger.filter.as_ref().unwrap();
        let start = expression.find(word).unwrap();
        let part = start..start + word.len();
        let message = "undeclared reference to `dat`";
        rendered(&source, bad_expression(&source, "filter", expression, part, message, None))
    };
    assert_snapshot!(wrong("filter: data.a == 'x' && dat.method == 'GET'", "dat."), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:32
      |
    7 |       filter: data.a == 'x' && dat.method == 'GET'
      |                                ^^^^
    ");
    assert_snapshot!(wrong("filter: 'dat.a == \"it''s\" || dato'", "dato"), @r#"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:36
      |
    7 |       filter: 'dat.a == "it''s" || dato'
      |                                    ^^^^
    "#);
    assert_snapshot!(wrong("filter: >-\n  data.a &&\n  dat.b", "dat.b"), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:9:9
      |
    9 |         dat.b
      |         ^^^^^
    ");
    assert_snapshot!(wrong("filter: \"data\\x2ea == 'x' && dat.b\"", "dat.b"), @r#"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:15
      |
    7 |       filter: "data\x2ea == 'x' && dat.b"
      |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
     ::: its value:1:18
      |
    1 | data.a == 'x' && dat.b
      |                  ^^^^^
    "#);
    assert_snapshot!(wrong("filter: dat.a == 'b #c'", "dat"), @"
    error: the filter does not compile: undeclared reference to `dat`
     --> tenterhook.yaml:7:15
      |
    7 |       filter: dat.a == 'b #c'
      |               ^^^
      |
      = help: to YAML, ` #` begins a comment and ends the filter: put the filter in quotes, `filter: '…'`
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
