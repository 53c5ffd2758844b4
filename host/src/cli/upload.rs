//! Sends a module to a server and waits until it is compiled, with a bar on terminals.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};

use super::client::{Client, Refused, at};
use super::output::size;
use crate::api::view::Module;
use crate::event::Digest;
use crate::store::catalog::ModuleState;

/// So much is handed to the connection at a time.
const PIECE: usize = 64 << 10;

/// How often it is asked whether a module is compiled.
const PAUSE: Duration = Duration::from_millis(200);

/// The module of these bytes, sent if the org does not have it, and compiled or refused. `name` is for people.
///
/// # Errors
/// The server cannot be asked, or does not take it.
pub(super) async fn upload(client: &Client, org: &str, name: &str, bytes: Bytes) -> anyhow::Result<Module> {
    let hashed = bytes.clone();
    let digest = tokio::task::spawn_blocking(move || Digest::of(&hashed)).await.context("digesting the module")?;
    let path = at(&["orgs", org, "modules", &digest.to_string()]);
    let mut module = match find(client, &path).await? {
        Some(module) => module,
        None => send(client, &path, name, bytes).await?,
    };
    let bar = spinner(name);
    while module.state == ModuleState::Compiling {
        bar.tick();
        tokio::time::sleep(PAUSE).await;
        module = read(client.get(&path, &[]).await?)?;
    }
    bar.finish_and_clear();
    Ok(module)
}

async fn find(client: &Client, path: &str) -> anyhow::Result<Option<Module>> {
    match client.get(path, &[]).await {
        Ok(answer) => read(answer).map(Some),
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) if refused.code == "module_not_found" => Ok(None),
            Ok(refused) => Err(refused.into()),
            Err(error) => Err(error),
        },
    }
}

async fn send(client: &Client, path: &str, name: &str, bytes: Bytes) -> anyhow::Result<Module> {
    let length = bytes.len() as u64;
    let bar = bar(name, length);
    let told = bar.clone();
    let pieces = stream::unfold(bytes, move |mut left| {
        let told = told.clone();
        async move {
            if left.is_empty() {
                return None;
            }
            let piece = left.split_to(left.len().min(PIECE));
            told.inc(piece.len() as u64);
            Some((Ok::<_, Infallible>(piece), left))
        }
    });
    let answer = client.upload(path, length, reqwest::Body::wrap_stream(pieces)).await;
    bar.finish_and_clear();
    read(answer?)
}

fn read(answer: serde_json::Value) -> anyhow::Result<Module> {
    serde_json::from_value(answer).context("reading the server's module")
}

/// Shown on terminals alone, on standard error: what a program reads is on the other one.
fn is_shown() -> bool {
    io::stderr().is_terminal()
}

fn bar(name: &str, length: u64) -> ProgressBar {
    if !is_shown() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg}  {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}");
    let style = style.expect("the template has the keys of indicatif");
    ProgressBar::new(length).with_style(style).with_message(format!("{name} ({})", size(length)))
}

fn spinner(name: &str) -> ProgressBar {
    if !is_shown() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg}, {elapsed}").expect("the template has the keys of indicatif");
    ProgressBar::new_spinner().with_style(style).with_message(format!("{name}: the server compiles it"))
}
