//! What the host tells those who run it: its own log, and the feed of what happens.

pub mod feed;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// What is logged unless the operator says otherwise.
pub const DEFAULT_DIRECTIVES: &str = "warn,tenterhook_host=info";

/// Writes the program's log to standard error, in colour on a terminal. `directives` are those of `tracing`: `debug`,
/// `warn,tenterhook_host::store=trace`.
///
/// # Errors
/// `directives` are not directives, or a log was set up before; in words.
pub fn log_to_stderr(directives: &str) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(directives);
    let filter = filter.map_err(|err| format!("`{directives}` does not say what to log: {err}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init()
        .map_err(|err| err.to_string())
}
