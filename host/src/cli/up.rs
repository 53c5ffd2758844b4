//! `tenterhook up`: serves the project of a directory.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The arguments.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The directory that holds `tenterhook.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,

    /// Where to listen for webhooks
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Where to keep events and modules
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Do not reload when the manifest or a module changes
    #[arg(long)]
    no_watch: bool,

    /// Print what happens as lines of JSON
    #[arg(long)]
    json: bool,

    /// Settings that differ from the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Serves until it is told to stop.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    anyhow::bail!("cannot serve `{}`: this build has no server", args.dir.display())
}
