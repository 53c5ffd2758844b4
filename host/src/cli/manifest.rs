//! `tenterhook manifest`: checks a manifest before it is deployed. Needs no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::Failure;
use super::output;
use crate::deploy::check_expressions;
use crate::deploy::manifest::{self, Error, Manifest, Severity};

/// What can be asked about manifests.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a directory's `tenterhook.yaml` and its filters. Exit code 0 when it is sound, 1 when it is not
    Check {
        /// The directory
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Print `{"valid", "diagnostics"}`
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of `tenterhook.yaml`, for editors
    Schema {
        /// The schema is JSON with this or without
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { dir, json } => check(dir, *json),
        Command::Schema { json: _ } => {
            output::print_json(&manifest::schema())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(dir: &Path, json: bool) -> Result<ExitCode, Failure> {
    let file = dir.join(manifest::FILE);
    let bytes = fs::read(&file).with_context(|| format!("reading `{}`", file.display()))?;
    let source = String::from_utf8_lossy(&bytes);
    let found = find(&bytes, &source);
    let is_sound =
        found.as_ref().is_none_or(|err| err.diagnostics.iter().all(|found| found.severity == Severity::Warning));
    if json {
        let (diagnostics, omitted) = found.as_ref().map_or((&[][..], 0), |err| (&err.diagnostics, err.omitted));
        let answer = json!({ "valid": is_sound, "diagnostics": diagnostics, "omitted": omitted });
        output::print_json(&answer)?;
    } else {
        let shown = file.display().to_string();
        let report = found.as_ref().map(|err| format!("{}\n", err.render(&shown, &source)));
        let verdict = if is_sound { format!("`{shown}` is sound.\n") } else { String::new() };
        let between = if report.is_some() && is_sound { "\n" } else { "" };
        output::print(&format!("{}{between}{verdict}", report.unwrap_or_default()))?;
    }
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that is wrong with a manifest, its filters included, and what of them is doubtful.
fn find(bytes: &[u8], source: &str) -> Option<Error> {
    let manifest = match Manifest::parse(bytes) {
        Ok(manifest) => manifest,
        Err(err) => return Some(err),
    };
    let diagnostics = check_expressions(&manifest, source);
    (!diagnostics.is_empty()).then(|| diagnostics.into())
}
