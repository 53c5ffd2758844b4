//! `tenterhook sessions retry` and `cancel`: sessions one by one, or all that a list would have.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::client::{self, Client, Refused};
use super::output::{self, line};
use super::remote::Remote;
use super::{BAD_COMMAND_LINE, Failure};
use crate::api;
use crate::api::view::{Page, Retried};
use crate::event::{SessionId, SessionState};

/// What `--where` may say.
const KEYS: [&str; 6] = ["state", "trigger", "type", "since", "until", "error"];

/// The bar's end is looked up for so many pages; it would take too long for more.
const COUNTED_PAGES: usize = 50;

/// Retry sessions that failed, are dead or were cancelled
///
/// Their attempts count anew, with the deployment that they had. Nothing is asked: what matches is retried.
#[derive(Debug, Args)]
pub(super) struct Retry {
    /// The sessions' ids: `ses_…`
    #[arg(value_name = "ID", required_unless_present = "filters", conflicts_with = "filters")]
    ids: Vec<SessionId>,
    /// Retry all that match: state (dead unless given), trigger, type, since, until, error; may be repeated
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = filter)]
    filters: Vec<(String, String)>,
    #[command(flatten)]
    remote: Remote,
}

/// Cancel sessions that are queued or running
///
/// A handler that runs is stopped. What it did is done.
#[derive(Debug, Args)]
pub(super) struct Cancel {
    /// The sessions' ids: `ses_…`
    #[arg(value_name = "ID", required = true)]
    ids: Vec<SessionId>,
    #[command(flatten)]
    remote: Remote,
}

/// What became of sessions that were named.
#[derive(Debug, Default, Serialize)]
pub(super) struct Done {
    pub(super) done: Vec<SessionId>,
    pub(super) failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
pub(super) struct Failed {
    pub(super) id: SessionId,
    pub(super) code: String,
    pub(super) error: String,
}

impl Retry {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = self.remote.client()?;
        if self.filters.is_empty() {
            return each(&client, &self.ids, "retry", "queued again", self.remote.json).await;
        }
        let filters = object(&self.filters).map_err(|error| Failure { code: BAD_COMMAND_LINE, error })?;
        let retried = all(&client, filters, self.remote.json).await?;
        if self.remote.json {
            let Retried { retried, skipped, not_kept, .. } = retried;
            output::print_json(&json!({ "retried": retried, "skipped": skipped, "not_kept": not_kept }))?;
        } else {
            output::print(&summary(&retried))?;
        }
        Ok(())
    }
}

impl Cancel {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = self.remote.client()?;
        each(&client, &self.ids, "cancel", "cancelled", self.remote.json).await
    }
}

/// Does the same with each session. One that cannot be does not keep the others from it.
async fn each(client: &Client, ids: &[SessionId], action: &str, became: &str, json: bool) -> Result<(), Failure> {
    let mut done = Done::default();
    for id in ids {
        match client.post_own(&format!("/sessions/{id}/{action}"), &json!({})).await {
            Ok(_) => done.done.push(*id),
            Err(error) => match error.downcast::<Refused>() {
                Ok(Refused { code, message, .. }) => done.failed.push(Failed { id: *id, code, error: message }),
                // The server is not there, or is not one: the others would fail as well.
                Err(error) => return Err(error.into()),
            },
        }
    }
    if json {
        output::print_json(&done)?;
    } else {
        output::print(&outcomes(&done, became))?;
    }
    if done.failed.is_empty() {
        return Ok(());
    }
    let (failed, all) = (done.failed.len(), ids.len());
    Err(anyhow::anyhow!("failed to {action} {failed} of {}", output::count(all, "session")).into())
}

/// A line for each session that was named.
pub(super) fn outcomes(done: &Done, became: &str) -> String {
    let mut text = String::new();
    for id in &done.done {
        writeln!(text, "{id}  {became}").expect("a string takes every write");
    }
    for Failed { id, error, .. } in &done.failed {
        writeln!(text, "{id}  failed: {}", line(error)).expect("a string takes every write");
    }
    text
}

/// Retries page by page until there is no more.
async fn all(client: &Client, mut filters: Map<String, Value>, json: bool) -> anyhow::Result<Retried> {
    let bar = if json || !io::stderr().is_terminal() { None } else { Some(bar(client, &filters).await?) };
    filters.insert("limit".to_owned(), api::MAX_LIMIT.into());
    let mut sum = Retried { retried: 0, skipped: 0, not_kept: 0, next: None };
    loop {
        let answer = client.post_own("/sessions/retry", &Value::Object(filters.clone())).await;
        let answer = answer.with_context(|| match sum.retried {
            0 => "failed to retry".to_owned(),
            // They are not found again.
            some => format!("failed after {some} sessions; the same command goes on with the others"),
        })?;
        let page: Retried = serde_json::from_value(answer).context("reading the server's answer")?;
        sum.retried += page.retried;
        sum.skipped += page.skipped;
        sum.not_kept += page.not_kept;
        if let Some(bar) = &bar {
            bar.inc(page.retried + page.skipped + page.not_kept);
        }
        let Some(next) = page.next else { break };
        filters.insert("before".to_owned(), next.into());
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok(sum)
}

/// What a retry in bulk did, for people.
pub(super) fn summary(retried: &Retried) -> String {
    let count = |number: u64| output::count(usize::try_from(number).unwrap_or(usize::MAX), "session");
    let mut text = format!("Retried {}.\n", count(retried.retried));
    if retried.not_kept > 0 {
        writeln!(text, "{} cannot be retried: the payloads are not kept.", count(retried.not_kept))
            .expect("a string takes every write");
    }
    if retried.skipped > 0 {
        writeln!(text, "{} had another state by then.", count(retried.skipped)).expect("a string takes every write");
    }
    text
}

/// A bar on standard error, as long as the list unless that is very long.
async fn bar(client: &Client, filters: &Map<String, Value>) -> anyhow::Result<ProgressBar> {
    let counting = ProgressBar::no_length().with_message("counting");
    counting.set_style(style("{spinner} {msg} {pos}"));
    let total = count(client, filters, &counting).await?;
    counting.finish_and_clear();
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{bar:30} {pos}/{len} {msg} {eta}"),
        None => (ProgressBar::no_length(), "{spinner} {pos} {msg} {elapsed}"),
    };
    bar.set_style(style(template));
    Ok(bar.with_message("retried"))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant of this file")
}

/// How many sessions there are; none when it would take too long to know.
async fn count(client: &Client, filters: &Map<String, Value>, bar: &ProgressBar) -> anyhow::Result<Option<u64>> {
    let mut query: Vec<(&str, String)> = vec![("limit", api::MAX_LIMIT.to_string())];
    let dead = (!filters.contains_key("state")).then(|| ("state", SessionState::Dead.to_string()));
    query.extend(dead);
    query.extend(filters.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?.to_owned()))));
    let mut total = 0;
    let mut before = None;
    for _ in 0..COUNTED_PAGES {
        let next = before.map(|before| ("before", before));
        let page = client.get_own("/sessions", &query.iter().cloned().chain(next).collect::<Vec<_>>()).await?;
        let page: Page<Value> = serde_json::from_value(page).context("reading the server's list of sessions")?;
        total += page.items.len() as u64;
        bar.set_position(total);
        let Some(next) = page.next else { return Ok(Some(total)) };
        before = Some(next);
    }
    Ok(None)
}

/// `state=dead`.
fn filter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`: write `state=dead`"))?;
    if !KEYS.contains(&key) {
        return Err(format!("`{key}` is not one of {}", KEYS.join(", ")));
    }
    match key {
        "state" if !value.parse::<SessionState>()?.is_redrivable() => {
            Err(format!("sessions that are {value} cannot be retried (failed, dead, cancelled)"))
        }
        "since" | "until" => Ok((key.to_owned(), client::moment(value)?)),
        _ if value.is_empty() => Err(format!("`{key}` has no value")),
        _ => Ok((key.to_owned(), value.to_owned())),
    }
}

/// The filters as the server takes them.
fn object(filters: &[(String, String)]) -> anyhow::Result<Map<String, Value>> {
    let mut object = Map::new();
    for (key, value) in filters {
        if object.insert(key.clone(), value.clone().into()).is_some() {
            anyhow::bail!("`--where {key}=…` is given more than once, and all that is given must hold");
        }
    }
    Ok(object)
}
