//! `cargo xtask bench`: what filters and webhooks cost, as ratios against baselines in the same run.

use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;

use crate::process::run as start;

/// Prints what filters and webhooks cost, as ratios against baselines in the same run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this part; both when it is not given.
    part: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Compiling filters and asking them about events.
    Filters,
    /// Requests to a server.
    Webhooks,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.part != Some(Part::Webhooks) {
        bench("filters", &[])?;
    }
    if args.part != Some(Part::Filters) {
        bench("webhooks", &[])?;
    }
    Ok(())
}

/// Runs one of the programs that measure, built as a release is.
pub(crate) fn bench(name: &str, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["bench", "--quiet", "--locked", "--package", "tenterhook-tests", "--bench", name, "--"]);
    start(cargo.args(arguments))
}
