//! A real host: a SQLite store in a temporary folder, a free port on loopback, handlers in WAT.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tempfile::TempDir;
use tenterhook_host::app::{App, Options, Tenancy};
use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::deploy::{ApplyError, Project};
use tenterhook_host::egress::{Resolve, System};
use tenterhook_host::event::EventId;
use tenterhook_host::ingest::{Redispatch, RedispatchError, Redispatched};
use tenterhook_host::observe::feed::Subscription;
use tenterhook_host::store::{self, History, Store, sqlite};

use super::ledger::Breakable;
use super::raw::{self, Answer};
use super::{guests, program, wat, web};

/// A running host with one project.
pub(crate) struct Host {
    app: App,
    history: Arc<dyn History>,
    data: TempDir,
    broken: Arc<AtomicBool>,
}

impl Host {
    /// A host that serves `manifest`, whose modules are fixtures: `loop.wat` is `tests/guests/wat/loop.wat`.
    pub(crate) async fn start(manifest: &str) -> Self {
        Self::start_with(Config::load(None).unwrap(), manifest).await
    }

    pub(crate) async fn start_with(config: Config, manifest: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), config, Arc::new(System), manifest).await
    }

    /// A host whose handlers' requests go where `resolver` says.
    pub(crate) async fn start_resolving(config: Config, resolver: Arc<dyn Resolve>, manifest: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), config, resolver, manifest).await
    }

    async fn start_in(data: TempDir, config: Config, resolver: Arc<dyn Resolve>, manifest: &str) -> Self {
        let mut store = open(data.path()).await;
        let broken = Arc::new(AtomicBool::new(false));
        store.ledger = Arc::new(Breakable { inner: store.ledger.clone(), broken: broken.clone() });
        let history = store.history.clone();
        let options = Options {
            config,
            store,
            masters: MASTER.parse().unwrap(),
            tenancy: Tenancy::One("default".into()),
            listen: LOOPBACK,
            clock: Clock::system(),
            compiler: program::compiler(),
            compiled: Some(data.path().join("compiled")),
            resolver,
        };
        let mut app = App::start(options).await.unwrap();
        let project = Project { manifest: manifest.to_owned(), modules: modules(manifest) };
        if let Err(error) = app.registry.apply(&"default".into(), project).await {
            panic!("{error}");
        }
        app.serve();
        Self { app, history, data, broken }
    }

    /// Stops as an operator would, and starts again on the same data.
    pub(crate) async fn restart(self, manifest: &str) -> Self {
        let Self { app, history, data, .. } = self;
        // The store stays locked for as long as anybody has it.
        drop(history);
        app.stop().await;
        Self::start_in(data, Config::load(None).unwrap(), Arc::new(System), manifest).await
    }

    /// Stops as an operator would.
    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }

    /// Serves `manifest` from now on.
    pub(crate) async fn deploy(&self, manifest: &str) {
        let project = Project { manifest: manifest.to_owned(), modules: modules(manifest) };
        self.app.registry.apply(&"default".into(), project).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Serves a manifest with these modules from now on, or says what is wrong with them.
    pub(crate) async fn apply(&self, manifest: &str, modules: BTreeMap<String, Bytes>) -> Result<(), String> {
        let project = Project { manifest: manifest.to_owned(), modules };
        match self.app.registry.apply(&"default".into(), project).await {
            Ok(_) => Ok(()),
            Err(ApplyError::Invalid(mistakes)) => Err(mistakes.render("tenterhook.yaml", manifest)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Makes a new event of one that is kept.
    pub(crate) async fn redispatch(&self, id: EventId, options: &Redispatch) -> Result<Redispatched, RedispatchError> {
        let org = "default".into();
        let record = self.history.event(&org, id).await.unwrap().unwrap();
        self.app.intake.redispatch(&org, &record, options).await
    }

    /// What is told of events from now on.
    pub(crate) fn feed(&self) -> Subscription {
        self.app.feed.subscribe()
    }

    /// From now on nothing can be made durable.
    pub(crate) fn break_store(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    /// From now on it can again.
    pub(crate) fn mend_store(&self) {
        self.broken.store(false, Ordering::SeqCst);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// Sends exactly these bytes on a connection of their own and reads all that comes back.
    pub(crate) async fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        raw::exchange(self.address(), request.as_ref()).await
    }

    /// Sends exactly these bytes, which must be accepted, and gives the event as the API shows it.
    pub(crate) async fn event(&self, request: impl AsRef<[u8]>) -> Value {
        let answer = self.send(request).await;
        let id = answer.header("tenterhook-event-id").unwrap_or_else(|| panic!("no event: {answer:?}"));
        self.api(&format!("events/{id}")).await
    }

    /// What the API answers to a GET.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let url = format!("http://{}/api/v1/{path}", self.address());
        web::get(&url).await.error_for_status().unwrap().json().await.unwrap()
    }

    /// The event once its sessions have ended.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        let ended = |session: &Value| !matches!(session["state"].as_str(), Some("queued" | "running"));
        let mut feed = self.app.feed.subscribe();
        loop {
            let event = self.api(&format!("events/{id}")).await;
            if event["sessions"].as_array().unwrap().iter().all(ended) {
                return event;
            }
            // A session is told of just before it is settled, so the wait has an end of its own.
            drop(tokio::time::timeout(Duration::from_millis(20), feed.next()).await);
        }
    }
}

/// A host that was stopped lets go of its store when its last session has noticed.
async fn open(data: &Path) -> Store {
    for _ in 0..500 {
        match sqlite::open(data) {
            Err(store::Error::Conflict(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened.unwrap(),
        }
    }
    panic!("the store in {} stays locked", data.display());
}

/// By which the secrets of tests are sealed.
const MASTER: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// The fixtures that the manifest's calls name: `loop.wat`, `wasm32-wasip2.rs` for the Rust guest built for that target, and
/// `grants-wasm32-wasip2.rs` for the one that uses what manifests grant, and `concurrent.rs` for the one with `async` handlers. A
/// module of another name is `hello` under the names that are called.
fn modules(manifest: &str) -> BTreeMap<String, Bytes> {
    let calls = manifest.lines().filter_map(|line| line.trim().strip_prefix("call: ")?.split_once(':'));
    let component = |module: &str, function: &str| match module.rsplit_once('.') {
        Some(("concurrent", "wat")) => wat::concurrent_fixture(),
        Some((fixture, "wat")) => wat::fixture(fixture),
        Some(("concurrent", "rs")) => guests::concurrent(),
        Some((target, "rs")) => match target.strip_prefix("grants-") {
            Some(target) => guests::grants(target),
            None => guests::kitchen_sink(target),
        },
        _ => wat::renamed("hello", &function.replace('_', "-")),
    };
    calls.map(|(module, function)| (module.to_owned(), component(module, function).into())).collect()
}
