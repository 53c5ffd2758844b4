//! Values that their keys cannot have.

use insta::assert_snapshot;

use super::*;

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
