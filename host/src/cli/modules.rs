//! `tenterhook modules`: what an org uploaded.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::Subcommand;

use super::client::{Client, at};
use super::output::{self, count, size};
use super::remote::Remote;
use super::upload;
use crate::api::view::Module;
use crate::event::Digest;
use crate::store::catalog::ModuleState;

/// What can be done with modules.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the modules that an org uploaded
    List {
        #[command(flatten)]
        remote: Remote,
    },
    /// Show one module: its handlers, its imports, its size, how long it took to compile
    Show {
        /// Its SHA-256, or a file that has it
        #[arg(value_name = "DIGEST|FILE")]
        module: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Upload modules, and wait until they are compiled; those that are there are not sent again
    Upload {
        /// Components, or core modules that can be made components
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { remote } => {
            let client = remote.client()?;
            let modules = client.all(&at(&["orgs", &client.org().await?, "modules"])).await?;
            if remote.json {
                return output::print_json(&modules);
            }
            output::print(&list(&modules.read("modules")?, output::terminal_width()))
        }
        Command::Show { module, remote } => {
            let digest = digest(&module)?;
            let client = remote.client()?;
            let answer = client.get(&at(&["orgs", &client.org().await?, "modules", &digest.to_string()]), &[]).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&show(&serde_json::from_value(answer).context("reading the server's module")?))
        }
        Command::Upload { files, remote } => {
            let client = remote.client()?;
            let modules = upload_all(&client, &files).await?;
            if remote.json {
                return output::print_json(&modules);
            }
            output::print(&modules.iter().map(show).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// A digest, or that of a file.
fn digest(module: &str) -> anyhow::Result<Digest> {
    if let Ok(digest) = module.parse() {
        return Ok(digest);
    }
    let bytes = std::fs::read(Path::new(module));
    bytes.map(|bytes| Digest::of(&bytes)).with_context(|| format!("`{module}` is no SHA-256, and reading it as a file"))
}

async fn upload_all(client: &Client, files: &[PathBuf]) -> anyhow::Result<Vec<Module>> {
    let org = client.org().await?;
    let mut modules = Vec::new();
    let mut refused = Vec::new();
    for file in files {
        let shown = file.display().to_string();
        let bytes: Bytes = tokio::fs::read(file).await.with_context(|| format!("reading `{shown}`"))?.into();
        let module =
            upload::upload(client, &org, &shown, bytes).await.with_context(|| format!("uploading `{shown}`"))?;
        match &module.state {
            ModuleState::Refused { reason } => refused.push(format!("`{shown}` cannot be run: {reason}")),
            ModuleState::Compiling | ModuleState::Ready { .. } => modules.push(module),
        }
    }
    if !refused.is_empty() {
        bail!("{}", refused.join("\n"));
    }
    Ok(modules)
}

/// Modules: a row each.
pub(super) fn list(modules: &[Module], width: Option<u16>) -> String {
    if modules.is_empty() {
        return "No modules: upload one with `tenterhook modules upload`.\n".to_owned();
    }
    let row = |module: &Module| {
        let (state, handlers) = match &module.state {
            ModuleState::Compiling => ("compiling".to_owned(), String::new()),
            ModuleState::Ready { handlers, .. } => ("ready".to_owned(), handlers.len().to_string()),
            ModuleState::Refused { .. } => ("refused".to_owned(), String::new()),
        };
        vec![module.digest.to_string(), state, size(module.bytes), handlers, output::time(module.uploaded_at)]
    };
    output::table(&["MODULE", "STATE", "SIZE", "HANDLERS", "UPLOADED"], modules.iter().map(row).collect(), width)
}

/// All about one module, for people.
pub(super) fn show(module: &Module) -> String {
    let mut facts = vec![("module", module.digest.to_string())];
    if module.component != module.digest {
        facts.push(("component", module.component.to_string()));
    }
    facts.push(("size", size(module.bytes)));
    facts.push(("uploaded", format!("{} by {}", output::time(module.uploaded_at), module.uploaded_by)));
    match &module.state {
        ModuleState::Compiling => facts.push(("state", "compiling".to_owned())),
        ModuleState::Refused { reason } => facts.push(("refused", reason.clone())),
        ModuleState::Ready { handlers, imports, compile_ms } => {
            if let Some(millis) = compile_ms {
                let took = std::time::Duration::from_millis(*millis);
                facts.push(("compiled in", output::duration(took)));
            }
            let named = |names: &[String], noun| format!("{}: {}", count(names.len(), noun), names.join(", "));
            facts.push(("exports", named(handlers, "handler")));
            if !imports.is_empty() {
                facts.push(("imports", imports.join(", ")));
            }
        }
    }
    output::pairs(&facts)
}
