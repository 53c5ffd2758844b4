//! `tenterhook backup` while a server runs, and a server on what `tenterhook restore` made of it.

use std::path::Path;

use serde_json::Value;

use crate::harness::program::{self, Up, text};
use crate::harness::{wat, web};

const MANIFEST: &str = "version: v1
project:
  name: hello
  triggers:
    - name: hello
      type: webhook
      call: hello.py:handle
      is_sync: true
";

fn get(url: &str) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = web::get(url).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    })
}

fn shown(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_backup_of_a_running_server_serves_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (project, data) = (dir.path().join("project"), dir.path().join("data"));
    std::fs::create_dir(&project).unwrap();
    std::fs::write(project.join("tenterhook.yaml"), MANIFEST).unwrap();
    std::fs::write(project.join("hello.wasm"), wat::fixture("hello")).unwrap();
    let mut up = Up::start(&project, &data);
    up.notice("deployed");
    for number in 0..20 {
        assert_eq!(get(&format!("{}/webhooks/hello?n={number}", up.url)).0, 200);
    }
    for _ in 0..20 {
        up.notice("session");
    }

    let file = dir.path().join("backup.tar");
    let (file, data) = (shown(&file), shown(&data));
    let made = program::run(&["backup", file, "--data", data, "--json"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&made["modules"], &made["owed"]), (&1.into(), &0.into()));
    let again = program::run(&["backup", file, "--data", data]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("--force"), "{}", text(&again.stderr));
    assert!(program::run(&["backup", file, "--data", data, "--force"]).status.success());
    // What comes later is not in it.
    assert_eq!(get(&format!("{}/webhooks/hello?n=later", up.url)).0, 200);
    let events = up.json(&["events", "list", "--limit", "200"]);
    let running = program::run(&["restore", file, "--data", data]);
    assert_eq!(running.status.code(), Some(1));
    assert!(text(&running.stderr).contains("is not empty"), "{}", text(&running.stderr));
    assert_eq!(up.stop(), Some(0));

    let new = dir.path().join("new/data");
    let restored = program::run(&["restore", file, "--data", shown(&new)]);
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    // Secrets are of no use without the key, which is not in a backup.
    let keyless =
        program::run(&["up", shown(&project), "--data", shown(&new), "--listen", "127.0.0.1:0", "--no-watch"]);
    assert!(text(&keyless.stderr).contains("there is no master key"), "{}", text(&keyless.stderr));
    std::fs::copy(dir.path().join("data/master.key"), new.join("master.key")).unwrap();
    // The project's own module is gone: the deployment and its module are the restored ones.
    std::fs::remove_file(project.join("hello.wasm")).unwrap();
    let mut up = Up::start(&project, &new);
    up.notice("deploy_failed");
    let found = up.json(&["events", "list", "--limit", "200"]);
    assert_eq!(found["items"].as_array().unwrap(), &events["items"].as_array().unwrap()[1..]);
    assert_eq!(get(&format!("{}/webhooks/hello", up.url)), (200, "hello".to_owned()));
}

#[test]
fn what_is_no_backup_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (file, data) = (dir.path().join("notes.txt"), dir.path().join("data"));
    std::fs::write(&file, "notes").unwrap();
    let refused = program::run(&["restore", shown(&file), "--data", shown(&data)]);
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("notes.txt") && said.contains("it is not a backup of Tenterhook"), "{said}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
