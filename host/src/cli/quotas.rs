//! `tenterhook quotas`: what an org may take.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::client::{Client, at};
use super::remote::Remote;
use super::{output, usage};
use crate::api::view::{Org, Usage};
use crate::quota::Limits;
use crate::store::catalog::Quotas;

/// What can be done with quotas.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what an org may take, and what of that an operator said
    Show {
        #[command(flatten)]
        remote: Remote,
    },
    /// Change what an org may take, at once; for operators
    Set {
        /// `events_per_second=100`, `kv_bytes=1GiB`; `burst=default` is the host's default again
        #[arg(required = true, value_name = "NAME=VALUE")]
        changes: Vec<String>,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Show { remote } => {
            let client = remote.client()?;
            let org = client.org().await?;
            let said = said(&client, &org).await?;
            let answer = client.get(&at(&["orgs", &org, "usage"]), &[]).await?;
            let limits = serde_json::from_value::<Usage>(answer).context("reading the server's usage")?.limits;
            if remote.json {
                return output::print_json(&json!({ "org": org, "quotas": said, "limits": limits }));
            }
            output::print(&show(&said, &limits, output::terminal_width())?)
        }
        Command::Set { changes, remote } => {
            let client = remote.client()?;
            let org = client.org().await?;
            let quotas = with(said(&client, &org).await?, &changes)?;
            let answer = client.patch(&at(&["orgs", &org]), &json!({ "quotas": quotas })).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("The quotas of `{org}` are changed, and hold by now.\n"))
        }
    }
}

/// What an operator said of an org.
async fn said(client: &Client, org: &str) -> anyhow::Result<Quotas> {
    let answer = client.get(&at(&["orgs", org]), &[]).await?;
    Ok(serde_json::from_value::<Org>(answer).context("reading the server's org")?.quotas)
}

/// Quotas with some of them changed.
fn with(quotas: Quotas, changes: &[String]) -> anyhow::Result<Quotas> {
    let mut fields = fields(&quotas)?;
    for change in changes {
        let Some((name, text)) = change.split_once('=') else {
            bail!("`{change}` is no change of a quota: write `name=value`, as `burst=100`");
        };
        let known: Vec<String> = fields.keys().cloned().collect();
        let Some(field) = fields.get_mut(name) else {
            bail!("there is no quota `{name}`: there are {}", known.join(", "));
        };
        *field = match text {
            "default" => Value::Null,
            text => number(name, text)
                .with_context(|| format!("`{text}` is no value of `{name}`: give a number, or `default`"))?
                .into(),
        };
    }
    serde_json::from_value(Value::Object(fields)).context("one of the numbers is too great")
}

/// A number; one of bytes may have a unit.
fn number(name: &str, text: &str) -> Option<u64> {
    const UNITS: [(&str, u32); 3] = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
    let unit = UNITS.iter().find(|(unit, _)| name.ends_with("bytes") && text.ends_with(unit));
    let digits = |unit: &str| text.strip_suffix(unit).unwrap_or(text).trim_end();
    let (digits, shift) = unit.map_or((text, 0), |(unit, shift)| (digits(unit), *shift));
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

fn fields(quotas: &impl serde::Serialize) -> anyhow::Result<Map<String, Value>> {
    match serde_json::to_value(quotas)? {
        Value::Object(fields) => Ok(fields),
        _ => bail!("quotas are no object"),
    }
}

/// A row for each quota: what holds, and who said so.
pub(super) fn show(said: &Quotas, limits: &Limits, width: Option<u16>) -> anyhow::Result<String> {
    let (said, limits) = (fields(said)?, fields(limits)?);
    let row = |(name, holds): (&String, &Value)| {
        let who = if said.get(name).is_some_and(|value| !value.is_null()) { "an operator" } else { "default" };
        vec![name.clone(), usage::amount(name, holds), who.to_owned()]
    };
    Ok(output::table(&["QUOTA", "HOLDS", "BY"], limits.iter().map(row).collect(), width))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn quotas_are_changed_one_by_one() {
        let some = Quotas { burst: Some(5), backlog: Some(7), ..Quotas::default() };
        let set = |changes: &[&str]| {
            let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
            with(some, &changes)
        };
        let changed = set(&["burst=default", "kv_bytes=2GiB", "log_bytes=1024", "events_per_second=0"]).unwrap();
        let expected = Quotas {
            backlog: Some(7),
            kv_bytes: Some(2 << 30),
            log_bytes: Some(1024),
            events_per_second: Some(0),
            ..Quotas::default()
        };
        assert_eq!(changed, expected);
        let wrong = |change: &str| format!("{:#}", set(&[change]).unwrap_err());
        assert_snapshot!(wrong("burst"), @"`burst` is no change of a quota: write `name=value`, as `burst=100`");
        assert_snapshot!(wrong("bust=1"), @"there is no quota `bust`: there are events_per_second, burst, backlog, sessions, modules, module_bytes, modules_bytes, stored_bytes, log_bytes, cpu_seconds_per_minute, memory_bytes, kv_bytes");
        assert_snapshot!(wrong("burst=1GiB"), @"`1GiB` is no value of `burst`: give a number, or `default`");
        assert_snapshot!(wrong("kv_bytes=1GiBGiB"), @"`1GiBGiB` is no value of `kv_bytes`: give a number, or `default`");
        assert_snapshot!(wrong("burst=5000000000"), @"one of the numbers is too great: invalid value: integer `5000000000`, expected u32");
    }
}
