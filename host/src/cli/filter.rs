//! `tenterhook filter`: tries expressions before a manifest has them. Needs no server.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use serde_json::{Value, json};

use super::Failure;
use super::output::{self, line};
use crate::event::{Data, EventType, VerdictKind};
use crate::trigger::filter::{CompileError, Context, Filter};

/// The expression does not compile.
const DOES_NOT_COMPILE: u8 = 2;
/// The data cannot be read.
const BAD_DATA: u8 = 3;

/// What can be tried.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile an expression. Exit code 0 when it compiles, 2 when it does not
    Check {
        /// The expression, in CEL: `data.method == "POST"`
        #[arg(value_name = "EXPR", allow_hyphen_values = true)]
        expression: String,
        /// Print `{"valid", "errors"}`
        #[arg(long)]
        json: bool,
    },
    /// Ask an expression about an event. Exit code 0 when it matches, 1 when it does not, 2 when it does not compile, 3
    /// when the data cannot be read
    Test {
        /// The event, or its `data`, as JSON: what `events show --json` prints; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// The expression, in CEL: `data.method == "POST"`
        #[arg(value_name = "EXPR", allow_hyphen_values = true)]
        expression: String,
        /// Print `{"verdict", "detail"}`
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { expression, json } => check(expression, *json),
        Command::Test { data, expression, json } => test(data, expression, *json),
    }
}

fn check(expression: &str, json: bool) -> Result<ExitCode, Failure> {
    match (Filter::compile(expression), json) {
        (Ok(_), true) => output::print_json(&json!({ "valid": true, "errors": [] }))?,
        (Ok(_), false) => output::print("The expression compiles.\n")?,
        (Err(err), true) => {
            output::print_json(&json!({ "valid": false, "errors": errors(&err) }))?;
            return Ok(ExitCode::from(DOES_NOT_COMPILE));
        }
        (Err(err), false) => return Err(does_not_compile(&err)),
    }
    Ok(ExitCode::SUCCESS)
}

fn test(file: &Path, expression: &str, json: bool) -> Result<ExitCode, Failure> {
    let filter = match Filter::compile(expression) {
        Ok(filter) => filter,
        Err(err) if json => {
            output::print_json(&json!({ "verdict": null, "detail": err.to_string() }))?;
            return Ok(ExitCode::from(DOES_NOT_COMPILE));
        }
        Err(err) => return Err(does_not_compile(&err)),
    };
    let (kind, data) = read(file).map_err(|error| Failure { code: BAD_DATA, error })?;
    let (verdict, detail) = filter.evaluate(&Context::new(&kind, &data));
    if json {
        output::print_json(&json!({ "verdict": verdict, "detail": detail }))?;
    } else {
        output::print(&sentence(verdict, detail.as_deref()))?;
    }
    Ok(ExitCode::from(u8::from(verdict != VerdictKind::Matched)))
}

/// The verdict, for people.
pub(super) fn sentence(verdict: VerdictKind, detail: Option<&str>) -> String {
    let reason = detail.map(|detail| format!(": {}", line(detail))).unwrap_or_default();
    match verdict {
        VerdictKind::Matched => "The filter matches.\n".to_owned(),
        VerdictKind::FilterFalse => format!("The filter does not match: it gives false{reason}.\n"),
        kind => format!("The filter does not match: {kind}{reason}\n"),
    }
}

fn does_not_compile(err: &CompileError) -> Failure {
    Failure { code: DOES_NOT_COMPILE, error: anyhow!("the expression does not compile\n{err}") }
}

fn errors(err: &CompileError) -> Vec<Value> {
    let error = |found: &crate::trigger::filter::Diagnostic| {
        json!({
            "line": found.line,
            "column": found.column,
            "message": found.message,
            "suggestion": found.suggestion,
        })
    };
    err.diagnostics().iter().map(error).collect()
}

fn read(file: &Path) -> anyhow::Result<(EventType, Data)> {
    let (name, text) = if file == Path::new("-") {
        let mut text = Vec::new();
        io::stdin().lock().read_to_end(&mut text).context("reading standard input")?;
        ("standard input".to_owned(), text)
    } else {
        let name = format!("`{}`", file.display());
        (name.clone(), fs::read(file).with_context(|| format!("reading {name}"))?)
    };
    let value: Value = serde_json::from_slice(&text).with_context(|| format!("{name} is not JSON"))?;
    let data = Data::from_json(&value).with_context(|| format!("{name} is not an event, nor an event's `data`"))?;
    Ok((EventType::of(data.method()), data))
}
