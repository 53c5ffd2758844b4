//! Nobody gets in where they do not belong: every route that is described is asked by everybody who has no business there.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use super::super::openapi;
use super::plane::{Plane, component, token_of};
use super::{at, post, receive, trapped};
use crate::event::Digest;
use crate::store::catalog::{HOST, Role, Scope};

/// A route as the document describes it.
struct Route {
    method: Method,
    path: String,
    has_body: bool,
}

/// All routes that are described.
fn routes() -> Vec<Route> {
    let paths = openapi::document()["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let methods = methods.as_object().unwrap().iter();
        let route = |(method, operation): (&String, &Value)| Route {
            method: method.to_uppercase().parse().unwrap(),
            path: path.strip_prefix("/api/v1").unwrap().to_owned(),
            has_body: operation.get("requestBody").is_some(),
        };
        methods.map(route).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

/// What an org has, as the paths name it.
struct Things {
    org: String,
    event: String,
    session: String,
    deployment: String,
    token: String,
    member: String,
    digest: String,
}

impl Things {
    /// One of everything.
    async fn of(plane: &Plane, org: &str, owner: &str, second: i64) -> Self {
        let deployed = plane.deploy(owner, org, "shop", json!({})).await;
        assert_eq!(deployed.status, 201, "{}", deployed.body);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (event, session) = receive(&plane.store, post(second, org, "{}"), Some(trapped())).await;
        let member =
            plane.post(owner, &format!("/orgs/{org}/members"), json!({ "email": "a@b", "role": "viewer" })).await;
        let var = format!("/orgs/{org}/projects/shop/vars/API_KEY");
        let set = plane.json(owner, Method::PUT, &var, json!({ "value": "x" })).await;
        assert_eq!(set.status, 201, "{}", set.body);
        let whoami = plane.get(owner, "/whoami").await.body;
        let digest = text(&deployed.body["deployment"]["modules"]["a.py"]);
        Self {
            org: org.to_owned(),
            event: event.to_string(),
            session: session.to_string(),
            deployment: text(&deployed.body["deployment"]["id"]),
            token: text(&whoami["token"]["id"]),
            member: text(&member.body["id"]),
            digest,
        }
    }

    /// A path with these things in it.
    fn path(&self, template: &str) -> String {
        let id = if template.contains("/sessions/") { &self.session } else { &self.event };
        let names = [
            ("{org}", &*self.org),
            ("{project}", "shop"),
            ("{endpoint}", "hook"),
            ("{deployment}", &self.deployment),
            ("{token}", &self.token),
            ("{member}", &self.member),
            ("{digest}", &self.digest),
            ("{name}", "API_KEY"),
            ("{id}", id),
        ];
        let path = names.iter().fold(template.to_owned(), |path, (name, value)| path.replace(name, value));
        assert!(!path.contains('{'), "the sweep does not know what stands in `{path}`");
        path
    }
}

/// A body that the route takes.
fn body(route: &Route) -> Value {
    match (route.method.as_str(), route.path.as_str()) {
        (_, "/orgs") => json!({ "name": "new" }),
        (_, path) if path.ends_with("/members") => json!({ "email": "eve@b", "role": "owner" }),
        ("POST", path) if path.ends_with("/tokens") && path.len() > 8 => {
            json!({ "name": "n", "scope": { "kind": "org", "role": "owner" } })
        }
        (_, "/tokens") => json!({ "name": "n", "scope": { "kind": "operator" } }),
        (_, path) if path.ends_with("/projects") => json!({ "name": "new" }),
        (_, path) if path.ends_with("/deployments") => {
            json!({ "manifest": super::plane::manifest("shop"), "modules": {} })
        }
        (_, path) if path.ends_with("/place") => json!({ "state": "inactive" }),
        (_, path) if path.ends_with("/filter/check") => json!({ "expression": "true" }),
        (_, path) if path.ends_with("/filter/test") => json!({ "expression": "true" }),
        ("PATCH", "/orgs/{org}") => json!({ "display_name": "x" }),
        (_, path) if path.ends_with("/vars/{name}") => json!({ "value": "y" }),
        ("PATCH", _) => json!({ "role": "owner" }),
        _ => json!({}),
    }
}

async fn ask(plane: &Plane, token: &str, route: &Route, things: &Things) -> super::plane::Answer {
    let path = things.path(&route.path);
    if route.method == Method::PUT && route.path.ends_with("/modules/{digest}") {
        return plane.send(token, Method::PUT, &path, component()).await;
    }
    match route.has_body {
        true => plane.json(token, route.method.clone(), &path, body(route)).await,
        false => plane.send(token, route.method.clone(), &path, Body::empty()).await,
    }
}

/// All that an org has, as its owner sees it.
async fn all(plane: &Plane, owner: &str, things: &Things) -> Vec<(String, Value)> {
    let mut seen = Vec::new();
    for route in routes().iter().filter(|route| route.method == Method::GET && route.path.starts_with("/orgs/{org}")) {
        let answer = ask(plane, owner, route, things).await;
        assert_eq!(answer.status, 200, "{}: {}", route.path, answer.body);
        seen.push((route.path.clone(), answer.body));
    }
    seen
}

/// Waits until what was uploaded is compiled, so that nothing changes by itself.
async fn compiled(plane: &Plane, owner: &str, things: &Things) {
    let path = things.path("/orgs/{org}/modules/{digest}");
    while plane.get(owner, &path).await.body["state"] == "compiling" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_org_reads_changes_or_detects_anothers_things() {
    let plane = Plane::start().await;
    let (acme, zeta) = (plane.org("acme").await, plane.org("zeta").await);
    let theirs = Things::of(&plane, "acme", &acme, 1).await;
    let own = Things::of(&plane, "zeta", &zeta, 2).await;
    compiled(&plane, &acme, &theirs).await;
    compiled(&plane, &zeta, &own).await;
    let before = all(&plane, &acme, &theirs).await;
    let routes = routes();
    assert!(routes.len() > 45, "the document has the routes: {}", routes.len());
    // Below the other's org everything is as if the org did not exist.
    let nobody = Things { org: "nobody".to_owned(), ..Things::of_ids(&own) };
    for route in routes.iter().filter(|route| route.path.starts_with("/orgs/{org}")) {
        let refused = ask(&plane, &zeta, route, &theirs).await;
        let missing = ask(&plane, &zeta, route, &nobody).await;
        assert_eq!(refused.code(), "404 org_not_found", "{} {}", route.method, route.path);
        let same = |text: Value, org: &str| text.to_string().replace(org, "ORG");
        assert_eq!(same(refused.body, "acme"), same(missing.body, "nobody"), "{} {}", route.method, route.path);
    }
    // Below its own org the other's ids are as if nobody had them.
    let mixed = Things { org: "zeta".to_owned(), ..theirs };
    let theirs = Things { org: "acme".to_owned(), ..Things::of_ids(&mixed) };
    for route in
        routes.iter().filter(|route| ["{id}", "{deployment}", "{token}"].iter().any(|id| route.path.contains(id)))
    {
        if !route.path.starts_with("/orgs/{org}") {
            continue;
        }
        let refused = ask(&plane, &zeta, route, &mixed).await;
        assert_eq!(refused.status, 404, "{} {}: {}", route.method, route.path, refused.body);
    }
    assert_eq!(all(&plane, &acme, &theirs).await, before, "nothing has changed");
    let everything = all(&plane, &zeta, &own).await;
    for (path, seen) in &everything {
        for secret in [&theirs.event, &theirs.session, &theirs.deployment, &theirs.token] {
            assert!(!seen.to_string().contains(secret.as_str()), "{path} has {secret}");
        }
    }
}

impl Things {
    fn of_ids(other: &Self) -> Self {
        let Self { org, event, session, deployment, token, member, digest } = other;
        Self {
            org: org.clone(),
            event: event.clone(),
            session: session.clone(),
            deployment: deployment.clone(),
            token: token.clone(),
            member: member.clone(),
            digest: digest.clone(),
        }
    }
}

#[tokio::test]
async fn a_viewer_changes_nothing() {
    let plane = Plane::start().await;
    let acme = plane.org("acme").await;
    let things = Things::of(&plane, "acme", &acme, 1).await;
    compiled(&plane, &acme, &things).await;
    let viewer = plane.token("acme", json!({ "kind": "org", "role": "viewer" })).await;
    let before = all(&plane, &acme, &things).await;
    // What changes nothing is theirs to ask, but who did what.
    let harmless = ["/filter/check", "/filter/test"];
    for route in routes().iter().filter(|route| route.path.starts_with("/orgs/{org}")) {
        let answer = ask(&plane, &viewer, route, &things).await;
        let reads = route.method == Method::GET || harmless.iter().any(|path| route.path.ends_with(path));
        let expected = if reads && !route.path.ends_with("/audit") { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{} {}: {}", route.method, route.path, answer.body);
    }
    let after = all(&plane, &acme, &things).await;
    let but_use =
        |seen: Vec<(String, Value)>| seen.into_iter().filter(|(path, _)| !path.contains("/tokens")).collect::<Vec<_>>();
    assert_eq!(but_use(after), but_use(before));
}

#[tokio::test]
async fn a_token_of_a_project_is_for_it_alone() {
    let plane = Plane::start().await;
    let acme = plane.org("acme").await;
    let things = Things::of(&plane, "acme", &acme, 1).await;
    plane.post(&acme, "/orgs/acme/projects", json!({ "name": "blog" })).await;
    let blog = plane.token("acme", json!({ "kind": "project", "project": "blog", "role": "owner" })).await;
    let allowed: BTreeSet<&str> = ["/modules", "/modules/{digest}", "/projects", "/filter/check"].into();
    for route in routes().iter().filter(|route| route.path.starts_with("/orgs/{org}")) {
        let answer = ask(&plane, &blog, route, &things).await;
        let below = route.path.strip_prefix("/orgs/{org}").unwrap();
        let place = format!("{} {}", route.method, route.path);
        if below.starts_with("/projects/{project}") {
            assert_eq!(answer.code(), "404 project_not_found", "{place}");
        } else if allowed.contains(below) {
            assert!(!answer.body.to_string().contains("shop") || answer.status == 409, "{place}: {}", answer.body);
        } else {
            assert_eq!(answer.code(), "403 forbidden", "{place}");
        }
    }
    let projects = plane.get(&blog, "/orgs/acme/projects").await.body;
    assert_eq!(projects["items"].as_array().unwrap().len(), 1);
    assert_eq!(plane.get(&blog, "/orgs/acme/projects/blog").await.status, 200);
    assert_eq!(plane.deploy(&blog, "acme", "blog", json!({})).await.status, 201);
}

#[tokio::test]
async fn who_is_not_known_hears_nothing() {
    let plane = Plane::start().await;
    let acme = plane.org("acme").await;
    let things = Things::of(&plane, "acme", &acme, 1).await;
    let scope = Scope::Org { role: Role::Owner };
    let expired = token_of(&plane, "acme", scope.clone(), Some(at(30))).await;
    let revoked = plane.token("acme", json!({ "kind": "org", "role": "owner" })).await;
    let id = plane.get(&revoked, "/whoami").await.body["token"]["id"].as_str().unwrap().to_owned();
    plane.send(&acme, Method::DELETE, &format!("/orgs/acme/tokens/{id}"), "").await;
    let operator = token_of(&plane, HOST, Scope::Operator, Some(at(30))).await;
    let digest = Digest::of(acme.as_bytes()).to_string();
    for route in &routes() {
        for token in [expired.as_str(), &revoked, &operator, "", "th_", "th_unknown", &digest, &id] {
            let answer = ask(&plane, token, route, &things).await;
            assert_eq!(answer.code(), "401 unauthenticated", "{} {} with `{token}`", route.method, route.path);
            // Otherwise the rest would be refused for that.
            plane.clock.advance(std::time::Duration::from_secs(5));
        }
    }
}

/// The document has every route, since the router is made of it; and it says what each needs.
#[test]
fn the_document_is_whole() {
    let document = openapi::document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for route in routes() {
        let path = format!("/api/v1{}", route.path);
        let operation = &document["paths"][&path][route.method.as_str().to_lowercase()];
        let place = format!("{} {path}", route.method);
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}: its id is another's");
        assert!(operation["summary"].is_string(), "{place} says nothing of itself");
        let parameters = operation["parameters"].as_array().unwrap();
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(parameters.iter().any(|given| given["name"] == name && given["in"] == "path"), "{place}: {name}");
        }
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')) && responses.contains_key("default"), "{place}");
    }
    assert_all_references_resolve(document, document);
}

fn assert_all_references_resolve(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} points at nothing");
            }
            fields.values().for_each(|value| assert_all_references_resolve(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| assert_all_references_resolve(document, value)),
        _ => {}
    }
}
