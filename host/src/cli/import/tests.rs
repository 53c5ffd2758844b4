//! Projects of AutoKitteh's, and what becomes of them.

use serde_json::Value;

use super::carry::{Item, carry};
use super::python;
use crate::deploy::manifest::Manifest;

fn lines(items: &[Item]) -> String {
    items.iter().map(|item| format!("{} | {} | {}\n", item.what, item.verdict.word(), item.note)).collect()
}

fn carried(yaml: &str) -> (String, String) {
    let read: Value = serde_saphyr::from_str(yaml).unwrap();
    let (items, text) = carry(&read).unwrap();
    (lines(&items), text)
}

#[test]
fn a_project_of_webhooks_carries_over_whole() {
    let (report, text) = carried(
        r#"
version: v1
project:
  name: http_sample
  vars:
    - name: HTTPBIN_BASE_URL
      value: https://httpbin.org/
  triggers:
    - name: get_or_head
      type: webhook
      filter: data.method in ["GET", "HEAD"]
      call: webhooks.py:on_http_get_or_head
    - name: post
      type: webhook
      event_type: post
      is_sync: true
      call: webhooks.py:on_http_post
"#,
    );
    insta::assert_snapshot!(report, @r"
    var HTTPBIN_BASE_URL | carries over | `os.getenv` reads it
    trigger get_or_head | carries over | its Python file stays as it is
    trigger post | carries over | its Python file stays as it is
    ");
    insta::assert_snapshot!(text, @r#"
    version: v1

    project:
      name: http_sample

      vars:
        - name: HTTPBIN_BASE_URL
          value: https://httpbin.org/

      triggers:
        - name: get_or_head
          type: webhook
          filter: "data.method in [\"GET\", \"HEAD\"]"
          call: webhooks.py:on_http_get_or_head
        - name: post
          type: webhook
          event_type: post
          call: webhooks.py:on_http_post
          is_sync: true
    "#);
    assert_eq!(Manifest::parse(&text).unwrap().project.triggers.len(), 2);
}

#[test]
fn what_does_not_carry_over_is_told_with_what_to_do() {
    let (report, text) = carried(
        "
version: v1
project:
  name: 'on'
  connections:
    - {name: slack_conn, integration: slack}
  vars:
    - {name: TOKEN, value: '', is_secret: true}
    - {name: PORT, value: 8080}
  triggers:
    - {name: daily, type: schedule, schedule: '@daily', call: 'a.py:b'}
    - {name: slack, connection: slack_conn, event_type: message, call: 'a.py:c'}
    - {name: durable, type: webhook, is_durable: true, call: 'a.py:d'}
    - {name: nothing, type: webhook}
    - {name: wrong, type: webhook, event_type: psot, call: 'a.py:e'}
  colour: blue
",
    );
    insta::assert_snapshot!(report, @r"
    connection slack_conn | does not | have the service send its webhooks to a trigger's URL, and keep its credentials in `vars` with `secret: true`
    var TOKEN | carries over, changed | give it its value here: `value:`
    var PORT | carries over | `os.getenv` reads it
    trigger daily | does not | have a scheduler, such as cron, send a request to a trigger's URL
    trigger slack | does not | it waits for a connection's events: write a trigger with `type: webhook`, and have the service send to its URL
    trigger durable | carries over, changed | `is_durable`: a handler that was cut off runs again from its start; what it does must bear that
    trigger nothing | does not | it calls nothing
    trigger wrong | carries over | its Python file stays as it is
    project colour | does not | there is no such key
    tenterhook.yaml, line 19 | does not | no event has the type `psot`: did you mean `post`?
    ");
    assert!(text.contains("name: \"on\"") && text.contains("value: \"8080\""), "{text}");
}

#[test]
fn python_files_are_looked_at() {
    let code = "from autokitteh.slack import slack_client\nfrom autokitteh import http_outcome, next_event\nimport autokitteh\n\n\
                # autokitteh.start()\nasync def on_push(event):\n    autokitteh.start('a')\n";
    insta::assert_snapshot!(lines(&python::look("a.py", code)), @r"
    a.py, line 1 | does not | AutoKitteh's clients of services are not here: call the service's API with a credential from `vars`
    a.py, line 2 | does not | a handler here gets one event and ends: write a trigger for the next one
    a.py, line 6 | does not | a handler is not `async`: write `def`
    a.py, line 7 | does not | a handler here starts no other: send a request to a trigger's URL
    ");
}

#[test]
fn another_file_is_no_project() {
    assert!(carry(&serde_json::json!({"a": 1})).unwrap_err().to_string().contains("no `project:`"));
}
