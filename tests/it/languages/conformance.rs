//! One table of events, `plugins/echo/expected.json`, and `plugins/echo` in every language: all answer the same, byte for byte.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenterhook_host::event::{Data, Raw};

use crate::harness::program::Up;
use crate::harness::{guests, raw, toolchains};

/// A request, and what every handler that echoes answers to it.
#[derive(Deserialize, Serialize)]
struct Row {
    name: String,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trailers: Vec<(String, String)>,
    /// In base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default)]
    data: Value,
}

fn plugin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/echo")
}

fn table() -> Vec<Row> {
    let mut rows: Vec<Row> = serde_json::from_slice(&std::fs::read(plugin().join("expected.json")).unwrap()).unwrap();
    // What would only make the file long.
    let large = format!(r#"{{"text": "{}", "list": [{}]}}"#, "größer ".repeat(20_000), vec!["1"; 50_000].join(", "));
    let name = "a large object".to_owned();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = Some(BASE64.encode(large));
    let mut row = Row {
        name,
        method: "POST".into(),
        url: "/webhooks/echo".into(),
        headers,
        trailers: Vec::new(),
        body,
        data: Value::Null,
    };
    row.data = row.made();
    rows.push(row);
    rows
}

impl Row {
    fn body(&self) -> Option<Vec<u8>> {
        self.body.as_ref().map(|body| BASE64.decode(body).unwrap())
    }

    /// The header fields as they are sent: one of the host's own first, and the body's length last unless it comes in pieces.
    fn fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![("Host".to_owned(), "h".to_owned())];
        fields.extend(self.headers.iter().cloned());
        match self.body() {
            Some(_) if !self.trailers.is_empty() => fields.push(("Transfer-Encoding".into(), "chunked".into())),
            Some(body) => fields.push(("Content-Length".into(), body.len().to_string())),
            None => {}
        }
        fields
    }

    fn request(&self) -> Vec<u8> {
        let lines = |fields: &[(String, String)]| {
            fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>()
        };
        let mut request =
            format!("{} {} HTTP/1.1\r\n{}\r\n", self.method, self.url, lines(&self.fields())).into_bytes();
        match self.body() {
            Some(body) if !self.trailers.is_empty() => {
                request.extend(format!("{:x}\r\n", body.len()).into_bytes());
                request.extend(body);
                request.extend(format!("\r\n0\r\n{}\r\n", lines(&self.trailers)).into_bytes());
            }
            body => request.extend(body.unwrap_or_default()),
        }
        request
    }

    /// What the host makes of the request.
    fn made(&self) -> Value {
        let data = Data::new(Raw {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.fields().into_iter().collect(),
            trailers: self.trailers.iter().cloned().collect(),
            body: self.body().map(Into::into),
        });
        data.to_json()
    }
}

/// With `TENTERHOOK_BLESS` in the environment, writes the table's answers anew.
#[test]
fn the_table_is_what_the_host_makes_of_the_requests() {
    let path = plugin().join("expected.json");
    if std::env::var_os("TENTERHOOK_BLESS").is_some() {
        let mut rows: Vec<Row> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for row in &mut rows {
            row.data = row.made();
        }
        std::fs::write(&path, serde_json::to_string_pretty(&rows).unwrap() + "\n").unwrap();
    }
    for row in table() {
        assert_eq!(row.data.to_string(), row.made().to_string(), "{}", row.name);
    }
}

/// Serves a folder, sends every request, and compares.
fn conforms(dir: &Path) {
    let data = tempfile::tempdir().unwrap();
    let mut up = Up::start(dir, data.path());
    up.notice("deployed");
    let address: SocketAddr = up.url.strip_prefix("http://").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for row in table() {
        let answer = runtime.block_on(raw::exchange(address, &row.request()));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{}: {answer:?}",
            row.name
        );
        let (text, expected) = (answer.text(), row.data.to_string());
        assert!(text == expected, "{}: {}\n{text}\n{expected}", dir.display(), row.name);
    }
}

/// A language's folder, away from the repository: what is built there is not left behind.
fn built(language: &str) {
    let dir = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(plugin().join(language)).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() && file.extension().is_none_or(|extension| extension != "wasm") {
            std::fs::copy(&file, dir.path().join(file.file_name().unwrap())).unwrap();
        }
    }
    conforms(dir.path());
}

#[test]
fn rust() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(plugin().join("tenterhook.yaml"), dir.path().join("tenterhook.yaml")).unwrap();
    std::fs::copy(guests::rebuilt().join("echo/echo.wasm"), dir.path().join("echo.wasm")).unwrap();
    conforms(dir.path());
}

#[test]
fn python() {
    if toolchains::has("Python") {
        built("python");
    }
}

#[test]
fn javascript_and_typescript() {
    if toolchains::has("JavaScript") {
        built("js");
        built("ts");
    }
}

#[test]
fn go() {
    if toolchains::has("Go") {
        built("go");
    }
}

#[test]
fn c() {
    if toolchains::has("C") {
        built("c");
    }
}

/// Each SDK's own tests, among them that its fake events are what the table says.
#[test]
fn the_sdks_pass_their_own_tests() {
    let sdk = |language: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk").join(language);
    if toolchains::has("Python") {
        let variables = [("PYTHONPATH", "src"), ("PYTHONDONTWRITEBYTECODE", "1")];
        toolchains::run("python3", &["-m", "unittest", "discover", "tests"], &sdk("python"), &variables);
    }
    if toolchains::has("JavaScript") {
        toolchains::run("node", &["--test"], &sdk("js"), &[]);
    }
    if toolchains::has("Go") {
        toolchains::run("go", &["vet", "."], &sdk("go"), &[]);
        toolchains::run("go", &["test", "./..."], &sdk("go"), &[]);
    }
    if toolchains::has("C") {
        let build = tempfile::tempdir().unwrap();
        let program = build.path().join("test").to_str().unwrap().to_owned();
        let fakes = ["tenterhook_fake.c", "tenterhook_fake_http.c", "tenterhook_fake_kv.c", "tenterhook_fake_reply.c"];
        let options = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", &program, "text.c"];
        for test in ["tests/test_sdk.c", "tests/test_grants.c"] {
            toolchains::run("cc", &[&options[..], &fakes, &[test]].concat(), &sdk("c"), &[]);
            toolchains::run(&program, &[], build.path(), &[]);
        }
    }
}
