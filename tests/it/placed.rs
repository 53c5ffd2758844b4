//! Which deployment an event goes to, and how many an org may send: over HTTP, on the program itself.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::program::{Up, text};
use crate::harness::{wat, web};

const MANIFEST: &str = "version: v1
project:
  name: shop
  triggers:
    - name: hook
      type: webhook
      call: CALL
      is_sync: true
";

struct Shop {
    up: Up,
    operator: String,
    dir: TempDir,
}

impl Shop {
    /// A server with the org `acme`, whose project answers 200.
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let up = Up::serve(&dir.path().join("data"));
        let operator = up.listening["operator_token"].as_str().unwrap().to_owned();
        let shop = Self { up, operator, dir };
        shop.run(&["orgs", "create", "acme"]);
        shop.write("hello");
        shop
    }

    fn write(&self, fixture: &str) {
        let call = format!("{fixture}:handle");
        std::fs::write(self.dir.path().join("tenterhook.yaml"), MANIFEST.replace("CALL", &call)).unwrap();
        std::fs::write(self.dir.path().join(format!("{fixture}.wasm")), wat::fixture(fixture)).unwrap();
    }

    fn run(&self, arguments: &[&str]) {
        let output = self.up.run_as(&self.operator, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }

    fn deploy(&self) -> Value {
        let dir = self.dir.path().to_str().unwrap();
        let output = self.up.run_as(&self.operator, &["deploy", dir, "--org", "acme", "--json"]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1{path}", self.up.url);
        let request = client().request(method, url).bearer_auth(&self.operator).json(&body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    async fn place(&self, deployment: &Value, to: Value) -> Value {
        let id = deployment["deployment"]["id"].as_str().unwrap();
        self.ask(reqwest::Method::POST, &format!("/orgs/acme/projects/shop/deployments/{id}/place"), to).await
    }

    /// What a webhook is answered.
    async fn send(&self, placed: &Value, testing: Option<&str>) -> reqwest::Response {
        let url = format!("{}{}", self.up.url, placed["triggers"][0]["path"].as_str().unwrap());
        let mut request = client().get(url);
        if let Some(token) = testing {
            request = request.header("tenterhook-testing", token);
        }
        request.send().await.unwrap()
    }
}

fn client() -> reqwest::Client {
    web::client().build().unwrap()
}

#[tokio::test]
async fn an_event_goes_where_it_belongs() {
    let shop = tokio::task::spawn_blocking(Shop::start).await.unwrap();
    let good = shop.deploy();
    shop.write("trap");
    let bad = shop.deploy();
    // The good one serves, and the bad one what is addressed to it.
    shop.place(&good, json!({ "state": "active" })).await;
    let testing = shop.place(&bad, json!({ "state": "testing" })).await;
    let token = testing["testing_token"].as_str().unwrap();
    assert_eq!(shop.send(&good, None).await.status(), 200);
    let addressed = shop.send(&good, Some(token)).await;
    assert_eq!(addressed.status(), 502);
    assert_eq!(shop.send(&good, Some("tht_guess")).await.status(), 403);
    // The token is no part of the event.
    let id = addressed.headers()["tenterhook-event-id"].to_str().unwrap().to_owned();
    let event = shop.ask(reqwest::Method::GET, &format!("/orgs/acme/events/{id}"), json!({})).await;
    assert_eq!(event["sessions"][0]["trigger"], "hook");
    assert!(!event.to_string().contains(token), "{event}");

    // A half of the events, and then all, and then none.
    shop.place(&bad, json!({ "state": "active", "percent": 50 })).await;
    let mut answers = [0, 0];
    for _ in 0..60 {
        answers[usize::from(shop.send(&good, None).await.status() != 200)] += 1;
    }
    assert!(answers.iter().all(|count| *count > 10), "{answers:?}");
    shop.place(&bad, json!({ "state": "inactive" })).await;
    for _ in 0..10 {
        assert_eq!(shop.send(&good, None).await.status(), 200);
    }
    shop.place(&good, json!({ "state": "inactive" })).await;
    assert_eq!(shop.send(&good, None).await.status(), 404);
}

#[tokio::test]
async fn an_org_sends_no_more_than_it_may() {
    let shop = tokio::task::spawn_blocking(Shop::start).await.unwrap();
    let good = shop.deploy();
    assert_eq!(shop.send(&good, None).await.status(), 200);
    let quotas = json!({ "quotas": { "events_per_second": 1, "burst": 3 } });
    shop.ask(reqwest::Method::PATCH, "/orgs/acme", quotas).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = shop.send(&good, None).await;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("twenty events do not come within a burst of three");
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "rate_limited");
    shop.ask(reqwest::Method::PATCH, "/orgs/acme", json!({ "quotas": {} })).await;
    for _ in 0..10 {
        assert_eq!(shop.send(&good, None).await.status(), 200);
    }
}
