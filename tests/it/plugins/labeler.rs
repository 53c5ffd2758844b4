//! `github-labeler` and a GitHub of the test's own: a real server on loopback, which sees the token that nobody else does.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path as Captured;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{components, plugin};
use crate::harness::program::{self, Up, text};
use crate::harness::web;
use crate::secrets::holding;

const TOKEN: &str = "github_pat_11AAAAAAA0_s3cretOfTheTest";

/// What GitHub was asked: the path, the token and the body.
type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// Ended when dropped.
struct GitHub {
    asked: Asked,
    /// What it answers next; 200 after these.
    answers: Arc<Mutex<Vec<u16>>>,
    port: u16,
    runtime: tokio::runtime::Runtime,
}

impl GitHub {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, answers) = (Asked::default(), Arc::new(Mutex::new(Vec::new())));
        let (seen, next) = (asked.clone(), answers.clone());
        let label = async move |Captured(path): Captured<String>, headers: HeaderMap, body: Bytes| {
            let token = headers["authorization"].to_str().unwrap().to_owned();
            seen.lock().unwrap().push((path, token, serde_json::from_slice(&body).unwrap()));
            let status = next.lock().unwrap().pop().unwrap_or(200);
            (StatusCode::from_u16(status).unwrap(), "[]")
        };
        let app = Router::new().route("/repos/{*path}", post(label));
        drop(runtime.spawn(async move { axum::serve(listener, app).await.unwrap() }));
        Self { asked, answers, port, runtime }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The plugin, served with this GitHub and a token that was set apart from the manifest.
struct Labeler {
    up: Up,
    github: GitHub,
    data: TempDir,
    _dir: TempDir,
}

impl Labeler {
    /// With the manifest as `change` makes it.
    fn start(component: &Path, change: impl FnOnce(String) -> String) -> Self {
        let github = GitHub::start();
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let manifest = std::fs::read_to_string(plugin("github-labeler").join("tenterhook.yaml")).unwrap();
        let manifest = manifest.replace("https://api.github.com", &github.url());
        let retry = "max_concurrency: 4\n      retry: {backoff: {initial: 1ms}}";
        let manifest = manifest.replace("max_concurrency: 4", retry);
        std::fs::write(dir.path().join("tenterhook.yaml"), change(manifest)).unwrap();
        std::fs::copy(component, dir.path().join("labeler.wasm")).unwrap();
        let config = dir.path().join("config.toml");
        let outbound = "[guest.outbound]\nallow = [\"http://127.0.0.1:*\"]\nnetworks = [\"127.0.0.1\"]\n";
        std::fs::write(&config, outbound).unwrap();
        let mut up = Up::start_with(dir.path(), data.path(), &["--config", config.to_str().unwrap()]);
        up.notice("deployed");
        let arguments = ["vars", "set", "GITHUB_TOKEN", "--secret", "--project", "github-labeler", "--server", &up.url];
        let set = program::run_at_home(dir.path(), &arguments, TOKEN);
        assert!(set.status.success(), "{}", text(&set.stderr));
        Self { up, github, data, _dir: dir }
    }

    /// The session of an issue, once it has ended.
    fn opened(&mut self, title: &str) -> Value {
        let event = json!({"action": "opened", "repository": {"full_name": "acme/shop"}, "issue": {"number": 7, "title": title}});
        let url = format!("{}/webhooks/github", self.up.url);
        let request = web::client().build().unwrap().post(url).header("x-github-event", "issues").json(&event);
        assert_eq!(self.github.runtime.block_on(request.send()).unwrap().status(), 202);
        loop {
            let session = self.up.notice("session")["id"].as_str().unwrap().to_owned();
            let shown = |_| Some(self.up.json(&["sessions", "show", &session])).filter(has_ended);
            // It is told of just before it is settled, and after each attempt.
            if let Some(ended) = (0..100).find_map(shown) {
                return ended;
            }
        }
    }
}

fn has_ended(session: &Value) -> bool {
    ["succeeded", "failed", "dead"].contains(&session["state"].as_str().unwrap())
}

#[test]
fn a_label_is_put_with_a_token_that_only_github_sees() {
    for component in components("github-labeler", "labeler.wasm") {
        let mut labeler = Labeler::start(&component, |manifest| manifest);
        let session = labeler.opened("Crash at start");
        assert_eq!(session["state"], "succeeded", "{session}");
        let expected = ("acme/shop/issues/7/labels".to_owned(), format!("Bearer {TOKEN}"), json!({"labels": ["bug"]}));
        assert_eq!(*labeler.github.asked.lock().unwrap(), [expected]);
        let request = &session["attempts"][0]["requests"][0];
        let url = format!("{}/repos/acme/shop/issues/7/labels", labeler.github.url());
        assert_eq!((&request["url"], &request["status"]), (&json!(url), &json!(200)), "{request}");

        let logs = labeler.up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
        assert!(logs.to_string().contains("labelled"), "{logs}");
        assert!(!format!("{session}{logs}").contains(TOKEN), "{session}{logs}");
        assert!(holding(labeler.data.path(), &[TOKEN]).is_empty());

        let session = labeler.opened("A question");
        assert!(session["attempts"][0]["requests"].is_null(), "no word asks for a label: {session}");
    }
}

#[test]
fn what_github_cannot_do_now_is_tried_again_and_what_it_will_not_is_not() {
    let mut labeler = Labeler::start(&components("github-labeler", "labeler.wasm")[0], |manifest| manifest);
    *labeler.github.answers.lock().unwrap() = vec![200, 500];
    let session = labeler.opened("Crash at start");
    assert_eq!(session["state"], "succeeded", "{session}");
    let attempts = session["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{session}");
    assert_eq!(attempts[0]["error"], "the handler asked for a retry: GitHub answered 500", "{session}");

    *labeler.github.answers.lock().unwrap() = vec![401];
    let session = labeler.opened("Crash at start");
    assert_eq!((&session["state"], session["attempts"].as_array().unwrap().len()), (&json!("dead"), 1), "{session}");
    assert!(session["reason"].as_str().unwrap().ends_with("rejected the event: GitHub answered 401"), "{session}");
}

#[test]
fn without_a_rule_nothing_is_sent_and_the_session_says_which_is_missing() {
    let elsewhere = |manifest: String| {
        let (before, rules) = manifest.split_once("  outbound:\n").unwrap();
        let (_, after) = rules.split_once("\n\n").unwrap();
        format!("{before}  outbound: []\n\n{after}")
    };
    let mut labeler = Labeler::start(&components("github-labeler", "labeler.wasm")[0], elsewhere);
    let session = labeler.opened("Crash at start");
    assert_eq!(session["state"], "dead", "{session}");
    assert!(session["reason"].as_str().unwrap().contains("name its host in `outbound`"), "{session}");
    let error = session["attempts"][0]["requests"][0]["error"].as_str().unwrap();
    let rule = format!("the manifest grants no request to it: add `{}` to `outbound`", labeler.github.url());
    assert_eq!(error, rule);
    assert!(labeler.github.asked.lock().unwrap().is_empty());
}

#[test]
fn its_own_tests_pass_on_this_machine() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--quiet", "--locked"]).current_dir(plugin("github-labeler"));
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins-tested"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}
