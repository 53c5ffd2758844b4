//! Rust: `cargo build` for the target that the compiler has.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::Error;
use super::super::process;
use super::super::tool::{Found, Tool, Version};
use super::{Job, nth, read};

pub(super) const TOOLS: [Tool; 2] = [
    Tool {
        program: "cargo",
        others: &[],
        version: &["--version"],
        least: Version(1, 95, 0),
        is_exact: false,
        remedy: "install Rust, from https://rustup.rs",
    },
    Tool {
        program: "rustc",
        others: &[],
        version: &["--version"],
        least: Version(1, 95, 0),
        is_exact: false,
        remedy: "install Rust, from https://rustup.rs",
    },
];

/// The first that the compiler has a standard library for.
const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-unknown-unknown"];

pub(super) fn compile(job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
    let crate_folder = crate_folder(job)?;
    let rustc = match std::env::var_os("RUSTC") {
        Some(rustc) => PathBuf::from(rustc),
        None => nth(tools, 1)?.path.clone(),
    };
    let target = TARGETS.into_iter().find(|target| has_target(&rustc, target, &crate_folder));
    let missing = "the Rust compiler has no WebAssembly target; run `rustup target add wasm32-wasip2`";
    let target = target.ok_or_else(|| Error::Tool(missing.to_owned()))?;
    let mut command = Command::new(&nth(tools, 0)?.path);
    command.args(["build", "--release", "--message-format=json-render-diagnostics", "--target", target]);
    let ran = process::run(command.current_dir(&crate_folder)).map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(Error::Failed(ran.stderr.trim().to_owned()));
    }
    let messages = ran.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let files = messages.filter_map(|message| {
        let files = message.get("filenames")?.as_array()?.clone();
        files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    });
    let modules: Vec<PathBuf> = files.collect();
    let none = || {
        let folder = crate_folder.display();
        Error::Failed(format!(
            "the crate in `{folder}` builds no module: add `[lib] crate-type = [\"cdylib\"]` to its Cargo.toml"
        ))
    };
    // A core module becomes a component when it is deployed.
    read(modules.last().ok_or_else(none)?)
}

/// The folder with the `Cargo.toml` of the handlers, no further up than the project.
fn crate_folder(job: &Job) -> Result<PathBuf, Error> {
    let file = job.dir.join(&job.module);
    let above = file.ancestors().skip(1).take_while(|above| above.starts_with(&job.dir));
    let found = above.filter(|above| above.join("Cargo.toml").is_file()).map(Path::to_owned).next();
    found.ok_or_else(|| Error::Failed(format!("there is no `Cargo.toml` above `{}` in the project", job.module)))
}

fn has_target(rustc: &Path, target: &str, folder: &Path) -> bool {
    let mut command = Command::new(rustc);
    command.args(["--print", "target-libdir", "--target", target]).current_dir(folder);
    let Ok(ran) = process::run(&mut command) else { return false };
    let entries = std::fs::read_dir(ran.stdout.trim()).into_iter().flatten().flatten();
    ran.succeeded && entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}
