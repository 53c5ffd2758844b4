//! A project, its data, its server, its senders: what every fault is tried on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::checker::{self, Found, Owed};
use super::load::{Load, wait};
use super::sent::{self, Acknowledged};
use super::server::Server;
use super::shim::Plan;
use crate::harness::{wat, web};

/// How many connections the senders have.
pub(super) const CONNECTIONS: usize = 64;

/// Where everything of one test is. It is left behind when the test fails.
pub(super) struct Scene {
    dir: Option<TempDir>,
    /// The data directory.
    pub(super) data: PathBuf,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with("")
    }

    /// One whose servers have other settings than the defaults.
    pub(super) fn with(settings: &str) -> Self {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("project")).unwrap();
        std::fs::write(root.join("project/tenterhook.yaml"), sent::MANIFEST).unwrap();
        std::fs::write(root.join("project/settings.toml"), settings).unwrap();
        std::fs::write(root.join("project/sometimes.wasm"), wat::fixture("sometimes")).unwrap();
        Self { dir: Some(dir), data: root.join("data") }
    }

    /// A path in the test's own folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.as_ref().unwrap().path().canonicalize().unwrap().join(name)
    }

    /// Senders that wait for a server.
    pub(super) fn load(&self, journal: Option<&Path>) -> Load {
        Load::start(CONNECTIONS, 1, &self.path("sent"), journal)
    }

    /// Senders that each send what others send at the same time.
    pub(super) fn load_of_copies(&self, copies: u64) -> Load {
        Load::start(CONNECTIONS, copies, &self.path("sent"), None)
    }

    /// A server that nothing befalls.
    pub(super) fn serve(&self) -> Server {
        self.serve_in(&self.data, &Plan::default()).unwrap_or_else(|ended| panic!("{ended}: {}", self.said()))
    }

    /// A server on a data directory of one's own, with faults.
    pub(super) fn serve_in(&self, data: &Path, plan: &Plan) -> Result<Server, std::process::ExitStatus> {
        Server::start(&self.path("project"), data, &self.path("server.log"), plan)
    }

    /// Asks the server for what it has, which it must answer.
    pub(super) fn read(&self, server: &Server) {
        let url = format!("http://{}/api/v1/events?limit=5", server.address);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let page: serde_json::Value =
            runtime.block_on(async { web::get(&url).await.error_for_status().unwrap().json().await.unwrap() });
        assert_eq!(page["items"].as_array().unwrap().len(), 5, "{page}");
    }

    /// The last that servers had to say.
    pub(super) fn said(&self) -> String {
        let said = std::fs::read_to_string(self.path("server.log")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Everything that was promised.
    pub(super) fn sent(&self) -> BTreeMap<String, Acknowledged> {
        sent::read(&self.path("sent"))
    }

    /// Checks the data directory, which no process may be using.
    pub(super) fn check(&self, owed: Owed) -> Found {
        let checked = checker::check(&self.data, self.sent().values(), owed);
        checked.unwrap_or_else(|wrong| panic!("{wrong}\nserver: {}", self.said()))
    }

    /// Waits until the server has run all that is owed, stops it and checks that nothing is lost and nothing stuck.
    pub(super) fn drain(&self, server: Server) -> Found {
        self.drain_in(&self.data, server, self.sent().values())
    }

    /// The same for a data directory of one's own, of which only `sent` is asked.
    pub(super) fn drain_in<'a>(
        &self,
        data: &Path,
        server: Server,
        sent: impl IntoIterator<Item = &'a Acknowledged>,
    ) -> Found {
        wait("all sessions to end", || checker::how_many_owed(data).is_ok_and(|owed| owed == 0));
        let ended = server.stop();
        assert!(ended.success(), "{ended}: {}", self.said());
        checker::check(data, sent, Owed::Nothing).unwrap_or_else(|wrong| panic!("{wrong}\nserver: {}", self.said()))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(dir) = self.dir.take()
        {
            eprintln!("what the test left is in {}", dir.keep().display());
        }
    }
}
