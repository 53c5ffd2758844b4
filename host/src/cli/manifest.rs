//! `tenterhook manifest`: checks a manifest before it is deployed. Needs no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::Failure;
use super::output;
use crate::deploy::filter_mistakes;
use crate::deploy::manifest::{self, Error, Manifest};

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
    if json {
        let (diagnostics, omitted) = found.as_ref().map_or((&[][..], 0), |err| (&err.diagnostics, err.omitted));
        let answer = json!({ "valid": found.is_none(), "diagnostics": diagnostics, "omitted": omitted });
        output::print_json(&answer)?;
    } else if let Some(err) = &found {
        output::print(&format!("{}\n", err.render(&file.display().to_string(), &source)))?;
    } else {
        output::print(&format!("`{}` is sound.\n", file.display()))?;
    }
    Ok(if found.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that is wrong with a manifest, its filters included.
fn find(bytes: &[u8], source: &str) -> Option<Error> {
    let manifest = match Manifest::parse(bytes) {
        Ok(manifest) => manifest,
        Err(err) => return Some(err),
    };
    let diagnostics = filter_mistakes(&manifest, source);
    (!diagnostics.is_empty()).then(|| diagnostics.into())
}
