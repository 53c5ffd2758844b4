//! Plugins that keep and ask: with a server on loopback in the place of whom they ask.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::copied;
use crate::harness::peer::Peer;
use crate::harness::program::Up;
use crate::harness::toolchains;

/// A plugin that the program builds, with its manifest changed for the test.
struct Changed {
    up: Up,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    _folders: [TempDir; 2],
}

impl Changed {
    fn start(name: &str, change: impl Fn(String) -> String, config: &str) -> Self {
        let (dir, data) = (copied(name), tempfile::tempdir().unwrap());
        let manifest = dir.path().join("tenterhook.yaml");
        std::fs::write(&manifest, change(std::fs::read_to_string(&manifest).unwrap())).unwrap();
        let configuration = data.path().join("config.toml");
        std::fs::write(&configuration, config).unwrap();
        let mut up = Up::start_with(dir.path(), data.path(), &["--config", configuration.to_str().unwrap()]);
        up.notice("deployed");
        let client = crate::harness::web::client().build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { up, client, runtime, _folders: [dir, data] }
    }

    fn url(&self, endpoint: &str) -> String {
        format!("{}/webhooks/{endpoint}", self.up.url)
    }
}

/// HMAC of SHA-256 (RFC 2104), in hexadecimal digits.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let hash = |pad: u8, message: &[u8]| Sha256::digest([&block.map(|byte| byte ^ pad)[..], message].concat());
    hash(0x5c, &hash(0x36, message)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A delivery of Stripe's, as it signs them.
fn stripe(ledger: &Changed, id: &str, kind: &str, amount: i64, secret: &str) -> reqwest::RequestBuilder {
    let object = json!({"id": "ch_1", "amount": amount, "currency": "eur"});
    let body = json!({"id": id, "type": kind, "created": 1_767_225_600, "data": {"object": object}}).to_string();
    #[expect(clippy::disallowed_methods, reason = "the program that is tested has the system's clock")]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let signature = hmac(secret.as_bytes(), format!("{now}.{body}").as_bytes());
    let request =
        ledger.client.post(ledger.url("stripe")).header("Stripe-Signature", format!("t={now},v1={signature}"));
    request.header("Content-Type", "application/json").body(body)
}

/// Sends all at once, and waits until each was handled; gives the sessions' ends.
fn deliver(ledger: &mut Changed, requests: Vec<reqwest::RequestBuilder>) -> Vec<String> {
    let count = requests.len();
    let answers = ledger
        .runtime
        .block_on(futures_util::future::join_all(requests.into_iter().map(reqwest::RequestBuilder::send)));
    for answer in answers {
        assert_eq!(answer.unwrap().status(), 202);
    }
    (0..count).map(|_| ledger.up.notice("session")["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn stripe_ledger_writes_what_is_delivered_often_once() {
    if !toolchains::has("Python") {
        return;
    }
    const SECRET: &str = "whsec_of_the_readme";
    let mut ledger = Changed::start("stripe-ledger", |manifest| manifest, "");
    let balance = |ledger: &Changed| -> Value {
        let answer = ledger.client.get(ledger.url("ledger"));
        ledger.runtime.block_on(async { answer.send().await.unwrap().json().await.unwrap() })
    };
    let charge = |ledger: &Changed, id: &str| stripe(ledger, id, "charge.succeeded", 1200, SECRET);
    for _ in 0..2 {
        let request = charge(&ledger, "evt_1");
        assert_eq!(deliver(&mut ledger, vec![request]), ["succeeded"]);
    }
    assert_eq!(balance(&ledger), json!({"entries": 1, "balance": {"eur": 1200}}));
    ledger.up.notice("session");

    // All at once: each event four times.
    let requests = (0..24).map(|number| charge(&ledger, &format!("evt_at_once_{}", number % 6))).collect();
    assert!(deliver(&mut ledger, requests).iter().all(|state| state == "succeeded"));
    let refund = stripe(&ledger, "evt_2", "refund.created", 200, SECRET);
    let other = stripe(&ledger, "evt_3", "customer.created", 0, SECRET);
    assert_eq!(deliver(&mut ledger, vec![refund, other]), ["succeeded", "succeeded"]);
    assert_eq!(balance(&ledger), json!({"entries": 8, "balance": {"eur": 7 * 1200 - 200}}));
    ledger.up.notice("session");

    let forged = stripe(&ledger, "evt_4", "charge.succeeded", 1200, "guessed");
    assert_eq!(deliver(&mut ledger, vec![forged]), ["dead"]);
    assert_eq!(balance(&ledger)["entries"], 8);
}

#[test]
fn slack_command_answers_while_slack_waits_and_tells_the_channel() {
    if !toolchains::has("JavaScript") {
        return;
    }
    let slack = Peer::start();
    let to_peer = |manifest: String| manifest.replace("https://hooks.slack.com", &slack.url());
    let mut command = Changed::start("slack-command", to_peer, &slack.allowed());
    let typed = |command: &Changed, text: &str, path: &str, token: &str| {
        let respond = format!("{}{path}", slack.url());
        let fields = [
            ("command", "/deploys"),
            ("text", text),
            ("user_name", "ada"),
            ("token", token),
            ("response_url", &respond),
        ];
        let form = fields.iter().map(|(name, value)| format!("{name}={}", value.replace('/', "%2F").replace(' ', "+")));
        let form = form.collect::<Vec<_>>().join("&");
        let request =
            command.client.post(command.url("slack")).header("Content-Type", "application/x-www-form-urlencoded");
        command.runtime.block_on(async {
            let answer = request.body(form).send().await.unwrap();
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            (status, serde_json::from_str::<Value>(&text).unwrap())
        })
    };
    let say = |command: &Changed, text: &str| {
        let (status, answer) = typed(command, text, "/commands/1", "token_of_the_readme");
        assert_eq!((status, &answer["response_type"]), (200, &json!("ephemeral")), "{answer}");
        answer["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(say(&command, "list"), "Nothing is being deployed.");
    assert_eq!(say(&command, "start api"), "Have fun with api!");
    assert_eq!(say(&command, "start api"), "api is being deployed already, by ada.");
    assert_eq!(say(&command, "list"), "• api, by ada");
    assert!(say(&command, "stop api").starts_with("There is no `/deploys stop`. There is `/deploys list`"));
    let told = r#"POST /commands/1 with [content-type=application/json]: {"response_type":"in_channel","text":"ada deploys api."}"#;
    assert_eq!(slack.received(), [told]);

    // A follow-up that is not taken, or waits for too long, costs the answer nothing.
    for (service, path) in [("web", "/missing"), ("jobs", "/silent")] {
        let (status, answer) = typed(&command, &format!("start {service}"), path, "token_of_the_readme");
        let text = format!("You deploy {service}. The channel could not be told.");
        assert_eq!((status, &answer["text"]), (200, &json!(text)));
    }
    for _ in 0..7 {
        assert_eq!(command.up.notice("session")["state"], "succeeded");
    }
    let (status, answer) = typed(&command, "list", "/commands/1", "guessed");
    assert_eq!((status, &answer["code"]), (502, &json!("handler_failed")));
    let id = command.up.notice("session")["id"].as_str().unwrap().to_owned();
    let session = (0..100)
        .map(|_| command.up.json(&["sessions", "show", &id]))
        .find(|session| session["state"] != "running")
        .unwrap();
    assert_eq!(session["reason"], "the handler rejected the event: the token is not Slack's: see SLACK_TOKEN");
}

/// The tests beside the handlers, as the plugins' READMEs say to run them.
#[test]
fn the_plugins_pass_their_own_tests() {
    let sdk = |language: &str| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk").join(language).canonicalize().unwrap()
    };
    if toolchains::has("Python") {
        let (dir, path) = (copied("stripe-ledger"), sdk("python").join("src"));
        toolchains::run("python3", &["-m", "unittest"], dir.path(), &[("PYTHONPATH", path.to_str().unwrap())]);
    }
    if toolchains::has("JavaScript") {
        let dir = copied("slack-command");
        let packages = dir.path().join("node_modules");
        std::fs::create_dir(&packages).unwrap();
        std::os::unix::fs::symlink(sdk("js"), packages.join("tenterhook")).unwrap();
        std::os::unix::fs::symlink(toolchains::types(), packages.join("@types")).unwrap();
        for script in ["check", "test"] {
            toolchains::run("npm", &["run", script], dir.path(), &[]);
        }
    }
}
