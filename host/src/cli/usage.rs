//! `tenterhook usage`: what an org takes, and what it may.

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use super::client::at;
use super::output;
use super::remote::Remote;
use crate::api::view;

/// Show what an org takes of what it may
#[derive(Debug, Args)]
pub(super) struct Usage {
    #[command(flatten)]
    remote: Remote,
}

impl Usage {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let client = self.remote.client()?;
        let answer = client.get(&at(&["orgs", &client.org().await?, "usage"]), &[]).await?;
        if self.remote.json {
            return output::print_json(&answer);
        }
        let usage = serde_json::from_value(answer).context("reading the server's usage")?;
        output::print(&show(&usage, output::terminal_width()))
    }
}

/// A row for each thing that is taken.
pub(super) fn show(usage: &view::Usage, width: Option<u16>) -> String {
    let limits = &usage.limits;
    let optional = |most: Option<u64>| most.map_or(Value::Null, Value::from);
    let rows = [
        ("events", usage.events.into(), None),
        ("stored_bytes", usage.bytes.into(), Some(optional(limits.stored_bytes))),
        ("sessions", usage.running.into(), Some(limits.sessions.into())),
        ("modules", usage.modules.into(), Some(limits.modules.into())),
        ("modules_bytes", usage.modules_bytes.into(), Some(limits.modules_bytes.into())),
        ("kv_bytes", usage.kv_bytes.into(), Some(limits.kv_bytes.into())),
        ("cpu_ms", usage.cpu.cpu_ms.into(), None),
    ];
    let row = |(name, taken, most): (&str, Value, Option<Value>)| {
        let most = most.map(|most| amount(name, &most)).unwrap_or_default();
        vec![name.to_owned(), amount(name, &taken), most]
    };
    let mut shown = output::table(&["TAKEN", "NOW", "MAY BE"], rows.map(row).into(), width);
    if let Some(until) = usage.cpu.waits_until {
        let quota = limits.cpu_seconds_per_minute.map(u64::from).unwrap_or_default();
        shown += &format!(
            "\nSessions wait until {}: handlers have taken their {quota} s of processors a minute (cpu_seconds_per_minute).\n",
            output::time(until)
        );
    }
    shown
}

/// A number as people read it: bytes have a unit, and what has no bound says so.
pub(super) fn amount(name: &str, value: &Value) -> String {
    match value.as_u64() {
        None => "unlimited".to_owned(),
        Some(bytes) if name.ends_with("bytes") => output::size(bytes),
        Some(number) => number.to_string(),
    }
}
