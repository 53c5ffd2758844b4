//! HTTP/2 in clear text by prior knowledge: the same payload as HTTP/1.1.

use serde_json::{Value, json};

use crate::harness::host::Host;
use crate::harness::web;

const MANIFEST: &str = "
version: v1
project:
  name: http2
  triggers:
    - name: hook
      type: webhook
      call: hello.wat:handle
      is_sync: true
";

#[tokio::test]
async fn the_payload_is_the_same() {
    let host = Host::start(MANIFEST).await;
    let url = format!("http://{}/webhooks/hook/a%2Fb?x=1;2", host.address());
    let client = web::client().http2_prior_knowledge().build().unwrap();
    let request = client.post(&url).header("x-github-event", "push").header("cookie", "a=1").header("cookie", "b=2");
    let answer = request.header("content-type", "application/json").body("{\"a\": 1}").send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    let id = answer.headers()["tenterhook-event-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), "hello");
    let event = host.api(&format!("events/{id}")).await;
    let expected: [(&str, Value); 8] = [
        ("/data/method", json!("POST")),
        ("/data/raw_url", json!("/webhooks/hook/a%2Fb?x=1;2")),
        ("/data/url/query", json!({"x": "1;2"})),
        ("/data/headers/Host", json!(host.address().to_string())),
        ("/data/headers/X-Github-Event", json!("push")),
        ("/data/headers/Cookie", json!("a=1; b=2")),
        ("/data/headers/Content-Length", json!(8)),
        ("/data/body/json", json!({"a": 1})),
    ];
    for (place, value) in expected {
        assert_eq!(event.pointer(place), Some(&value), "{place}");
    }
}

#[tokio::test]
async fn refusals_are_the_same() {
    let host = Host::start(MANIFEST).await;
    let client = web::client().http2_prior_knowledge().build().unwrap();
    let url = format!("http://{}/webhooks", host.address());
    assert_eq!(client.get(format!("{url}/none")).send().await.unwrap().status(), 404);
    let large = client.post(format!("{url}/hook")).body(vec![b'a'; 524_289]).send().await.unwrap();
    assert_eq!(large.status(), 413);
}
