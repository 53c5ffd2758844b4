//! `tenterhook events`: what was received, and why a trigger did or did not match.

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Map;

use super::client::Narrow;
use super::explain::explain;
use super::output::{self, line};
use super::remote::Remote;
use super::{payload, sessions};
use crate::api::view::{Event, EventSummary, Page};
use crate::event::{DeploymentId, EventId, Keep, Verdict, VerdictKind};

/// What can be asked about events.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List events, newest first
    List {
        #[command(flatten)]
        narrow: Narrow,
        /// Only those of this endpoint
        #[arg(long, value_name = "SLUG")]
        endpoint: Option<String>,
        /// Only what was received before this event
        #[arg(long, value_name = "EVENT")]
        before: Option<EventId>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one event: each trigger's verdict, the sessions, the payload
    Show {
        /// The event's id: `evt_…`
        id: EventId,
        #[command(flatten)]
        remote: Remote,
    },
    /// Make a new event with the payload of one, and run what it matches
    ///
    /// It is a copy of its own: nobody waits for its answer, and the handler sees what it copies.
    Redispatch {
        /// The event's id: `evt_…`
        id: EventId,
        /// Ask the triggers of this deployment, not of the one that serves
        #[arg(long, value_name = "DEPLOYMENT")]
        deployment: Option<DeploymentId>,
        /// Ask this trigger alone
        #[arg(long, value_name = "NAME")]
        trigger: Option<String>,
        /// Run the trigger whatever its event type and filter say
        #[arg(long, requires = "trigger")]
        force: bool,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { narrow, endpoint, before, remote } => {
            let query = narrow.query(before, [("endpoint", endpoint)]);
            let answer = remote.client()?.get_own("/events", &query).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let page = serde_json::from_value(answer).context("reading the server's list of events")?;
            output::print(&list(&page, output::terminal_width()))
        }
        Command::Show { id, remote } => {
            let answer = remote.client()?.get_own(&format!("/events/{id}"), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let event = serde_json::from_value(answer).context("reading the server's event")?;
            output::print(&show(&event))
        }
        Command::Redispatch { id, deployment, trigger, force, remote } => {
            let mut fields = Map::new();
            fields.extend(deployment.map(|id| ("deployment".to_owned(), id.to_string().into())));
            fields.extend(trigger.map(|name| ("trigger".to_owned(), name.into())));
            fields.extend(force.then(|| ("force".to_owned(), true.into())));
            let answer = remote.client()?.post_own(&format!("/events/{id}/redispatch"), &fields).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let event = serde_json::from_value(answer).context("reading the server's event")?;
            output::print(&redispatched(id, &event))
        }
    }
}

/// A page of events: a row each.
pub(super) fn list(page: &Page<EventSummary>, width: Option<u16>) -> String {
    if page.items.is_empty() {
        return none("events", page.next.as_deref());
    }
    let row = |event: &EventSummary| {
        let request = format!("{} {}", event.method, event.raw_url);
        vec![event.id.to_string(), output::time(event.received_at), request, became(event)]
    };
    let rows = page.items.iter().map(row).collect();
    output::table(&["EVENT", "RECEIVED", "REQUEST", "SESSIONS"], rows, width) + &more(page.next.as_deref())
}

/// The line that tells how to see the next page.
pub(super) fn more(next: Option<&str>) -> String {
    next.map_or_else(String::new, |next| format!("\nMore: the same command with --before {}\n", line(next)))
}

/// A page with nothing in it. It need not be the last: the server looks through a bounded part of the list for each.
pub(super) fn none(noun: &str, next: Option<&str>) -> String {
    let so_far = if next.is_some() { " so far" } else { "" };
    format!("No {noun}{so_far}.\n{}", more(next))
}

/// What became of an event, in a cell.
fn became(event: &EventSummary) -> String {
    if event.sessions.is_empty() {
        return match event.verdicts.len() {
            0 => "no triggers".to_owned(),
            1 => "1 trigger, did not match".to_owned(),
            several => format!("{several} triggers, none matched"),
        };
    }
    let sessions = event.sessions.iter().map(|session| format!("{} {}", session.trigger, session.state));
    sessions.collect::<Vec<_>>().join(", ")
}

/// All about one event, for people.
pub(super) fn show(event: &Event) -> String {
    let request = payload::request_line(&event.data);
    let mut facts = vec![
        ("event", event.id.to_string()),
        ("received", output::time(event.received_at)),
        ("endpoint", event.endpoint.clone()),
    ];
    facts.extend(event.redispatched_from.map(|first| ("copies", first.to_string())));
    facts.extend((event.kept < Keep::Full).then(|| ("kept", "metadata: neither values nor body".to_owned())));
    let mut text = format!("{}\n\n{}", line(&request), output::pairs(&facts));
    text += "\nTriggers\n";
    text += &triggers(&event.verdicts);
    text += "\nSessions\n";
    if event.sessions.is_empty() {
        text += "  none: no trigger matched\n";
    }
    for session in &event.sessions {
        let (id, trigger) = (session.id, line(&session.trigger));
        text += &format!("  {id}  {trigger}  {}\n", session.state);
        text += &sessions::attempts(&session.attempts, 4);
    }
    text + "\n" + &payload::payload(&event.data)
}

/// What became of a copy.
pub(super) fn redispatched(first: EventId, event: &EventSummary) -> String {
    let mut text = format!("{}  copies {first}\n\nTriggers\n{}", event.id, triggers(&event.verdicts));
    text += "\nSessions\n";
    if event.sessions.is_empty() {
        text += "  none: no trigger matched\n";
    }
    for session in &event.sessions {
        text += &format!("  {}  {}  {}\n", session.id, line(&session.trigger), session.state);
    }
    text
}

/// Why each trigger did or did not match.
fn triggers(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return "  none listens on this endpoint\n".to_owned();
    }
    let width = verdicts.iter().map(|verdict| line(&verdict.trigger).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for verdict in verdicts {
        let answer = match verdict.kind {
            VerdictKind::Matched => "matched".to_owned(),
            kind => format!("did not match: {kind}"),
        };
        text += &format!("  {:width$}  {answer}", line(&verdict.trigger));
        match verdict.detail.as_deref() {
            // A filter's error may have a position and a caret, which only stand right below each other.
            Some(detail) if detail.contains('\n') => text += &format!("\n{}", output::block(detail, width + 4)),
            Some(detail) => text += &format!(": {}\n", line(detail)),
            None => text += "\n",
        }
        if let Some(explanation) = &verdict.explanation {
            text += &explain(explanation, 6);
        }
    }
    text
}
