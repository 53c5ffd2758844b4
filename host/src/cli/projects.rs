//! `tenterhook projects`: what an org has, and which of its deployments serve.

use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::client::{Client, at};
use super::confirm::confirm;
use super::output;
use super::remote::Remote;
use crate::api::view::{NewProject, Project};
use crate::deploy::manifest::{self, Manifest};

/// What can be done with projects.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List an org's projects
    List {
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one project and its deployments that serve
    Show {
        /// Its name [default: that of `tenterhook.yaml` here]
        name: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Make a project, to give it variables before it is deployed; `tenterhook deploy` makes one too
    Create {
        /// Its name, as the manifest's `project: {name: …}`
        name: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Have none of a project's deployments serve any more; all of it stays
    Stop {
        /// Its name
        name: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Delete a project with all that it has
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

/// Which project a command is about.
#[derive(Args, Clone, Debug)]
pub(super) struct Which {
    /// The project [default: that of `tenterhook.yaml` here, else the only one that the org has]
    #[arg(long, value_name = "NAME", env = "TENTERHOOK_PROJECT")]
    pub(super) project: Option<String>,
}

impl Which {
    /// Its name.
    ///
    /// # Errors
    /// Nothing says which.
    pub(super) async fn name(&self, client: &Client, org: &str) -> anyhow::Result<String> {
        if let Some(name) = self.project.clone().or_else(here) {
            return Ok(name);
        }
        let projects: Vec<Project> = client.all(&at(&["orgs", org, "projects"])).await?.read("projects")?;
        match projects.as_slice() {
            [only] => Ok(only.name.clone()),
            [] => bail!("the org `{org}` has no project: deploy one with `tenterhook deploy`"),
            several => {
                let names: Vec<&str> = several.iter().map(|project| project.name.as_str()).collect();
                bail!("the org `{org}` has several projects: name one with `--project` ({})", names.join(", "))
            }
        }
    }
}

/// The project of the manifest in this directory, if there is a sound one.
fn here() -> Option<String> {
    let text = std::fs::read(Path::new(manifest::FILE)).ok()?;
    Manifest::parse(&text).ok().map(|manifest| manifest.project.name.value)
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { remote } => {
            let client = remote.client()?;
            let projects = client.all(&at(&["orgs", &client.org().await?, "projects"])).await?;
            if remote.json {
                return output::print_json(&projects);
            }
            output::print(&list(&projects.read("projects")?, output::terminal_width()))
        }
        Command::Show { name, remote } => {
            let client = remote.client()?;
            let org = client.org().await?;
            let name = Which { project: name }.name(&client, &org).await?;
            let answer = client.get(&at(&["orgs", &org, "projects", &name]), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&show(&serde_json::from_value(answer).context("reading the server's project")?))
        }
        Command::Create { name, remote } => {
            let client = remote.client()?;
            let new = NewProject { name };
            let answer = client.post(&at(&["orgs", &client.org().await?, "projects"]), &new).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("Made the project `{}`.\n", output::line(&new.name)))
        }
        Command::Stop { name, remote } => {
            let client = remote.client()?;
            client.post(&at(&["orgs", &client.org().await?, "projects", &name, "stop"]), &json!({})).await?;
            if remote.json {
                return output::print_json(&json!({ "id": name }));
            }
            output::print(&format!("Nothing of `{}` serves any more.\n", output::line(&name)))
        }
        Command::Delete { name, yes, remote } => {
            confirm(yes, "the project", &name)?;
            let client = remote.client()?;
            client.delete(&at(&["orgs", &client.org().await?, "projects", &name])).await?;
            if remote.json {
                return output::print_json(&json!({ "id": name }));
            }
            output::print(&format!("The project `{}` is gone; what it had is being removed.\n", output::line(&name)))
        }
    }
}

/// Projects: a row each.
pub(super) fn list(projects: &[Project], width: Option<u16>) -> String {
    if projects.is_empty() {
        return "No projects: deploy one with `tenterhook deploy`.\n".to_owned();
    }
    let row = |project: &Project| {
        let active = project.active.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
        vec![project.name.clone(), active, output::time(project.created_at)]
    };
    output::table(&["PROJECT", "SERVES", "CREATED"], projects.iter().map(row).collect(), width)
}

fn show(project: &Project) -> String {
    let none = || "nothing".to_owned();
    let mut facts = vec![
        ("project", project.name.clone()),
        ("created", output::time(project.created_at)),
        ("serves", project.active.map_or_else(none, |id| id.to_string())),
    ];
    if let Some(canary) = &project.canary {
        facts.push(("canary", format!("{} serves {} of 100 events", canary.deployment, canary.percent)));
    }
    facts.extend(project.previous.map(|id| ("before", format!("{id}, where a rollback goes"))));
    facts.extend(project.testing.iter().map(|id| ("testing", id.to_string())));
    output::pairs(&facts)
}
