//! `tenterhook deploy`: a directory's project to a server, whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::build;
use super::client::{Client, Refused, at};
use super::deployments::{self, triggers};
use super::output::{self, count};
use super::remote::Remote;
use super::upload;
use crate::api::view::{ManifestMistake, NewDeployment, PlaceState, Placed};
use crate::deploy::Project;
use crate::deploy::manifest::{self, Manifest, Severity};
use crate::event::Digest;
use crate::store::catalog::ModuleState;

/// Deploy the project of a directory to a server
///
/// Builds its modules, uploads those that the server does not have, and has the manifest applied: all of it at once, or none of it and
/// every mistake with its place.
#[derive(Debug, Args)]
pub(super) struct Deploy {
    /// The directory that holds `tenterhook.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Upload the modules as they are, without building them
    #[arg(long)]
    no_build: bool,
    /// Serve only what is addressed to it, by a token that is printed
    #[arg(long, conflicts_with = "inactive")]
    testing: bool,
    /// Serve nothing until it is activated
    #[arg(long)]
    inactive: bool,
    /// Serve so many of 100 events, and leave the others to what serves now
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["testing", "inactive"], value_parser = clap::value_parser!(u8).range(1..=100))]
    percent: Option<u8>,
    #[command(flatten)]
    remote: Remote,
}

/// The project has mistakes; they are printed.
#[derive(Debug, thiserror::Error)]
#[error("{}", text)]
struct Mistakes {
    text: String,
}

impl Deploy {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let state = match (self.testing, self.inactive) {
            (true, _) => PlaceState::Testing,
            (_, true) => PlaceState::Inactive,
            _ => PlaceState::Active,
        };
        let client = self.remote.client()?;
        if !self.no_build {
            let built = build::project(&self.dir, true).await.map_err(anyhow::Error::msg)?;
            // Standard output is the answer's.
            built.iter().filter_map(build::Built::news).for_each(|line| eprint!("{line}"));
        }
        let project = Project::read(&self.dir, u64::MAX).await?;
        let file = self.dir.join(manifest::FILE);
        let manifest =
            Manifest::parse(&project.manifest).map_err(|mistakes| local(&mistakes, &file, &project.manifest))?;
        let org = client.org().await?;
        let mut known = project.missing(&manifest);
        let modules = upload_all(&client, &org, &project, &manifest, &mut known).await?;
        let path = at(&["orgs", &org, "projects", &manifest.project.name, "deployments"]);
        let new = NewDeployment { manifest: project.manifest.clone(), modules, state, percent: self.percent };
        let answer = match client.post(&path, &new).await {
            Ok(answer) => answer,
            Err(error) => return Err(told(error, &known, &file, &project.manifest)),
        };
        if self.remote.json {
            return output::print_json(&answer);
        }
        let placed: Placed = serde_json::from_value(answer).context("reading the server's deployment")?;
        output::print(&report(&placed, client.address(), &file.display().to_string()))
    }
}

/// The digests of the modules whose files are there, once the server has them. What cannot be run is a mistake, which the others do not
/// wait for.
async fn upload_all(
    client: &Client,
    org: &str,
    project: &Project,
    manifest: &Manifest,
    known: &mut Vec<manifest::Diagnostic>,
) -> anyhow::Result<BTreeMap<String, Digest>> {
    let mut digests = BTreeMap::new();
    for (name, bytes) in &project.modules {
        let mut mistake = |reason: &str| {
            let span = manifest.modules.get(name).map(|spec| spec.span).unwrap_or_default();
            let message = format!("the module `{name}` cannot be run: {reason}");
            known.push(manifest::Diagnostic::error(&project.manifest, span, message));
        };
        match upload::upload(client, org, name, bytes.clone()).await {
            Ok(module) => {
                if let ModuleState::Refused { reason } = &module.state {
                    mistake(reason);
                }
                digests.insert(name.clone(), module.digest);
            }
            Err(error) => match error.downcast::<Refused>() {
                Ok(refused) if refused.code == "invalid_module" => mistake(&refused.message),
                Ok(refused) => return Err(refused).with_context(|| format!("uploading the module `{name}`")),
                Err(error) => return Err(error.context(format!("uploading the module `{name}`"))),
            },
        }
    }
    Ok(digests)
}

/// The mistakes that the manifest's own text shows.
fn local(mistakes: &manifest::Error, file: &Path, source: &str) -> anyhow::Error {
    let count =
        mistakes.diagnostics.iter().filter(|found| found.severity == Severity::Error).count() + mistakes.omitted;
    Mistakes { text: title(count) + &mistakes.render(&file.display().to_string(), source) }.into()
}

/// The server's refusal, with all mistakes if it is for these. Of a module whose file is not there the server can only say that it was not
/// given it: what is known here says more, and stands in its place.
fn told(error: anyhow::Error, known: &[manifest::Diagnostic], file: &Path, source: &str) -> anyhow::Error {
    let refused = match error.downcast::<Refused>() {
        Ok(refused) => refused,
        Err(error) => return error,
    };
    let mistakes = refused.problem.get("errors").cloned().map(serde_json::from_value::<Vec<ManifestMistake>>);
    let Some(Ok(mistakes)) = mistakes else { return refused.into() };
    let is_known = |mistake: &ManifestMistake| {
        let is_about_module = mistake.message.starts_with("the module `");
        is_about_module && known.iter().any(|known| (known.line, known.column) == (mistake.line, mistake.column))
    };
    let shown = file.display().to_string();
    let theirs = mistakes.iter().filter(|mistake| !is_known(mistake)).map(|mistake| {
        // The server knows the manifest by its usual name alone.
        let rendered = mistake.rendered.replacen(manifest::FILE, &shown, 1);
        ((mistake.line, mistake.column), rendered)
    });
    let ours = known.iter().map(|known| {
        let error = manifest::Error::from(vec![known.clone()]);
        ((known.line, known.column), error.render(&shown, source))
    });
    let mut found: Vec<((usize, usize), String)> = theirs.chain(ours).collect();
    found.sort();
    let texts: Vec<&str> = found.iter().map(|(_, text)| text.trim_end()).collect();
    Mistakes { text: title(found.len()) + &texts.join("\n\n") }.into()
}

fn title(mistakes: usize) -> String {
    format!("the project is not deployed: {}\n\n", count(mistakes, "mistake"))
}

/// What was deployed, for people.
fn report(placed: &Placed, server: &str, file: &str) -> String {
    let deployment = &placed.deployment;
    let verb = match (placed.created, deployment.state) {
        (false, _) => "It is deployed already",
        (true, _) => "Deployed",
    };
    let mut text = format!("{verb}: {}\n", deployments::stands(deployment));
    if let Some(token) = &placed.testing_token {
        text += &format!("Send it events with the header `Tenterhook-Testing: {token}`, which is shown this once.\n");
    }
    text += "\n";
    text += &triggers(&placed.triggers, server, output::terminal_width());
    for warning in &placed.warnings {
        text += &format!("\n{}\n", output::block(&warning.rendered.replacen(manifest::FILE, file, 1), 0).trim_end());
    }
    text
}
