//! `tenterhook sessions`: what handlers did, and what they printed.

use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;

use super::client::{self, Remote};
use super::events::more;
use super::output::{self, line};
use crate::api::view::Page;
use crate::event::{Attempt, LogEntry, SessionId, Timestamp};
use crate::store::SessionRecord;

/// What can be asked about sessions.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List sessions, newest first
    List {
        /// How many at the most
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = client::limit())]
        limit: u32,
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
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { limit, before, remote } => {
            let answer = remote.client()?.get("/sessions", &client::page(limit, before)).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let page = serde_json::from_value(answer).context("reading the server's list of sessions")?;
            output::print(&list(&page, output::terminal_width()))
        }
        Command::Show { id, remote } => {
            let answer = remote.client()?.get(&format!("/sessions/{id}"), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let session = serde_json::from_value(answer).context("reading the server's session")?;
            output::print(&show(&session))
        }
        Command::Logs { id, remote } => {
            let answer = remote.client()?.get(&format!("/sessions/{id}/logs"), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let page: Page<LogEntry> = serde_json::from_value(answer).context("reading the server's log")?;
            output::print(&logs(&page.items))
        }
    }
}

/// A page of sessions: a row each.
pub(super) fn list(page: &Page<SessionRecord>, width: Option<u16>) -> String {
    if page.items.is_empty() {
        return "No sessions.\n".to_owned();
    }
    let row = |session: &SessionRecord| {
        let last = session.attempts.last();
        vec![
            session.id.to_string(),
            output::time(session.created_at),
            session.trigger.clone(),
            session.state.to_string(),
            last.map(|attempt| output::duration(took(attempt))).unwrap_or_default(),
            last.and_then(|attempt| attempt.error.as_deref()).map(first_line).unwrap_or_default(),
        ]
    };
    let rows = page.items.iter().map(row).collect();
    let header = ["SESSION", "CREATED", "TRIGGER", "STATE", "TOOK", "ERROR"];
    output::table(&header, rows, width) + &more("sessions", page.next.as_deref())
}

/// All about one session, for people.
pub(super) fn show(session: &SessionRecord) -> String {
    let facts = [
        ("session", session.id.to_string()),
        ("state", session.state.to_string()),
        ("trigger", session.trigger.clone()),
        ("event", format!("{} ({})", session.event, session.event_type)),
        ("deployment", session.deployment.to_string()),
        ("created", output::time(session.created_at)),
    ];
    let attempts = attempts(&session.attempts, 2);
    let attempts = if attempts.is_empty() { "  none yet\n".to_owned() } else { attempts };
    format!("{}\nAttempts\n{attempts}", output::pairs(&facts))
}

/// Each attempt, and below it why it failed.
pub(super) fn attempts(attempts: &[Attempt], indent: usize) -> String {
    let mut text = String::new();
    for attempt in attempts {
        let outcome = match (&attempt.fault, &attempt.error, attempt.status) {
            (Some(fault), _, _) => format!("failed ({fault})"),
            (None, Some(_), _) => "failed".to_owned(),
            (None, None, Some(status)) => format!("answered {status}"),
            (None, None, None) => "succeeded".to_owned(),
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
    }
    text
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
