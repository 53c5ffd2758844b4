//! An issuer on this machine, and what its tokens and others' are answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use jsonwebtoken::crypto::verify;
use jsonwebtoken::{Algorithm, DecodingKey};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::keys::Keys;
use super::{Claim, Config, Error, Issuer, Name, signature};
use crate::clock::Clock;
use crate::event::Timestamp;
use crate::task::Tasks;

/// A key of an issuer.
pub(crate) struct Key {
    pub(crate) id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn new(id: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { id: id.to_owned(), pair }
    }

    fn published(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.id, "x": word(x), "y": word(y) })
    }

    /// A token of these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.id }), claims)
    }

    fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", word(signature.as_ref()))
    }
}

fn word(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", word(header.to_string().as_bytes()), word(claims.to_string().as_bytes()))
}

/// What an issuer publishes, and how often it was asked.
struct Published {
    keys: Mutex<Value>,
    asked: Mutex<u32>,
    is_up: Mutex<bool>,
    /// Whoever has it keeps the issuer from answering.
    gate: tokio::sync::Mutex<()>,
}

/// An issuer on this machine.
pub(crate) struct Idp {
    pub(crate) url: String,
    published: Arc<Published>,
    _tasks: Tasks,
}

impl Idp {
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let published = Arc::new(Published {
            keys: Mutex::default(),
            asked: Mutex::default(),
            is_up: Mutex::new(true),
            gate: tokio::sync::Mutex::default(),
        });
        let (issuer, for_keys, for_discovery) = (url.clone(), published.clone(), published.clone());
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || {
                    *for_discovery.asked.lock().unwrap() += 1;
                    drop(for_discovery.gate.lock().await);
                    match *for_discovery.is_up.lock().unwrap() {
                        true => json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/keys") })
                            .to_string()
                            .into_response(),
                        false => StatusCode::BAD_GATEWAY.into_response(),
                    }
                }),
            )
            .route("/keys", get(async move || for_keys.keys.lock().unwrap().to_string()));
        let tasks = Tasks::default();
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let idp = Self { url, published, _tasks: tasks };
        idp.publish(keys);
        idp
    }

    pub(crate) fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.published()).collect();
        *self.published.keys.lock().unwrap() = json!({ "keys": keys });
    }

    pub(crate) fn set_up(&self, is_up: bool) {
        *self.published.is_up.lock().unwrap() = is_up;
    }

    fn asked(&self) -> u32 {
        *self.published.asked.lock().unwrap()
    }

    pub(crate) fn config(&self) -> Config {
        config(&self.url)
    }

    /// Claims that are good in the tests' first hour.
    pub(crate) fn claims(&self) -> Value {
        json!({
            "iss": self.url, "aud": ["other", "tenterhook"], "sub": "1234", "exp": START + 3600, "iat": START,
            "email": "Ada@example.com", "email_verified": true,
        })
    }
}

const START: i64 = 1_795_000_060;

fn clock() -> Clock {
    Clock::manual(Timestamp::from_second(START).unwrap())
}

fn config(issuer: &str) -> Config {
    Config {
        issuer: issuer.to_owned(),
        audience: vec!["tenterhook".to_owned()],
        claims: vec![Claim::Sub, Claim::Email],
        algorithms: vec!["RS256".to_owned(), "ES256".to_owned()],
        ca_file: "".into(),
        leeway_ms: 60_000,
        keys_ms: 600_000,
        stale_ms: 3_600_000,
        pause_ms: 10_000,
        timeout_ms: 5_000,
    }
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

#[test]
fn settings_that_would_let_anybody_in_are_refused() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = config("https://login.example");
        change(&mut config);
        config.check().map_or_else(|error| error, |()| "taken".to_owned())
    };
    assert_snapshot!(refused(&|_| ()), @"taken");
    assert_snapshot!(refused(&|c| c.issuer = "http://login.example".to_owned()), @"`api.oidc.issuer` is `http://login.example`: it begins with `https://`, or is on this machine");
    assert_snapshot!(refused(&|c| c.issuer = "login".to_owned()), @"`api.oidc.issuer` is `login`, which is no URL: relative URL without a base");
    assert_snapshot!(refused(&|c| c.audience.clear()), @"`api.oidc.audience` is empty: name what the tokens for this server have as `aud`, or any token of the issuer would do");
    assert_snapshot!(refused(&|c| c.claims.clear()), @"`api.oidc.claims` is empty: give `sub`, `email` or both");
    assert_snapshot!(refused(&|c| c.algorithms.clear()), @"`api.oidc.algorithms` is empty: give those that the issuer signs by");
    assert_snapshot!(refused(&|c| c.algorithms.push("HS256".to_owned())), @"`api.oidc.algorithms`: `HS256` signs with a secret that this server would have to share: it is not taken");
    assert_snapshot!(refused(&|c| c.algorithms.push("none".to_owned())), @"`api.oidc.algorithms`: `none` is not known: RS256, PS256, ES256, EdDSA and their longer ones are");
    assert_snapshot!(refused(&|c| c.pause_ms = 0), @"`api.oidc.pause_ms` is 0: it must be at least 1");
}

#[tokio::test]
async fn a_token_says_who_its_holder_is() {
    let key = Key::new("one");
    let idp = Idp::start(&[&key]).await;
    let issuer = Issuer::new(idp.config(), clock()).unwrap();
    let subject = Name::Subject { issuer: idp.url.clone(), subject: "1234".to_owned() };
    let email = Name::Email("Ada@example.com".to_owned());
    let good = idp.claims();
    assert_eq!(issuer.names(&key.sign(&good)).await, Ok(vec![subject.clone(), email.clone()]));
    let names = async |claims: Value| issuer.names(&key.sign(&claims)).await;
    assert_eq!(names(with(good.clone(), "email_verified", json!("true"))).await, Ok(vec![subject.clone(), email]));
    for unverified in [json!(false), json!("yes"), json!(1), Value::Null] {
        assert_eq!(names(with(good.clone(), "email_verified", unverified)).await, Ok(vec![subject.clone()]));
    }
    assert_eq!(names(with(good.clone(), "exp", json!(START - 59))).await.map(|_| ()), Ok(()), "clocks differ");
    assert_eq!(idp.asked(), 1, "the issuer is asked once");
}

#[tokio::test]
async fn a_token_that_is_not_good_says_nothing() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let idp = Idp::start(&[&key]).await;
    let issuer = Issuer::new(idp.config(), clock()).unwrap();
    let good = idp.claims();
    let refused = async |token: String| issuer.names(&token).await.map_or_else(|error| error, |_| panic!("{token}"));
    for (name, value, expected) in [
        ("exp", json!(START - 60), Error::Expired),
        ("nbf", json!(START + 61), Error::Early),
        ("aud", json!("other"), Error::Audience),
        ("aud", json!([]), Error::Audience),
        ("aud", Value::Null, Error::Audience),
        ("iss", json!("https://other.example"), Error::Issuer),
    ] {
        assert_eq!(refused(key.sign(&with(good.clone(), name, value.clone()))).await, expected, "{name} {value}");
    }
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("exp", json!(-1)),
        ("iss", Value::Null),
        ("iss", json!([idp.url])),
        ("nbf", json!("now")),
    ] {
        let refused = refused(key.sign(&with(good.clone(), name, value.clone()))).await;
        assert!(matches!(refused, Error::Invalid(_)), "{name} {value}: {refused}");
    }
    let mut nameless = good.clone();
    (nameless["sub"], nameless["email_verified"]) = (json!(""), json!(false));
    assert_snapshot!(refused(key.sign(&nameless)).await, @"the token does not say who you are: its issuer has not verified your `email`");
    assert_snapshot!(refused(other.sign(&good)).await, @"the token is not signed by the key that it names");

    // Heads that would have the signature checked otherwise, or not at all.
    let head = |more: Value| {
        let mut head = json!({ "alg": "ES256", "kid": "one" });
        head.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        head
    };
    let none = unsigned(&head(json!({ "alg": "none" })), &good) + ".";
    assert_snapshot!(refused(none).await, @"the token is neither an API token nor one of the issuer's");
    // What everybody can read, the public key, as the secret.
    let confused = unsigned(&head(json!({ "alg": "HS256" })), &good);
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.published().to_string().as_bytes());
    let confused = format!("{confused}.{}", word(ring::hmac::sign(&secret, confused.as_bytes()).as_ref()));
    assert_snapshot!(refused(confused).await, @"the token is signed by HS256, which this server does not take");
    assert_snapshot!(refused(key.sign_with(&head(json!({ "alg": "ES384" })), &good)).await, @"the token is signed by ES384, which this server does not take");
    assert_snapshot!(refused(key.sign_with(&head(json!({ "alg": "RS256" })), &good)).await, @"the token is signed by a key that the issuer does not publish");
    assert_snapshot!(refused(key.sign_with(&head(json!({ "typ": "logout+jwt" })), &good)).await, @"the token is of a type that says nothing of who somebody is (`typ`)");
    assert_snapshot!(refused(key.sign_with(&head(json!({ "crit": ["exp"] })), &good)).await, @"the token demands what this server does not know (`crit`)");
    // A key that comes with the token is nobody's.
    assert_snapshot!(refused(other.sign_with(&head(json!({ "jwk": other.published() })), &good)).await, @"the token is not signed by the key that it names");
    let whole = key.sign(&good);
    for damaged in [
        whole[..whole.len() - 4].to_owned(),
        whole.clone() + "A",
        whole.replace('.', ""),
        "a.b.c".to_owned(),
        "x".repeat(20_000),
    ] {
        let refused = refused(damaged.clone()).await;
        assert!(matches!(refused, Error::Invalid(_)), "{damaged}: {refused}");
    }
    // Names of keys that are made up do not have the issuer asked each time.
    assert!(idp.asked() <= 2, "{}", idp.asked());
}

#[tokio::test]
async fn keys_are_rotated() {
    let (first, second) = (Key::new("first"), Key::new("second"));
    let idp = Idp::start(&[&first]).await;
    let clock = clock();
    let issuer = Issuer::new(idp.config(), clock.clone()).unwrap();
    let is_good =
        async |key: &Key| issuer.names(&key.sign(&with(idp.claims(), "exp", json!(START + 36_000)))).await.is_ok();
    assert!(is_good(&first).await);
    let early = issuer.names(&second.sign(&idp.claims())).await;
    assert!(matches!(early, Err(Error::Unpublished)), "nobody publishes it");
    idp.publish(&[&first, &second]);
    assert!(!is_good(&second).await, "the issuer was asked a moment ago");
    assert_eq!(idp.asked(), 1);
    clock.advance(Duration::from_secs(10));
    assert!(is_good(&second).await && is_good(&first).await);
    assert_eq!(idp.asked(), 2);
    // What is withdrawn is good until the keys are read again.
    idp.publish(&[&second]);
    assert!(is_good(&first).await);
    clock.advance(Duration::from_secs(600));
    assert!(is_good(&second).await && !is_good(&first).await);
    // A token that names no key is signed by the only one.
    let head = json!({ "alg": "ES256" });
    assert!(issuer.names(&second.sign_with(&head, &idp.claims())).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_is_down_locks_nobody_out_for_a_while() {
    let key = Key::new("one");
    let idp = Idp::start(&[&key]).await;
    let clock = clock();
    let issuer = Issuer::new(idp.config(), clock.clone()).unwrap();
    let ask = async || issuer.names(&key.sign(&with(idp.claims(), "exp", json!(START + 36_000)))).await;
    idp.set_up(false);
    let Err(Error::Unavailable { reason, retry_after }) = ask().await else { panic!("it is down") };
    assert!(reason.ends_with("answers 502 Bad Gateway"), "{reason}");
    assert_eq!(retry_after, Duration::from_secs(10));
    idp.set_up(true);
    clock.advance(Duration::from_secs(4));
    let Err(Error::Unavailable { retry_after, .. }) = ask().await else { panic!("it is not asked that often") };
    assert_eq!((retry_after, idp.asked()), (Duration::from_secs(6), 1));
    clock.advance(Duration::from_secs(6));
    assert!(ask().await.is_ok());
    idp.set_up(false);
    clock.advance(Duration::from_secs(4_100));
    assert!(ask().await.is_ok(), "the keys from before");
    clock.advance(Duration::from_secs(200));
    assert!(matches!(ask().await, Err(Error::Unavailable { .. })), "they are too old");
}

#[tokio::test]
async fn an_issuer_that_hangs_holds_up_one_and_not_all() {
    let key = Key::new("one");
    let idp = Idp::start(&[&key]).await;
    let clock = clock();
    let issuer = Issuer::new(idp.config(), clock.clone()).unwrap();
    let ask = async || issuer.names(&key.sign(&with(idp.claims(), "exp", json!(START + 36_000)))).await;
    assert!(ask().await.is_ok());
    clock.advance(Duration::from_secs(601));
    let gate = idp.published.gate.lock().await;
    let mut first = std::pin::pin!(ask());
    let is_asked = async {
        while idp.asked() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut first => panic!("the issuer does not answer"),
        () = is_asked => {}
    }
    assert!(ask().await.is_ok(), "by the keys from before");
    drop(gate);
    assert!(first.await.is_ok());
    assert_eq!(idp.asked(), 2);
}

#[tokio::test]
async fn one_that_answers_for_another_is_not_believed() {
    let key = Key::new("one");
    let idp = Idp::start(&[&key]).await;
    // The same server by another name.
    let config = config(&idp.url.replace("127.0.0.1", "localhost"));
    let issuer = Issuer::new(config.clone(), clock()).unwrap();
    let token = key.sign(&with(idp.claims(), "iss", json!(config.issuer)));
    let Err(Error::Unavailable { reason, .. }) = issuer.names(&token).await else { panic!("it is believed") };
    assert!(reason.contains("and not of `http://localhost"), "{reason}");
}

#[test]
fn of_published_keys_those_count_that_are_for_signatures() {
    let key = Key::new("one").published();
    let keys = |keys: Value| Keys::of(json!({ "keys": keys }).to_string().as_bytes());
    assert!(keys(json!([])).is_err() && Keys::of(b"<html>").is_err());
    for (name, value) in
        [("use", json!("enc")), ("alg", json!("RSA-OAEP")), ("kty", json!("quantum")), ("x", json!("!"))]
    {
        assert!(keys(json!([with(key.clone(), name, value.clone())])).is_err(), "{name} {value}");
    }
    let two = keys(json!([{ "kty": "later" }, key, Key::new("two").published()])).unwrap();
    assert!(two.find(Some("two"), Algorithm::ES256).is_some() && two.find(Some("three"), Algorithm::ES256).is_none());
    assert!(two.find(None, Algorithm::ES256).is_none(), "which of the two?");
    assert!(two.find(Some("one"), Algorithm::RS256).is_none());
    let one = keys(json!([with(key, "alg", json!("ES384"))])).unwrap();
    assert!(one.find(Some("one"), Algorithm::ES256).is_none(), "it is for another algorithm");
}

/// The examples of RFC 7515, appendices A.2 and A.3, and of RFC 8037, appendix A.
#[test]
fn ring_checks_what_the_standards_sign() {
    signature::install();
    let claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let rsa = DecodingKey::from_rsa_components(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs\
         D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV\
         MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "AQAB",
    )
    .unwrap();
    let rsa_signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU\
        Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j\
        zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77\
        Rw";
    let ec = DecodingKey::from_ec_components(
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    )
    .unwrap();
    let ec_signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let ed = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let ed_message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let ed_signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    for (algorithm, message, key, signature) in [
        (Algorithm::RS256, format!("eyJhbGciOiJSUzI1NiJ9.{claims}"), &rsa, rsa_signature),
        (Algorithm::ES256, format!("eyJhbGciOiJFUzI1NiJ9.{claims}"), &ec, ec_signature),
        (Algorithm::EdDSA, ed_message.to_owned(), &ed, ed_signature),
    ] {
        assert!(verify(signature, message.as_bytes(), key, algorithm).unwrap(), "{algorithm:?}");
        assert!(!verify(signature, (message + "A").as_bytes(), key, algorithm).unwrap(), "{algorithm:?}");
    }
    // A key is for its own kind alone.
    for (algorithm, key) in
        [(Algorithm::ES256, &rsa), (Algorithm::RS256, &ec), (Algorithm::HS256, &rsa), (Algorithm::EdDSA, &ec)]
    {
        assert!(verify(ec_signature, b"", key, algorithm).is_err(), "{algorithm:?}");
    }
}
