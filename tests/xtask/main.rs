//! `cargo xtask`: the chores of this repository, each a command in a file of its own.

mod bench;
mod bindings;
mod chaos;
mod faults;
mod fuzz;
mod guest;
mod hostile;
mod plugins;
mod process;
mod schemathesis;
mod soak;
mod test;
mod toolchains;
mod wasm_toolchain;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Bench(bench::Args),
    Bindings(bindings::Args),
    Chaos(chaos::Args),
    Faults(faults::Args),
    Fuzz(fuzz::Args),
    Guest(guest::Args),
    Hostile(hostile::Args),
    Plugins(plugins::Args),
    Soak(soak::Args),
    Test(test::Args),
    Toolchains(toolchains::Args),
    WasmToolchain(wasm_toolchain::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Bench(args) => bench::run(&args),
        Task::Bindings(args) => bindings::run(&args),
        Task::Chaos(args) => chaos::run(&args),
        Task::Faults(args) => faults::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Guest(args) => guest::run(&args),
        Task::Hostile(args) => hostile::run(&args),
        Task::Plugins(args) => plugins::run(&args),
        Task::Soak(args) => soak::run(&args),
        Task::Test(args) => test::run(&args),
        Task::Toolchains(args) => toolchains::run(&args),
        Task::WasmToolchain(args) => wasm_toolchain::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
