//! `cargo xtask hostile`: filters that are meant to hurt, with what they come to.

use anyhow::Result;

use crate::bench::bench;

/// Prints filters that are meant to hurt, with their verdicts, times and memory; fails when one takes too much.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: &Args) -> Result<()> {
    bench("filters", &["hostile"])
}
