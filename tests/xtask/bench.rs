//! `cargo xtask bench`: what a webhook costs, as ratios against a bare HTTP server in the same run.

use std::process::Command;

use anyhow::Result;

use crate::process::run as start;

/// Prints what a webhook costs, as ratios against a bare HTTP server in the same run.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: &Args) -> Result<()> {
    start(Command::new("cargo").args([
        "bench",
        "--quiet",
        "--locked",
        "--package",
        "tenterhook-tests",
        "--bench",
        "webhooks",
    ]))
}
