//! What a sandbox adds to Python: variables, logs, failures; and the specification's triggers with a Python file beside them.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::program::Up;
use crate::harness::{toolchains, web};

const HOOKS: &str = r#"
import logging
import os
import random
import sys

import helper
from tenterhook import Reject, Retry, http_outcome, log, vars

BASE = os.environ["BASE"]


def says(event):
    print("printed", 1)
    logging.getLogger("a").warning("logged %d", 2, extra={"k": "v"})
    print("on standard error", file=sys.stderr)
    log.trace("traced", n=3)
    sys.stdout.write("no newline")
    return {
        "base": BASE, "helper": helper.TOKEN, "env": os.environ.get("TOKEN"), "vars": vars.names(), "missing": vars.get("NOPE"),
        "random": random.random(), "kind": event.kind, "attempt": event.attempt, "trigger": event.trigger,
        "session": event.session[:4], "first": event.redispatched_from,
    }


def ends(event):
    how = event.data.url.query.get("how")
    if how == "retry":
        raise Retry("later", after=2)
    if how == "reject":
        raise Reject("never")
    if how == "more":
        http_outcome(status_code=201, body="a", more=True)
        http_outcome(body="b")
    if how == "raise":
        helper.fail(event)


def handler_function_name(event):
    print(event.data.method)
"#;

const HELPER: &str =
    "import os\n\nTOKEN = os.getenv(\"TOKEN\")\n\n\ndef fail(event):\n    return event.data[\"nope\"]\n";

fn manifest(triggers: &str) -> String {
    format!(
        "version: v1\n\nproject:\n  name: p\n  vars:\n    - {{name: BASE, value: hello}}\n    - {{name: TOKEN, value: s3cret, secret: true}}\n\
         \n  triggers:\n{triggers}"
    )
}

fn get(up: &Up, path: &str, post: bool) -> (u16, Option<String>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = web::client().build().unwrap();
        let url = format!("{}/webhooks/{path}", up.url);
        let request = if post { client.post(url).body("") } else { client.get(url) };
        let answer = request.send().await.unwrap();
        let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
        (answer.status().as_u16(), after, answer.text().await.unwrap())
    })
}

/// A session is told of just before it is settled.
fn settled(up: &mut Up) -> Value {
    let id = up.notice("session")["id"].as_str().unwrap().to_owned();
    let shown = |_| Some(up.json(&["sessions", "show", &id])).filter(|session| session["state"] != "running");
    (0..100).find_map(shown).unwrap()
}

/// One server for all, since the interpreter takes long to compile.
#[test]
fn a_sandbox_is_python_s_world() {
    if !toolchains::has("Python") {
        return;
    }
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("filename.py"), HOOKS).unwrap();
    std::fs::write(dir.path().join("helper.py"), HELPER).unwrap();
    let calls = ["says", "ends"]
        .map(|name| format!("    - {{name: {name}, type: webhook, call: filename.py:{name}, is_sync: true}}\n"));
    let seed = "    - name: trigger_name\n      type: webhook\n      filter: data.url.path.matches(\"^/webhooks/.*/foo$\")\n      \
                call: filename.py:handler_function_name\n";
    std::fs::write(dir.path().join("tenterhook.yaml"), manifest(&(calls.concat() + seed))).unwrap();
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    says(&mut up);
    ends(&mut up);

    assert_eq!(get(&up, "trigger_name/bar/foo", true).0, 202);
    let session = settled(&mut up);
    assert_eq!(session["trigger"], "trigger_name");
    assert_eq!(messages(&up, &session), ["POST"]);
    follows_an_edit_of_an_import(&mut up, dir.path());
}

fn messages(up: &Up, session: &Value) -> Vec<String> {
    let logs = up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
    logs["items"].as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
}

fn says(up: &mut Up) {
    let (status, _, text) = get(up, "says", false);
    assert_eq!(status, 200, "{text}");
    let mut said: Value = serde_json::from_str(&text).unwrap();
    let random = said.as_object_mut().unwrap().remove("random").unwrap();
    let expected = json!({
        "base": "hello", "helper": "s3cret", "env": "s3cret", "vars": ["BASE", "TOKEN"], "missing": null, "kind": "get", "attempt": 1,
        "trigger": "says", "session": "ses_", "first": null,
    });
    assert_eq!(said, expected);
    let session = settled(up);
    let logs = up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
    let entry = |entry: &Value| {
        format!("{} {} {}", entry["level"].as_str().unwrap(), entry["message"].as_str().unwrap(), entry["fields"])
    };
    let lines: Vec<String> = logs["items"].as_array().unwrap().iter().map(entry).collect();
    let expected = [
        "info printed 1 null",
        r#"warn logged 2 [["k","v"]]"#,
        "error on standard error null",
        r#"trace traced [["n","3"]]"#,
        "info no newline null",
    ];
    assert_eq!(lines, expected);
    let again: Value = serde_json::from_str(&get(up, "says", false).2).unwrap();
    assert_ne!(again["random"], random, "each session has random numbers of its own");
    settled(up);
}

fn ends(up: &mut Up) {
    assert_eq!(get(up, "ends?how=more", false), (201, None, "ab".to_owned()));
    assert_eq!(settled(up)["state"], "succeeded");
    let (status, after, _) = get(up, "ends?how=retry", false);
    assert_eq!((status, after.as_deref()), (503, Some("2")));
    assert_eq!(settled(up)["reason"], "the handler asked for a retry: later");
    assert_eq!(get(up, "ends?how=reject", false).0, 502);
    assert_eq!(settled(up)["reason"], "the handler rejected the event: never");
    assert_eq!(get(up, "ends", false).0, 502);
    assert_eq!(settled(up)["state"], "succeeded", "a handler need not answer");

    assert_eq!(get(up, "ends?how=raise", false).0, 502);
    let session = settled(up);
    let traceback = "Traceback (most recent call last):\n  File \"filename.py\", line 36, in ends\n  File \"helper.py\", line 7, in fail\n";
    let shown = session["attempts"][0].to_string();
    let traceback = serde_json::to_string(traceback).unwrap();
    assert!(shown.contains(traceback.trim_matches('"')) && shown.contains("KeyError: 'nope'"), "{shown}");
}

fn follows_an_edit_of_an_import(up: &mut Up, dir: &Path) {
    std::fs::write(dir.join("helper.py"), HELPER.replace("os.getenv(\"TOKEN\")", "\"edited\"")).unwrap();
    up.notice("deployed");
    let said: Value = serde_json::from_str(&get(up, "says", false).2).unwrap();
    assert_eq!((&said["helper"], &said["base"]), (&"edited".into(), &"hello".into()));
}
