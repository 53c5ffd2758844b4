//! What a README of `tenterhook new` says, from an empty directory: test, build, serve, send, edit, see the change.

use std::path::Path;

use serde_json::Value;

use crate::harness::program::{self, Up, text};
use crate::harness::{toolchains, web};

/// A language as its author meets it.
struct Language {
    /// What `--lang` takes.
    lang: &'static str,
    /// What `doctor` calls it.
    name: &'static str,
    /// The file with the handlers, and what an edit replaces in it.
    file: &'static str,
    edit: [&'static str; 2],
    /// Runs the project's own tests.
    test: fn(&Path),
}

fn new(lang: &str, dir: &Path) {
    let output = program::run(&["new", "--lang", lang, dir.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("tenterhook up"), "{}", text(&output.stdout));
}

fn send(url: &str, body: Option<&str>) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = web::client().build().unwrap();
        let request = match body {
            Some(body) => client.post(url).header("content-type", "application/json").body(body.to_owned()),
            None => client.get(url),
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

fn story(language: &Language) {
    if !toolchains::has(language.name) {
        return;
    }
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let project = dir.path().join("shop");
    new(language.lang, &project);
    (language.test)(&project);

    let mut up = Up::start(&project, data.path());
    assert_eq!(up.notice("deployed")["triggers"], 2);
    let hello = format!("{}/webhooks/hello?name=Ada", up.url);
    assert_eq!(send(&hello, None), (200, "Hello, Ada!\n".to_owned()), "{}", language.lang);
    assert_eq!(send(&format!("{}/webhooks/orders", up.url), Some(r#"{"id": 9007199254740993}"#)).0, 202);
    let mut session = up.notice("session");
    while session["trigger"] != "orders" {
        session = up.notice("session");
    }
    assert_eq!(session["state"], "succeeded", "{session}");
    let logged = |_| {
        let logs = up.json(&["sessions", "logs", session["id"].as_str().unwrap()]);
        logs["items"].as_array().unwrap().first().cloned()
    };
    // A session is told of just before it is settled.
    let entry = (0..100).find_map(logged).unwrap();
    assert_eq!((&entry["level"], &entry["message"]), (&"info".into(), &"ordered".into()), "{entry}");
    assert_eq!(entry["fields"], serde_json::json!([["id", "9007199254740993"], ["attempt", "1"]]));

    let file = project.join(language.file);
    let [from, to] = language.edit;
    let source = std::fs::read_to_string(&file).unwrap();
    assert!(source.contains(from), "{source}");
    std::fs::write(&file, source.replace(from, to)).unwrap();
    up.notice("deployed");
    assert_eq!(send(&hello, None), (200, "Hello, Ada?\n".to_owned()), "{}", language.lang);
    assert_eq!(up.stop(), Some(0));

    let built = program::run(&["build", project.to_str().unwrap(), "--json"]);
    let built: Value = serde_json::from_slice(&built.stdout).unwrap();
    assert_eq!(built[0]["cached"], true, "{built}");
}

#[test]
fn python() {
    story(&Language {
        lang: "python",
        name: "Python",
        file: "hooks.py",
        edit: ["{name}!", "{name}?"],
        test: |dir| {
            toolchains::run("python3", &["-m", "unittest"], dir, &[("PYTHONPATH", "sdk/src"), ("GREETING", "Hello")]);
        },
    });
}

/// As `npm install` does with a folder.
fn link(dir: &Path) {
    std::fs::create_dir(dir.join("node_modules")).unwrap();
    std::os::unix::fs::symlink("../sdk", dir.join("node_modules/tenterhook")).unwrap();
}

#[test]
fn javascript() {
    story(&Language {
        lang: "js",
        name: "JavaScript",
        file: "hooks.js",
        edit: ["${name}!", "${name}?"],
        test: |dir| {
            link(dir);
            toolchains::run("npm", &["test"], dir, &[]);
        },
    });
}

#[test]
fn typescript() {
    story(&Language {
        lang: "ts",
        name: "TypeScript",
        file: "hooks.ts",
        edit: ["${name}!", "${name}?"],
        test: |dir| {
            link(dir);
            std::os::unix::fs::symlink(toolchains::types(), dir.join("node_modules/@types")).unwrap();
            toolchains::run("npm", &["run", "check"], dir, &[]);
            toolchains::run("npm", &["test"], dir, &[]);
        },
    });
}

#[test]
fn go() {
    story(&Language {
        lang: "go",
        name: "Go",
        file: "hooks.go",
        edit: [r#""!\n""#, r#""?\n""#],
        test: |dir| drop(toolchains::run("go", &["test"], dir, &[])),
    });
}

#[test]
fn c() {
    story(&Language {
        lang: "c",
        name: "C",
        file: "hooks.c",
        edit: [r#"th_str("!")"#, r#"th_str("?")"#],
        test: |dir| drop(toolchains::run("make", &["test", "CC=cc"], dir, &[])),
    });
}
