//! `tenterhook orgs`: the tenants of a server.

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::client::at;
use super::confirm::confirm;
use super::output;
use super::remote::Remote;
use crate::api::view::{NewOrg, Org};

/// What can be done with orgs.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the orgs that you may see
    List {
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one org and what it may take
    Show {
        /// Its name [default: the one that is meant elsewhere]
        name: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Make an org; for operators
    Create {
        /// Its name, which never changes: 1 to 40 of `a-z 0-9 -`
        name: String,
        /// Its name for people
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Refuse an org's webhooks and have its sessions wait; for operators
    Suspend {
        /// Its name
        name: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Take a suspended org's webhooks again; for operators
    Resume {
        /// Its name
        name: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Delete an org with all that it has; for operators
    Delete {
        /// Its name
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { remote } => {
            let orgs = remote.client()?.all("/orgs").await?;
            if remote.json {
                return output::print_json(&orgs);
            }
            let orgs: Vec<Org> = orgs.read("orgs")?;
            output::print(&list(&orgs, output::terminal_width()))
        }
        Command::Show { name, remote } => {
            let client = remote.client()?;
            let name = match name {
                Some(name) => name,
                None => client.org().await?,
            };
            let answer = client.get(&at(&["orgs", &name]), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&show(&serde_json::from_value(answer).context("reading the server's org")?))
        }
        Command::Create { name, display_name, remote } => {
            let new = NewOrg { name, display_name, quotas: None };
            let answer = remote.client()?.post("/orgs", &new).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("Made the org `{}`.\n", new.name))
        }
        Command::Suspend { name, remote } => {
            let answer = remote.client()?.post(&at(&["orgs", &name, "suspend"]), &json!({})).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("`{}` takes no webhooks, and its sessions wait.\n", output::line(&name)))
        }
        Command::Resume { name, remote } => {
            let answer = remote.client()?.post(&at(&["orgs", &name, "resume"]), &json!({})).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("`{}` takes webhooks again, and its sessions go on.\n", output::line(&name)))
        }
        Command::Delete { name, yes, remote } => {
            confirm(yes, "the org", &name)?;
            remote.client()?.delete(&at(&["orgs", &name])).await?;
            if remote.json {
                return output::print_json(&json!({ "id": name }));
            }
            output::print(&format!("The org `{}` is gone; what it had is being removed.\n", output::line(&name)))
        }
    }
}

/// Orgs: a row each.
pub(super) fn list(orgs: &[Org], width: Option<u16>) -> String {
    if orgs.is_empty() {
        return "No orgs.\n".to_owned();
    }
    let row =
        |org: &Org| vec![org.name.clone(), output::time(org.created_at), org.display_name.clone().unwrap_or_default()];
    output::table(&["ORG", "CREATED", "NAME"], orgs.iter().map(row).collect(), width)
}

/// All about one org, for people.
pub(super) fn show(org: &Org) -> String {
    let mut facts = vec![("org", org.name.clone()), ("created", output::time(org.created_at))];
    facts.extend(org.display_name.clone().map(|name| ("name", name)));
    facts.extend(org.suspended_at.map(|at| ("suspended", output::time(at))));
    let quotas = &org.quotas;
    let counts = [
        ("events a second", quotas.events_per_second.map(u64::from)),
        ("events at once", quotas.burst.map(u64::from)),
        ("backlog", quotas.backlog.map(u64::from)),
        ("sessions at once", quotas.sessions.map(u64::from)),
        ("modules", quotas.modules.map(u64::from)),
    ];
    facts.extend(counts.into_iter().filter_map(|(name, quota)| Some((name, quota?.to_string()))));
    let sizes = [
        ("size of a module", quotas.module_bytes),
        ("size of all modules", quotas.modules_bytes),
        ("events and logs", quotas.stored_bytes),
        ("log of a session", quotas.log_bytes),
    ];
    facts.extend(sizes.into_iter().filter_map(|(name, quota)| Some((name, output::size(quota?)))));
    output::pairs(&facts)
}
