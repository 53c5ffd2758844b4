//! `tenterhook serve`: many orgs on one server, entered with tokens.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use super::{compile, keys, output, up};
use crate::api::Tokens;
use crate::app::{App, Options, Tenancy};
use crate::clock::Clock;
use crate::config::Config;
use crate::egress;
use crate::store::sqlite;

/// Serve many orgs
///
/// The first start prints an operator's token, once: it makes orgs and their first tokens. Ctrl-C lets running sessions end, and
/// stops.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to keep everything
    #[arg(long, value_name = "DIR", default_value = ".tenterhook")]
    data: PathBuf,
    /// Print lines of JSON
    #[arg(long)]
    json: bool,
    /// A file of settings that override the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Serves until a signal says to stop.
///
/// # Errors
/// The host cannot start.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref())?;
    let data = std::path::absolute(&args.data).with_context(|| format!("finding `{}`", args.data.display()))?;
    up::raise_file_limit();
    let store = sqlite::open(&data).with_context(|| format!("opening the data directory `{}`", data.display()))?;
    let masters = keys::find_or_make(&config.secrets, &data, &*store.keyring).await?;
    let (clock, catalog) = (Clock::system(), store.catalog.clone());
    let options = Options {
        config,
        store,
        masters,
        tenancy: Tenancy::Many,
        listen: args.listen,
        clock: clock.clone(),
        compiler: compile::program(),
        compiled: Some(data.join("compiled")),
        resolver: Arc::new(egress::System),
    };
    let mut app = App::start(options).await?;
    let stopped = up::stop_signal().context("asking to be told of signals")?;
    // The last thing that may fail: a token that was made and not printed would be lost.
    let first = Tokens::first(&*catalog, &clock).await.context("making the first operator's token")?;
    drop(catalog);
    let url = up::url(app.is_tls, app.address);
    let api = (app.api_address != app.address).then(|| up::url(app.is_api_tls, app.api_address));
    let told = if args.json {
        format!("{}\n", json!({ "kind": "listening", "url": url, "api": api, "operator_token": first }))
    } else {
        let first = first.map(|token| format!("The operator's token, which is never told again:\n\n  {token}\n\n"));
        let api = api.map_or_else(String::new, |api| format!(", the API on {api}"));
        format!("{}Listening on {url}{api}\n", first.unwrap_or_default())
    };
    output::print(&told)?;
    app.serve();
    stopped.await;
    app.stop().await;
    Ok(())
}
