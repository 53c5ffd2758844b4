//! The servers that are compared. Each but the peer's is this program again, started with its name.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path as Parameter;
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::any;
use tenterhook_host::app::{App, Options, Tenancy};
use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::deploy::{Applied, Project};
use tenterhook_host::egress;
use tenterhook_host::event::DeploymentId;
use tenterhook_host::guest::compile;
use tenterhook_host::store::{self, Store, memory, sqlite};

use crate::peer;

#[path = "../it/harness/wat.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
pub(crate) mod wat;

pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    program: Program,
}

enum Program {
    This,
    /// With these options.
    Peer(&'static [&'static str]),
}

pub(crate) const ALL: [Server; 8] = [
    server("bare", "bare axum handler with the same answer", Program::This),
    server("wasmtime", "`wasmtime serve`", Program::Peer(peer::DEFAULT)),
    server("wasmtime-tuned", "`wasmtime serve`, tuned", Program::Peer(peer::TUNED)),
    server("memory-sync", "synchronous, kept in memory only", Program::This),
    server("memory-unkept", "synchronous, `history: none`", Program::This),
    server("memory-none", "no trigger matches, kept in memory only", Program::This),
    server("sqlite-sync", "synchronous, event and session on disk", Program::This),
    server("sqlite-async", "asynchronous (202), event and session on disk", Program::This),
];

const fn server(name: &'static str, what: &'static str, program: Program) -> Server {
    Server { name, what, program }
}

impl Server {
    /// What starts it; none when it is not installed. The first line of the output that is piped ends with its port.
    pub(crate) fn command(&self) -> Option<Command> {
        match self.program {
            Program::This => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["serve", self.name]).stdout(Stdio::piped());
                Some(command)
            }
            Program::Peer(options) => peer::command(options),
        }
    }
}

/// The path that every server answers.
pub(crate) const PATH: &str = "/webhooks/hook?name=Ada";

/// The path of another org's handler that never ends, on the servers that have one.
pub(crate) const HOG: &str = "/webhooks/hog";

/// Serves until the process is ended. The first line of its output is its port.
pub(crate) fn serve(name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        if name == "bare" {
            bare().await;
        } else {
            host(name).await;
        }
    });
}

async fn bare() {
    let answer = |_: Parameter<String>, _: Method, _: Uri, _: HeaderMap, _: Bytes| async { "hello" };
    let router = Router::new().route("/webhooks/{slug}", any(answer));
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    announce(listener.local_addr().unwrap());
    axum::serve(listener, router).await.unwrap();
}

const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn host(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (kind, trigger) = name.split_once('-').unwrap();
    let store: Store = if kind == "memory" { memory::store() } else { sqlite::open(folder.path()).unwrap() };
    let mut config = config();
    config.guest.threads = 1;
    let more = match trigger {
        "sync" => "is_sync: true",
        "unkept" => "is_sync: true\n      history: none",
        "none" => "event_type: put",
        _ => "is_sync: false",
    };
    let (app, _) = start(config, store, more).await;
    let manifest = "version: v1\nproject:\n  name: hogs\n  triggers:\n    - name: hog\n      type: webhook\n      \
                    call: loop.wat:handle\n      is_sync: true\n      history: none\n";
    let modules = BTreeMap::from([("loop.wat".to_owned(), wat::fixture("loop").into())]);
    app.registry.apply(&"hogs".into(), Project { manifest: manifest.to_owned(), modules }).await.unwrap();
    announce(app.address);
    std::future::pending::<()>().await;
}

fn config() -> Config {
    let mut config = Config::load(None).unwrap();
    config.dispatch.backlog = 1_000_000;
    config.dispatch.backlog_total = 1_000_000;
    config
}

/// A host that serves one trigger, of which the manifest says `more`.
async fn start(config: Config, store: Store, more: &str) -> (App, DeploymentId) {
    let options = Options {
        config,
        store,
        masters: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().unwrap(),
        tenancy: Tenancy::One("bench".into()),
        listen: LOOPBACK,
        clock: Clock::system(),
        compiler: compiler(),
        compiled: None,
        resolver: Arc::new(egress::System),
    };
    let mut app = App::start(options).await.unwrap();
    let manifest = format!(
        "version: v1\nproject:\n  name: bench\n  triggers:\n    - name: hook\n      type: webhook\n      \
         filter: data.method == \"POST\"\n      call: hello.wat:handle\n      {more}\n"
    );
    let modules = BTreeMap::from([("hello.wat".to_owned(), hello().0.into())]);
    let (Applied::New(deployment) | Applied::Unchanged(deployment)) =
        app.registry.apply(&"bench".into(), Project { manifest, modules }).await.unwrap();
    app.serve();
    (app, deployment.id)
}

/// This program, as what a host compiles modules with.
pub(crate) fn compiler() -> compile::Program {
    compile::Program::File { path: "/proc/self/exe".into(), arguments: vec!["compile-module".to_owned()] }
}

/// A host in this process with an asynchronous trigger, whose store is on a disk.
pub(crate) struct Running {
    app: App,
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) deployment: DeploymentId,
}

/// Starts a host on a folder that may have been used before.
pub(crate) async fn app(folder: &Path) -> Running {
    let (app, deployment) = start(config(), reopened(folder).await, "is_sync: false").await;
    Running { address: app.address, app, folder: folder.to_owned(), deployment }
}

/// A host that was stopped lets go of its store when its last session has noticed.
async fn reopened(folder: &Path) -> Store {
    loop {
        match sqlite::open(folder) {
            Err(store::Error::Conflict(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            opened => return opened.unwrap(),
        }
    }
}

impl Running {
    /// How many sessions have not ended.
    pub(crate) fn owed(&self) -> u32 {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = rusqlite::Connection::open_with_flags(self.folder.join("tenterhook.db"), flags).unwrap();
        conn.query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0)).unwrap()
    }

    /// Waits until all sessions have ended.
    pub(crate) async fn settled(&self) {
        while self.owed() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.app.stop().await;
    }
}

fn announce(address: SocketAddr) {
    println!("{}", address.port());
    std::io::stdout().flush().unwrap();
}

/// A component and the handler that it exports.
pub(crate) fn hello() -> (Vec<u8>, &'static str) {
    (wat::fixture("hello"), "handle")
}

/// A component with an `async` handler, and the one of its handlers that is called.
pub(crate) fn concurrent(export: &'static str) -> (Vec<u8>, &'static str) {
    (wat::concurrent_fixture(), export)
}

/// The checked-in component of `plugins/echo`.
pub(crate) fn echo() -> (Vec<u8>, &'static str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/echo/echo.wasm");
    (std::fs::read(path).unwrap(), "on-request")
}
