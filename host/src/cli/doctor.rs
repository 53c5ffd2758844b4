//! `tenterhook doctor`: which languages this machine can build handlers in, and what is missing for the others.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::build::recipe::{LANGUAGES, Language};
use super::build::tool::Tool;
use super::{Failure, build, output};
use crate::deploy::manifest::{self, Manifest};

/// Show which languages this machine can build handlers in
///
/// Lists the tools that `tenterhook build` runs for each language, with what is needed, what was found, and one line that gets what is
/// missing. Exit code 1 when the project in DIR has a module whose tools are missing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's directory, whose own environments are looked into first
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Print a list of `{"language", "tool", "needed", "found", "version", "problem", "is_used"}`
    #[arg(long)]
    json: bool,
}

/// One tool of one language.
struct Row {
    language: &'static str,
    tool: &'static Tool,
    found: Result<(PathBuf, String), String>,
    /// Whether the project has a module in this language.
    is_used: bool,
}

/// Looks for all tools.
pub(super) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let dir = args.dir.clone();
    let rows = tokio::task::spawn_blocking(move || look(&dir)).await.map_err(anyhow::Error::from)?;
    if args.json {
        output::print_json(&rows.iter().map(Row::to_json).collect::<Value>())?;
    } else {
        output::print(&report(&rows))?;
    }
    let is_ill = rows.iter().any(|row| row.is_used && row.found.is_err());
    Ok(if is_ill { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn look(dir: &Path) -> Vec<Row> {
    let manifest = std::fs::read(dir.join(manifest::FILE)).ok().and_then(|text| Manifest::parse(text).ok());
    let used: Vec<Language> = manifest.iter().flat_map(|manifest| build::languages(dir, manifest)).collect();
    let mut rows = Vec::new();
    for language in LANGUAGES {
        for tool in language.tools() {
            let found = tool.find(dir).map(|found| (found.path, found.version.to_string()));
            let found = found.map_err(|error| error.to_string());
            rows.push(Row { language: language.name(), tool, found, is_used: used.contains(&language) });
        }
    }
    rows
}

fn report(rows: &[Row]) -> String {
    let cells = rows.iter().map(|row| {
        let (found, path) = match &row.found {
            Ok((path, version)) => (version.clone(), path.display().to_string()),
            Err(_) => ("—".to_owned(), String::new()),
        };
        vec![row.language.to_owned(), row.tool.program.to_owned(), row.tool.wanted(), found, path]
    });
    let header = ["LANGUAGE", "TOOL", "NEEDED", "FOUND", "WHERE"];
    let mut report = output::table(&header, cells.collect(), output::terminal_width());
    let mut problems: Vec<String> = Vec::new();
    for row in rows {
        if let Err(problem) = &row.found {
            let line = format!("{}: {problem}\n", row.language);
            if !problems.contains(&line) {
                problems.push(line);
            }
        }
    }
    if !problems.is_empty() {
        report.push_str(&format!("\n{}", problems.concat()));
    }
    report
}

impl Row {
    fn to_json(&self) -> Value {
        let (path, version, problem) = match &self.found {
            Ok((path, version)) => (Some(path), Some(version), None),
            Err(problem) => (None, None, Some(problem)),
        };
        json!({
            "language": self.language,
            "tool": self.tool.program,
            "needed": self.tool.wanted(),
            "found": path,
            "version": version,
            "problem": problem,
            "is_used": self.is_used,
        })
    }
}
