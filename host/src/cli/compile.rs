//! `tenterhook compile-module`: what the host starts to compile a module. Not for people.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::guest::compile::{Order, Program, work};

/// The command's name.
const NAME: &str = "compile-module";

/// Compile a module, as the host asks for it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to make, of how many bytes of standard input, within which memory and time
    #[arg(num_args = 4)]
    order: Vec<String>,
}

/// Reads standard input, and writes standard output.
///
/// # Errors
/// The arguments are not the host's.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let order =
        Order::parse(&args.order).context("this command is for the host, which starts it to compile a module")?;
    Ok(work(&order))
}

/// This program, as what the host compiles with. By this path it is the same even when its file was replaced meanwhile: code of
/// another version would not load.
pub(super) fn program() -> Program {
    Program::File { path: "/proc/self/exe".into(), arguments: vec![NAME.to_owned()] }
}
