//! `tenterhook deployments`: what a project has been, what serves, and changes of that.

use anyhow::Context as _;
use clap::Subcommand;

use super::client::{Client, at};
use super::events::{more, none};
use super::output::{self, line};
use super::projects::Which;
use super::remote::Remote;
use crate::api::view::{Deployment, DeploymentState, Diff, Page, Place, PlaceState, Placed, Trigger};
use crate::event::DeploymentId;

/// What can be done with deployments.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List a project's deployments, newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many at the most
        #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
        /// Only what was made before this deployment
        #[arg(long, value_name = "DEPLOYMENT")]
        before: Option<DeploymentId>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one deployment and its manifest, without the values of variables
    Show {
        /// The deployment's id: `dep_…`
        id: DeploymentId,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// Have a deployment serve from now on
    Activate {
        /// The deployment's id: `dep_…`
        id: DeploymentId,
        /// Serve so many of 100 events, and leave the others to what serves now
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: Option<u8>,
        /// Serve only what is addressed to it, by a token that is printed
        #[arg(long, conflicts_with = "percent")]
        testing: bool,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// Go back to what served before, at once
    Rollback {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// Show what differs between two deployments
    Diff {
        /// The deployment to compare with [default: the one that serves]
        from: DeploymentId,
        /// The deployment that is compared [default: the one that serves]
        to: Option<DeploymentId>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
}

/// Where a project's deployments are.
async fn deployments(client: &Client, which: &Which) -> anyhow::Result<String> {
    let org = client.org().await?;
    let project = which.name(client, &org).await?;
    Ok(at(&["orgs", &org, "projects", &project]))
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { which, limit, before, remote } => {
            let client = remote.client()?;
            let mut query = vec![("limit", limit.to_string())];
            query.extend(before.map(|id| ("before", id.to_string())));
            let answer = client.get(&(deployments(&client, &which).await? + "/deployments"), &query).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let page = serde_json::from_value(answer).context("reading the server's list of deployments")?;
            output::print(&list(&page, output::terminal_width()))
        }
        Command::Show { id, which, remote } => {
            let client = remote.client()?;
            let path = format!("{}/deployments/{id}", deployments(&client, &which).await?);
            let answer = client.get(&path, &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&show(&serde_json::from_value(answer).context("reading the server's deployment")?))
        }
        Command::Activate { id, percent, testing, which, remote } => {
            let client = remote.client()?;
            let path = format!("{}/deployments/{id}/place", deployments(&client, &which).await?);
            let state = if testing { PlaceState::Testing } else { PlaceState::Active };
            let answer = client.post(&path, &Place { state, percent }).await?;
            tell_placed(&client, answer, remote.json)
        }
        Command::Rollback { which, remote } => {
            let client = remote.client()?;
            let path = deployments(&client, &which).await? + "/rollback";
            let answer = client.post(&path, &serde_json::json!({})).await?;
            tell_placed(&client, answer, remote.json)
        }
        Command::Diff { from, to, which, remote } => {
            let client = remote.client()?;
            let project = deployments(&client, &which).await?;
            let to = match to {
                Some(to) => to,
                None => serving(&client, &project).await?,
            };
            let query = [("from", from.to_string())];
            let answer = client.get(&format!("{project}/deployments/{to}/diff"), &query).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&diff(&serde_json::from_value(answer).context("reading the server's comparison")?))
        }
    }
}

async fn serving(client: &Client, project: &str) -> anyhow::Result<DeploymentId> {
    let answer = client.get(project, &[]).await?;
    let project: crate::api::view::Project = serde_json::from_value(answer).context("reading the server's project")?;
    project.active.context("nothing serves that could be compared with: name two deployments")
}

fn tell_placed(client: &Client, answer: serde_json::Value, json: bool) -> anyhow::Result<()> {
    if json {
        return output::print_json(&answer);
    }
    let placed: Placed = serde_json::from_value(answer).context("reading the server's deployment")?;
    let mut text = format!("{}\n", stands(&placed.deployment));
    if let Some(token) = &placed.testing_token {
        text += &format!("Send it events with the header `Tenterhook-Testing: {token}`, which is shown this once.\n");
    }
    text += "\n";
    text += &triggers(&placed.triggers, client.address(), output::terminal_width());
    output::print(&text)
}

/// Where a deployment stands, in a line.
pub(super) fn stands(deployment: &Deployment) -> String {
    let Deployment { id, project, .. } = deployment;
    let project = line(project);
    match (deployment.state, deployment.percent) {
        (DeploymentState::Active, Some(percent)) => format!("{id} serves {percent} of 100 events of {project}."),
        (DeploymentState::Active, None) => format!("{id} serves {project}."),
        (DeploymentState::Testing, _) => format!("{id} serves what is addressed to it, of {project}."),
        (DeploymentState::Draining, _) => format!("{id} of {project} serves nothing, and finishes what it has."),
        (DeploymentState::Inactive, _) => format!("{id} of {project} serves nothing."),
    }
}

fn state(deployment: &Deployment) -> String {
    let name = match deployment.state {
        DeploymentState::Active => "active",
        DeploymentState::Testing => "testing",
        DeploymentState::Draining => "draining",
        DeploymentState::Inactive => "inactive",
    };
    match deployment.percent {
        Some(percent) => format!("{name} {percent}%"),
        None => name.to_owned(),
    }
}

/// Deployments: a row each.
pub(super) fn list(page: &Page<Deployment>, width: Option<u16>) -> String {
    if page.items.is_empty() {
        return none("deployments", page.next.as_deref());
    }
    let row = |deployment: &Deployment| {
        let modules: Vec<&str> = deployment.modules.keys().map(String::as_str).collect();
        vec![deployment.id.to_string(), state(deployment), output::time(deployment.created_at), modules.join(", ")]
    };
    let rows = page.items.iter().map(row).collect();
    output::table(&["DEPLOYMENT", "STATE", "CREATED", "MODULES"], rows, width) + &more(page.next.as_deref())
}

/// All about one deployment, for people.
pub(super) fn show(deployment: &Deployment) -> String {
    let facts = [
        ("deployment", deployment.id.to_string()),
        ("project", deployment.project.clone()),
        ("state", state(deployment)),
        ("created", output::time(deployment.created_at)),
    ];
    let mut text = output::pairs(&facts) + "\nModules\n";
    for (name, digest) in &deployment.modules {
        text += &format!("  {digest}  {}\n", line(name));
    }
    if let Some(manifest) = &deployment.manifest {
        text += "\nManifest, without the values of variables\n";
        text += &output::block(manifest, 2);
    }
    text
}

/// What differs, for people.
pub(super) fn diff(diff: &Diff) -> String {
    if diff.manifest.is_empty() && diff.modules.is_empty() {
        return format!("{} and {} are the same but for values of variables.\n", diff.from, diff.to);
    }
    let mut text = output::block(&diff.manifest, 0);
    if !diff.modules.is_empty() {
        text += if text.is_empty() { "Modules\n" } else { "\nModules\n" };
    }
    for module in &diff.modules {
        let name = line(&module.name);
        text += &match (&module.from, &module.to) {
            (Some(from), Some(to)) => format!("  {name}: {from} → {to}\n"),
            (Some(from), None) => format!("  {name}: {from} → none\n"),
            (None, Some(to)) => format!("  {name}: none → {to}\n"),
            (None, None) => continue,
        };
    }
    text
}

/// Triggers and where senders reach them: a row each.
pub(super) fn triggers(triggers: &[Trigger], server: &str, width: Option<u16>) -> String {
    if triggers.is_empty() {
        return "No triggers.\n".to_owned();
    }
    let row = |trigger: &Trigger| {
        let url = trigger.path.as_ref().map_or_else(|| "-".to_owned(), |path| format!("{server}{path}"));
        let kind = trigger.event_type.clone().unwrap_or_else(|| "any".to_owned());
        vec![trigger.name.clone(), url, kind, trigger.call.clone()]
    };
    output::table(&["TRIGGER", "URL", "TYPE", "CALLS"], triggers.iter().map(row).collect(), width)
}
