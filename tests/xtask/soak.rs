//! `cargo xtask soak`: hostile and honest handlers at full load for long.

use anyhow::{Result, ensure};

use crate::faults;

/// Loads a host with hostile and honest handlers for minutes, and fails when its memory, its open files or its maps grow.
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
    command.args(["hostile::soak::soak", "--exact", "--ignored", "--nocapture"]);
    let status = command.env("TENTERHOOK_MINUTES", args.minutes.to_string()).status()?;
    ensure!(status.success(), "the host grows, or something failed: see above");
    Ok(())
}
