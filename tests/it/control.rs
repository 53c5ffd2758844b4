//! Sessions that ended badly are found, retried and cancelled, and events dispatched again, as a user types it.

use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::program::{Up, text};
use crate::harness::{wat, web};

const MANIFEST: &str = "version: v1
project:
  name: shop
  triggers:
    - name: hook
      type: webhook
      call: wishes.py:handle
      retry: {attempts: 1}
    - name: spin
      type: webhook
      call: loop.py:handle
      timeout: 5m
";

struct Shop {
    up: Up,
    _dir: TempDir,
}

fn start() -> Shop {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tenterhook.yaml"), MANIFEST).unwrap();
    for (module, fixture) in [("wishes", "wishes"), ("loop", "loop")] {
        std::fs::write(dir.path().join(format!("{module}.wasm")), wat::fixture(fixture)).unwrap();
    }
    let mut up = Up::start(dir.path(), &dir.path().join("data"));
    up.notice("deployed");
    Shop { up, _dir: dir }
}

impl Shop {
    /// Sends a webhook, which must be accepted, and gives the event's id.
    fn post(&self, slug: &str, body: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let url = format!("{}/webhooks/{slug}", self.up.url);
            let sent = web::client().build().unwrap().post(url).header("content-type", "application/json");
            let answer = sent.body(body.to_owned()).send().await.unwrap();
            assert_eq!(answer.status(), 202);
            answer.headers()["tenterhook-event-id"].to_str().unwrap().to_owned()
        })
    }

    /// The sessions that a list has, once they are so many.
    fn sessions(&self, filters: &[&str], count: usize) -> Vec<Value> {
        let arguments = [&["sessions", "list", "--limit", "200"], filters].concat();
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let page = self.up.json(&arguments);
            let items = page["items"].as_array().unwrap();
            if items.len() == count {
                return items.clone();
            }
            assert!(Instant::now() < end, "{filters:?}: {} and not {count}: {page:#}", items.len());
        }
    }
}

fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

#[test]
fn dead_sessions_are_found_and_retried() {
    let shop = start();
    for wish in ["reject", "reject", "reject", "trap", "trap"] {
        shop.post("hook", &format!("{{\"{wish}\": 1}}"));
    }
    shop.post("hook", "{}");
    let dead = shop.sessions(&["--state", "dead"], 5);
    assert_eq!(shop.sessions(&["--state", "dead", "--error", "NOT THIS ONE"], 3).len(), 3);
    let trapped = shop.sessions(&["--error", "trap", "--trigger", "hook", "--since", "1h", "--type", "post"], 2);
    shop.sessions(&["--trigger", "spin"], 0);
    let succeeded = shop.sessions(&["--state", "succeeded"], 1);

    let up = &shop.up;
    let done = up.json(&["sessions", "retry", id(&trapped[0]), id(&trapped[1])]);
    assert_eq!((done["done"].as_array().unwrap().len(), done["failed"].as_array().unwrap().len()), (2, 0));
    let again = |sessions: Vec<Value>| sessions.iter().filter(|one| one["attempts"][1]["number"] == 2).count();
    let end = Instant::now() + Duration::from_secs(60);
    while again(shop.sessions(&["--state", "dead"], 5)) != 2 {
        assert!(Instant::now() < end, "the sessions run again");
    }

    let some = up.run(&["sessions", "retry", "--where", "error=not this one", "--where", "since=1h"]);
    assert_eq!((text(&some.stdout).as_str(), some.status.code()), ("Retried 3 sessions.\n", Some(0)));
    assert!(some.stderr.is_empty(), "no bar without a terminal: {}", text(&some.stderr));
    while again(shop.sessions(&["--state", "dead"], 5)) != 5 {
        assert!(Instant::now() < end, "the sessions run again");
    }
    let none = up.json(&["sessions", "retry", "--where", "trigger=spin"]);
    assert_eq!(none, serde_json::json!({"retried": 0, "skipped": 0, "not_kept": 0}));

    let mixed = up.run(&["sessions", "retry", id(&succeeded[0]), id(&dead[0]), "--json"]);
    assert_eq!(mixed.status.code(), Some(1));
    let mixed: Value = serde_json::from_slice(&mixed.stdout).unwrap();
    assert_eq!((&mixed["done"][0], &mixed["failed"][0]["id"]), (&dead[0]["id"], &succeeded[0]["id"]));
    assert_eq!(mixed["failed"][0]["code"], "not_retryable");
    let usage = up.json(&["events", "list"]);
    assert_eq!(usage["items"].as_array().unwrap().len(), 6, "retrying makes no event");
}

#[test]
fn a_session_that_runs_is_shown_and_cancelled() {
    let shop = start();
    let event = shop.post("spin", "{}");
    let running = shop.sessions(&["--state", "running"], 1);
    shop.sessions(&["--state", "queued"], 0);
    let shown = text(&shop.up.run(&["sessions", "show", id(&running[0])]).stdout);
    assert!(shown.contains("state       running"), "{shown}");
    assert_eq!(shop.up.json(&["events", "show", &event])["sessions"][0]["state"], "running");

    let cancelled = shop.up.run(&["sessions", "cancel", id(&running[0])]);
    assert_eq!(text(&cancelled.stdout), format!("{}  cancelled\n", id(&running[0])), "{}", text(&cancelled.stderr));
    let ended = shop.sessions(&["--state", "cancelled"], 1);
    assert_eq!((&ended[0]["attempts"][0]["outcome"], &ended[0]["due_at"]), (&"cancelled".into(), &Value::Null));
    let again = shop.up.run(&["sessions", "cancel", id(&running[0])]);
    assert_eq!(again.status.code(), Some(1));
    let said = text(&again.stdout) + &text(&again.stderr);
    assert!(said.contains("there is nothing to cancel"), "{said}");
}

#[test]
fn an_event_is_dispatched_again() {
    let shop = start();
    let first = shop.post("hook", r#"{"copies": 1}"#);
    shop.sessions(&["--state", "succeeded"], 1);
    let copy = shop.up.json(&["events", "redispatch", &first, "--trigger", "hook"]);
    assert_eq!(copy["redispatched_from"], first.as_str());
    // The handler rejects it with the id that it copies.
    let dead = shop.sessions(&["--state", "dead", "--error", &first], 1);
    assert_eq!(dead[0]["event"], copy["id"]);
    let shown = text(&shop.up.run(&["events", "show", copy["id"].as_str().unwrap()]).stdout);
    assert!(shown.contains(&format!("copies    {first}")), "{shown}");

    let wrong = shop.up.run(&["events", "redispatch", &first, "--trigger", "hok"]);
    assert_eq!(wrong.status.code(), Some(1));
    let said = text(&wrong.stderr);
    assert!(said.contains("`hok`") && said.contains("hook"), "{said}");
    assert_eq!(shop.up.run(&["events", "redispatch", &first, "--force"]).status.code(), Some(2));
}
