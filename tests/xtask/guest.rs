//! Builds Rust guests: projects of their own, outside this workspace, one module each.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use wit_component::ComponentEncoder;

use crate::process::read;

/// Has no WASI to import: the component asks its host for nothing but Tenterhook's own interfaces.
pub(crate) const UNKNOWN: &str = "wasm32-unknown-unknown";
/// Its linker writes components.
pub(crate) const WASIP2: &str = "wasm32-wasip2";

/// Builds the project in `folder` with `rustc` for `target` and gives the path of its module: a component for
/// `wasm32-wasip2`, a core module otherwise.
pub(crate) fn build(folder: &Path, rustc: &Path, target: &str) -> Result<PathBuf> {
    // One folder for all guests, so that they share what they depend on: beside this program's own, `target/debug`.
    let this = std::env::current_exe().context("finding this program")?;
    let target_folder = this.ancestors().nth(2).context("this program stands in cargo's folder")?.join("guests");
    let messages = read(
        Command::new("cargo")
            .args(["build", "--release", "--locked", "--message-format=json-render-diagnostics", "--target", target])
            .current_dir(folder)
            .env("RUSTC", rustc)
            .env("CARGO_TARGET_DIR", target_folder)
            .env_remove("RUSTFLAGS")
            .stderr(Stdio::inherit()),
    )?;
    let mut modules = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("reading cargo's messages")?;
        let files = message.pointer("/filenames").and_then(Value::as_array).into_iter().flatten();
        modules.extend(files.filter_map(Value::as_str).filter(|file| file.ends_with(".wasm")).map(PathBuf::from));
    }
    ensure!(modules.len() == 1, "`{}` builds {} modules, not one", folder.display(), modules.len());
    modules.pop().context("the only module")
}

/// The component that a core module describes in its custom sections.
pub(crate) fn component(module: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(module).with_context(|| format!("reading `{}`", module.display()))?;
    let encode = || ComponentEncoder::default().validate(true).module(&bytes)?.encode();
    encode().with_context(|| format!("making a component of `{}`", module.display()))
}
