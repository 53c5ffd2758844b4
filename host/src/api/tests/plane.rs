//! The control plane with tokens, as its clients see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::super::auth::make;
use super::super::{Door, Tokens, router};
use super::{Desk, LIMITS, at, state_of};
use crate::clock::Clock;
use crate::deploy::Naming;
use crate::event::{Digest, Org};
use crate::quota::Limits;
use crate::store::catalog::{By, Change, Expect, HOST, Kind, RecordQuery, Role, Scope};
use crate::store::{Store, memory};

/// A component with the handler `handle`.
pub(super) fn component() -> Vec<u8> {
    crate::guest::tests::component("hello").to_vec()
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Answer {
    /// Its status and the code of its problem.
    pub(super) fn code(&self) -> String {
        format!("{} {}", self.status, self.body["code"].as_str().unwrap_or_default()).trim().to_owned()
    }
}

/// A host with tokens, and who may ask.
pub(super) struct Plane {
    pub(super) api: Router,
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) operator: String,
}

impl Plane {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| Tokens::new(20, None)).await
    }

    pub(super) async fn start_with(tokens: impl FnOnce(&Clock) -> Tokens) -> Self {
        let (store, clock) = (memory::store(), Clock::manual(at(60)));
        let operator = Tokens::first(&*store.catalog, &clock).await.unwrap().unwrap();
        let control = Arc::new(Desk::new(&store).await);
        let door = Door::Tokens(Arc::new(tokens(&clock)));
        let api = router(state_of(&store, control, door, Naming::Random, clock.clone()));
        Self { api, store, clock, operator }
    }

    pub(super) async fn send(&self, token: &str, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        self.send_with(token, method, path, &[], body).await
    }

    pub(super) async fn send_with(
        &self,
        token: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let peer = ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 7], 50_000)));
        let request = Request::builder().method(method).uri(format!("/api/v1{path}")).extension(peer);
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let response = self.api.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    pub(super) async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, Method::GET, path, Body::empty()).await
    }

    pub(super) async fn json(&self, token: &str, method: Method, path: &str, body: Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send_with(token, method, path, &json, body.to_string()).await
    }

    pub(super) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.json(token, Method::POST, path, body).await
    }

    /// An org, and the token of an owner of it.
    pub(super) async fn org(&self, name: &str) -> String {
        let made = self.post(&self.operator, "/orgs", json!({ "name": name })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        self.token(name, json!({ "kind": "org", "role": "owner" })).await
    }

    pub(super) async fn token(&self, org: &str, scope: Value) -> String {
        let new = json!({ "name": "a test's", "scope": scope });
        let made = self.post(&self.operator, &format!("/orgs/{org}/tokens"), new).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body["secret"].as_str().unwrap().to_owned()
    }

    /// Uploads the sample, and gives its digest.
    pub(super) async fn upload(&self, token: &str, org: &str) -> String {
        let bytes = component();
        let digest = Digest::of(&bytes).to_string();
        let answer = self.send(token, Method::PUT, &format!("/orgs/{org}/modules/{digest}"), bytes).await;
        assert!(matches!(answer.status, 200 | 201), "{}", answer.body);
        digest
    }

    pub(super) async fn deploy(&self, token: &str, org: &str, project: &str, more: Value) -> Answer {
        let digest = self.upload(token, org).await;
        let mut new = json!({ "manifest": manifest(project), "modules": { "a.py": digest } });
        new.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.post(token, &format!("/orgs/{org}/projects/{project}/deployments"), new).await
    }
}

pub(super) fn manifest(project: &str) -> String {
    format!(
        "version: v1\nproject:\n  name: {project}\n  triggers:\n    - name: hook\n      type: webhook\n      call: a.py:handle\n"
    )
}

#[tokio::test]
async fn an_operator_makes_orgs_and_their_tokens() {
    let plane = Plane::start().await;
    assert_eq!(Tokens::first(&*plane.store.catalog, &plane.clock).await.unwrap(), None, "it is made once");
    let owner = plane.org("acme").await;
    assert_eq!(plane.post(&plane.operator, "/orgs", json!({ "name": "acme" })).await.code(), "409 org_exists");
    for name in ["", "Acme", "-acme", "acme-", "a_b", &"a".repeat(41)] {
        assert_eq!(plane.post(&plane.operator, "/orgs", json!({ "name": name })).await.code(), "400 invalid_body");
    }
    let whoami = plane.get(&owner, "/whoami").await.body;
    assert_eq!(whoami["orgs"], json!([{ "org": "acme", "role": "owner", "project": null }]));
    assert_eq!(plane.post(&owner, "/orgs", json!({ "name": "mine" })).await.code(), "403 forbidden");
    plane.org("zeta").await;
    let names =
        |answer: Answer| answer.body["items"].as_array().unwrap().iter().map(|o| o["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(plane.get(&plane.operator, "/orgs").await), ["acme", "zeta"]);
    assert_eq!(names(plane.get(&owner, "/orgs").await), ["acme"]);
    let page = plane.get(&plane.operator, "/orgs?limit=1").await.body;
    assert_eq!((page["items"][0]["name"].clone(), page["next"].clone()), ("acme".into(), "acme".into()));
    assert_eq!(names(plane.get(&plane.operator, "/orgs?limit=1&after=acme").await), ["zeta"]);
}

#[tokio::test]
async fn a_token_is_good_until_it_is_revoked_or_expires() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let new = json!({ "name": "short", "scope": { "kind": "org", "role": "viewer" }, "expires_at": at(70) });
    let made = plane.post(&owner, "/orgs/acme/tokens", new).await;
    let (short, id) = (made.body["secret"].as_str().unwrap(), made.body["id"].as_str().unwrap());
    assert_eq!(made.headers["location"], format!("/api/v1/orgs/acme/tokens/{id}"));
    assert!(short.starts_with("th_") && short.len() == 46, "{short}");
    // What its holder shows is nowhere else.
    let kept = plane.get(&owner, "/orgs/acme/tokens").await.body.to_string();
    assert!(!kept.contains(short) && kept.contains(id), "{kept}");
    assert_eq!(plane.get(short, "/orgs/acme").await.status, 200);
    let used = plane.get(&owner, &format!("/orgs/acme/tokens/{id}")).await.body;
    assert_eq!(used["last_used_at"], json!(at(60)));
    plane.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(plane.get(short, "/orgs/acme").await.code(), "401 unauthenticated");

    let viewer = plane.token("acme", json!({ "kind": "org", "role": "viewer" })).await;
    assert_eq!(plane.get(&viewer, "/orgs/acme").await.status, 200);
    let id = plane.get(&viewer, "/whoami").await.body["token"]["id"].as_str().unwrap().to_owned();
    let path = format!("/orgs/acme/tokens/{id}");
    assert_eq!(plane.send(&viewer, Method::DELETE, &path, "").await.code(), "403 forbidden");
    assert_eq!(plane.send(&owner, Method::DELETE, &path, "").await.status, 204);
    assert_eq!(plane.send(&owner, Method::DELETE, &path, "").await.status, 204, "twice is once");
    let refused = plane.get(&viewer, "/orgs/acme").await;
    assert_eq!(
        (refused.code().as_str(), refused.headers["www-authenticate"].as_str()),
        ("401 unauthenticated", "Bearer")
    );
    assert_eq!(plane.get(&owner, &path).await.body["revoked_at"], json!(at(70)));
}

#[tokio::test]
async fn who_guesses_tokens_is_slowed_down() {
    let plane = Plane::start().await;
    for _ in 0..20 {
        assert_eq!(plane.get("th_guess", "/whoami").await.code(), "401 unauthenticated");
    }
    let refused = plane.get("th_guess", "/whoami").await;
    assert_eq!((refused.code().as_str(), refused.headers["retry-after"].as_str()), ("429 too_many_attempts", "60"));
    plane.clock.advance(std::time::Duration::from_secs(61));
    assert_eq!(plane.get("th_guess", "/whoami").await.code(), "401 unauthenticated");
    assert_eq!(plane.get(&plane.operator, "/whoami").await.status, 200);
}

#[tokio::test]
async fn a_change_that_another_was_faster_with_is_refused() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let tag = plane.get(&owner, "/orgs/acme").await.headers["etag"].clone();
    let change = async |tag: &str, name: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        plane
            .send_with(&owner, Method::PATCH, "/orgs/acme", &headers, json!({ "display_name": name }).to_string())
            .await
    };
    let first = change(&tag, "one").await;
    assert_eq!((first.status, &first.body["display_name"]), (200, &json!("one")));
    assert_eq!(change(&tag, "two").await.code(), "412 precondition_failed");
    assert_eq!(change("\"nonsense\"", "two").await.code(), "412 precondition_failed");
    assert_eq!(change(&first.headers["etag"], "two").await.status, 200);
    assert_eq!(change("*", "three").await.status, 200);
}

#[tokio::test]
async fn a_project_is_deployed_moved_and_rolled_back() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let first = plane.deploy(&owner, "acme", "shop", json!({})).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let path = first.body["triggers"][0]["path"].as_str().unwrap().to_owned();
    assert_eq!(path.len(), "/webhooks/".len() + 22, "a random slug: {path}");
    let again = plane.deploy(&owner, "acme", "shop", json!({})).await;
    assert_eq!((again.status, &again.body["created"]), (200, &json!(false)));
    let testing = plane.deploy(&owner, "acme", "shop", json!({ "state": "testing" })).await;
    assert!(testing.body["testing_token"].as_str().unwrap().starts_with("tht_"));
    let second = testing.body["deployment"]["id"].as_str().unwrap().to_owned();
    let place =
        async |to: Value| plane.post(&owner, &format!("/orgs/acme/projects/shop/deployments/{second}/place"), to).await;
    let states = async || {
        let list = plane.get(&owner, "/orgs/acme/projects/shop/deployments").await.body;
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| format!("{} {}", item["state"].as_str().unwrap(), item["percent"])).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["testing null", "active null"]);
    let canary = place(json!({ "state": "active", "percent": 10 })).await;
    assert_eq!(canary.status, 200, "{}", canary.body);
    assert_eq!(states().await, ["active 10", "active 90"]);
    place(json!({ "state": "active" })).await;
    assert_eq!(states().await, ["active null", "inactive null"]);
    // The slug is the one that senders know.
    let endpoints = plane.get(&owner, "/orgs/acme/projects/shop/endpoints").await.body;
    assert_eq!(endpoints["items"][0]["path"], path);
    let back = plane.post(&owner, "/orgs/acme/projects/shop/rollback", json!({})).await;
    assert_eq!(back.body["deployment"]["id"], first.body["deployment"]["id"]);
    assert_eq!(states().await, ["inactive null", "active null"]);
    let rotated = plane.post(&owner, "/orgs/acme/projects/shop/endpoints/hook/rotate", json!({})).await.body;
    assert_ne!(rotated["path"], path);
    assert_eq!(rotated["retired"], json!([path.strip_prefix("/webhooks/").unwrap()]));
    for wrong in
        [json!({ "state": "active", "percent": 0 }), json!({ "state": "testing", "percent": 5 }), json!({ "stat": 1 })]
    {
        assert_eq!(place(wrong.clone()).await.code(), "400 invalid_body", "{wrong}");
    }
    let diff = plane.get(&owner, &format!("/orgs/acme/projects/shop/deployments/{second}/diff")).await.body;
    assert_eq!((&diff["manifest"], &diff["modules"]), (&json!(""), &json!([])));
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_nothing_changes() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let digest = plane.upload(&owner, "acme").await;
    let manifest = "version: v1
project:
  name: shop
  triggers:
    - name: one
      type: webhook
      filter: dta.method == 'POST'
      call: a.py:handle
    - name: two
      type: webhook
      call: a.py:nothing
    - name: three
      type: webhook
      filter: data.method.startsWith(1)
      call: a.py:handle
    - name: four
      type: webhook
      ordered_by: data.headers.size()
      call: a.py:handle
    - name: five
      type: webhook
      call: b.py:handle
";
    let new = json!({ "manifest": manifest, "modules": { "a.py": digest } });
    let refused = plane.post(&owner, "/orgs/acme/projects/shop/deployments", new).await;
    assert_eq!(refused.code(), "422 invalid_manifest");
    let errors = refused.body["errors"].as_array().unwrap();
    let lines: Vec<_> =
        errors.iter().map(|error| format!("{}:{} {}", error["line"], error["column"], error["message"])).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    7:15 "the filter does not compile: undeclared reference to 'dta'"
    11:18 "the module `a.py` has no handler `nothing`"
    14:27 "the filter does not compile: found no matching overload for 'startsWith' applied to 'string.(int)'"
    18:19 "`ordered_by` does not compile: a key is a string, this gives an int"
    22:13 "the module `b.py` is not given"
    "#);
    assert!(errors[0]["rendered"].as_str().unwrap().contains("--> tenterhook.yaml:"));
    assert_eq!(plane.get(&owner, "/orgs/acme/projects/shop").await.code(), "404 project_not_found");
}

#[tokio::test]
async fn a_module_is_checked_and_is_its_orgs_alone() {
    let plane = Plane::start().await;
    let (owner, other) = (plane.org("acme").await, plane.org("zeta").await);
    let digest = plane.upload(&owner, "acme").await;
    let path = |org: &str, digest: &str| format!("/orgs/{org}/modules/{digest}");
    let shown = loop {
        let shown = plane.get(&owner, &path("acme", &digest)).await.body;
        if shown["state"] != "compiling" {
            break shown;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&shown["state"], &shown["handlers"]), (&json!("ready"), &json!(["handle"])));
    // The same bytes are another org's only once it has uploaded them too.
    assert_eq!(plane.get(&other, &path("zeta", &digest)).await.code(), "404 module_not_found");
    let new = json!({ "manifest": manifest("shop"), "modules": { "a.py": digest } });
    let refused = plane.post(&other, "/orgs/zeta/projects/shop/deployments", new).await;
    assert_eq!(refused.code(), "422 invalid_manifest");
    assert!(refused.body["errors"][0]["message"].as_str().unwrap().contains("nobody uploaded"));

    let wrong = "0".repeat(64);
    let upload =
        async |digest: &str, bytes: Vec<u8>| plane.send(&owner, Method::PUT, &path("acme", digest), bytes).await;
    assert_eq!(upload(&wrong, component()).await.code(), "422 digest_mismatch");
    let garbage = b"garbage".to_vec();
    let refused = upload(&Digest::of(&garbage).to_string(), garbage).await;
    assert_eq!(refused.code(), "422 invalid_module");
    assert_snapshot!(refused.body["detail"].as_str().unwrap(), @"not a WebAssembly component: it does not start as a WebAssembly file does");
    let large = vec![0; LIMITS.module_bytes as usize + 1];
    assert_eq!(upload(&Digest::of(&large).to_string(), large).await.code(), "413 module_too_large");
    plane.deploy(&owner, "acme", "shop", json!({})).await;
    let remove = async || plane.send(&owner, Method::DELETE, &path("acme", &digest), "").await;
    assert_eq!(remove().await.code(), "409 module_in_use");
    assert_eq!(plane.send(&owner, Method::DELETE, "/orgs/acme/projects/shop", "").await.status, 204);
    assert_eq!(remove().await.status, 204);
    assert_eq!(remove().await.code(), "404 module_not_found");
}

#[tokio::test]
async fn quotas_are_the_operators_and_hold_at_once() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let usage = plane.get(&owner, "/orgs/acme/usage").await.body;
    let limits: Limits = serde_json::from_value(usage["limits"].clone()).unwrap();
    assert_eq!(limits, LIMITS);
    let change = json!({ "quotas": { "modules": 0, "events_per_second": 5 } });
    assert_eq!(plane.json(&owner, Method::PATCH, "/orgs/acme", change.clone()).await.code(), "403 forbidden");
    let changed = plane.json(&plane.operator, Method::PATCH, "/orgs/acme", change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let bytes = component();
    let path = format!("/orgs/acme/modules/{}", Digest::of(&bytes));
    assert_eq!(plane.send(&owner, Method::PUT, &path, bytes).await.code(), "409 quota_exceeded");
    let usage = plane.get(&owner, "/orgs/acme/usage").await.body;
    assert_eq!((&usage["limits"]["modules"], &usage["limits"]["events_per_second"]), (&json!(0), &json!(5)));
}

#[tokio::test]
async fn who_did_what_is_told() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    plane.deploy(&owner, "acme", "shop", json!({})).await;
    let member = json!({ "email": "Ada@example.com", "role": "viewer" });
    let made = plane.post(&owner, "/orgs/acme/members", member.clone()).await;
    assert_eq!((made.status, &made.body["email"]), (201, &json!("ada@example.com")));
    assert_eq!(plane.post(&owner, "/orgs/acme/members", member).await.code(), "409 member_exists");
    let audit = plane.get(&owner, "/orgs/acme/audit").await.body;
    let lines: Vec<_> = audit["items"].as_array().unwrap().iter().collect();
    let told = lines.iter().filter(|line| line["action"] != "module.compile");
    let told: Vec<_> = told.map(|line| format!("{} {}", line["action"].as_str().unwrap(), line["from"])).collect();
    assert_snapshot!(told.join("\n"), @r#"
    member.create "192.0.2.7"
    deployment.create "192.0.2.7"
    module.upload "192.0.2.7"
    token.create "192.0.2.7"
    org.create "192.0.2.7"
    "#);
    assert!(audit.to_string().contains(r#""role":"viewer""#) && !audit.to_string().contains("th_"), "{audit}");
}

#[tokio::test]
async fn a_creation_that_is_asked_for_twice_happens_once() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    let ask = async |path: &str, key: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        plane.send_with(&owner, Method::POST, path, &headers, body.to_string()).await
    };
    let token = |name: &str| json!({ "name": name, "scope": { "kind": "org", "role": "viewer" } });
    let first = ask("/orgs/acme/tokens", "one", token("a")).await;
    let again = ask("/orgs/acme/tokens", "one", token("a")).await;
    assert_eq!((again.status, &again.body), (201, &first.body), "the secret too");
    assert_eq!(
        (again.headers["location"].clone(), &*again.headers["idempotency-replayed"]),
        (first.headers["location"].clone(), "true")
    );
    assert_eq!(ask("/orgs/acme/tokens", "one", token("b")).await.code(), "422 idempotency_mismatch");
    let other = ask("/orgs/acme/tokens", "two", token("a")).await;
    assert_ne!(other.body["secret"], first.body["secret"]);
    let count = plane.get(&owner, "/orgs/acme/tokens").await.body["items"].as_array().unwrap().len();
    assert_eq!(count, 3, "the owner's, and two");
    // It is not kept in the clear.
    let query = RecordQuery { kind: Kind::Answer, prefix: String::new(), after: None, limit: 9 };
    let rows = plane.store.catalog.records(&"acme".into(), query).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| !row.body.contains("th_")));
    // After a day the key is as good as new.
    plane.clock.advance(std::time::Duration::from_secs(24 * 60 * 60));
    let later = ask("/orgs/acme/tokens", "one", token("c")).await;
    assert_eq!((later.status, &later.body["name"]), (201, &json!("c")));
    for path in ["/orgs/acme/projects", "/orgs/acme/members"] {
        let body = if path.ends_with("projects") {
            json!({ "name": "p" })
        } else {
            json!({ "email": "a@b", "role": "viewer" })
        };
        let (first, again) = (ask(path, path, body.clone()).await, ask(path, path, body).await);
        assert_eq!((first.status, again.status, &again.body), (201, 201, &first.body), "{path}");
    }
    assert_eq!(ask("/orgs/acme/projects", "", json!({ "name": "q" })).await.code(), "400 invalid_body");
}

#[tokio::test]
async fn a_secret_goes_in_and_never_comes_out() {
    let plane = Plane::start().await;
    let owner = plane.org("acme").await;
    plane.deploy(&owner, "acme", "shop", json!({})).await;
    let path = |name: &str| format!("/orgs/acme/projects/shop/vars/{name}");
    let set = async |name: &str, body: Value| plane.json(&owner, Method::PUT, &path(name), body).await;
    let made = set("API_KEY", json!({ "value": "sk_live_1", "secret": true })).await;
    assert_eq!((made.status, &made.body["value"], &made.body["secret"]), (201, &Value::Null, &json!(true)));
    assert_eq!(set("PLAIN", json!({ "value": "seen" })).await.body["value"], "seen");
    let again = set("API_KEY", json!({ "value": "sk_live_2" })).await;
    assert_eq!((again.status, &again.body["secret"]), (200, &json!(true)), "a secret stays one");
    assert_ne!(again.body["version"], made.body["version"]);
    for name in ["1", "a-b", &"x".repeat(129)] {
        assert_eq!(set(name, json!({ "value": "" })).await.code(), "400 invalid_id", "{name}");
    }
    let list = plane.get(&owner, "/orgs/acme/projects/shop/vars").await.body;
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|var| var["name"].clone()).collect();
    assert_eq!(names, ["API_KEY", "PLAIN"]);
    let audit = plane.get(&owner, "/orgs/acme/audit").await.body;
    assert!(!list.to_string().contains("sk_live") && !audit.to_string().contains("sk_live"));
    // It is not in the store in the clear either.
    let query = RecordQuery { kind: Kind::Var, prefix: String::new(), after: None, limit: 9 };
    let rows = plane.store.catalog.records(&"acme".into(), query).await.unwrap();
    assert!(rows.len() == 2 && rows.iter().all(|row| !row.body.contains("sk_live") && !row.body.contains("seen")));
    let remove = async || plane.send(&owner, Method::DELETE, &path("PLAIN"), "").await;
    assert_eq!(remove().await.status, 204);
    assert_eq!(remove().await.code(), "404 var_not_found");
    assert_eq!(plane.get(&owner, &path("PLAIN")).await.code(), "404 var_not_found");
}

/// Somebody whose token is of the test's making.
pub(super) async fn token_of(
    plane: &Plane,
    org: &str,
    scope: Scope,
    expires_at: Option<crate::event::Timestamp>,
) -> String {
    let (item, secret) = make("a test's".to_owned(), scope, expires_at, &By::host(), at(0)).unwrap();
    let org: Org = org.into();
    plane.store.catalog.commit(&org, vec![Change::put(&item, Expect::Absent).unwrap()], None).await.unwrap();
    secret
}

#[tokio::test]
async fn an_org_that_nobody_made_is_not_there_for_an_operator_either() {
    let plane = Plane::start().await;
    assert_eq!(plane.get(&plane.operator, "/orgs/nobody/events").await.code(), "404 org_not_found");
    assert_eq!(plane.get(&plane.operator, &format!("/orgs/{HOST}/tokens")).await.code(), "404 org_not_found");
    let token = token_of(&plane, "gone", Scope::Org { role: Role::Owner }, None).await;
    assert_eq!(plane.get(&token, "/orgs/gone").await.code(), "404 org_not_found");
}
