//! `cargo xtask fuzz`: filters that nobody would write, over requests that nobody would send.

use anyhow::Result;

use crate::bench::bench;

/// Makes filters and requests for some minutes; fails when one of them panics, ends the process, or takes too much.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Where the random numbers begin: the same seed makes the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    bench("filters", &["fuzz", &args.minutes.to_string(), &args.seed.to_string()])
}
