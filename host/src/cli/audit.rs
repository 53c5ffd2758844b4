//! `tenterhook audit`: who did what in an org.

use anyhow::Context as _;
use clap::Subcommand;
use clap::builder::RangedU64ValueParser;
use serde_json::Value;

use super::client::at;
use super::remote::Remote;
use super::{events, output};
use crate::api::MAX_LIMIT;
use crate::api::view::{Audit, Page};
use crate::event::AuditId;

/// What can be done with audit logs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List what was done last, newest first; for owners
    List {
        /// How many lines at the most
        #[arg(long, value_name = "NUMBER", default_value_t = 20,
            value_parser = RangedU64ValueParser::<u32>::new().range(1..=u64::from(MAX_LIMIT)))]
        limit: u32,
        /// Only what is older than this line: the `next` of an earlier list
        #[arg(long, value_name = "ID")]
        before: Option<AuditId>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Write all of it as lines of JSON, newest first; for owners
    Export {
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { limit, before, remote } => {
            let client = remote.client()?;
            let path = at(&["orgs", &client.org().await?, "audit"]);
            let before = before.map(|before| ("before", before.to_string()));
            let query: Vec<_> = [("limit", limit.to_string())].into_iter().chain(before).collect();
            let answer = client.get(&path, &query).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let page = serde_json::from_value(answer).context("reading the server's audit log")?;
            output::print(&list(&page, output::terminal_width()))
        }
        Command::Export { remote } => {
            let client = remote.client()?;
            let path = at(&["orgs", &client.org().await?, "audit"]);
            let mut before: Option<String> = None;
            loop {
                let query = [("limit", MAX_LIMIT.to_string())].into_iter();
                let query: Vec<_> = query.chain(before.map(|before| ("before", before))).collect();
                let answer = client.get(&path, &query).await?;
                let page: Page<Value> = serde_json::from_value(answer).context("reading the server's audit log")?;
                let lines: String = page.items.iter().map(|line| format!("{line}\n")).collect();
                output::print(&output::harmless_json(&lines))?;
                before = page.next;
                if before.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

/// What was done: a row each.
pub(super) fn list(page: &Page<Audit>, width: Option<u16>) -> String {
    if page.items.is_empty() {
        return "Nothing was done.\n".to_owned();
    }
    let row = |line: &Audit| {
        let from = line.from.map(|from| from.to_string()).unwrap_or_default();
        let what = |text: &str| output::line(text).into_owned();
        vec![output::time(line.at), what(&line.actor), from, what(&line.action), what(&line.target)]
    };
    let shown = output::table(&["AT", "WHO", "FROM", "DID", "WHAT"], page.items.iter().map(row).collect(), width);
    shown + &events::more(page.next.as_deref())
}
