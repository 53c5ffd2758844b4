//! `tenterhook up` and the commands that look at what it did, as a user types them.

use std::path::Path;

use tempfile::TempDir;

use crate::harness::program::{self, Up, text};
use crate::harness::{wat, web};

const MANIFEST: &str = "version: v1
project:
  name: hello
  triggers:
    - name: hello
      type: webhook
      event_type: get
      call: hello.py:handle
      is_sync: true
";

/// A project whose one module is the fixture `hello`.
fn project(manifest: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tenterhook.yaml"), manifest).unwrap();
    std::fs::write(dir.path().join("hello.wasm"), wat::fixture("hello")).unwrap();
    dir
}

fn get(url: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = web::get(url).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

fn write(dir: &Path, manifest: &str) {
    std::fs::write(dir.join("tenterhook.yaml"), manifest).unwrap();
}

#[test]
fn a_directory_is_served_and_what_happened_is_shown() {
    let (dir, data) = (project(MANIFEST), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    assert_eq!(up.notice("deployed")["triggers"], 1);
    assert_eq!(get(&format!("{}/healthz", up.url)).0, 200);
    assert_eq!(get(&format!("{}/webhooks/hello/a?b=c", up.url)), (200, "hello".to_owned()));
    let notice = up.notice("event");
    assert_eq!((&notice["method"], &notice["status"]), (&"GET".into(), &200.into()));
    let session = up.notice("session");
    assert_eq!(session["state"], "succeeded");

    let id = notice["id"].as_str().unwrap();
    let event = up.json(&["events", "show", id]);
    assert_eq!(event["data"]["raw_url"], "/webhooks/hello/a?b=c");
    let listed = text(&up.run(&["events", "list"]).stdout);
    assert!(listed.contains(id), "{listed}");
    let shown = text(&up.run(&["events", "show", id]).stdout);
    assert!(shown.contains("matched") && shown.contains("/webhooks/hello/a?b=c"), "{shown}");
    let shown = text(&up.run(&["sessions", "show", session["id"].as_str().unwrap()]).stdout);
    assert!(shown.contains("succeeded"), "{shown}");
    assert_eq!(up.stop(), Some(0));

    let up = Up::start(dir.path(), data.path());
    assert_eq!(up.json(&["events", "show", id]), event, "what happened outlives the process");
}

#[test]
fn changes_are_followed_and_mistakes_leave_the_last_good_deployment() {
    let (dir, data) = (project(MANIFEST), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    let first = up.notice("deployed")["id"].clone();

    write(dir.path(), &MANIFEST.replace("event_type: get", "event_type: gte"));
    let failed = up.notice("deploy_failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("gte") && error.contains("did you mean `get`") && error.contains("^^^"), "{error}");
    assert_eq!(failed["serving"], first);
    assert_eq!(get(&format!("{}/webhooks/hello", up.url)).0, 200);

    write(dir.path(), &MANIFEST.replace("name: hello\n      type", "name: other\n      type"));
    assert_ne!(up.notice("deployed")["id"], first);
    assert_eq!(get(&format!("{}/webhooks/hello", up.url)).0, 404);
    assert_eq!(get(&format!("{}/webhooks/other", up.url)).0, 200);

    std::fs::write(dir.path().join("hello.wasm"), wat::fixture("none")).unwrap();
    up.notice("deployed");
    assert_eq!(get(&format!("{}/webhooks/other", up.url)).0, 502, "the module's change is followed too");
}

#[test]
fn a_build_command_makes_the_module() {
    let built = format!("{MANIFEST}\nmodules:\n  hello.py:\n    path: out.wasm\n    build: cp source.bin out.wasm\n");
    let (dir, data) = (project(&built), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("source.bin"), wat::fixture("hello")).unwrap();
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    assert_eq!(get(&format!("{}/webhooks/hello", up.url)).0, 200);
    std::fs::write(dir.path().join("source.bin"), wat::fixture("none")).unwrap();
    up.notice("deployed");
    assert_eq!(get(&format!("{}/webhooks/hello", up.url)).0, 502);
}

/// What a build writes is no reason to build again, wherever it writes it; and a build that fails says why.
#[test]
fn a_build_does_not_follow_itself() {
    let command = "echo once >> builds.log; date > generated.txt; cp source.bin new.tmp; mv new.tmp out.wasm";
    let built = format!("{MANIFEST}\nmodules:\n  hello.py:\n    path: out.wasm\n    build: {command}\n");
    let (dir, data) = (project(&built), tempfile::tempdir().unwrap());
    std::fs::write(dir.path().join("source.bin"), wat::fixture("hello")).unwrap();
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    // Were it followed, there would be some seven builds a second.
    std::thread::sleep(std::time::Duration::from_secs(2));
    write(dir.path(), &built.replace(command, "echo what is wrong; exit 3"));
    let failed = up.notice("deploy_failed");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("exit status: 3") && error.contains("what is wrong"), "{error}");
    let builds = std::fs::read_to_string(dir.path().join("builds.log")).unwrap();
    assert!(builds.lines().count() <= 2, "{builds}");
}

#[test]
fn a_broken_project_fails_when_it_is_not_watched() {
    let cases = [
        (MANIFEST.replace("call: hello.py:handle", "call: hello.py:handel"), "did you mean `handle`"),
        (MANIFEST.replace("hello.py", "hullo.py"), "hullo.wasm"),
        (MANIFEST.replace("event_type: get", "filter: dat.method == 'GET'"), "undeclared reference to 'dat'"),
        (MANIFEST.replace("type: webhook", "type: schedule"), "schedule"),
        (MANIFEST.replace("is_sync", "is_snyc"), "is_sync"),
    ];
    for (manifest, expected) in cases {
        let (dir, data) = (project(&manifest), tempfile::tempdir().unwrap());
        let (dir, data) = (dir.path().to_str().unwrap(), data.path().to_str().unwrap());
        let output = program::run(&["up", dir, "--data", data, "--listen", "127.0.0.1:0", "--no-watch"]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn a_data_directory_has_one_process() {
    let (dir, data) = (project(MANIFEST), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    let arguments =
        ["up", dir.path().to_str().unwrap(), "--data", data.path().to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let second = program::run(&arguments);
    assert_eq!(second.status.code(), Some(1));
    let said = text(&second.stderr);
    assert!(said.contains(data.path().to_str().unwrap()), "{said}");
}

#[test]
fn filters_are_tried_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("event.json");
    std::fs::write(
        &file,
        r#"{"data": {"method": "POST", "headers": {"content-type": "application/json; charset=utf-8"}}}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let cases = [
        (r#"data.method == "POST" && event_type == "post""#, 0, "matched"),
        (r#"data.headers["Content-Type"] == "application/json""#, 1, "filter_false"),
        (r#"data.headers["X-Nope"] == "a""#, 1, "filter_error"),
    ];
    for (expression, code, verdict) in cases {
        let output = program::run(&["filter", "test", "--json", "--data", file, expression]);
        assert_eq!(output.status.code(), Some(code), "{expression}: {}", text(&output.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["verdict"], verdict, "{expression}");
        assert_eq!(answer["explanation"].is_null(), verdict == "matched", "{expression}");
    }
    let explained = program::run(&["filter", "test", "--data", file, r#"data.method == "PUT""#]);
    let shown = "  data.method == \"PUT\"\n  ^ data.method → \"POST\"\n";
    assert!(text(&explained.stdout).ends_with(shown), "{}", text(&explained.stdout));
    let wrong = program::run(&["filter", "test", "--data", file, "dat.method == 'POST'"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("undeclared reference to 'dat'"), "{}", text(&wrong.stderr));
    assert_eq!(program::run(&["filter", "check", "data.method == 'GET'"]).status.code(), Some(0));
    assert_eq!(program::run(&["filter", "check", "data.method =="]).status.code(), Some(2));
}

#[test]
fn filters_are_tried_on_what_was_stored() {
    let manifest = MANIFEST.replace("event_type: get", "filter: data.headers['X-Event'] == 'push'");
    let (dir, data) = (project(&manifest), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    assert!(up.notice("deployed")["warnings"].is_null());
    get(&format!("{}/webhooks/hello?page=1", up.url));
    let first = up.notice("event")["id"].as_str().unwrap().to_owned();
    get(&format!("{}/webhooks/hello?page=2", up.url));
    up.notice("event");

    let shown = text(&up.run(&["events", "show", &first]).stdout);
    let caret = "      data.headers['X-Event'] == 'push'\n      ^ data.headers['X-Event'] → no such key";
    assert!(shown.contains(caret), "{shown}");
    let matching = up.json(&["filter", "test", "data.url.query.page == '1'", "--event", &first]);
    assert_eq!(matching["verdict"], "matched");
    let report = up.json(&["filter", "test", "data.url.query.page == '1'", "--since", "1h", "--endpoint", "hello"]);
    assert_eq!((&report["matched"], &report["next"]), (&1.into(), &serde_json::Value::Null), "{report}");
    assert_eq!(report["items"][0]["explanation"]["parts"][0]["value"], "\"2\"");
    let none = up.run(&["filter", "test", "data.method == 'PUT'", "--since", "1h"]);
    let said = text(&none.stdout);
    assert_eq!(none.status.code(), Some(1), "{said}");
    assert!(said.contains("data.method → \"GET\"") && said.ends_with("0 of 2 events would match\n"), "{said}");
}

#[test]
fn a_doubtful_filter_is_deployed_and_warned_of() {
    let manifest = MANIFEST.replace("event_type: get", "filter: event_type == 'GET'");
    let (dir, data) = (project(&manifest), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    let warning = "line 7, column 29: the filter is doubtful: event types are in lower case, so none is this";
    assert_eq!(up.notice("deployed")["warnings"][0], warning);
    let check = program::run(&["manifest", "check", dir.path().to_str().unwrap()]);
    let said = text(&check.stdout);
    assert_eq!(check.status.code(), Some(0), "{said}");
    assert!(said.contains("warning: ") && said.contains("did you mean `'get'`?"), "{said}");
    assert!(said.trim_end().ends_with("is sound."), "{said}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let output = program::run(&["events", "list", "--server", "http://127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("http://127.0.0.1:1"), "{said}");
}
