//! `tenterhook filter`: tries expressions before a manifest has them: alone, on an event in a file, and on the events
//! that a server has stored.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Failure;
use super::explain::{explain, summary};
use super::output::{self, count, line};
use super::remote::Remote;
use crate::api::MAX_LIMIT;
use crate::api::view::{FilterCheck, FilterTest, Mistake, TestedEvent};
use crate::event::{Data, EventId, EventType, VerdictKind};
use crate::trigger::filter::{CompileError, Context, Filter, Judgement, render_warnings};

/// The expression does not compile.
const DOES_NOT_COMPILE: u8 = 2;
/// The data cannot be read.
const BAD_DATA: u8 = 3;

/// The most events that one command asks about.
const MAX_EVENTS: u64 = 10_000;

/// What can be tried.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile an expression. Exit code 0 when it compiles, 2 when it does not
    Check {
        /// The expression, in CEL: `data.method == "POST"`
        #[arg(value_name = "EXPR", allow_hyphen_values = true)]
        expression: String,
        /// Print `{"valid", "errors", "warnings"}`
        #[arg(long)]
        json: bool,
    },
    /// Ask an expression about one event, in a file or stored, or about all of late
    ///
    /// Exit code 0 when it matches (with `--since`: at least one event), 1 when it does not, 2 when it does not compile, 3
    /// when the data cannot be read.
    Test(Box<Test>),
}

#[derive(Args, Debug)]
pub(super) struct Test {
    /// The expression, in CEL: `data.method == "POST"`
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expression: String,
    #[command(flatten)]
    about: About,
    /// With `--since`: how many events at the most, the newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 100, conflicts_with_all = ["data", "event"],
        value_parser = RangedU64ValueParser::<u32>::new().range(1..=MAX_EVENTS))]
    limit: u32,
    /// With `--since`: only events of this endpoint
    #[arg(long, value_name = "SLUG", conflicts_with_all = ["data", "event"])]
    endpoint: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Which events.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct About {
    /// An event, or its `data`, as JSON: what `events show --json` prints; `-` reads standard input. Needs no server
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// An event that the server has stored
    #[arg(long, value_name = "EVENT")]
    event: Option<EventId>,
    /// The events that the server has received since then: `90s`, `30m`, `1h`, `2d` ago, or `2026-11-23T20:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

pub(super) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Check { expression, json } => check(&expression, json),
        Command::Test(test) => {
            let compiled = match Filter::compile(&test.expression) {
                Ok(filter) => filter,
                Err(err) if test.remote.json => {
                    output::print_json(&json!({ "verdict": null, "detail": err.to_string() }))?;
                    return Ok(ExitCode::from(DOES_NOT_COMPILE));
                }
                Err(err) => return Err(does_not_compile(&err)),
            };
            let Test { expression: _, about, limit, endpoint, remote } = *test;
            match about {
                About { data: Some(file), .. } => on_file(&compiled, &file, remote.json),
                About { event: Some(id), .. } => on_event(&compiled, id, &remote).await,
                About { since, .. } => {
                    let question = json!({ "expression": compiled.source(), "since": since, "endpoint": endpoint });
                    on_stored(&compiled, question, limit, &remote).await
                }
            }
        }
    }
}

fn check(expression: &str, json: bool) -> Result<ExitCode, Failure> {
    let compiled = Filter::compile(expression);
    if json {
        output::print_json(&FilterCheck::from(&compiled))?;
        return Ok(compiled.map_or(ExitCode::from(DOES_NOT_COMPILE), |_| ExitCode::SUCCESS));
    }
    let filter = compiled.map_err(|err| does_not_compile(&err))?;
    output::print(&compiles(&filter))?;
    Ok(ExitCode::SUCCESS)
}

/// That an expression compiles, and what is doubtful in it, for people.
pub(super) fn compiles(filter: &Filter) -> String {
    doubts(filter) + "The expression compiles.\n"
}

fn on_file(filter: &Filter, file: &Path, json: bool) -> Result<ExitCode, Failure> {
    let (kind, data) = read(file).map_err(|error| Failure { code: BAD_DATA, error })?;
    tell(&filter.judge(&Context::new(&kind, &data)), filter, json)
}

async fn on_event(filter: &Filter, id: EventId, remote: &Remote) -> Result<ExitCode, Failure> {
    let answer = ask(&json!({ "expression": filter.source(), "event": id }), remote).await?;
    let tested = answer.items.into_iter().next().ok_or_else(|| anyhow!("the server did not test the event"))?;
    let TestedEvent { verdict, detail, explanation, .. } = tested;
    let Some(kind) = verdict else {
        let reason = detail.unwrap_or_else(|| "it gave no reason".to_owned());
        return Err(Failure { code: BAD_DATA, error: anyhow!("the server cannot test the event: {reason}") });
    };
    tell(&Judgement { kind, detail, explanation }, filter, remote.json)
}

/// Asks about one page after the other, since the server bounds each.
async fn on_stored(filter: &Filter, mut question: Value, limit: u32, remote: &Remote) -> Result<ExitCode, Failure> {
    let mut report = FilterTest { warnings: Vec::new(), items: Vec::new(), next: None };
    loop {
        let left = limit.saturating_sub(u32::try_from(report.items.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let asked = question.as_object_mut().context("a question is an object")?;
        asked.insert("limit".to_owned(), left.min(MAX_LIMIT).into());
        asked.insert("before".to_owned(), report.next.clone().into());
        let page = ask(&question, remote).await?;
        report.items.extend(page.items);
        (report.warnings, report.next) = (page.warnings, page.next);
        if report.next.is_none() {
            break;
        }
    }
    let matched = report.items.iter().filter(|item| item.verdict == Some(VerdictKind::Matched)).count();
    if remote.json {
        let FilterTest { warnings, items, next } = &report;
        output::print_json(&json!({ "matched": matched, "warnings": warnings, "items": items, "next": next }))?;
    } else {
        output::print(&(doubts(filter) + &stored(&report, output::terminal_width())))?;
    }
    Ok(ExitCode::from(u8::from(matched == 0)))
}

async fn ask(question: &Value, remote: &Remote) -> anyhow::Result<FilterTest> {
    let answer = remote.client()?.post_own("/filter/test", question).await?;
    serde_json::from_value(answer).context("reading the server's answer")
}

/// Which stored events match, and why the others do not: a row each.
pub(super) fn stored(report: &FilterTest, width: Option<u16>) -> String {
    if report.items.is_empty() {
        return "No events.\n".to_owned();
    }
    let row = |item: &TestedEvent| {
        let answer = match item.verdict {
            Some(VerdictKind::Matched) => "matches".to_owned(),
            Some(verdict) => verdict.to_string(),
            None => "not kept".to_owned(),
        };
        let reason = item.explanation.as_ref().and_then(summary);
        vec![
            item.id.to_string(),
            output::time(item.received_at),
            format!("{} {}", item.method, item.raw_url),
            answer,
            reason.or_else(|| item.detail.clone()).unwrap_or_default(),
        ]
    };
    let rows = report.items.iter().map(row).collect();
    let table = output::table(&["EVENT", "RECEIVED", "REQUEST", "VERDICT", "WHY"], rows, width);
    let matched = report.items.iter().filter(|item| item.verdict == Some(VerdictKind::Matched)).count();
    let more = if report.next.is_some() { "; there are older ones: --limit" } else { "" };
    let tested = count(report.items.len(), "event");
    format!("{table}\n{matched} of {tested} would match{more}\n")
}

fn tell(judged: &Judgement, filter: &Filter, json: bool) -> Result<ExitCode, Failure> {
    let Judgement { kind, detail, explanation } = judged;
    if json {
        let warnings: Vec<_> = filter.warnings().iter().map(Mistake::from).collect();
        let answer = json!({ "verdict": kind, "detail": detail, "explanation": explanation, "warnings": warnings });
        output::print_json(&answer)?;
    } else {
        output::print(&(doubts(filter) + &sentence(judged)))?;
    }
    Ok(ExitCode::from(u8::from(*kind != VerdictKind::Matched)))
}

/// What is doubtful in the expression, and a blank line after it; empty when nothing is.
fn doubts(filter: &Filter) -> String {
    let warnings = render_warnings(filter.source(), filter.warnings());
    if warnings.is_empty() { warnings } else { output::block(&warnings, 0) + "\n" }
}

/// The verdict, for people, and what decided.
pub(super) fn sentence(judged: &Judgement) -> String {
    let reason = judged.detail.as_deref().map(|detail| format!(": {}", line(detail))).unwrap_or_default();
    let verdict = match judged.kind {
        VerdictKind::Matched => "The filter matches.\n".to_owned(),
        VerdictKind::FilterFalse => format!("The filter does not match: it gives false{reason}.\n"),
        kind => format!("The filter does not match: {kind}{reason}\n"),
    };
    let explained = judged.explanation.as_ref().map(|explanation| format!("\n{}", explain(explanation, 2)));
    verdict + &explained.unwrap_or_default()
}

fn does_not_compile(err: &CompileError) -> Failure {
    Failure { code: DOES_NOT_COMPILE, error: anyhow!("the expression does not compile\n{err}") }
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
