//! `cargo xtask faults`: the failure table of `host/docs/storage.md` with the result of each test.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::read_all;

/// Runs the failure table of `host/docs/storage.md` and prints it with the results.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Optimised, as operators run it
    #[arg(long)]
    release: bool,
}

/// A row of the table.
struct Row {
    failure: String,
    test: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let rows = rows()?;
    let report = std::env::temp_dir().join(format!("tenterhook-faults-{}", std::process::id()));
    let mut command = tests(args.release);
    command.args(rows.iter().map(|row| format!("faults::{}", row.test)).chain(["--exact".to_owned()]));
    let output = read_all(command.env("TENTERHOOK_REPORT", &report))?;
    let said = if report.exists() {
        std::fs::read_to_string(&report).context("reading the tests' report")?
    } else {
        String::new()
    };
    if report.exists() {
        std::fs::remove_file(&report).context("removing the tests' report")?;
    }
    let mut failed = 0;
    for Row { failure, test } in &rows {
        let name = test.rsplit("::").next().unwrap_or(test);
        let what = said.lines().filter_map(|line| line.split_once(": ")).find(|(other, _)| *other == name);
        let passed = output.lines().any(|line| line == format!("test faults::{test} ... ok"));
        let result = match what {
            Some((_, what)) if passed => what,
            _ => {
                failed += 1;
                "FAILED"
            }
        };
        println!("{failure}\n    {test}: {result}");
    }
    if failed > 0 {
        bail!("{failed} of {} failed:\n{output}", rows.len());
    }
    Ok(())
}

/// The tests' program, built together with what it tests; what follows is for it.
pub(crate) fn tests(release: bool) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace", "--locked", "--test", "program", "--test", "it"]);
    if release {
        command.arg("--release");
    }
    command.arg("--");
    command
}

/// The table stands once, in the documentation.
fn rows() -> Result<Vec<Row>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/docs/storage.md");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading `{}`", path.display()))?;
    let table = text.lines().skip_while(|line| !line.starts_with("| failure |")).skip(2);
    let mut rows = Vec::new();
    for line in table.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [failure, _, test] = cells[..] else { bail!("a row of the failure table has not three cells: {line}") };
        rows.push(Row { failure: failure.replace('`', ""), test: test.trim_matches('`').to_owned() });
    }
    ensure!(!rows.is_empty(), "`{}` has no failure table", path.display());
    Ok(rows)
}
