//! The command line. Each command is a file; what it prints for people is a pure function of what it was told.

mod backup;
mod build;
mod client;
mod compile;
mod doctor;
mod events;
mod explain;
mod filter;
mod import;
mod manifest;
mod new;
pub(crate) mod output;
mod payload;
mod retry;
mod sessions;
pub(crate) mod tail;
mod up;
mod watch;

#[cfg(test)]
mod tests;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::observe;

/// What the exit codes mean, for `--help`.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; for `filter test`: the filter did not match; for `manifest check`: the manifest is broken
  2  the command line, or an expression of `filter`, is wrong
  3  `filter test` could not read its data";

/// The code that clap exits with, too.
const BAD_COMMAND_LINE: u8 = 2;

/// A self-hosted webhook host whose handlers are sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "tenterhook", version, after_help = EXIT_CODES, propagate_version = true)]
pub struct Cli {
    /// What to log to standard error, in the directives of Rust's `tracing`: `debug`, `warn,tenterhook_host=debug`
    #[arg(long, global = true, value_name = "DIRECTIVES", env = "TENTERHOOK_LOG",
        default_value = observe::DEFAULT_DIRECTIVES, hide_default_value = true)]
    log: String,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the project of a directory and show what happens
    Up(up::Args),
    /// Write a project to begin with
    New(new::Args),
    /// Report what of an AutoKitteh project carries over
    Import(import::Args),
    /// Build the components that a project's manifest calls
    Build(build::Args),
    /// Show which languages this machine can build handlers in
    Doctor(doctor::Args),
    /// Look at the events that were received
    #[command(subcommand)]
    Events(events::Command),
    /// Look at the sessions, what became of the events that matched, and drive them
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Write all that a data directory holds to one file; a server may be running on it
    Backup(backup::Backup),
    /// Make a data directory of a backup; needs no server
    Restore(backup::Restore),
    /// Try filter expressions
    #[command(subcommand)]
    Filter(filter::Command),
    /// Check `tenterhook.yaml`; needs no server
    #[command(subcommand)]
    Manifest(manifest::Command),
    #[command(hide = true)]
    CompileModule(compile::Args),
}

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// The program's exit code.
    pub code: u8,
    /// In words.
    pub error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: 1, error: error.into() }
    }
}

/// The error and its causes; what a server or a file had a part in is made harmless to terminals.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(output::block(&format!("{:#}", self.error), 0).trim_end())
    }
}

/// Does what the command line asks.
///
/// # Errors
/// It could not be done. A reader of standard output that hung up is no error.
pub async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let bad_directives = |reason| Failure { code: BAD_COMMAND_LINE, error: anyhow::Error::msg(reason) };
    observe::log_to_stderr(&cli.log).map_err(bad_directives)?;
    let done = match cli.command {
        Command::Up(args) => up::run(args).await.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        Command::New(args) => new::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Build(args) => build::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Events(command) => events::run(command).await.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        Command::Sessions(command) => sessions::run(command).await.map(|()| ExitCode::SUCCESS),
        Command::Backup(args) => args.run().await.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        Command::Restore(args) => args.run().await.map(|()| ExitCode::SUCCESS).map_err(Failure::from),
        Command::Filter(command) => filter::run(command).await,
        Command::Manifest(command) => manifest::run(&command),
        Command::CompileModule(args) => compile::run(&args).map_err(Failure::from),
    };
    match done {
        Err(failure) if failure.error.is::<output::Closed>() => Ok(ExitCode::SUCCESS),
        done => done,
    }
}
