//! `tenterhook up`: serves the project of a directory, tells what happens, and follows its changes.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::keys;
use super::watch::{Change, Watch};
use super::{build, compile, output, tail};
use crate::app::{App, Options, Tenancy};
use crate::clock::Clock;
use crate::config::Config;
use crate::deploy::manifest::{self, Severity};
use crate::deploy::{Applied, ApplyError, Deployment, Project, Registry};
use crate::egress;
use crate::event::Org;
use crate::observe::feed::{DeployFailedNotice, DeployedNotice, Feed, Notice, Subscription};
use crate::store::sqlite;

/// The one tenant of a host that serves one directory.
const ORG: &str = "default";

/// How long senders wait at the start for the first deployment, while there is an earlier one that could serve them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serve the project of a directory
///
/// Prints its triggers with their URLs, then a line for each event and each session, and follows changes of the manifest
/// and the modules. Ctrl-C lets running sessions end, and stops.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory that holds `tenterhook.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to keep events, sessions and modules [default: `.tenterhook` in DIR]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Deploy once, and fail when the project has mistakes
    #[arg(long)]
    no_watch: bool,
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
/// The host cannot start; or, with `--no-watch`, the project has mistakes.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(args.config.as_deref())?;
    let dir = args.dir.canonicalize().with_context(|| format!("opening the directory `{}`", args.dir.display()))?;
    if !dir.is_dir() {
        bail!("`{}` is not a directory: name the one that holds `{}`", args.dir.display(), manifest::FILE);
    }
    let data = args.data.clone().unwrap_or_else(|| dir.join(".tenterhook"));
    let data = std::path::absolute(&data).with_context(|| format!("finding `{}`", data.display()))?;
    raise_file_limit();
    let store = sqlite::open(&data).with_context(|| format!("opening the data directory `{}`", data.display()))?;
    let masters = keys::find_or_make(&config.secrets, &data, &*store.keyring).await?;
    let module_bytes = config.deploy.module_bytes;
    let clock = Clock::system();
    let org: Org = ORG.into();
    let options = Options {
        config,
        store,
        masters,
        tenancy: Tenancy::One(org.clone()),
        listen: args.listen,
        clock: clock.clone(),
        compiler: compile::program(),
        compiled: Some(data.join("compiled")),
        resolver: Arc::new(egress::System),
    };
    let mut app = App::start(options).await?;
    let feed = app.feed.subscribe();
    let deployer = Deployer {
        dir,
        org,
        clock,
        registry: app.registry.clone(),
        feed: app.feed.clone(),
        url: url(app.is_tls, app.address),
        api: (app.api_address != app.address).then(|| url(app.is_api_tls, app.api_address)),
        module_bytes,
        json: args.json,
    };
    // Before it is told that anything is there to be stopped.
    let stopped = stop_signal().context("asking to be told of signals")?;
    deployer.announce();
    // Before the first deployment, so that no change falls between the two.
    let watch = if args.no_watch { None } else { Some(Watch::start(&deployer.dir, &data)?) };
    tokio::select! {
        () = stopped => {}
        // A reader that hung up ends it too: `tenterhook up | head`.
        () = tell(feed, args.json) => {}
        followed = serve(&mut app, &deployer, watch) => followed?,
    }
    app.stop().await;
    Ok(())
}

/// Each connection is an open file, and shells allow few of those unless a program asks for what it may have.
pub(super) fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::warn!(%error, "failed to raise the limit of open files");
    }
}

/// Deploys and serves; then deploys after each change. Ends only when that fails.
async fn serve(app: &mut App, deployer: &Deployer, watch: Option<Watch>) -> anyhow::Result<()> {
    let mut deploying = pin!(deployer.build_and_deploy());
    let deployed = match tokio::time::timeout(PATIENCE, &mut deploying).await {
        Ok(deployed) => deployed,
        Err(_) => {
            // What was deployed before is served while a long build runs.
            if app.registry.serving(&deployer.org).is_some() {
                app.serve();
            }
            deploying.await
        }
    };
    let Some(mut watch) = watch else {
        deployed.map_err(|error| anyhow::anyhow!("the project is not deployed: {error}"))?;
        app.serve();
        return std::future::pending().await;
    };
    app.serve();
    loop {
        // How it goes is told in the feed, and what was deployed before goes on serving.
        match watch.changed().await? {
            Change::Sources => drop(deployer.build_and_deploy().await),
            Change::Modules => drop(deployer.deploy(Vec::new(), Unchanged::Silent).await),
        }
    }
}

/// Prints what happens, on a thread of its own: a terminal that is paused must stop nothing else. Ends when the reader
/// hangs up; what cannot be printed for another reason, a full disk for example, is not worth stopping for.
async fn tell(feed: Subscription, json: bool) {
    let runtime = tokio::runtime::Handle::current();
    let (hung_up, heard) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || match runtime.block_on(tail::tail(feed, json)) {
        // The host has stopped if nobody listens any more.
        Ok(()) => drop(hung_up.send(())),
        Err(error) => {
            tracing::warn!(error = %format!("{error:#}"), "failed to print what happens; the host goes on");
        }
    });
    if heard.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Ends at the first Ctrl-C or SIGTERM from now on.
pub(super) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

pub(super) fn url(is_tls: bool, address: SocketAddr) -> String {
    format!("{}://{address}", if is_tls { "https" } else { "http" })
}

/// What to do when a deployment is the one that is active already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unchanged {
    Told,
    Silent,
}

/// Deploys one directory, and tells how that went.
struct Deployer {
    dir: PathBuf,
    org: Org,
    clock: Clock,
    registry: Registry,
    feed: Feed,
    url: String,
    /// Where the API is asked, if that is another address.
    api: Option<String>,
    module_bytes: u64,
    json: bool,
}

impl Deployer {
    /// Where the host listens: for scripts that let it choose the port.
    fn announce(&self) {
        if self.json {
            let mut listening = json!({ "kind": "listening", "url": self.url });
            if let (Some(fields), Some(api)) = (listening.as_object_mut(), &self.api) {
                fields.insert("api".to_owned(), api.as_str().into());
            }
            self.say(&listening.to_string());
        } else {
            let api = self.api.as_ref().map_or_else(String::new, |api| format!(", the API on {api}"));
            self.say(&format!("Listening on {}{api}", self.url));
        }
    }

    /// Builds the modules that have a command or a recipe for it, and deploys.
    async fn build_and_deploy(&self) -> Result<(), String> {
        match build::project(&self.dir, true).await {
            Ok(built) => {
                if !self.json {
                    built.iter().filter_map(build::Built::news).for_each(|line| self.say(line.trim_end()));
                }
                self.deploy(built.into_iter().filter_map(|built| built.warning).collect(), Unchanged::Told).await
            }
            Err(error) => self.failed(error),
        }
    }

    /// Makes the directory's project the active deployment, or leaves the one that is and says what is wrong.
    async fn deploy(&self, doubts: Vec<String>, unchanged: Unchanged) -> Result<(), String> {
        let project = match Project::read(&self.dir, self.module_bytes).await {
            Ok(project) => project,
            Err(error) => return self.failed(error.to_string()),
        };
        let source = project.manifest.clone();
        match self.registry.apply(&self.org, project).await {
            Ok(Applied::New(deployment)) => self.deployed(&deployment, &source, doubts),
            // What a build has just written and deployed is told already.
            Ok(Applied::Unchanged(_)) if unchanged == Unchanged::Silent => {}
            // The first time it is new to who reads, if not to the store.
            Ok(Applied::Unchanged(deployment)) => self.deployed(&deployment, &source, doubts),
            Err(ApplyError::Invalid(mistakes)) => return self.failed(self.render(&mistakes, &source)),
            Err(error) => return self.failed(error.to_string()),
        }
        Ok(())
    }

    fn render(&self, mistakes: &manifest::Error, source: &str) -> String {
        let file = shown(&self.dir.join(manifest::FILE));
        let count = mistakes.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        let plural = if count == 1 { "mistake" } else { "mistakes" };
        format!("{count} {plural} in the project\n\n{}", mistakes.render(&file, source))
    }

    /// `doubts` are of the modules.
    fn deployed(&self, deployment: &Arc<Deployment>, source: &str, doubts: Vec<String>) {
        let warnings = self.registry.warnings(deployment, source);
        let warnings: Option<manifest::Error> = (!warnings.is_empty()).then(|| warnings.into());
        if !self.json {
            self.say(&table(deployment, &self.url));
            if let Some(warnings) = &warnings {
                self.say(&format!("\n{}", warnings.render(&shown(&self.dir.join(manifest::FILE)), source)));
            }
        }
        let lines = warnings.iter().flat_map(|warnings| &warnings.diagnostics);
        let lines = lines.map(|found| format!("line {}, column {}: {}", found.line, found.column, found.message));
        let lines = doubts.into_iter().chain(lines).collect();
        self.feed.publish(|| {
            Notice::Deployed(DeployedNotice {
                id: deployment.id,
                project: deployment.project.clone(),
                at: self.clock.now(),
                triggers: deployment.triggers.len(),
                warnings: lines,
            })
        });
    }

    fn failed(&self, error: String) -> Result<(), String> {
        let serving = self.registry.serving(&self.org);
        self.feed.publish(|| {
            Notice::DeployFailed(DeployFailedNotice { at: self.clock.now(), error: error.clone(), serving })
        });
        Err(error)
    }

    fn say(&self, text: &str) {
        // Nobody reads: what is served does not depend on it.
        drop(writeln!(io::stdout(), "{text}"));
    }
}

/// Relative to where the command was given, when that is shorter.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let relative = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    relative.unwrap_or(path).display().to_string()
}

/// The triggers and their URLs.
fn table(deployment: &Deployment, url: &str) -> String {
    let rows = deployment.triggers.iter().map(|trigger| {
        let event_type = trigger.event_type.as_ref().map_or("any", |kind| kind.as_str());
        let answer = if trigger.is_sync { "sync" } else { "async" };
        let filter = trigger.filter.as_ref().map_or("", |filter| filter.source());
        vec![
            trigger.name.to_string(),
            format!("{url}/webhooks/{}", trigger.endpoint),
            event_type.to_owned(),
            answer.to_owned(),
            trigger.call.to_string(),
            filter.to_owned(),
        ]
    });
    let header = ["TRIGGER", "URL", "EVENT TYPE", "ANSWER", "HANDLER", "FILTER"];
    format!("\n{}", output::table(&header, rows.collect(), output::terminal_width()))
}
