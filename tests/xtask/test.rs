//! `cargo xtask test`: every test, with all that they need.

use std::process::Command;

use anyhow::Result;

use crate::process::run as start;
use crate::schemathesis;
use crate::wasm_toolchain::{Place, provide};
use crate::{guest, toolchains};

/// Runs every test, after providing what the tests need: compilers for WebAssembly, and schemathesis (with Python 3).
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Passed on to `cargo test`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    // Before the tests, so that none of them waits for a download.
    provide(&args.place, &[guest::UNKNOWN, guest::WASIP2])?;
    match toolchains::provide() {
        Err(error) if std::env::var_os("CI").is_some() => return Err(error),
        Err(error) => eprintln!("warning: tests of some languages will be skipped: {error:#}"),
        Ok(()) => {}
    }
    let schemathesis = schemathesis::provide(&args.place.cache()?)?;
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--workspace", "--locked"]).args(&args.arguments);
    start(cargo.env("TENTERHOOK_SCHEMATHESIS", schemathesis))
}
