//! Secrets are sealed: nothing that is kept has them in the clear, and without the master key nobody reads them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::program::{self, Up, text};
use crate::harness::{guests, web};

pub(crate) const SECRET: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
const PLAIN: &str = "plain-value-of-a-variable-8f3a";

/// A project whose handler answers with a variable, and the places that the tests look at.
struct Shop {
    dir: TempDir,
}

impl Shop {
    fn new() -> Self {
        let shop = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(shop.project()).unwrap();
        let module = guests::kitchen_sink("wasm32-wasip2");
        std::fs::write(shop.project().join("shop.wasm"), module).unwrap();
        shop.write(SECRET);
        shop
    }

    fn write(&self, secret: &str) {
        let manifest = format!(
            "version: v1\nproject:\n  name: shop\n  vars:\n    - name: GREETING\n      value: {PLAIN}\n    - name: TOKEN\n      \
             value: \"{secret}\"   # Stripe's\n      secret: true\n  triggers:\n    - name: vars\n      type: webhook\n      \
             call: shop:variables\n      is_sync: true\n"
        );
        std::fs::write(self.project().join("tenterhook.yaml"), manifest).unwrap();
    }

    fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn up(&self) -> Up {
        let mut up = Up::start(&self.project(), &self.data());
        up.notice("deployed");
        up
    }

    /// What a server that cannot start says.
    fn refused(&self, data: &Path) -> String {
        let project = self.project();
        let output = program::run(&[
            "up",
            project.to_str().unwrap(),
            "--data",
            data.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--no-watch",
        ]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    fn rotate(&self, more: &[&str]) -> Value {
        let data = self.data();
        let arguments = ["secrets", "rotate-master", "--json", "--data", data.to_str().unwrap()];
        let output = program::run(&[&arguments, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

/// What the handler says of its variables, and the event's id.
fn variables(up: &Up) -> (Value, String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = web::get(&format!("{}/webhooks/vars", up.url)).await;
        assert_eq!(answer.status(), 200);
        let event = answer.headers()["tenterhook-event-id"].to_str().unwrap().to_owned();
        (answer.json().await.unwrap(), event)
    })
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => drop(files.insert(path.clone(), std::fs::read(path).unwrap())),
        }
    }
    files
}

/// The files that have one of the values in them.
pub(crate) fn holding(folder: &Path, values: &[&str]) -> Vec<PathBuf> {
    let has = |bytes: &[u8], value: &str| bytes.windows(value.len()).any(|window| window == value.as_bytes());
    let found = files(folder).into_iter().filter(|(_, bytes)| values.iter().any(|value| has(bytes, value)));
    found.map(|(path, _)| path).collect()
}

#[test]
fn nothing_that_is_kept_has_a_value_in_the_clear() {
    let shop = Shop::new();
    let none: [PathBuf; 0] = [];
    let up = shop.up();
    let (said, event) = variables(&up);
    assert_eq!(said[0], serde_json::json!(["GREETING", "TOKEN"]));
    assert_eq!(said[1], PLAIN, "the handler reads what was sealed");
    assert_eq!(holding(&shop.data(), &[SECRET, PLAIN]), none);
    // The search finds what is there: the event's trigger is in the store.
    assert!(!holding(&shop.data(), &["shop:variables"]).is_empty());
    let shown = up.run(&["events", "show", &event]);
    assert!(!text(&shown.stdout).contains(SECRET));

    let backup = shop.dir.path().join("backups");
    std::fs::create_dir(&backup).unwrap();
    let (file, data) = (backup.join("backup.tar"), shop.data());
    let made = program::run(&["backup", file.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let key = std::fs::read_to_string(shop.data().join("master.key")).unwrap();
    let key = key.lines().last().unwrap();
    assert_eq!(holding(&backup, &[SECRET, PLAIN, key]), none);
    assert_eq!(up.stop(), Some(0));
    assert_eq!(holding(&shop.data(), &[SECRET, PLAIN]), none);

    // The manifest is gone: what is served was sealed before.
    std::fs::remove_file(shop.project().join("tenterhook.yaml")).unwrap();
    let mut up = Up::start(&shop.project(), &shop.data());
    up.notice("deploy_failed");
    assert_eq!(variables(&up).0[1], PLAIN);
    // Another value is another deployment, and the same one is not.
    shop.write("another-secret-of-another-day");
    up.notice("deployed");
    assert_eq!(up.stop(), Some(0));
    assert_eq!(holding(&shop.data(), &[SECRET, PLAIN, "another-secret-of-another-day"]), none);
}

#[test]
fn the_master_key_is_made_once_and_never_missed() {
    let shop = Shop::new();
    assert_eq!(shop.up().stop(), Some(0));
    let key = shop.data().join("master.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read(&key).unwrap();
    assert_eq!(shop.up().stop(), Some(0));
    assert_eq!(std::fs::read(&key).unwrap(), kept);

    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(shop.refused(&shop.data()).contains("is open to others than its owner (mode 0644)"));
    std::fs::remove_file(&key).unwrap();
    let said = shop.refused(&shop.data());
    assert!(said.contains("there is no master key") && said.contains("Put it back"), "{said}");
    assert!(!key.exists(), "no other key is made in its place");
    std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let said = shop.refused(&shop.data());
    assert!(said.contains("it is sealed by the master key") && said.contains("put that key back"), "{said}");
    std::fs::write(&key, kept).unwrap();
    assert_eq!(shop.up().stop(), Some(0));
}

#[test]
fn the_master_key_is_rotated() {
    let shop = Shop::new();
    let up = shop.up();
    let data = shop.data();
    let running = program::run(&["secrets", "rotate-master", "--data", data.to_str().unwrap()]);
    assert_eq!(running.status.code(), Some(1));
    assert!(text(&running.stderr).contains("another process uses the data directory"), "{}", text(&running.stderr));
    assert_eq!(up.stop(), Some(0));

    let key = shop.data().join("master.key");
    let first = std::fs::read(&key).unwrap();
    let rotated = shop.rotate(&[]);
    assert_eq!((&rotated["orgs"], &rotated["old_keys"]), (&1.into(), &1.into()));
    let second = std::fs::read(&key).unwrap();
    let up = shop.up();
    assert_eq!(variables(&up).0[1], PLAIN);
    assert_eq!(up.stop(), Some(0));

    let rotated = shop.rotate(&["--forget"]);
    assert_eq!((&rotated["orgs"], &rotated["old_keys"]), (&1.into(), &0.into()));
    let up = shop.up();
    assert_eq!(variables(&up).0[1], PLAIN);
    assert_eq!(up.stop(), Some(0));
    let third = std::fs::read(&key).unwrap();
    for old in [first, second] {
        std::fs::write(&key, old).unwrap();
        assert!(shop.refused(&shop.data()).contains("it is sealed by the master key"));
    }
    std::fs::write(&key, third).unwrap();
    assert_eq!(shop.up().stop(), Some(0));
}
