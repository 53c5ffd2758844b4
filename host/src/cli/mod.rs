//! The command line. Each command is a file; what it prints for people is a pure function of what it was told.

mod audit;
mod backup;
mod build;
mod client;
mod compile;
mod confirm;
mod context;
mod deploy;
mod deployments;
mod doctor;
mod environment;
mod events;
mod explain;
mod filter;
mod import;
mod keys;
mod login;
mod manifest;
mod manual;
mod members;
mod modules;
mod new;
mod orgs;
pub(crate) mod output;
mod payload;
mod projects;
mod quotas;
mod remote;
mod retry;
mod secrets;
mod serve;
mod sessions;
pub(crate) mod tail;
mod tokens;
mod up;
mod upload;
mod usage;
mod vars;
mod watch;
mod whoami;

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
    /// Serve many orgs, with tokens
    Serve(serve::Args),
    Deploy(deploy::Deploy),
    /// Look at what a project has been, and say what serves
    #[command(subcommand)]
    Deployments(deployments::Command),
    /// Set a project's variables and secrets
    #[command(subcommand)]
    Vars(vars::Command),
    /// Look at the events that were received
    #[command(subcommand)]
    Events(events::Command),
    /// Look at the sessions, what became of the events that matched, and drive them
    #[command(subcommand)]
    Sessions(sessions::Command),
    Login(login::Login),
    Logout(login::Logout),
    /// Choose between servers
    #[command(subcommand)]
    Contexts(login::Command),
    Whoami(whoami::Command),
    /// Look at orgs, and make them
    #[command(subcommand)]
    Orgs(orgs::Command),
    /// Look at what an org may take, and change it
    #[command(subcommand)]
    Quotas(quotas::Command),
    Usage(usage::Usage),
    /// Look at who did what in an org
    #[command(subcommand)]
    Audit(audit::Command),
    /// Say who may do what in an org
    #[command(subcommand)]
    Members(members::Command),
    /// Look at an org's projects
    #[command(subcommand)]
    Projects(projects::Command),
    /// Look at an org's modules, and upload them
    #[command(subcommand)]
    Modules(modules::Command),
    /// Make and revoke what programs show to a server
    #[command(subcommand)]
    Tokens(tokens::Command),
    /// Write all that a data directory holds to one file; a server may be running on it
    Backup(backup::Backup),
    /// Make a data directory of a backup; needs no server
    Restore(backup::Restore),
    /// Look after the key that seals secrets
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Try filter expressions
    #[command(subcommand)]
    Filter(filter::Command),
    Completions(manual::Completions),
    Man(manual::Man),
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
    match Box::pin(cli.command.run()).await {
        Err(failure) if failure.error.is::<output::Closed>() => Ok(ExitCode::SUCCESS),
        done => done,
    }
}

impl Command {
    async fn run(self) -> Result<ExitCode, Failure> {
        let done = match self {
            Self::Up(args) => up::run(args).await,
            Self::New(args) => return new::run(&args),
            Self::Import(args) => return import::run(&args),
            Self::Build(args) => return build::run(args).await,
            Self::Doctor(args) => return doctor::run(args).await,
            Self::Serve(args) => serve::run(args).await,
            Self::Deploy(args) => args.run().await,
            Self::Deployments(command) => deployments::run(command).await,
            Self::Vars(command) => vars::run(command).await,
            Self::Events(command) => events::run(command).await,
            Self::Sessions(command) => return sessions::run(command).await.map(|()| ExitCode::SUCCESS),
            Self::Login(args) => args.run().await,
            Self::Logout(args) => args.run(),
            Self::Contexts(command) => login::run(command),
            Self::Whoami(args) => args.run().await,
            Self::Orgs(command) => orgs::run(command).await,
            Self::Quotas(command) => quotas::run(command).await,
            Self::Usage(args) => args.run().await,
            Self::Audit(command) => audit::run(command).await,
            Self::Members(command) => members::run(command).await,
            Self::Projects(command) => projects::run(command).await,
            Self::Modules(command) => modules::run(command).await,
            Self::Tokens(command) => tokens::run(command).await,
            Self::Backup(args) => args.run().await,
            Self::Restore(args) => args.run().await,
            Self::Secrets(command) => secrets::run(command).await,
            Self::Filter(command) => return filter::run(command).await,
            Self::Completions(args) => args.run(),
            Self::Man(args) => args.run(),
            Self::Manifest(command) => return manifest::run(&command),
            Self::CompileModule(args) => return compile::run(&args).map_err(Failure::from),
        };
        Ok(done.map(|()| ExitCode::SUCCESS)?)
    }
}
