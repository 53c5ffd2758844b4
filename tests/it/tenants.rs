//! Two orgs on one server, by the command line alone: each uploads its module, deploys, is sent events, goes back.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::program::{self, Up, text};
use crate::harness::{guests, wat, web};
use crate::hostile::instances::{self, MOST};
use crate::secrets::{self, SECRET};

/// A server with two orgs, and a developer's token for each.
struct Host {
    up: Up,
    operator: String,
    dir: TempDir,
}

impl Host {
    fn start() -> Self {
        Self::start_with("")
    }

    /// With these settings.
    fn start_with(settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("settings.toml");
        std::fs::write(&file, settings).unwrap();
        let up = Up::serve_with(&dir.path().join("data"), &["--config", file.to_str().unwrap()]);
        let operator = up.listening["operator_token"].as_str().unwrap().to_owned();
        Self { up, operator, dir }
    }

    /// A new org with a developer.
    fn org(&self, name: &str) -> Org<'_> {
        self.json(&self.operator, &["orgs", "create", name]);
        let made = self.json(&self.operator, &["tokens", "create", "laptop", "--role", "developer", "--org", name]);
        let project = self.dir.path().join(name);
        std::fs::create_dir(&project).unwrap();
        Org {
            host: self,
            token: made["secret"].as_str().unwrap().to_owned(),
            project: project.to_str().unwrap().to_owned(),
        }
    }

    fn run(&self, token: &str, arguments: &[&str]) -> Output {
        self.up.run_as(token, arguments)
    }

    fn json(&self, token: &str, arguments: &[&str]) -> Value {
        let output = self.run(token, &[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// An org, its developer and its project's directory.
struct Org<'h> {
    host: &'h Host,
    token: String,
    project: String,
}

impl Org<'_> {
    fn write(&self, manifest: &str, modules: &[(&str, &[u8])]) {
        std::fs::write(Path::new(&self.project).join("tenterhook.yaml"), manifest).unwrap();
        for (name, bytes) in modules {
            std::fs::write(Path::new(&self.project).join(name), bytes).unwrap();
        }
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.host.json(&self.token, arguments)
    }

    /// Runs a command that must fail, and gives what it says.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.host.run(&self.token, arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    fn deploy(&self) -> Value {
        self.json(&["deploy", &self.project])
    }

    /// What a webhook is answered at the first trigger of what was deployed.
    fn send(&self, placed: &Value) -> (u16, String) {
        let url = format!("{}{}", self.host.up.url, placed["triggers"][0]["path"].as_str().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let answer = web::get(&url).await;
            (answer.status().as_u16(), answer.text().await.unwrap())
        })
    }
}

fn manifest(project: &str, call: &str) -> String {
    format!(
        "version: v1\nproject:\n  name: {project}\n  triggers:\n    - name: hook\n      type: webhook\n      call: {call}\n      is_sync: true\n"
    )
}

#[test]
fn two_orgs_deploy_and_go_back_and_do_not_meet() {
    let host = Host::start();
    let (acme, zeta) = (host.org("acme"), host.org("zeta"));
    acme.write(&manifest("shop", "hello:handle"), &[("hello.wasm", &wat::fixture("hello"))]);
    zeta.write(&manifest("shop", "other:greet"), &[("other.wasm", &wat::renamed("hello", "greet"))]);
    let (first, theirs) = (acme.deploy(), zeta.deploy());
    assert_eq!((&first["created"], &first["deployment"]["state"]), (&json!(true), &json!("active")));
    // The same name in two orgs is two projects, and slugs are nobody's to guess.
    assert_ne!(first["triggers"][0]["path"], theirs["triggers"][0]["path"]);
    assert_eq!(acme.send(&first), (200, "hello".to_owned()));
    assert_eq!(zeta.send(&theirs), (200, "hello".to_owned()));
    let again = acme.deploy();
    assert_eq!((&again["created"], &again["deployment"]["id"]), (&json!(false), &first["deployment"]["id"]));

    // Another deployment, which answers something else, and back.
    acme.write(&manifest("shop", "trap:handle"), &[("trap.wasm", &wat::fixture("trap"))]);
    let second = acme.deploy();
    assert_eq!(second["triggers"][0]["path"], first["triggers"][0]["path"], "a slug outlives deployments");
    assert_ne!(acme.send(&second).0, 200);
    assert_eq!(zeta.send(&theirs), (200, "hello".to_owned()));
    let (old, new) = (first["deployment"]["id"].as_str().unwrap(), second["deployment"]["id"].as_str().unwrap());
    let diff = acme.json(&["deployments", "diff", old, new, "--project", "shop"]);
    assert!(diff["manifest"].as_str().unwrap().contains("+      call: trap:handle"), "{diff}");
    let back = acme.json(&["deployments", "rollback", "--project", "shop"]);
    assert_eq!(back["deployment"]["id"], first["deployment"]["id"]);
    assert_eq!(acme.send(&first), (200, "hello".to_owned()));
    let listed = acme.json(&["deployments", "list", "--project", "shop"]);
    let states: Vec<(&str, &str)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["id"].as_str().unwrap(), item["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(new, "inactive"), (old, "active")]);
    acme.json(&["deployments", "activate", new, "--project", "shop"]);
    assert_ne!(acme.send(&first).0, 200);

    // What is the other's is not there.
    let digest = theirs["deployment"]["modules"]["other"].as_str().unwrap();
    assert!(acme.refused(&["modules", "show", digest]).contains("there is no module"));
    assert!(
        acme.refused(&["deployments", "list", "--project", "shop", "--org", "zeta"]).contains("there is no org `zeta`")
    );
    let deployment = theirs["deployment"]["id"].as_str().unwrap();
    assert!(acme.refused(&["deployments", "show", deployment, "--project", "shop"]).contains("no deployment"));
    let events = |org: &Org<'_>| org.json(&["events", "list"])["items"].as_array().unwrap().len();
    assert_eq!((events(&acme), events(&zeta)), (4, 2));
    // And for who comes without a token nothing is.
    let output = host.run("th_0000000000000000000000000000000000000000000", &["events", "list"]);
    let said = text(&output.stderr);
    assert!(said.contains("tenterhook login"), "{said}");
}

#[test]
fn all_mistakes_of_a_manifest_are_told_at_once() {
    let host = Host::start();
    let acme = host.org("acme");
    // Mistakes that only the modules and the filters show, which are the server's to find.
    let deep = "version: v1
project:
  name: shop
  triggers:
    - {name: a, type: webhook, call: \"hello:nothing\"}
    - {name: b, type: webhook, call: \"missing:handle\"}
    - {name: c, type: webhook, call: \"hello:handle\", filter: data.method ==}
    - {name: d, type: webhook, call: \"hello:handle\", filter: data.nothing == 1}
    - {name: e, type: webhook, call: \"broken:handle\", is_sync: false, ordered_by: data.body +}
";
    acme.write(deep, &[("hello.wasm", &wat::fixture("hello")), ("broken.wasm", b"\0asm\x01\0\0\0")]);
    let said = acme.refused(&["deploy", &acme.project]);
    assert!(said.contains("the project is not deployed: 6 mistakes"), "{said}");
    for place in ["5:", "6:", "7:", "8:", "9:"] {
        assert!(said.contains(&format!("tenterhook.yaml:{place}")), "{place} {said}");
    }
    // Mistakes that its text shows.
    let shallow = "version: v1
project:
  name: shop
  trigers: []
  triggers:
    - {name: a, type: webhook, call: hello}
    - {name: b, type: webhook, call: \"hello:handle\", timeout: soon}
    - {name: b, type: webhook, call: \"hello:handle\"}
    - {name: c, type: cron, call: \"hello:handle\"}
";
    acme.write(shallow, &[]);
    let said = acme.refused(&["deploy", &acme.project]);
    assert!(said.contains("the project is not deployed: 5 mistakes"), "{said}");
    assert!(acme.json(&["projects", "list"])["items"].as_array().unwrap().is_empty());
}

#[test]
fn somebody_logs_in() {
    let host = Host::start();
    let acme = host.org("acme");
    let home = host.dir.path().join("home");
    let run = |arguments: &[&str], input: &str| program::run_at_home(&home, arguments, input);
    let out = run(&["login", &host.up.url, "--context", "here"], &format!("{}\n", acme.token));
    assert!(out.status.success(), "{}", text(&out.stderr));
    assert!(text(&out.stdout).contains("developer"), "{}", text(&out.stdout));
    assert!(!text(&out.stdout).contains(&acme.token));
    let out = run(&["whoami", "--json"], "");
    let who: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((&who["operator"], &who["orgs"][0]["org"]), (&json!(false), &json!("acme")));
    let out = run(&["contexts", "list"], "");
    assert!(text(&out.stdout).contains("here     *"), "{}", text(&out.stdout));
    // A token that the server does not know is not kept.
    let out = run(&["login", &host.up.url, "--context", "other"], "th_0000000000000000000000000000000000000000000\n");
    assert_eq!(out.status.code(), Some(1));
    let out = run(&["events", "list", "--json"], "");
    assert!(out.status.success(), "{}", text(&out.stderr));
    let out = run(&["logout"], "");
    assert!(out.status.success());
    let out = run(&["whoami", "--server", &host.up.url], "");
    assert!(text(&out.stderr).contains("tenterhook login"), "{}", text(&out.stderr));
}

#[test]
fn a_secret_goes_in_and_never_comes_out() {
    let host = Host::start();
    let acme = host.org("acme");
    let manifest = manifest("shop", "shop:variables")
        .replace("  triggers:", "  vars:\n    - {name: GREETING, value: first}\n  triggers:");
    acme.write(&manifest, &[("shop.wasm", &guests::kitchen_sink("wasm32-wasip2"))]);
    let placed = acme.deploy();
    let variables = || serde_json::from_str::<Value>(&acme.send(&placed).1).unwrap();
    assert_eq!(variables(), json!([["GREETING"], "first", null]));

    let home = host.dir.path().join("home");
    let run = |arguments: &[&str], input: &str| {
        let output = program::run_at_home(&home, arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    run(&["login", &host.up.url, "--org", "acme"], &acme.token);
    run(&["vars", "set", "GREETING=second-value-71c2", "--project", "shop"], "");
    run(&["vars", "set", "NOPE", "--secret", "--project", "shop"], &format!("{SECRET}\n"));
    // What is set comes before what the manifest has, at once and after the next deployment.
    assert_eq!(variables(), json!([["GREETING", "NOPE"], "second-value-71c2", SECRET]));
    let listed: Value = serde_json::from_str(&run(&["vars", "list", "--project", "shop", "--json"], "")).unwrap();
    let values: Vec<(&Value, &Value)> =
        listed["items"].as_array().unwrap().iter().map(|var| (&var["name"], &var["value"])).collect();
    assert_eq!(values, [(&json!("GREETING"), &json!("second-value-71c2")), (&json!("NOPE"), &Value::Null)]);
    let rotated = run(&["vars", "rotate", "NOPE", "--project", "shop"], "another-value-5d1e");
    assert!(rotated.contains("The secret NOPE is set"), "{rotated}");
    assert_eq!(variables()[2], "another-value-5d1e");
    run(&["vars", "remove", "NOPE", "GREETING", "--project", "shop"], "");
    assert_eq!(variables(), json!([["GREETING"], "first", null]));
    // A secret is no argument.
    let output = program::run_at_home(&home, &["vars", "set", "A=b", "--secret", "--project", "shop"], "");
    assert!(text(&output.stderr).contains("a secret is no argument"), "{}", text(&output.stderr));

    let none: [PathBuf; 0] = [];
    assert_eq!(
        secrets::holding(&host.dir.path().join("data"), &[SECRET, "another-value-5d1e", "second-value-71c2"]),
        none
    );
}

/// `async` handlers that wait hold their places meanwhile. Two orgs that have as many as they can leave some to a third.
#[test]
fn handlers_that_wait_keep_no_other_org_waiting() {
    let host = Host::start_with("[guest.concurrent]\nsandboxes = 8\n");
    let waiting = instances::waiting(MOST);
    for name in ["first", "second"] {
        let org = host.org(name);
        let manifest = manifest("shop", "waits:handle").replace("is_sync: true", "timeout: 10m");
        org.write(&manifest, &[("waits.wasm", &waiting)]);
        let placed = org.deploy();
        for _ in 0..8 {
            assert_eq!(org.send(&placed).0, 202);
        }
    }
    let third = host.org("third");
    third.write(&manifest("shop", "hello:handle"), &[("hello.wasm", &wat::concurrent_fixture())]);
    let placed = third.deploy();
    for _ in 0..4 {
        assert_eq!(third.send(&placed), (200, "hello".to_owned()));
    }
}
