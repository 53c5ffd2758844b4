//! What handlers keep, send and stream means the same in every language: one scenario, `tests/guests/conformance/scenario.json`, and one
//! handler for each.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use self::server::Server;
use crate::harness::program::{self, Up};
use crate::harness::{guests, toolchains, web};

mod server;

/// What a handler is asked, and what it says or sends.
#[derive(Deserialize)]
struct Step {
    name: String,
    /// The trigger, when it is not `ask`.
    at: Option<String>,
    ask: Value,
    /// As JSON. Of an error, these fields at the least.
    says: Option<Value>,
    /// What it sends in pieces instead.
    sends: Option<Sent>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Sent {
    status: u16,
    #[serde(rename = "x-streamed")]
    streamed: String,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/conformance")
}

fn manifest(module: &str, handlers: &str, server: &Server) -> String {
    let (server, other) = (server.url(), server.other());
    let trigger = |name: &str, more: &str| {
        format!("    - {{name: {name}, type: webhook, call: '{module}:{handlers}', {more}}}\n")
    };
    let triggers = [
        trigger("ask", "is_sync: true, timeout: 60s"),
        trigger("bare", "is_sync: true, kv: false, outbound: []"),
        trigger("unheard", "retry: {attempts: 1}"),
    ];
    format!(
        "version: v1\nproject:\n  name: conformance\n  kv: true\n  vars:\n    - {{name: TOKEN, value: s3cret, secret: true, hosts: \
         ['{server}']}}\n  outbound: ['{server}', '{other}']\n  triggers:\n{}",
        triggers.concat()
    )
}

/// A project of one module, served where its requests may go to this machine.
struct Served {
    up: Up,
    server: Server,
    runtime: tokio::runtime::Runtime,
    _folders: [tempfile::TempDir; 2],
}

impl Served {
    /// Serves what `place` puts into a folder, with the handler of that module.
    fn start(module: &str, handler: &str, place: impl FnOnce(&Path)) -> Self {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let server = Server::start();
        place(dir.path());
        std::fs::write(dir.path().join("tenterhook.yaml"), manifest(module, handler, &server)).unwrap();
        let config = data.path().join("config.toml");
        let outbound = "[guest.outbound]\nallow = [\"http://*:*\"]\nnetworks = [\"127.0.0.0/8\"]\n";
        std::fs::write(&config, outbound).unwrap();
        let mut up = Up::start_with(dir.path(), &data.path().join("data"), &["--config", config.to_str().unwrap()]);
        up.notice("deployed");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { up, server, runtime, _folders: [dir, data] }
    }

    fn send(&self, trigger: &str, body: String) -> reqwest::Response {
        let url = format!("{}/webhooks/{trigger}", self.up.url);
        let request = web::client().build().unwrap().post(url).header("content-type", "application/json").body(body);
        self.runtime.block_on(request.send()).unwrap()
    }

    fn text(&self, answer: reqwest::Response) -> String {
        self.runtime.block_on(answer.text()).unwrap()
    }

    /// What the handler logs last in the next session that ends.
    fn logged(&mut self) -> String {
        let session = self.up.notice("session");
        let logged = |_| {
            let logs = self.up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
            logs["items"].as_array().unwrap().last().map(|entry| entry["message"].as_str().unwrap().to_owned())
        };
        // A session is told of just before it is settled.
        (0..100).find_map(logged).unwrap()
    }

    fn play(&mut self, language: &str) {
        let steps = std::fs::read_to_string(folder().join("scenario.json")).unwrap();
        let steps = steps.replace("{server}", &self.server.url()).replace("{other}", &self.server.other());
        for step in serde_json::from_str::<Vec<Step>>(&steps).unwrap() {
            let trigger = step.at.as_deref().unwrap_or("ask");
            let answer = self.send(trigger, step.ask.to_string());
            let name = format!("{language}: {}", step.name);
            if let Some(expected) = step.sends {
                let streamed = answer.headers().get("x-streamed").map(|value| value.to_str().unwrap().to_owned());
                let (status, streamed) = (answer.status().as_u16(), streamed.unwrap_or_default());
                assert_eq!(Sent { status, streamed, text: self.text(answer) }, expected, "{name}");
                self.up.notice("session");
                continue;
            }
            let logged = self.logged();
            let said = if trigger == "unheard" { logged } else { self.text(answer) };
            let said: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{name}: {error}: {said}"));
            let expected = step.says.unwrap_or_default();
            assert!(is_at_least(&said, &expected), "{name}: {said}, and not {expected}");
        }
    }
}

/// Whether it is the same, or an object with the fields of the other.
fn is_at_least(said: &Value, expected: &Value) -> bool {
    match expected.as_object() {
        None => said == expected,
        Some(fields) => fields.iter().all(|(name, value)| said.get(name) == Some(value)),
    }
}

/// Copies a language's folder, away from the repository: what is built there is not left behind.
fn copied(language: &str) -> impl FnOnce(&Path) {
    let from = folder().join(language);
    move |dir| copy(&from, dir)
}

fn copy(from: &Path, dir: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "wasm") {
            std::fs::copy(&file, dir.join(file.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn rust() {
    let component = guests::conformance("wasm32-wasip2");
    Served::start("ask.rs", "on_ask", |dir| std::fs::write(dir.join("ask.wasm"), component).unwrap()).play("rust");
}

#[test]
fn go() {
    if toolchains::has("Go") {
        Served::start("ask.go", "OnAsk", copied("go")).play("go");
    }
}

#[test]
fn python() {
    if toolchains::has("Python") {
        Served::start("ask.py", "on_ask", copied("python")).play("python");
    }
}

#[test]
fn javascript() {
    if toolchains::has("JavaScript") {
        Served::start("ask.js", "onAsk", copied("js")).play("javascript");
    }
}

#[test]
fn c() {
    if toolchains::has("C") {
        Served::start("ask.c", "on_ask", copied("c")).play("c");
    }
}

/// Goroutines wait for their answers together, and a timer ends a wait: the server answers none before all are there.
#[test]
fn requests_of_goroutines_run_at_once() {
    if toolchains::has("Go") {
        let served = Served::start("ask.go", "OnFan", copied("go"));
        let url = served.server.url();
        let answer = served.send("ask", format!(r#"{{"url": "{url}"}}"#));
        assert_eq!(served.text(answer), r#"{"late":"context canceled","met":[200,200,200]}"#);
    }
}

/// The interfaces that a component imports of those which a manifest grants.
fn granted(component: &[u8]) -> Vec<String> {
    let decoded = wit_component::decode(component).unwrap();
    let wit_component::DecodedWasm::Component(resolve, world) = decoded else { panic!("it is a component") };
    let names = resolve.worlds[world].imports.keys().map(|key| resolve.name_world_key(key));
    let grants = ["tenterhook:webhook/kv@", "tenterhook:webhook/reply@", "wasi:http/outgoing-handler@"];
    let mut granted: Vec<String> = names
        .filter_map(|name| grants.iter().find(|grant| name.starts_with(**grant)).map(|grant| (*grant).to_owned()))
        .collect();
    granted.sort();
    granted
}

/// What a handler does not call is no part of its component.
#[test]
fn a_component_imports_what_its_handlers_call() {
    let echo = |language| Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/echo").join(language);
    for (name, language) in [("Go", "go"), ("C", "c")] {
        if !toolchains::has(name) {
            continue;
        }
        let built = |from: &Path, file: &str, manifest: Option<String>| {
            let dir = tempfile::tempdir().unwrap();
            copy(from, dir.path());
            if let Some(manifest) = manifest {
                std::fs::write(dir.path().join("tenterhook.yaml"), manifest).unwrap();
            }
            let output = program::run(&["build", dir.path().to_str().unwrap()]);
            assert!(output.status.success(), "{}", program::text(&output.stderr));
            granted(&std::fs::read(dir.path().join(file)).unwrap())
        };
        assert_eq!(built(&echo(language), "echo.wasm", None), [""; 0], "{name}");
        let server = Server::start();
        let manifest = manifest(&format!("ask.{language}"), "on_ask", &server);
        let expected = ["tenterhook:webhook/kv@", "tenterhook:webhook/reply@", "wasi:http/outgoing-handler@"];
        let manifest = if language == "go" { manifest.replace("on_ask", "OnAsk") } else { manifest };
        assert_eq!(built(&folder().join(language), "ask.wasm", Some(manifest)), expected, "{name}");
    }
}
