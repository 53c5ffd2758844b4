//! `tenterhook import`: what of an AutoKitteh project carries over, and the manifest of what does.

mod carry;
mod python;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use self::carry::{Item, Verdict};
use super::build::files;
use super::{Failure, output};
use crate::deploy::manifest;

/// Report what of an AutoKitteh project carries over
///
/// Reads `autokitteh.yaml` and the Python files beside it, and tells of each part whether it works here, and what to do when it does not. Files
/// of handlers stay as they are. Exit code 0 when all carries over, 1 when something does not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The manifest, or the directory that holds it
    #[arg(default_value = "autokitteh.yaml")]
    file: PathBuf,
    /// Write `tenterhook.yaml` beside it, with what carries over
    #[arg(long)]
    write: bool,
    /// Print `{"carries_over", "items", "manifest"}`
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let file = if args.file.is_dir() { args.file.join("autokitteh.yaml") } else { args.file.clone() };
    let source = fs::read_to_string(&file).with_context(|| format!("reading `{}`", file.display()))?;
    let read: Value =
        serde_saphyr::from_str(&source).with_context(|| format!("reading the YAML of `{}`", file.display()))?;
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (mut items, text) = carry::carry(&read)?;
    for source in files::sources(dir, &[".py"]).map_err(anyhow::Error::msg)? {
        let name = source.strip_prefix(dir).unwrap_or(&source).display().to_string();
        let code = fs::read(&source).with_context(|| format!("reading `{}`", source.display()))?;
        items.extend(python::look(&name, &String::from_utf8_lossy(&code)));
    }
    if args.write {
        write(dir, &text)?;
    }
    let is_whole = items.iter().all(|item| item.verdict != Verdict::Lost);
    if args.json {
        let list: Vec<Value> = items.iter().map(Item::to_json).collect();
        output::print_json(&json!({ "carries_over": is_whole, "items": list, "manifest": text }))?;
    } else {
        output::print(&report(&items, &text, args.write))?;
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(dir: &Path, text: &str) -> anyhow::Result<()> {
    let file = dir.join(manifest::FILE);
    if file.exists() {
        bail!("`{}` is there already: remove it first", file.display());
    }
    files::write(&file, text).map_err(anyhow::Error::msg)
}

fn report(items: &[Item], text: &str, is_written: bool) -> String {
    let rows = items.iter().map(|item| vec![item.what.clone(), item.verdict.word().to_owned(), item.note.clone()]);
    let mut report = output::table(&["PART", "", "NOTE"], rows.collect(), output::terminal_width());
    if is_written {
        report.push_str(&format!("\nWrote `{}`. `tenterhook up` builds and serves it.\n", manifest::FILE));
    } else {
        report.push_str(&format!("\nWhat carries over, as `{}` (`--write` writes it):\n\n{text}", manifest::FILE));
    }
    report
}
