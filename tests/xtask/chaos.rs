//! `cargo xtask chaos`: `kill -9` at random under load.

use anyhow::{Result, ensure};

use crate::faults;

/// Kills the program at random every few seconds under load and proves that nothing is lost and nothing stuck.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Optimised, as operators run it
    #[arg(long)]
    release: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = faults::tests(args.release);
    command.args(["faults::chaos::chaos", "--exact", "--ignored", "--nocapture"]);
    let status = command.env("TENTERHOOK_MINUTES", args.minutes.to_string()).status()?;
    ensure!(status.success(), "something is lost or stuck: see above");
    Ok(())
}
