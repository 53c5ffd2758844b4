//! `tenterhook backup` and `tenterhook restore`: a data directory as one file, and back.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::output::{self, count};
use crate::clock::Clock;
use crate::store::sqlite::backup;

/// Write all that a data directory holds to one file
///
/// A server may be running on it: the file has what was committed when the command began. It has requests as they came,
/// so only you can read it. Secrets in it are sealed by the master key, which is not in it.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write: a tar archive
    file: PathBuf,
    /// The data directory
    #[arg(long, value_name = "DIR", default_value = ".tenterhook")]
    data: PathBuf,
    /// Replace FILE if it exists
    #[arg(long)]
    force: bool,
    /// Print what was backed up as JSON
    #[arg(long)]
    json: bool,
}

/// Make a data directory of a backup
///
/// Everything is checked before the directory appears. Sessions that were owed when the backup was made are run by the
/// server that is started on it.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The file that `tenterhook backup` wrote
    file: PathBuf,
    /// The data directory to make: new or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print what was restored as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { file, data, force, json } = self;
        let (from, to, now) = (data.display().to_string(), file.display().to_string(), Clock::system().now());
        let made = tokio::task::spawn_blocking(move || backup::backup(&data, &file, force, now)).await?;
        let made = made.with_context(|| format!("failed to back up `{from}`"))?;
        told(&made, json, &format!("Backed up `{from}` to `{to}`"))
    }
}

impl Restore {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { file, data, json } = self;
        let (from, to) = (file.display().to_string(), data.display().to_string());
        let restored = tokio::task::spawn_blocking(move || backup::restore(&file, &data)).await?;
        let restored = restored.with_context(|| format!("failed to restore `{from}`"))?;
        told(&restored, json, &format!("Restored `{from}` to `{to}`"))
    }
}

fn told(backup: &backup::Backup, json: bool, done: &str) -> anyhow::Result<()> {
    if json {
        return output::print_json(&json!(backup));
    }
    output::print(&format!("{done}: {}\n", contents(backup)))
}

/// What a backup has, in words.
pub(super) fn contents(backup: &backup::Backup) -> String {
    let owed = match backup.owed {
        0 => "no session is owed".to_owned(),
        1 => "1 session is owed and runs when a server starts on it".to_owned(),
        owed => format!("{owed} sessions are owed and run when a server starts on it"),
    };
    format!(
        "made at {}, {}, {}; {owed}",
        output::time(backup.made_at),
        output::size(backup.bytes),
        count(backup.modules, "module")
    )
}
