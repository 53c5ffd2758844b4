//! `cargo xtask bench`: what filters, webhooks and keeping them cost, as ratios against baselines in the same run.

use std::process::Command;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::process::run as start;
use crate::toolchains;

/// Prints what filters, webhooks and keeping them cost, as ratios against baselines in the same run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only this part; filters and webhooks when it is not given, since the store takes minutes.
    part: Option<Part>,
    /// Of `store` only this: `accept`, `end-to-end`, `recovery` or `history`.
    of_it: Option<String>,
    /// How the programs are built; `dist` is as for production, and takes long.
    #[arg(long, default_value = BENCH)]
    profile: String,
}

/// Cargo's own for programs that measure, which is built as a release is.
const BENCH: &str = "bench";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Compiling filters and asking them about events.
    Filters,
    /// Requests to a server, beside a bare one and `wasmtime serve`, where it is on the `PATH` or `TENTERHOOK_WASMTIME` names it.
    Webhooks,
    /// A webhook beside handlers of another org that never end.
    Neighbours,
    /// Modules that are deployed and idle.
    Density,
    /// The same handler in every language.
    Languages,
    /// Accepting, settling, asking for history, starting with much owed.
    Store,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(args.of_it.is_none() || args.part == Some(Part::Store), "only `store` has parts of its own");
    let bench = |name: &str, arguments: &[&str]| bench_as(&args.profile, name, arguments);
    match args.part {
        Some(Part::Filters) => bench("filters", &[]),
        Some(Part::Webhooks) => bench("webhooks", &[]),
        Some(Part::Neighbours) => bench("webhooks", &["neighbours"]),
        Some(Part::Density) => bench("webhooks", &["density"]),
        Some(Part::Languages) => languages().and_then(|()| bench("webhooks", &["languages"])),
        Some(Part::Store) => {
            let arguments: Vec<&str> = ["store"].into_iter().chain(args.of_it.as_deref()).collect();
            bench("webhooks", &arguments)
        }
        None => bench("filters", &[]).and_then(|()| bench("webhooks", &[])),
    }
}

/// Builds the handler in each language that this machine can build, as a user does.
fn languages() -> Result<()> {
    toolchains::provide()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = toolchains::place::folders().unwrap_or_default().into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders)?;
    for language in ["c", "go", "js", "ts", "python"] {
        let mut cargo = Command::new("cargo");
        cargo.args(["run", "--quiet", "--locked", "--release", "--bin", "tenterhook", "--", "build", "--no-cache"]);
        start(cargo.arg(format!("plugins/echo/{language}")).env("PATH", &path))?;
    }
    Ok(())
}

/// Runs one of the programs that measure, built as a release is.
pub(crate) fn bench(name: &str, arguments: &[&str]) -> Result<()> {
    bench_as(BENCH, name, arguments)
}

fn bench_as(profile: &str, name: &str, arguments: &[&str]) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "bench",
        "--quiet",
        "--locked",
        "--package",
        "tenterhook-tests",
        "--profile",
        profile,
        "--bench",
        name,
        "--",
    ]);
    start(cargo.args(arguments))
}
