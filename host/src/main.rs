//! The program: the command line, the exit code, and the one place where a failure becomes words.

use std::process::ExitCode;

use clap::Parser as _;
use tenterhook_host::cli::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(run(Cli::parse())).await {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code)
        }
    }
}
