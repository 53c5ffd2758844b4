//! The example projects, served by the program: as they are checked in, and rebuilt from their sources.

mod calls;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::program::Up;
use crate::harness::{guests, raw, toolchains};

fn plugin(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(name)
}

/// A served plugin: its manifest, and its component from one of two places.
struct Served {
    up: Up,
    _folders: [TempDir; 2],
}

impl Served {
    fn start(name: &str, component: &Path) -> Self {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::copy(plugin(name).join("tenterhook.yaml"), dir.path().join("tenterhook.yaml")).unwrap();
        std::fs::copy(component, dir.path().join(component.file_name().unwrap())).unwrap();
        let mut up = Up::start(dir.path(), data.path());
        up.notice("deployed");
        Self { up, _folders: [dir, data] }
    }

    fn send(&self, request: &str) -> raw::Answer {
        let address: SocketAddr = self.up.url.strip_prefix("http://").unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(raw::exchange(address, request.as_bytes()))
    }

    /// What the handlers that the request selects write, as a user sees it: `trigger: line`.
    fn story(&mut self, request: &str) -> String {
        let answer = self.send(request);
        assert_eq!(answer.status, 202, "{answer:?}");
        let id = answer.header("tenterhook-event-id").unwrap();
        let notice = self.up.notice("event");
        assert_eq!(notice["id"], id);
        let mut story = String::new();
        for _ in notice["matched"].as_array().unwrap() {
            let session = self.up.notice("session");
            assert_eq!(session["state"], "succeeded", "{session}");
            let logs = self.logs(session["id"].as_str().unwrap());
            for entry in logs["items"].as_array().unwrap() {
                let (trigger, message) = (session["trigger"].as_str().unwrap(), entry["message"].as_str().unwrap());
                story.push_str(&format!("{trigger}: {message}\n"));
            }
        }
        story
    }

    /// A session is told of just before it is settled.
    fn logs(&self, session: &str) -> Value {
        let settled = |_| self.up.json(&["sessions", "show", session])["state"] == "succeeded";
        assert!(
            (0..100).any(settled),
            "the session {session} is told to have succeeded, and its state does not become so"
        );
        self.up.json(&["sessions", "logs", session])
    }
}

/// The component that is checked in and the one that its source gives now.
fn components(name: &str, file: &str) -> [PathBuf; 2] {
    [plugin(name).join(file), guests::rebuilt().join(name).join(file)]
}

const GET: &str =
    "GET /webhooks/http_sample/hello?name=Ada&b=1&name=Eve HTTP/1.1\r\nHost: h\r\nUser-Agent: curl/8\r\n\r\n";
const HEAD: &str = "HEAD /webhooks/http_sample HTTP/1.1\r\nHost: h\r\n\r\n";
const FORM: &str = "POST /webhooks/http_sample HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
     Content-Length: 18\r\n\r\nname=Ada&answer=42";
const JSON: &str = "POST /webhooks/http_sample HTTP/1.1\r\nHost: h\r\nContent-Type: application/json; charset=utf-8\r\n\
     Content-Length: 15\r\n\r\n{\"name\": \"Ada\"}";
const PUT: &str = "PUT /webhooks/http_sample HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";

#[test]
fn http_sample_prints_what_it_receives() {
    for component in components("http-sample", "webhooks.wasm") {
        let mut sample = Served::start("http-sample", &component);
        insta::allow_duplicates! {
            insta::assert_snapshot!(sample.story(GET), @r#"
            receive_http_get_or_head: Triggered by an HTTP GET request
            receive_http_get_or_head: Full URL: /webhooks/http_sample/hello?name=Ada&b=1&name=Eve
            receive_http_get_or_head: URL path: /webhooks/http_sample/hello
            receive_http_get_or_head: Headers:
            receive_http_get_or_head:   Host = h
            receive_http_get_or_head:   User-Agent = curl/8
            receive_http_get_or_head: Query parameters:
            receive_http_get_or_head:   b = 1
            receive_http_get_or_head:   name = Ada, Eve
            "#);
            insta::assert_snapshot!(sample.story(HEAD), @r#"
            receive_http_get_or_head: Triggered by an HTTP HEAD request
            receive_http_get_or_head: Full URL: /webhooks/http_sample
            receive_http_get_or_head: URL path: /webhooks/http_sample
            receive_http_get_or_head: Headers:
            receive_http_get_or_head:   Host = h
            receive_http_get_or_head: Query parameters:
            receive_http_get_or_head:   none
            "#);
            insta::assert_snapshot!(sample.story(FORM), @r#"
            receive_http_post_form: Triggered by an HTTP POST request
            receive_http_post_form: Full URL: /webhooks/http_sample
            receive_http_post_form: URL path: /webhooks/http_sample
            receive_http_post_form: Headers:
            receive_http_post_form:   Content-Length = 18
            receive_http_post_form:   Content-Type = application/x-www-form-urlencoded
            receive_http_post_form:   Host = h
            receive_http_post_form: Body: b"name=Ada&answer=42"
            receive_http_post_form: Form parameters:
            receive_http_post_form:   answer = 42
            receive_http_post_form:   name = Ada
            "#);
            insta::assert_snapshot!(sample.story(JSON), @r#"
            receive_http_post_json: Triggered by an HTTP POST request
            receive_http_post_json: Full URL: /webhooks/http_sample
            receive_http_post_json: URL path: /webhooks/http_sample
            receive_http_post_json: Headers:
            receive_http_post_json:   Content-Length = 15
            receive_http_post_json:   Content-Type = application/json; charset=utf-8
            receive_http_post_json:   Host = h
            receive_http_post_json: Body: b"{\"name\": \"Ada\"}"
            receive_http_post_json: JSON: {"name":"Ada"}
            "#);
            insta::assert_snapshot!(sample.story(PUT), @"");
        }
    }
}

/// The same requests, with values as Python writes them.
#[test]
fn http_sample_in_python_prints_the_same() {
    if !toolchains::has("Python") {
        return;
    }
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for file in ["tenterhook.yaml", "webhooks.py"] {
        std::fs::copy(plugin("http-sample/python").join(file), dir.path().join(file)).unwrap();
    }
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    let mut python = Served { up, _folders: [dir, data] };
    let mut rust = Served::start("http-sample", &components("http-sample", "webhooks.wasm")[0]);
    for request in [GET, HEAD, PUT] {
        assert_eq!(python.story(request), rust.story(request));
    }
    let as_python = |story: String| story.replace("b\"name=Ada&answer=42\"", "b'name=Ada&answer=42'");
    assert_eq!(python.story(FORM), as_python(rust.story(FORM)));
    let as_python = |story: String| story.replace(r#"b"{\"name\": \"Ada\"}""#, r#"b'{"name": "Ada"}'"#);
    let as_python = |story: String| as_python(story).replace(r#"{"name":"Ada"}"#, "{'name': 'Ada'}");
    assert_eq!(python.story(JSON), as_python(rust.story(JSON)));
}

/// A plugin's folder away from the repository, without what was built there.
fn copied(name: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(plugin(name)).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() && file.extension().is_none_or(|extension| extension != "wasm") {
            std::fs::copy(&file, dir.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    dir
}

/// A plugin that the program builds.
fn built(name: &str) -> Served {
    let (dir, data) = (copied(name), tempfile::tempdir().unwrap());
    let mut up = Up::start(dir.path(), data.path());
    up.notice("deployed");
    Served { up, _folders: [dir, data] }
}

#[test]
fn ping_says_that_it_is_there() {
    if toolchains::has("C") {
        let answer = built("ping").send("GET /webhooks/ping HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!((answer.status, answer.text()), (200, "pong\n"));
        assert!(answer.header("x-session").unwrap().starts_with("ses_"), "{answer:?}");
    }
}

#[test]
fn form_to_json_answers_a_form_with_its_fields() {
    if toolchains::has("Go") {
        let form = built("form-to-json");
        let answer = form.send(
            "POST /webhooks/form HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 27\r\n\r\nname=Ada+L%21&tag=a&tag=%3C",
        );
        assert_eq!((answer.status, answer.text()), (200, r#"{"name":"Ada L!","tag":["a","<"]}"#));
        let answer = form.send("POST /webhooks/form HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!((answer.status, answer.text()), (415, "send a URL-encoded form\n"));
    }
}

#[test]
fn teapot_needs_no_toolchain() {
    let answer = built("teapot").send("BREW /webhooks/coffee HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!((answer.status, answer.text()), (418, "I am a teapot.\n"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn echo_answers_with_the_events_data() {
    for component in components("echo", "echo.wasm") {
        let echo = Served::start("echo", &component);
        let request = "POST /webhooks/echo/a%20b?x=1&x=2 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
                       Content-Length: 9\r\n\r\n{\"a\": [1]}";
        let request = request.replace("Content-Length: 9", "Content-Length: 10");
        let answer = echo.send(&request);
        assert_eq!(answer.status, 200, "{answer:?}");
        let data: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(data["body"]["json"], json!({"a": [1]}));
        assert_eq!(data["headers"]["Content-Length"], json!(10));
        let id = answer.header("tenterhook-event-id").unwrap();
        assert_eq!(echo.up.json(&["events", "show", id])["data"], data, "what a handler reads is what is shown");
    }
}
