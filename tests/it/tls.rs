//! The program with a certificate and an address for its API, and commands that ask it.

use std::path::Path;

use serde_json::Value;

use crate::harness::program::{self, Up, text};
use crate::harness::{wat, web};

const MANIFEST: &str = "version: v1
project:
  name: hello
  triggers:
    - name: hello
      type: webhook
      call: hello.py:handle
      is_sync: true
";

/// A project with its settings and a certificate for 127.0.0.1.
fn project(dir: &Path, api: &str) {
    std::fs::write(dir.join("tenterhook.yaml"), MANIFEST).unwrap();
    std::fs::write(dir.join("hello.wasm"), wat::fixture("hello")).unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(dir.join("chain.pem"), made.cert.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let (chain, key) = (dir.join("chain.pem"), dir.join("key.pem"));
    let settings = format!(
        "[http]\n{api}\nproxies = [\"127.0.0.1\"]\n[http.tls]\ncertificate = {:?}\nkey = {:?}\n",
        chain.to_str().unwrap(),
        key.to_str().unwrap()
    );
    std::fs::write(dir.join("settings.toml"), settings).unwrap();
}

fn start(dir: &Path) -> (Up, Option<String>) {
    let settings = dir.join("settings.toml");
    let mut up = Up::start_with(dir, &dir.join("data"), &["--config", settings.to_str().unwrap()]);
    let api = up.listening["api"].as_str().map(str::to_owned);
    up.notice("deployed");
    (up, api)
}

/// The status of a GET, of who trusts the certificate.
fn status(dir: &Path, url: &str, headers: &[(&str, &str)]) -> (u16, reqwest::header::HeaderMap) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let root = reqwest::Certificate::from_pem(&std::fs::read(dir.join("chain.pem")).unwrap()).unwrap();
        let mut request = web::client().tls_certs_only([root]).build().unwrap().get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().clone())
    })
}

#[test]
fn webhooks_and_commands_speak_tls() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path(), "");
    let (up, api) = start(dir.path());
    assert_eq!(api, None);
    assert!(up.url.starts_with("https://127.0.0.1:"), "{}", up.url);
    // What a proxy says is for the host; the payload has what was sent.
    let sent = [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-proto", "http"), ("x-forwarded-host", "hooks.example")];
    let (code, headers) = status(dir.path(), &format!("{}/webhooks/hello", up.url), &sent);
    assert_eq!(code, 200);
    let event = headers["tenterhook-event-id"].to_str().unwrap().to_owned();

    let ca = dir.path().join("chain.pem");
    let ca = ["--ca", ca.to_str().unwrap()];
    let shown: Value = up.json(&[&["events", "show", &event], &ca[..]].concat());
    let headers = &shown["data"]["headers"];
    assert_eq!(
        (&headers["X-Forwarded-For"], &headers["X-Forwarded-Proto"], &headers["X-Forwarded-Host"], &headers["Host"]),
        (&"192.0.2.9".into(), &"http".into(), &"hooks.example".into(), &up.url["https://".len()..].into())
    );
    let stranger = up.run(&["events", "list"]);
    assert_eq!(stranger.status.code(), Some(1));
    let said = text(&stranger.stderr);
    assert!(said.contains("server unreachable at https://127.0.0.1:") && said.contains("--ca"), "{said}");
    assert_eq!(up.stop(), Some(0));
}

#[test]
fn the_api_has_an_address_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path(), "api_listen = \"127.0.0.1:0\"");
    std::fs::write(
        dir.path().join("settings.toml"),
        std::fs::read_to_string(dir.path().join("settings.toml")).unwrap() + "api = false\n",
    )
    .unwrap();
    let (up, api) = start(dir.path());
    let api = api.unwrap();
    assert!(up.url.starts_with("https://") && api.starts_with("http://127.0.0.1:"), "{} {api}", up.url);
    let code = |url: String| status(dir.path(), &url, &[]).0;
    assert_eq!(code(format!("{}/webhooks/hello", up.url)), 200);
    assert_eq!(code(format!("{}/api/v1/events", up.url)), 404);
    assert_eq!(code(format!("{}/healthz", up.url)), 200);
    assert_eq!(code(format!("{api}/api/v1/events")), 200);
    assert_eq!(code(format!("{api}/webhooks/hello")), 404);
    assert_eq!(code(format!("{api}/healthz")), 200);
    let listed = program::run(&["events", "list", "--json", "--server", &api]);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    assert_eq!(up.stop(), Some(0));
}
