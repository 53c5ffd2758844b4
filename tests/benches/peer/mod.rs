//! `wasmtime serve` as a server to compare with: the same answer from a sandbox that is made for each request, without events, filters
//! or limits. It is measured where it is installed: `wasmtime` on the `PATH`, or the program that `TENTERHOOK_WASMTIME` names.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use wit_parser::Resolve;

use crate::servers::wat;

/// As it comes: its pool of sandboxes with its own settings.
pub(crate) const DEFAULT: &[&str] = &[];

/// With the host's settings, as far as it has them: what it keeps of each sandbox in memory, and how many it keeps warm.
pub(crate) const TUNED: &[&str] = &[
    "-O",
    "pooling-allocator=y",
    "-O",
    "pooling-memory-keep-resident=262144",
    "-O",
    "pooling-table-keep-resident=65536",
    "-O",
    "pooling-async-stack-keep-resident=65536",
    "-O",
    "pooling-max-unused-warm-slots=1000",
    "-C",
    "native-unwind-info=n",
];

/// What is compared with, or why it is not, in a line.
pub(crate) fn line() -> String {
    version().unwrap_or_else(|| {
        "`wasmtime serve` is not measured: `cargo install --locked wasmtime-cli` installs it; put it on the PATH or name it in \
         TENTERHOOK_WASMTIME"
            .to_owned()
    })
}

/// Starts it with these options; none when it is not installed. It says on its standard error where it listens.
pub(crate) fn command(options: &[&str]) -> Option<Command> {
    version()?;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peer.wasm");
    std::fs::write(&file, component()).unwrap();
    let mut command = Command::new(program());
    command.args(["serve", "--addr", "127.0.0.1:0"]).args(options).arg(file).stderr(Stdio::piped());
    Some(command)
}

/// What it says of itself; none when it is not installed.
fn version() -> Option<String> {
    let program = program();
    match Command::new(&program).arg("--version").output() {
        Ok(output) if output.status.success() => Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Ok(output) => panic!("{program:?} --version: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("failed to start {program:?}: {error}"),
    }
}

fn program() -> OsString {
    std::env::var_os("TENTERHOOK_WASMTIME").unwrap_or_else(|| "wasmtime".into())
}

fn component() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("wasi.wit", include_str!("wasi.wit")).expect("the world is valid WIT");
    let world = resolve.select_world(&[package], Some("peer")).expect("it has this world");
    wat::in_world(include_str!("hello.wat"), &resolve, world)
}
