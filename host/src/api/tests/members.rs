//! Members sign in by the tokens of an issuer.

use axum::http::Method;
use serde_json::{Value, json};

use super::super::Tokens;
use super::plane::Plane;
use crate::oidc::Issuer;
use crate::oidc::tests::{Idp, Key};

/// A host that believes an issuer, with its key.
async fn start() -> (Plane, Idp, Key) {
    let key = Key::new("one");
    let idp = Idp::start(&[&key]).await;
    let config = idp.config();
    let plane = Plane::start_with(|clock| Tokens::new(20, Some(Issuer::new(config, clock.clone()).unwrap()))).await;
    (plane, idp, key)
}

async fn member(plane: &Plane, org: &str, who: Value, role: &str) -> String {
    let mut new = who;
    new["role"] = role.into();
    let made = plane.post(&plane.operator, &format!("/orgs/{org}/members"), new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_member_does_what_their_role_allows_where_they_are_one() {
    let (plane, idp, key) = start().await;
    for org in ["acme", "other", "zeta"] {
        plane.org(org).await;
    }
    let ada = key.sign(&idp.claims());
    // Nobody made her a member, which is all that she is told.
    for path in ["/whoami", "/orgs", "/orgs/acme", "/orgs/nobody", "/events"] {
        let refused = plane.get(&ada, path).await;
        assert_eq!(refused.code(), "403 forbidden", "{path}");
        assert_eq!(refused.body["detail"], "you are a member of no org here");
    }
    let id = member(&plane, "acme", json!({ "email": "ADA@example.com" }), "developer").await;
    let whoami = plane.get(&ada, "/whoami").await.body;
    assert_eq!(
        whoami,
        json!({
            "actor": "member ada@example.com", "operator": false, "token": null,
            "orgs": [{ "org": "acme", "role": "developer", "project": null }],
        })
    );
    assert_eq!(plane.deploy(&ada, "acme", "shop", json!({})).await.status, 201);
    assert_eq!(plane.get(&ada, "/events").await.status, 200, "the only org that she is in");
    assert_eq!(plane.get(&ada, "/orgs/acme/audit").await.code(), "403 forbidden");
    assert_eq!(plane.get(&ada, "/orgs/other").await.code(), "404 org_not_found");
    assert_eq!(plane.get(&ada, "/orgs/nobody").await.code(), "404 org_not_found");
    assert_eq!(plane.get(&ada, "/tokens").await.code(), "403 forbidden");
    let audit = plane.get(&plane.operator, "/orgs/acme/audit?limit=1").await.body;
    assert_eq!(
        (&audit["items"][0]["actor"], &audit["items"][0]["from"]),
        (&json!("member ada@example.com"), &json!("192.0.2.7"))
    );

    // By the issuer's own name for her she is another member, and that comes first.
    let subject = json!({ "issuer": idp.url, "subject": "1234" });
    member(&plane, "acme", subject.clone(), "owner").await;
    member(&plane, "zeta", subject, "viewer").await;
    let page = plane.get(&ada, "/orgs?limit=1").await.body;
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("acme"), &json!("acme")));
    let page = plane.get(&ada, "/orgs?limit=1&after=acme").await.body;
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("zeta"), &Value::Null));
    assert_eq!(plane.get(&ada, "/orgs/acme/audit").await.status, 200, "she is an owner");
    let several = plane.get(&ada, "/events").await;
    assert!(several.body["detail"].as_str().unwrap().contains("several orgs"), "{}", several.body);
    let made = plane
        .post(&ada, "/orgs/acme/tokens", json!({ "name": "ci", "scope": { "kind": "org", "role": "viewer" } }))
        .await;
    assert_eq!(made.body["created_by"], format!("member 1234 of {}", idp.url));

    // What ends a membership, or changes it, holds for the next request.
    for path in [format!("/orgs/acme/members/{id}")] {
        assert_eq!(plane.send(&ada, Method::DELETE, &path, "").await.status, 204);
    }
    let mut unknown = idp.claims();
    unknown["sub"] = "another".into();
    assert_eq!(plane.get(&key.sign(&unknown), "/orgs/acme").await.code(), "403 forbidden");
}

#[tokio::test]
async fn tokens_that_are_not_good_are_told_apart_and_slow_down_who_guesses() {
    let (plane, idp, key) = start().await;
    plane.org("acme").await;
    member(&plane, "acme", json!({ "email": "ada@example.com" }), "viewer").await;
    let code = async |name: &str, value: Value| {
        let mut claims = idp.claims();
        claims[name] = value;
        plane.get(&key.sign(&claims), "/orgs/acme").await.code()
    };
    assert_eq!(code("exp", json!(1)).await, "401 token_expired");
    assert_eq!(code("aud", json!("x")).await, "401 token_audience");
    assert_eq!(code("iss", json!("https://x.example")).await, "401 token_issuer");
    assert_eq!(code("exp", json!("x")).await, "401 token_invalid");
    for _ in 0..16 {
        assert_eq!(plane.get("guess", "/whoami").await.code(), "401 token_invalid");
    }
    assert_eq!(plane.get(&key.sign(&idp.claims()), "/whoami").await.code(), "429 too_many_attempts");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_told_of_and_keeps_no_api_token_out() {
    let (plane, idp, key) = start().await;
    let owner = plane.org("acme").await;
    idp.set_up(false);
    for _ in 0..25 {
        let refused = plane.get(&key.sign(&idp.claims()), "/whoami").await;
        assert_eq!(
            (refused.code().as_str(), refused.headers["retry-after"].as_str()),
            ("503 issuer_unavailable", "10")
        );
    }
    assert_eq!(plane.get(&owner, "/whoami").await.status, 200, "it is nobody's wrong token");
    assert_eq!(plane.get(&plane.operator, "/orgs").await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_not_known_yet_counts_against_nobody() {
    let (plane, idp, _key) = start().await;
    let early = Key::new("two").sign(&idp.claims());
    for _ in 0..25 {
        assert_eq!(plane.get(&early, "/whoami").await.code(), "401 token_invalid");
    }
    assert_eq!(plane.get(&plane.operator, "/orgs").await.status, 200);
}
