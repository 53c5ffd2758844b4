//! `cargo xtask hostile`: filters and guests that are meant to hurt, with what they come to.

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::bench::bench;
use crate::faults;

/// Prints filters and guests that are meant to hurt, with what becomes of them and what they take; fails when one takes too much or ends
/// otherwise than it must.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this part
    part: Option<Part>,
    /// The guests on a host that is optimised, as operators run it; filters always are
    #[arg(long)]
    release: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Filters, with their verdicts, times and memory.
    Filters,
    /// Guests, with their ends, the host's memory and a neighbour's latency.
    Guests,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.part != Some(Part::Guests) {
        bench("filters", &["hostile"])?;
    }
    if args.part != Some(Part::Filters) {
        let mut command = faults::tests(args.release);
        command.args(["hostile::table", "--exact", "--ignored", "--nocapture"]);
        ensure!(command.status()?.success(), "a guest ended otherwise than it must: see above");
    }
    Ok(())
}
