//! `http-sample` sends requests to a server on loopback that says what it was sent, as httpbin.org does.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Served, components, plugin};
use crate::harness::program::Up;
use crate::harness::toolchains;

/// Ended when dropped.
struct Httpbin {
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Httpbin {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let app = Router::new()
            .route("/get", get(async |Query(args): Query<BTreeMap<String, String>>| Json(json!({ "args": args }))))
            .route("/status/404", get(async || StatusCode::NOT_FOUND))
            .route("/post", post(async |headers: HeaderMap, body: String| Json(posted(&headers, &body))))
            .route(
                "/basic-auth/user/pass",
                get(async |headers: HeaderMap| knows(&headers, "Basic dXNlcjpwYXNz", "user")),
            )
            .route("/bearer", get(async |headers: HeaderMap| knows(&headers, "Bearer any-token-will-do", "bearer")));
        drop(runtime.spawn(async move { axum::serve(listener, app).await.unwrap() }));
        Self { port, _runtime: runtime }
    }
}

fn posted(headers: &HeaderMap, body: &str) -> Value {
    if headers["content-type"] == "application/json" {
        return json!({"form": {}, "json": serde_json::from_str::<Value>(body).unwrap()});
    }
    assert_eq!((headers["content-type"].to_str().unwrap(), body), ("application/x-www-form-urlencoded", "foo=bar"));
    json!({"form": {"foo": "bar"}, "json": null})
}

fn knows(headers: &HeaderMap, expected: &str, user: &str) -> Result<Json<Value>, StatusCode> {
    let is_known = headers["authorization"] == expected;
    is_known.then(|| Json(json!({"authenticated": true, "user": user}))).ok_or(StatusCode::UNAUTHORIZED)
}

/// What the handler of a served sample prints.
fn story(manifest: &str, place: impl FnOnce(&std::path::Path)) -> String {
    let httpbin = Httpbin::start();
    let (dir, data): (TempDir, TempDir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = format!("http://127.0.0.1:{}", httpbin.port);
    let manifest = std::fs::read_to_string(plugin(manifest)).unwrap().replace("https://httpbin.org", &url);
    std::fs::write(dir.path().join("tenterhook.yaml"), manifest).unwrap();
    place(dir.path());
    let config = dir.path().join("config.toml");
    let outbound = "[guest.outbound]\nallow = [\"http://127.0.0.1:*\"]\nnetworks = [\"127.0.0.1\"]\n";
    std::fs::write(&config, outbound).unwrap();
    let mut up = Up::start_with(dir.path(), data.path(), &["--config", config.to_str().unwrap()]);
    up.notice("deployed");
    let mut served = Served { up, _folders: [dir, data] };
    served.story("GET /webhooks/send_requests HTTP/1.1\r\nHost: h\r\n\r\n").replace(&url, "URL")
}

const EXPECTED: &str = r#"send_requests: GET URL/get?key1=value1&key2=value2
send_requests: Status: 200, application/json
send_requests: {"args":{"key1":"value1","key2":"value2"}}
send_requests: GET URL/status/404
send_requests: Status: 404, without a body
send_requests: 
send_requests: POST URL/post
send_requests: Status: 200, application/json
send_requests: {"form":{"foo":"bar"},"json":null}
send_requests: POST URL/post
send_requests: Status: 200, application/json
send_requests: {"form":{},"json":{"foo":"bar"}}
send_requests: GET URL/basic-auth/user/pass
send_requests: Status: 200, application/json
send_requests: {"authenticated":true,"user":"user"}
send_requests: GET URL/basic-auth/user/pass
send_requests: Status: 401, without a body
send_requests: 
send_requests: GET URL/bearer
send_requests: Status: 200, application/json
send_requests: {"authenticated":true,"user":"bearer"}
"#;

#[test]
fn http_sample_sends_requests() {
    for component in components("http-sample", "webhooks.wasm") {
        let said = story("http-sample/tenterhook.yaml", |dir| {
            std::fs::copy(component, dir.join("webhooks.wasm")).unwrap();
        });
        assert_eq!(said, EXPECTED);
    }
}

#[test]
fn http_sample_in_python_sends_the_same() {
    if toolchains::has("Python") {
        let said = story("http-sample/python/tenterhook.yaml", |dir| {
            std::fs::copy(plugin("http-sample/python/webhooks.py"), dir.join("webhooks.py")).unwrap();
        });
        assert_eq!(said, EXPECTED);
    }
}
