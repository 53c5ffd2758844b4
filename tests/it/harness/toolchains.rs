//! The toolchains of languages other than Rust, which `cargo xtask toolchains` provides.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program;

#[path = "../../xtask/toolchains/place.rs"]
mod place;

/// The `PATH`, with what is provided first.
pub(crate) fn path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = place::folders().unwrap_or_default().into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

/// Whether `tenterhook doctor` finds what builds `language`. A contributor's machine may lack it, and the test is skipped; in CI it fails.
pub(crate) fn has(language: &str) -> bool {
    let rows: Value = serde_json::from_slice(&program::run(&["doctor", "--json"]).stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().any(|row| row["language"].as_str().unwrap().contains(language)), "no recipe for {language}");
    let problem =
        rows.iter().find(|row| row["language"].as_str().unwrap().contains(language) && !row["problem"].is_null());
    let Some(row) = problem else { return true };
    let said = format!("no {}, see doctor: {}", row["tool"].as_str().unwrap(), row["problem"].as_str().unwrap());
    assert!(std::env::var_os("CI").is_none(), "{said}");
    eprintln!("skipped: {said}");
    false
}

/// A program of the toolchains or the system, which must succeed; gives what it printed.
pub(crate) fn run(program: &str, arguments: &[&str], dir: &Path, variables: &[(&str, &str)]) -> String {
    let mut command = std::process::Command::new(find(program));
    command.args(arguments).current_dir(dir).env("PATH", path()).envs(variables.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} in {}: {said}", dir.display());
    said
}

/// The system looks for a program on this process's `PATH`.
fn find(program: &str) -> OsString {
    let found = std::env::split_paths(&path()).map(|folder| folder.join(program)).find(|file| file.is_file());
    found.map_or_else(|| program.into(), Into::into)
}

/// The types of Node.js for TypeScript, which npm would put into a project's `node_modules`.
pub(crate) fn types() -> PathBuf {
    let folders = std::env::split_paths(&path()).map(|folder| folder.join("../@types")).collect::<Vec<_>>();
    folders.iter().find(|folder| folder.is_dir()).unwrap().canonicalize().unwrap()
}
