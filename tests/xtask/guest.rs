//! `cargo xtask guest`: builds a Rust guest, a project of its own outside this workspace, with one module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use wit_component::ComponentEncoder;

use crate::process::read;
use crate::wasm_toolchain::{Place, provide};

/// Has no WASI to import: the component asks its host for nothing but Tenterhook's own interfaces.
pub(crate) const UNKNOWN: &str = "wasm32-unknown-unknown";
/// Its linker writes components.
pub(crate) const WASIP2: &str = "wasm32-wasip2";

/// Builds a Rust guest and writes its component.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The guest's folder.
    folder: PathBuf,
    /// What to build it for: wasm32-wasip2 or wasm32-unknown-unknown.
    #[arg(long, default_value = UNKNOWN)]
    target: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let rustc = provide(&args.place, &[&args.target])?;
    let component = component(&args.folder, &rustc, &args.target)?;
    fs::write(&args.out, component).with_context(|| format!("writing `{}`", args.out.display()))
}

/// Builds the project in `folder` and gives its component.
pub(crate) fn component(folder: &Path, rustc: &Path, target: &str) -> Result<Vec<u8>> {
    let module = build(folder, rustc, target)?;
    let bytes = fs::read(&module).with_context(|| format!("reading `{}`", module.display()))?;
    if target != UNKNOWN {
        return Ok(bytes);
    }
    let encode = || ComponentEncoder::default().validate(true).module(&bytes)?.encode();
    encode().with_context(|| format!("making a component of `{}`", module.display()))
}

/// The path of the project's module: a core module for `wasm32-unknown-unknown`; other targets' linkers write components.
fn build(folder: &Path, rustc: &Path, target: &str) -> Result<PathBuf> {
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
