//! Rust guests built from source, with the compiler that `cargo xtask` provides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// The plugins' components, rebuilt from their sources into a folder for each.
pub(crate) fn rebuilt() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
        xtask(&["plugins", "--out", folder.to_str().unwrap()]);
        folder
    })
}

/// The component of `tests/guests/kitchen-sink`, built for `target` once in a run of the tests.
pub(crate) fn kitchen_sink(target: &str) -> Vec<u8> {
    guest("kitchen-sink", target)
}

/// As [`kitchen_sink`], of `tests/guests/grants`.
pub(crate) fn grants(target: &str) -> Vec<u8> {
    guest("grants", target)
}

/// As [`kitchen_sink`], of `tests/guests/conformance`.
pub(crate) fn conformance(target: &str) -> Vec<u8> {
    guest("conformance", target)
}

/// As [`kitchen_sink`], of `tests/guests/concurrent`.
pub(crate) fn concurrent() -> Vec<u8> {
    guest("concurrent", "wasm32-wasip2")
}

fn guest(name: &str, target: &str) -> Vec<u8> {
    static BUILT: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap();
    let key = format!("{name}-{target}");
    if !built.contains_key(&key) {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{key}.wasm"));
        xtask(&["guest", &format!("tests/guests/{name}"), "--target", target, "--out", file.to_str().unwrap()]);
        built.insert(key.clone(), std::fs::read(file).unwrap());
    }
    built[&key].clone()
}

/// A compiler that builds for `target`.
pub(crate) fn rustc(target: &str) -> PathBuf {
    PathBuf::from(xtask(&["wasm-toolchain", "--print-rustc", target]).trim())
}

/// Runs `cargo xtask`, which must succeed, and gives what it printed.
pub(crate) fn xtask(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["xtask"]).args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = command.output().unwrap();
    assert!(output.status.success(), "cargo xtask {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
