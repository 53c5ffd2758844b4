//! The program: the command line, the exit code, and the one place where a failure becomes words.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use tenterhook_host::cli::{Cli, run};

/// A request and its sandbox make a hundred small things, of which half are dropped by another thread than made them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: failed to start the program's threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(Box::pin(run(Cli::parse())));
    // A build or a compilation that is under way is not waited for.
    runtime.shutdown_background();
    match done {
        Ok(code) => code,
        Err(failure) => {
            // Nobody reads standard error: the exit code says it all the same.
            drop(writeln!(std::io::stderr(), "error: {failure}"));
            ExitCode::from(failure.code)
        }
    }
}
