//! Members sign in by the tokens of an issuer: a real server, and a real issuer with a certificate of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tenterhook_host::server::{Config, Server, Site};
use tenterhook_host::task::Tasks;
use tokio::runtime::Runtime;

use crate::harness::program::{self, Up, text};

/// A key that an issuer signs by.
struct Key {
    id: &'static str,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { id, pair }
    }

    fn published(&self) -> Value {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id, "x": word(x), "y": word(y) })
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.id }).to_string();
        let message = format!("{}.{}", word(header.as_bytes()), word(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", word(signature.as_ref()))
    }
}

fn word(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer at an address of its own, with TLS, until it is dropped.
struct Issuer {
    url: String,
    address: SocketAddr,
    keys: Arc<Mutex<Vec<Value>>>,
    runtime: Option<Runtime>,
}

impl Issuer {
    fn start(dir: &Path, keys: &[&Key]) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        std::fs::write(dir.join("issuer.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.join("issuer.key"), made.signing_key.serialize_pem()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("https://{address}/realms/staff");
        let mut issuer = Self { url, address, keys: Arc::default(), runtime: None };
        issuer.publish(keys);
        issuer.serve(dir, listener);
        issuer
    }

    fn publish(&self, keys: &[&Key]) {
        *self.keys.lock().unwrap() = keys.iter().map(|key| key.published()).collect();
    }

    fn serve(&mut self, dir: &Path, listener: TcpListener) {
        let (url, keys) = (self.url.clone(), self.keys.clone());
        let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string();
        let router = Router::new()
            .route("/realms/staff/.well-known/openid-configuration", get(async move || discovery.clone()))
            .route("/realms/staff/keys", get(async move || json!({ "keys": *keys.lock().unwrap() }).to_string()));
        let runtime = Runtime::new().unwrap();
        let mut config: Config = tenterhook_host::config::Config::load(None).unwrap().http;
        (config.tls.certificate, config.tls.key) = (dir.join("issuer.pem"), dir.join("issuer.key"));
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let tasks = Tasks::default();
            let server = Server::new(config, tasks.clone()).await.unwrap();
            tasks.spawn(server.serve(Site { listener, router, is_tls: true }));
        });
        self.runtime = Some(runtime);
    }

    fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(10));
        }
    }

    /// Claims that are good now.
    fn claims(&self, who: &str) -> Value {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        json!({
            "iss": self.url, "aud": "tenterhook", "sub": format!("sub-of-{who}"), "exp": now + 600, "iat": now,
            "email": format!("{who}@example.com"), "email_verified": true,
        })
    }
}

/// A server that believes the issuer; its keys are read again after so long.
fn serve(dir: &Path, issuer: &Issuer, times: &str) -> (Up, String) {
    let settings = format!(
        "[api.oidc]\nissuer = {:?}\naudience = [\"tenterhook\"]\nca_file = {:?}\n{times}\n",
        issuer.url,
        dir.join("issuer.pem").to_str().unwrap()
    );
    std::fs::write(dir.join("settings.toml"), settings).unwrap();
    let up = Up::serve_with(&dir.join("data"), &["--config", dir.join("settings.toml").to_str().unwrap()]);
    let operator = up.listening["operator_token"].as_str().unwrap().to_owned();
    for arguments in [&["orgs", "create", "acme"][..], &["orgs", "create", "zeta"]] {
        let output = up.run_as(&operator, arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    (up, operator)
}

/// What a command that fails says.
fn refused(up: &Up, token: &str, arguments: &[&str]) -> String {
    let output = up.run_as(token, arguments);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

fn json_of(up: &Up, token: &str, arguments: &[&str]) -> Value {
    let output = up.run_as(token, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_member_logs_in_with_the_issuers_token() {
    let dir = tempfile::tempdir().unwrap();
    let key = Key::new("one");
    let issuer = Issuer::start(dir.path(), &[&key]);
    let (up, operator) = serve(dir.path(), &issuer, "");
    let ada = key.sign(&issuer.claims("ada"));
    let said = refused(&up, &ada, &["whoami"]);
    assert!(said.contains("you are a member of no org here") && !said.contains("acme"), "{said}");
    let add = ["members", "add", "ada@example.com", "--role", "developer", "--org", "acme"];
    json_of(&up, &operator, &add);

    let home = dir.path().join("home");
    let run = |arguments: &[&str], input: &str| program::run_at_home(&home, arguments, input);
    let login = run(&["login", &up.url], &format!("{ada}\n"));
    assert!(login.status.success(), "{}", text(&login.stderr));
    assert!(text(&login.stdout).contains("developer"), "{}", text(&login.stdout));
    let made = run(&["projects", "create", "shop", "--json"], "");
    assert!(made.status.success(), "{}", text(&made.stderr));
    // Her role is what it is there, and another org is not there.
    assert!(refused(&up, &ada, &["audit", "list", "--org", "acme"]).contains("takes the role `owner`"));
    assert!(refused(&up, &ada, &["projects", "list", "--org", "zeta"]).contains("there is no org `zeta`"));
    let audit = json_of(&up, &operator, &["audit", "list", "--org", "acme", "--limit", "1"]);
    assert_eq!(
        (&audit["items"][0]["action"], &audit["items"][0]["actor"]),
        (&json!("project.create"), &json!("member ada@example.com"))
    );

    let with = |name: &str, value: Value| {
        let mut claims = issuer.claims("ada");
        claims[name] = value;
        key.sign(&claims)
    };
    let said = |token: String| refused(&up, &token, &["whoami"]);
    assert!(said(with("exp", json!(1_700_000_000))).contains("the token's time is over"));
    assert!(said(with("aud", json!("another"))).contains("another audience"));
    assert!(said(with("email_verified", json!(false))).contains("a member of no org"));
    let mut unsigned: Vec<&str> = ada.split('.').collect();
    let header = word(json!({ "alg": "none" }).to_string().as_bytes());
    (unsigned[0], unsigned[2]) = (&header, "");
    assert!(said(unsigned.join(".")).contains("neither an API token nor one of the issuer's"));
    // It ends at once when the membership does.
    let members = json_of(&up, &operator, &["members", "list", "--org", "acme"]);
    json_of(&up, &operator, &["members", "remove", members["items"][0]["id"].as_str().unwrap(), "--org", "acme"]);
    assert!(refused(&up, &ada, &["whoami"]).contains("a member of no org"));
}

#[test]
fn keys_rotate_and_an_issuer_that_is_down_keeps_no_api_token_out() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (Key::new("first"), Key::new("second"));
    let mut issuer = Issuer::start(dir.path(), &[&first]);
    // As short as settings may be: here the clock is the system's.
    let (up, operator) = serve(dir.path(), &issuer, "keys_ms = 1\nstale_ms = 0\npause_ms = 1");
    json_of(&up, &operator, &["members", "add", "ada@example.com", "--role", "viewer", "--org", "acme"]);
    let (old, new) = (first.sign(&issuer.claims("ada")), second.sign(&issuer.claims("ada")));
    assert_eq!(json_of(&up, &old, &["whoami"])["orgs"][0]["role"], "viewer");
    assert!(refused(&up, &new, &["whoami"]).contains("a key that the issuer does not publish"));
    issuer.publish(&[&second]);
    assert_eq!(json_of(&up, &new, &["whoami"])["orgs"][0]["role"], "viewer");
    assert!(refused(&up, &old, &["whoami"]).contains("a key that the issuer does not publish"));

    issuer.stop();
    let said = refused(&up, &new, &["whoami"]);
    assert!(said.contains("the issuer of your token does not answer"), "{said}");
    assert_eq!(json_of(&up, &operator, &["whoami"])["operator"], true);
    issuer.serve(dir.path(), TcpListener::bind(issuer.address).unwrap());
    assert_eq!(json_of(&up, &new, &["whoami"])["orgs"][0]["role"], "viewer");
}
