//! What handlers in Python and JavaScript keep, ask and stream: the same in both, and the same as in Rust.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::peer::Peer;
use crate::harness::program::Up;
use crate::harness::{raw, toolchains};

const PYTHON: &str = include_str!("grants/hooks.py");
const JAVASCRIPT: &str = include_str!("grants/hooks.js");

/// A served project in one of the languages.
struct Project {
    up: Up,
    peer: Peer,
    runtime: tokio::runtime::Runtime,
    _folders: [TempDir; 2],
}

impl Project {
    fn start(file: &str, source: &str, handlers: &[&str]) -> Self {
        let (dir, data, peer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Peer::start());
        std::fs::write(dir.path().join(file), source).unwrap();
        let mut manifest = format!(
            "version: v1\nproject:\n  name: p\n  kv: true\n  outbound: ['{}']\n  triggers:\n    - {{name: unheard, type: webhook, call: '{file}:stream', retry: {{attempts: 1}}}}\n",
            peer.url()
        );
        for handler in handlers {
            manifest.push_str(&format!(
                "    - {{name: {handler}, type: webhook, call: '{file}:{handler}', is_sync: true}}\n"
            ));
        }
        manifest.push_str(&format!(
            "    - {{name: refused, type: webhook, call: '{file}:refused', is_sync: true, kv: false}}\n"
        ));
        std::fs::write(dir.path().join("tenterhook.yaml"), manifest).unwrap();
        let config = dir.path().join("config.toml");
        std::fs::write(&config, peer.allowed()).unwrap();
        let mut up = Up::start_with(dir.path(), data.path(), &["--config", config.to_str().unwrap()]);
        up.notice("deployed");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { up, peer, runtime, _folders: [dir, data] }
    }

    fn address(&self) -> std::net::SocketAddr {
        self.up.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    fn send(&self, path: &str, body: &str) -> raw::Answer {
        let length = body.len();
        let request = format!("POST /webhooks/{path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}");
        self.runtime.block_on(raw::exchange(self.address(), request.as_bytes()))
    }

    /// What a handler makes of a wish.
    fn ask(&self, handler: &str, wish: &Value) -> Value {
        let answer = self.send(handler, &wish.to_string());
        assert_eq!(answer.status, 200, "{handler} {wish}: {answer:?}");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// The session that ended last.
    fn settled(&mut self) -> Value {
        let id = self.up.notice("session")["id"].as_str().unwrap().to_owned();
        let shown = |_| Some(self.up.json(&["sessions", "show", &id])).filter(|session| session["state"] != "running");
        (0..100).find_map(shown).unwrap()
    }

    fn keeps(&self) {
        let steps = self.ask("keep", &Value::Null);
        let lines: Vec<&str> = steps.as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(lines.join("\n"), @r#"
            get: none
            set: 1
            get: one at 1
            json: {"n":1}
            add: 5
            add: 3
            add to text: not-a-number: the value of `a` is not a decimal integer of 64 bits
            add beyond: not-a-number: 9223372036854775807 and 1 add up to more than 64 bits
            empty key: limit: a key is one byte long at the least, and this one is empty
            no time: none
            swap: conflict with one at 1
            swap: done
            update: [1,2]
            entries: big c l n u/0 u/1 u/2
            below u/: u/0 u/1 u/2
            page: u/0 u/1, then u/1
            after: u/2
            delete: true
            delete: false
            "#);
        }
        assert_eq!(self.ask("refused", &Value::Null), "not-granted: the manifest does not grant `kv`: add `kv: true`");
    }

    fn asks(&self) {
        let url = self.peer.url();
        let ask = |wish: Value| self.ask("ask", &wish);
        let plain = json!({"url": format!("{url}/a b?q=ü"), "headers": {"X-A": "1"}});
        assert_eq!(
            ask(plain),
            json!({"status": 200, "ok": true, "type": "text/plain; charset=utf-8", "text": "GET /a%20b?q=%C3%BC with [x-a=1]: "})
        );
        let posted =
            ask(json!({"url": format!("{url}/p"), "method": "POST", "json": {"a": ["ü", 9_007_199_254_740_993_u64]}}));
        assert_eq!(posted["text"], "POST /p with [content-type=application/json]: {\"a\":[\"ü\",9007199254740993]}");
        let large = ask(json!({"url": format!("{url}/p"), "method": "PUT", "text": "x".repeat(100_000)}));
        assert!(large["text"].as_str().unwrap().ends_with(": 100000 bytes"), "{large}");
        let missing = ask(json!({"url": format!("{url}/missing")}));
        assert_eq!((&missing["status"], &missing["ok"]), (&json!(404), &json!(false)));
        for (wish, error) in [
            (
                json!({"url": "https://example.com/"}),
                "denied: the request may not go there: the session's record says why",
            ),
            (json!({"url": format!("{url}/silent"), "timeout": 300}), "timeout: the answer took too long"),
            (
                json!({"url": "ftp://example.com/"}),
                "failed: `ftp://example.com/` is not a URL to which a request could go",
            ),
        ] {
            assert_eq!(ask(wish)["error"], error);
        }
    }

    /// The head and the first piece come while the handler still runs.
    fn streams(&mut self) {
        let address = self.address();
        let (head, rest) = self.runtime.block_on(async {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket
                .write_all(b"GET /webhooks/stream?wait=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut head = String::new();
            while !head.contains("first") {
                let mut piece = [0; 4096];
                let read =
                    tokio::time::timeout(Duration::from_secs(60), socket.read(&mut piece)).await.unwrap().unwrap();
                assert!(read > 0, "{head}");
                head.push_str(&String::from_utf8_lossy(&piece[..read]));
            }
            // The handler goes on when this says so.
            let go = raw::exchange(address, b"GET /webhooks/go HTTP/1.1\r\nHost: h\r\n\r\n").await;
            assert_eq!(go.status, 200);
            let mut rest = String::new();
            socket.read_to_string(&mut rest).await.unwrap();
            (head, rest)
        });
        assert!(head.starts_with("HTTP/1.1 201 Created\r\n") && head.contains("x-streamed: yes\r\n"), "{head}");
        assert!(!head.contains("last") && rest.contains("last") && rest.ends_with("0\r\n\r\n"), "{rest}");
        for _ in 0..2 {
            assert_eq!(self.settled()["state"], "succeeded");
        }
    }
}

/// What both have.
const HANDLERS: [&str; 6] = ["keep", "ask", "stream", "go", "fail", "follow"];

impl Project {
    /// What a session says of a handler that failed, first of all.
    fn fails(&mut self, wish: &Value, reason: &str, frame: &str) {
        assert_eq!(self.send("fail", &wish.to_string()).status, 502);
        let session = self.settled();
        let told = session["reason"].as_str().unwrap();
        assert_eq!(told.lines().next().unwrap(), format!("trap: {reason}"), "{told}");
        assert!(told.contains(frame) && !told.contains("wasm backtrace"), "{told}");
    }

    /// A response that has begun and does not end well is cut off.
    fn is_cut_off(&mut self, wish: &Value) {
        let (address, wish) = (self.address(), wish.to_string());
        let received = self.runtime.block_on(async {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            let length = wish.len();
            let request = format!("POST /webhooks/fail HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{wish}");
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut received = Vec::new();
            // A connection that is cut may be reset.
            drop(socket.read_to_end(&mut received).await);
            String::from_utf8(received).unwrap()
        });
        assert!(!received.ends_with("0\r\n\r\n"), "it has no end: {received}");
        assert_eq!(self.settled()["state"], "failed");
    }

    /// Forgets the sessions that were told of.
    fn pass(&mut self, count: usize) {
        for _ in 0..count {
            self.up.notice("session");
        }
    }
}

#[test]
fn python() {
    if !toolchains::has("Python") {
        return;
    }
    let mut project = Project::start("hooks.py", PYTHON, &HANDLERS);
    let url = project.peer.url();
    project.keeps();
    project.asks();
    let read = project.ask("follow", &json!({"url": format!("{url}/away")}));
    assert_eq!(read, json!([200, "text/plain; charset=utf-8", "GET /there?x=1 with [x-a=1]: "]));
    project.pass(10);
    project.streams();
    project.fails(
        &json!({"url": url}),
        "AttributeError: 'Response' object has no attribute 'nothing'",
        "File \"hooks.py\", line",
    );
    let unheard = json!({"url": format!("{url}/round")});
    assert_eq!(project.send("follow", &unheard.to_string()).status, 502);
    let reason = project.settled()["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("trap: urllib.error.HTTPError: HTTP Error 302"), "urllib follows for a while: {reason}");
    project.is_cut_off(&json!({"how": "reply", "url": url}));

    // AutoKitteh's function may be called where nobody waits; the session keeps the status.
    assert_eq!(project.send("unheard", "").status, 202);
    let session = project.settled();
    assert_eq!((&session["state"], &session["attempts"][0]["status"]), (&json!("succeeded"), &json!(201)), "{session}");
}

#[test]
fn javascript() {
    if !toolchains::has("JavaScript") {
        return;
    }
    let mut project = Project::start("hooks.js", JAVASCRIPT, &[&HANDLERS[..], &["waits"]].concat());
    let url = project.peer.url();
    project.keeps();
    project.asks();
    let passed_on = project.send("follow", &json!({"url": format!("{url}/away")}).to_string());
    assert_eq!((passed_on.status, passed_on.text()), (200, "GET /there?x=1 with [x-a=1]: "));
    assert_eq!(passed_on.header("content-type"), Some("text/plain; charset=utf-8"));
    project.pass(10);
    let waited = project.ask("waits", &json!({"url": url}));
    assert_eq!(
        waited,
        json!({
            "answers": ["together", "together", "together"], "seen": [1, 2, 3], "order": ["now", "microtask", "timer", "finally"],
            "race": "fast", "settled": ["fulfilled", "rejected"], "any": 2, "caught": "y",
        })
    );
    let session = project.settled();
    let logs = project.up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
    assert_eq!(logs["items"][0]["message"], "done after the answer");
    let unheard = logs["items"][1]["message"].as_str().unwrap();
    assert!(unheard.starts_with("a promise was rejected, and nobody asked it: Error: unheard"), "{unheard}");
    project.streams();
    project.fails(&json!({"url": url}), "TypeError: cannot read property 'length' of undefined", "    at ");
    let round = json!({"url": format!("{url}/round")});
    project.fails(&round, &format!("FetchError: `{url}/round` leads elsewhere more than 20 times"), "    at ");
    project.is_cut_off(&json!({"how": "reply", "url": url}));

    assert_eq!(project.send("unheard", "").status, 202);
    let session = project.settled();
    let reason = session["reason"].as_str().unwrap();
    assert!(reason.starts_with("trap: ReplyError: nobody waits for a response\n"), "{reason}");
}
