//! Handlers' requests: a real server on loopback, and a resolver whose answers change.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::{Value, json};
use tenterhook_host::config::Config;
use tenterhook_host::egress::Resolve;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Barrier;

use crate::harness::host::Host;

/// Answers each question with the next of its answers, and with the last one from then on.
#[derive(Default)]
pub(crate) struct Rebinding {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Rebinding {
    pub(crate) fn new(names: &[(&str, &[&str])]) -> Arc<Self> {
        let answers = names.iter().map(|(name, answers)| {
            let addresses = answers.iter().map(|answer| answer.split(' ').map(|text| text.parse().unwrap()).collect());
            ((*name).to_owned(), addresses.collect())
        });
        Arc::new(Self { answers: Mutex::new(answers.collect()), asked: Mutex::default() })
    }
}

#[async_trait::async_trait]
impl Resolve for Rebinding {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answers = answers.get_mut(name).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

#[expect(clippy::disallowed_methods, reason = "a server of the test's own ends with the test")]
fn spawn(server: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(server));
}

/// A server that says what it was sent.
pub(crate) async fn server() -> SocketAddr {
    let two = Arc::new(Barrier::new(2));
    let app = Router::new()
        .route("/echo", any(echo))
        // It answers two at once, and not one.
        .route("/meet", any(async move || two.wait().await.is_leader().to_string()))
        .route("/away", any(|| async { (StatusCode::FOUND, [(header::LOCATION, "http://169.254.169.254/")]) }))
        .route("/large", any(|| async { "-".repeat(3_000_000) }))
        .route("/silent", any(std::future::pending::<()>))
        .route("/stuck", any(stuck));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

async fn echo(headers: HeaderMap, request: Request) -> Response {
    let (method, url) = (request.method().to_string(), request.uri().to_string());
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let of = |name: &str| headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned();
    format!("{method} {url} for {} with {} and {} bytes", of("host"), of("authorization"), body.len()).into_response()
}

/// A body that begins and does not go on.
async fn stuck() -> Response {
    let stream = futures_util::stream::unfold(true, |first| async move {
        if !first {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, io::Error>("a"), false))
    });
    Body::from_stream(stream).into_response()
}

fn manifest(port: u16) -> String {
    format!(
        "
version: v1
project:
  name: outbound
  vars:
    - {{name: TOKEN, value: s3cret, secret: true, hosts: ['http://api.example:{port}']}}
  outbound:
    - url: http://api.example:{port}
      addresses: [127.0.0.1]
    - url: http://other.example:{port}
      addresses: [127.0.0.1]
    - url: http://read.example:{port}
      addresses: [127.0.0.1]
      method: [GET]
    - http://careless.example:{port}
    - http://127.0.0.1:{port}
    - https://unheard.example
    - http://forbidden.example
  triggers:
    - name: ask
      type: webhook
      call: grants-wasm32-wasip2.rs:ask
      is_sync: true
    - name: peek
      type: webhook
      call: grants-wasm32-wasip2.rs:peek
      is_sync: true
    - name: silent
      type: webhook
      call: grants-wasm32-unknown-unknown.rs:ask
      is_sync: true
      outbound: []
"
    )
}

pub(crate) fn config(port: u16) -> Config {
    let mut config = Config::load(None).unwrap();
    config.guest.outbound.allow = vec!["https://*".to_owned(), format!("http://*:{port}")];
    config.guest.outbound.networks = vec!["127.0.0.0/8".to_owned()];
    config
}

/// What the handler said, and what the session's record has of its requests.
async fn ask(host: &Host, endpoint: &str, wish: &Value) -> (String, Value) {
    let body = wish.to_string();
    let length = body.len();
    let answer = host
        .send(format!(
            "POST /webhooks/{endpoint} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let event = host.settled(answer.header("tenterhook-event-id").unwrap()).await;
    (answer.text().to_owned(), event["sessions"][0]["attempts"][0].clone())
}

#[tokio::test]
async fn a_request_goes_where_the_manifest_and_the_operator_let_it() {
    let port = server().await.port();
    let resolver = Rebinding::new(&[("api.example", &["127.0.0.1"]), ("other.example", &["127.0.0.1"])]);
    let host = Host::start_resolving(config(port), resolver, &manifest(port)).await;
    let api = format!("http://api.example:{port}");

    let wish = json!({"method": "POST", "url": format!("{api}/echo?token=abc"), "body": "12345"});
    let (said, attempt) = ask(&host, "ask", &wish).await;
    assert_eq!(said, format!("200 POST /echo?token=abc for api.example:{port} with - and 5 bytes"));
    let request = &attempt["requests"][0];
    assert_eq!(request["url"], format!("{api}/echo"), "the query stays out of the record");
    assert_eq!((&request["method"], &request["status"], &request["sent"]), (&json!("POST"), &json!(200), &json!(5)));
    assert_eq!(request["received"], said.len() - 4);
    assert!(request["elapsed_us"].as_u64().unwrap() > 0 && request["error"].is_null(), "{request}");
    let used = &attempt["used"];
    assert_eq!(
        (&used["outbound"], &used["bytes_out"], &used["bytes_in"]),
        (&json!(1), &json!(5), &request["received"])
    );

    // A redirect is a response, and what it names is another request.
    let (said, _) = ask(&host, "ask", &json!({"method": "GET", "url": format!("{api}/away")})).await;
    assert_eq!(said, "302 ");

    // The secret's place is taken by its value towards its host alone, and the handler sees the place.
    let peek = host.send("GET /webhooks/peek HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peek.text(), "{{secret:TOKEN}} {{secret:TOKEN}}");
    let headers = json!([["Authorization", "Bearer {{secret:TOKEN}}"]]);
    let wish = json!({"method": "GET", "url": format!("{api}/echo"), "headers": headers});
    let (said, attempt) = ask(&host, "ask", &wish).await;
    assert_eq!(said, format!("200 GET /echo for api.example:{port} with Bearer s3cret and 0 bytes"));
    assert!(!attempt["requests"].to_string().contains("s3cret"), "{attempt}");
    let wish = json!({"method": "GET", "url": format!("http://other.example:{port}/echo"), "headers": headers});
    let (said, attempt) = ask(&host, "ask", &wish).await;
    assert_eq!(said, "Denied");
    let error = attempt["requests"][0]["error"].as_str().unwrap();
    assert_eq!(
        error,
        format!("the secret `TOKEN` is not for it: add `http://other.example:{port}` to the `hosts` of the var")
    );
}

/// What the guest is told, and which rule the record says to add.
#[tokio::test]
async fn what_may_not_go_out_says_which_rule_it_lacks() {
    let port = server().await.port();
    let resolver = Rebinding::new(&[
        ("read.example", &["127.0.0.1"]),
        ("careless.example", &["127.0.0.1", "10.0.0.1 169.254.169.254", "::ffff:10.0.0.1", "0.0.0.0"]),
        ("api.example", &["192.168.1.1"]),
    ]);
    let host = Host::start_resolving(config(port), resolver.clone(), &manifest(port)).await;
    let at = |host: &str| format!("http://{host}:{port}/echo");
    let mut all = Vec::new();
    for (endpoint, method, url) in [
        ("ask", "GET", "https://evil.example/".to_owned()),
        ("ask", "POST", at("read.example")),
        ("ask", "GET", "http://forbidden.example/".to_owned()),
        ("ask", "GET", at("careless.example")),
        ("ask", "GET", at("careless.example")),
        ("ask", "GET", at("careless.example")),
        ("ask", "GET", at("careless.example")),
        ("ask", "GET", at("api.example")),
        ("ask", "GET", "https://unheard.example/".to_owned()),
        ("ask", "CONNECT", at("read.example")),
        ("ask", "GET", at("user:password@read.example")),
        ("silent", "GET", at("read.example")),
        ("ask", "GET", at("read.example")),
        ("ask", "GET", at("127.0.0.1")),
    ] {
        let (said, attempt) = ask(&host, endpoint, &json!({"method": method, "url": url})).await;
        let error = attempt["requests"][0]["error"].as_str().unwrap_or("-");
        let shown = attempt["requests"][0]["url"].as_str().unwrap_or("-");
        assert!(!shown.contains("password"), "{shown}");
        all.push(format!("{method} {shown}: {said}: {error}").replace(&port.to_string(), "PORT"));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    GET https://evil.example/: Denied: the manifest grants no request to it: add `https://evil.example` to `outbound`
    POST http://read.example:PORT/echo: Denied: the manifest's rule for `http://read.example:PORT` is not for POST: add POST to its `method`
    GET http://forbidden.example/: Denied: the operator does not allow it: it needs `http://forbidden.example` in `guest.outbound.allow`
    GET http://careless.example:PORT/echo: Denied: `careless.example` leads to 127.0.0.1, which is an address of the host's own machine: the manifest must name it, as in `{url: "http://careless.example:PORT", addresses: ["127.0.0.1"]}`
    GET http://careless.example:PORT/echo: Denied: `careless.example` leads to 10.0.0.1, which is a private address: the manifest must name it, as in `{url: "http://careless.example:PORT", addresses: ["10.0.0.1"]}`
    GET http://careless.example:PORT/echo: Denied: `careless.example` leads to 10.0.0.1, which is a private address: the manifest must name it, as in `{url: "http://careless.example:PORT", addresses: ["10.0.0.1"]}`
    GET http://careless.example:PORT/echo: Denied: `careless.example` leads to 0.0.0.0, which is no host's address
    GET http://api.example:PORT/echo: Denied: `api.example` leads to 192.168.1.1, which is a private address: the manifest must name it, as in `{url: "http://api.example:PORT", addresses: ["192.168.1.1"]}`
    GET https://unheard.example/: Failed("the name leads nowhere"): its name leads nowhere: no such name
    CONNECT http://read.example:PORT/echo: Failed("the request failed: ErrorCode::HttpRequestMethodInvalid"): tunnels are not offered
    GET http://read.example:PORT/echo: Failed("the request failed: ErrorCode::HttpRequestUriInvalid"): its URL has no host, or one with credentials
    GET http://read.example:PORT/echo: Denied: the manifest grants no request to it: add `http://read.example:PORT` to `outbound`
    GET http://read.example:PORT/echo: 200 GET /echo for read.example:PORT with - and 0 bytes: -
    GET http://127.0.0.1:PORT/echo: 200 GET /echo for 127.0.0.1:PORT with - and 0 bytes: -
    "#);
    // Each request asks again, and only once: what is connected to is what was checked.
    let asked = resolver.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().filter(|name| *name == "careless.example").count(), 4, "{asked:?}");
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_next_time_is_checked_again() {
    let port = server().await.port();
    let resolver = Rebinding::new(&[("api.example", &["127.0.0.1", "169.254.169.254", "10.0.0.1 127.0.0.1"])]);
    let host = Host::start_resolving(config(port), resolver, &manifest(port)).await;
    let wish = json!({"method": "GET", "url": format!("http://api.example:{port}/echo"), "times": 3});
    let (said, attempt) = ask(&host, "ask", &wish).await;
    let statuses: Vec<_> = attempt["requests"].as_array().unwrap().iter().map(|request| &request["status"]).collect();
    assert_eq!(
        statuses,
        [&json!(200), &Value::Null, &json!(200)],
        "the last one went to the address that it may reach"
    );
    assert!(said.starts_with("200"), "{said}");
}

#[tokio::test]
async fn requests_have_bounds() {
    let port = server().await.port();
    let mut config = config(port);
    let outbound = &mut config.guest.outbound;
    (outbound.requests, outbound.request_bytes, outbound.response_bytes) = (3, 1_000_000, 2_000_000);
    (outbound.first_byte_timeout_ms, outbound.idle_timeout_ms) = (300, 300);
    let resolver = Rebinding::new(&[("api.example", &["127.0.0.1"])]);
    let host = Host::start_resolving(config, resolver, &manifest(port)).await;
    let mut all = Vec::new();
    for (path, more) in [
        ("echo", json!({"size": 1_000_000})),
        ("echo", json!({"size": 1_000_001})),
        ("large", json!({})),
        ("silent", json!({})),
        ("stuck", json!({})),
        ("echo", json!({"times": 5})),
    ] {
        let mut wish = json!({"method": "GET", "url": format!("http://api.example:{port}/{path}")});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (said, attempt) = ask(&host, "ask", &wish).await;
        let last = attempt["requests"].as_array().unwrap().last().unwrap();
        let error = last["error"].as_str().unwrap_or("-");
        let (count, asked) = (attempt["requests"].as_array().unwrap().len(), &attempt["used"]["outbound"]);
        all.push(format!("{path} {more}: {said}: {error} ({count} of {asked})").replace(&port.to_string(), "PORT"));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    echo {"size":1000000}: 200 GET /echo for api.example:PORT with - and 1000000 bytes: - (1 of 1)
    echo {"size":1000001}: Limit("there are more bytes of the request's body than there may be"): the request's body has more bytes than the limit of 1000000 (guest.outbound.request_bytes) (1 of 1)
    large {}: Failed("HTTP response body size exceeds limit: 2000000 bytes"): the response's body has more bytes than the limit of 2000000 (guest.outbound.response_bytes) (1 of 1)
    silent {}: Timeout("the answer took too long"): it did not answer within 300ms (1 of 1)
    stuck {}: Failed("connection read timeout"): the response's body made no progress for 300ms (1 of 1)
    echo {"times":5}: Limit("there are more requests than there may be"): an attempt makes at most 3 requests (guest.outbound.requests) (4 of 5)
    "#);
}

/// A server for `api.example` whose certificate only those trust who have its file.
async fn tls_server(folder: &Path) -> u16 {
    let made = rcgen::generate_simple_self_signed(vec!["api.example".to_owned()]).unwrap();
    std::fs::write(folder.join("ca.pem"), made.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust it goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET / HTTP/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_must_be_for_the_name_and_of_an_authority_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let port = tls_server(folder.path()).await;
    let mut all = Vec::new();
    for (ca_file, name) in
        [("ca.pem", "api.example"), ("ca.pem", "other.example"), ("", "api.example"), ("none.pem", "api.example")]
    {
        let mut config = Config::load(None).unwrap();
        config.guest.outbound.allow = vec!["https://*:*".to_owned()];
        config.guest.outbound.networks = vec!["127.0.0.1".to_owned()];
        if !ca_file.is_empty() {
            config.guest.outbound.ca_file = folder.path().join(ca_file).display().to_string();
        }
        let resolver = Rebinding::new(&[("api.example", &["127.0.0.1"]), ("other.example", &["127.0.0.1"])]);
        let rule = format!("{{url: https://{name}:{port}, addresses: [127.0.0.1]}}");
        let manifest = format!(
            "version: v1\nproject:\n  name: tls\n  outbound: [{rule}]\n  triggers:\n    - name: ask\n      type: webhook\n      \
             call: grants-wasm32-wasip2.rs:ask\n      is_sync: true\n"
        );
        let host = Host::start_resolving(config, resolver, &manifest).await;
        let (said, attempt) =
            ask(&host, "ask", &json!({"method": "GET", "url": format!("https://{name}:{port}/")})).await;
        let error =
            attempt["requests"][0]["error"].as_str().unwrap_or("-").replace(folder.path().to_str().unwrap(), "FOLDER");
        // What a machine without authorities of its own says otherwise.
        let error =
            error.split(" (guest").next().unwrap().split(": invalid peer certificate: ").next().unwrap().to_owned();
        all.push(format!("{ca_file} {name}: {said}: {error}"));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    ca.pem api.example: 200 secret: -
    ca.pem other.example: Failed("the certificate is not trusted"): TLS failed
     api.example: Failed("the certificate is not trusted"): TLS failed
    none.pem api.example: Failed("the request failed: ErrorCode::ConfigurationError"): nobody is trusted: reading `FOLDER/none.pem`
    "#);
}
