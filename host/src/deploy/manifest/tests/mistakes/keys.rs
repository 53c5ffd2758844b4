//! Keys that are not known, stand elsewhere, are there twice, or are missing.

use insta::assert_snapshot;

use super::*;

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
