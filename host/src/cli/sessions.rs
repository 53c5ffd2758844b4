//! `tenterhook sessions`: what handlers did, and what they printed.

use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;

use super::Failure;
use super::client::{Narrow, Remote};
use super::events::{more, none};
use super::output::{self, line};
use super::retry::{Cancel, Retry};
use crate::api::view::Page;
use crate::event::{Attempt, AttemptOutcome, LogEntry, OutboundRequest, SessionId, SessionState, Timestamp, Used};
use crate::store::SessionRecord;

/// What can be asked about sessions.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List sessions, newest first
    List {
        #[command(flatten)]
        narrow: Narrow,
        /// Only those of this trigger
        #[arg(long, value_name = "NAME")]
        trigger: Option<String>,
        /// Only those that are queued, running, succeeded, failed, dead or cancelled
        #[arg(long, value_name = "STATE")]
        state: Option<SessionState>,
        /// Only those that ended with this text in their reason
        #[arg(long, value_name = "TEXT")]
        error: Option<String>,
        /// Only what began before this session
        #[arg(long, value_name = "SESSION")]
        before: Option<SessionId>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one session: its state and its attempts
    Show {
        /// The session's id: `ses_…`
        id: SessionId,
        #[command(flatten)]
        remote: Remote,
    },
    /// Print what a session's handler printed and logged
    Logs {
        /// The session's id: `ses_…`
        id: SessionId,
        #[command(flatten)]
        remote: Remote,
    },
    Retry(Retry),
    Cancel(Cancel),
}

pub(super) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { narrow, trigger, state, error, before, remote } => {
            let state = state.map(|state| state.to_string());
            let query = narrow.query(before, [("trigger", trigger), ("state", state), ("error", error)]);
            let answer = remote.client()?.get("/sessions", &query).await?;
            if remote.json {
                return Ok(output::print_json(&answer)?);
            }
            let page = serde_json::from_value(answer).context("reading the server's list of sessions")?;
            Ok(output::print(&list(&page, output::terminal_width()))?)
        }
        Command::Show { id, remote } => {
            let answer = remote.client()?.get(&format!("/sessions/{id}"), &[]).await?;
            if remote.json {
                return Ok(output::print_json(&answer)?);
            }
            let session = serde_json::from_value(answer).context("reading the server's session")?;
            Ok(output::print(&show(&session))?)
        }
        Command::Logs { id, remote } => {
            let answer = remote.client()?.get(&format!("/sessions/{id}/logs"), &[]).await?;
            if remote.json {
                return Ok(output::print_json(&answer)?);
            }
            let page: Page<LogEntry> = serde_json::from_value(answer).context("reading the server's log")?;
            Ok(output::print(&logs(&page.items))?)
        }
        Command::Retry(retry) => retry.run().await,
        Command::Cancel(cancel) => cancel.run().await,
    }
}

/// A page of sessions: a row each.
pub(super) fn list(page: &Page<SessionRecord>, width: Option<u16>) -> String {
    if page.items.is_empty() {
        return none("sessions", page.next.as_deref());
    }
    let row = |session: &SessionRecord| {
        let last = session.attempts.last();
        vec![
            session.id.to_string(),
            output::time(session.created_at),
            session.trigger.clone(),
            session.state.to_string(),
            session.attempts.len().to_string(),
            last.map(|attempt| output::duration(took(attempt))).unwrap_or_default(),
            error(session).map(first_line).unwrap_or_default(),
        ]
    };
    let rows = page.items.iter().map(row).collect();
    let header = ["SESSION", "CREATED", "TRIGGER", "STATE", "ATTEMPTS", "TOOK", "ERROR"];
    output::table(&header, rows, width) + &more(page.next.as_deref())
}

/// Why it ended badly, or why it is tried again.
fn error(session: &SessionRecord) -> Option<&str> {
    let last = session.attempts.last().and_then(|attempt| attempt.error.as_deref());
    session.reason.as_deref().or(last)
}

/// All about one session, for people.
pub(super) fn show(session: &SessionRecord) -> String {
    let mut facts = vec![
        ("session", session.id.to_string()),
        ("state", session.state.to_string()),
        ("trigger", session.trigger.clone()),
        ("event", format!("{} ({})", session.event, session.event_type)),
        ("deployment", session.deployment.to_string()),
        ("created", output::time(session.created_at)),
    ];
    facts.extend(session.due_at.map(|due| ("due", output::time(due))));
    facts.extend(session.ended_at.map(|ended| ("ended", output::time(ended))));
    facts.extend(session.reason.as_deref().map(|reason| ("reason", first_line(reason))));
    let attempts = attempts(&session.attempts, 2);
    let attempts = if attempts.is_empty() { "  none yet\n".to_owned() } else { attempts };
    format!("{}\nAttempts\n{attempts}", output::pairs(&facts))
}

/// Each attempt, and below it why it failed.
pub(super) fn attempts(attempts: &[Attempt], indent: usize) -> String {
    let mut text = String::new();
    for attempt in attempts {
        let outcome = match (attempt.outcome, attempt.fault, attempt.status) {
            (AttemptOutcome::Succeeded, _, Some(status)) => format!("answered {status}"),
            (AttemptOutcome::Fault, Some(fault), _) => format!("failed ({fault})"),
            (AttemptOutcome::Fault, None, _) => "failed".to_owned(),
            (AttemptOutcome::Succeeded, _, None) => "succeeded".to_owned(),
            (AttemptOutcome::Retry, ..) => "asked for a retry".to_owned(),
            (AttemptOutcome::Rejected, ..) => "rejected".to_owned(),
            (AttemptOutcome::Cancelled, ..) => "cancelled".to_owned(),
        };
        text += &format!(
            "{:indent$}#{}  {}  {outcome}  took {}, CPU {}, peak memory {}\n",
            "",
            attempt.number,
            output::time(attempt.started_at),
            output::duration(took(attempt)),
            output::duration(Duration::from_micros(attempt.cpu_us)),
            output::size(attempt.peak_memory),
        );
        text += &output::block(attempt.error.as_deref().unwrap_or_default(), indent + 4);
        text += &output::block(&calls(&attempt.used), indent + 4);
        for request in &attempt.requests {
            text += &output::block(&outbound(request), indent + 4);
        }
    }
    text
}

/// How often the guest called the host, by kind: `called kv 3, log 1`.
fn calls(used: &Used) -> String {
    let Used { event, vars, log, kv, outbound, reply, bytes_out: _, bytes_in: _ } = *used;
    let all = [("event", event), ("vars", vars), ("log", log), ("kv", kv), ("outbound", outbound), ("reply", reply)];
    let made: Vec<_> =
        all.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| format!("{kind} {count}")).collect();
    if made.is_empty() { String::new() } else { format!("called {}", made.join(", ")) }
}

/// One request: `GET https://api.github.com/user  200  sent 0 B, received 4 KiB, took 53ms`.
fn outbound(request: &OutboundRequest) -> String {
    let OutboundRequest { method, url, status, sent, received, elapsed_us, error } = request;
    let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let error = error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    format!(
        "{method} {url}  {status}  sent {}, received {}, took {}{error}",
        output::size(*sent),
        output::size(*received),
        output::duration(Duration::from_micros(*elapsed_us)),
    )
}

/// A session's log, oldest first.
pub(super) fn logs(entries: &[LogEntry]) -> String {
    let several = entries.iter().any(|entry| entry.attempt > 1);
    let mut text = String::new();
    for entry in entries {
        let attempt = if several { format!("#{}  ", entry.attempt) } else { String::new() };
        let head = format!("{}  {attempt}{:5}  ", output::time(entry.at), entry.level);
        let fields = entry.fields.iter().map(|(name, value)| format!("  {}={}", line(name), quoted(value)));
        // The lines of a message stand below each other, and keep what they are indented with.
        let indent = head.chars().count();
        let message = output::block(&entry.message, indent);
        let row = format!("{head}{}", message.trim_end().get(indent..).unwrap_or_default());
        text += row.trim_end();
        text.extend(fields);
        text += "\n";
    }
    text
}

/// A value as it is when it is one plain word, else in quotes.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=');
    if plain { line(value).into_owned() } else { format!("\"{}\"", line(&value.replace('"', "\\\""))) }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// From its start to its end; nothing when the clock was set back meanwhile.
fn took(attempt: &Attempt) -> Duration {
    let micros = |time: Timestamp| time.as_microsecond();
    Duration::from_micros(u64::try_from(micros(attempt.ended_at) - micros(attempt.started_at)).unwrap_or(0))
}
