//! Orgs are suspended and deleted, and projects: nothing of them is left, and nobody else notices. The clock is the test's to turn.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tenterhook_host::api::Tokens;
use tenterhook_host::app::{App, Options, Tenancy};
use tenterhook_host::clock::Clock;
use tenterhook_host::config::Config;
use tenterhook_host::egress::System;
use tenterhook_host::store::sqlite;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{program, wat, web};

const MANIFEST: &str = "version: v1
project:
  name: shop
  triggers:
    - name: hook
      type: webhook
      call: hello:handle
    - name: spin
      type: webhook
      call: loop:handle
      timeout: 10m
";

/// A server with tokens, whose clock stands still.
struct Server {
    app: App,
    clock: Clock,
    operator: String,
    data: TempDir,
}

impl Server {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        // Files have the system's time.
        let clock = Clock::manual(Clock::system().now());
        let store = sqlite::open(data.path()).unwrap();
        let catalog = store.catalog.clone();
        let options = Options {
            config: Config::load(None).unwrap(),
            store,
            masters: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".parse().unwrap(),
            tenancy: Tenancy::Many,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: clock.clone(),
            compiler: program::compiler(),
            compiled: Some(data.path().join("compiled")),
            resolver: Arc::new(System),
        };
        let mut app = App::start(options).await.unwrap();
        let operator = Tokens::first(&*catalog, &clock).await.unwrap().unwrap();
        app.serve();
        Self { app, clock, operator, data }
    }

    /// The status of an answer, and what it says.
    async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.ask_as(&self.operator, method, path, body).await
    }

    async fn ask_as(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("http://{}/api/v1{path}", self.app.address);
        let request = web::client().build().unwrap().request(method, url).bearer_auth(token).json(&body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// An org with its owner's token.
    async fn org(&self, name: &str) -> String {
        self.ask(Method::POST, "/orgs", json!({ "name": name })).await;
        let new = json!({ "name": "owner", "scope": { "kind": "org", "role": "owner" } });
        let (status, made) = self.ask(Method::POST, &format!("/orgs/{name}/tokens"), new).await;
        assert_eq!(status, 201);
        made["secret"].as_str().unwrap().to_owned()
    }

    async fn upload(&self, org: &str, bytes: Vec<u8>) -> String {
        let digest = format!("{:x}", Sha256::digest(&bytes));
        let url = format!("http://{}/api/v1/orgs/{org}/modules/{digest}", self.app.address);
        let request = web::client().build().unwrap().put(url).bearer_auth(&self.operator).body(bytes);
        assert!(request.send().await.unwrap().status().is_success());
        digest
    }

    /// Deploys `shop`, and gives the status and the webhooks' paths.
    async fn deploy(&self, org: &str) -> (u16, Vec<String>) {
        let hello = self.upload(org, wat::renamed("hello", "handle")).await;
        let spin = self.upload(org, wat::fixture("loop")).await;
        let new = json!({ "manifest": MANIFEST, "modules": { "hello": hello, "loop": spin } });
        let (status, placed) = self.ask(Method::POST, &format!("/orgs/{org}/projects/shop/deployments"), new).await;
        let triggers = placed["triggers"].as_array().cloned().unwrap_or_default();
        (status, triggers.iter().map(|trigger| trigger["path"].as_str().unwrap().to_owned()).collect())
    }

    async fn send(&self, path: &str) -> (u16, Value) {
        let answer = web::get(&format!("http://{}{path}", self.app.address)).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Waits until this holds: what is removed in the background is so at once when its time has come.
    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !holds().await {
            assert!(Instant::now() < end, "{what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Whether the host's audit log has this.
    fn told(&self, action: &str) -> bool {
        let database = rusqlite::Connection::open(self.data.path().join("tenterhook.db")).unwrap();
        let query = "SELECT count(*) FROM audit WHERE json_extract(entry, '$.action') = ?1";
        database.query_row(query, [action], |row| row.get::<_, u64>(0)).unwrap() > 0
    }

    /// How many rows of an org each table of the database has, those that have some.
    fn rows(&self, org: &str) -> Vec<(String, u64)> {
        let database = rusqlite::Connection::open(self.data.path().join("tenterhook.db")).unwrap();
        let tables = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'org' WHERE m.type = 'table'";
        let mut tables = database.prepare(tables).unwrap();
        let tables: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(tables.len() > 10, "{tables:?}");
        let count = |table: String| {
            let query = format!("SELECT count(*) FROM {table} WHERE org = ?1");
            let count: u64 = database.query_row(&query, [org], |row| row.get(0)).unwrap();
            (table, count)
        };
        tables.into_iter().map(count).filter(|(_, count)| *count > 0).collect()
    }
}

fn blobs(data: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(data.join("blobs")).unwrap().map(|folder| folder.unwrap().path());
    let files = folders.filter(|folder| folder.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_is_suspended_and_goes_on() {
    let server = Server::start().await;
    let owner = server.org("acme").await;
    let (_, paths) = server.deploy("acme").await;
    assert_eq!(server.send(&paths[0]).await.0, 202);
    let (status, org) = server.ask(Method::POST, "/orgs/acme/suspend", json!({})).await;
    assert!(status == 200 && org["suspended_at"].is_string(), "{org}");
    let (status, refused) = server.send(&paths[0]).await;
    assert_eq!((status, &refused["code"]), (403, &json!("org_suspended")));
    assert_eq!(server.ask_as(&owner, Method::GET, "/events", json!({})).await.0, 200, "its API answers");
    assert_eq!(server.ask_as(&owner, Method::POST, "/orgs/acme/resume", json!({})).await.0, 403);
    let (_, events) = server.ask(Method::GET, "/orgs/acme/events", json!({})).await;
    let event = events["items"][0]["id"].as_str().unwrap();
    // What is dispatched again waits.
    let (status, copy) = server.ask(Method::POST, &format!("/orgs/acme/events/{event}/redispatch"), json!({})).await;
    assert_eq!(status, 201, "{copy}");
    let path = format!("/orgs/acme/events/{}", copy["id"].as_str().unwrap());
    let state = async || server.ask(Method::GET, &path, json!({})).await.1["sessions"][0]["state"].clone();
    assert_eq!(state().await, "queued");
    let (_, org) = server.ask(Method::POST, "/orgs/acme/resume", json!({})).await;
    assert_eq!(org["suspended_at"], Value::Null);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(server.send(&paths[0]).await.0, 202);
    server.until("it goes on", async || state().await == "succeeded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_deleted_with_all_that_it_has() {
    let server = Server::start().await;
    let owner = server.org("acme").await;
    let (_, paths) = server.deploy("acme").await;
    assert_eq!((server.send(&paths[0]).await.0, server.send(&paths[1]).await.0), (202, 202));
    let project = "/orgs/acme/projects/shop";
    server.ask_as(&owner, Method::PUT, &format!("{project}/vars/KEY"), json!({ "value": "x", "secret": true })).await;
    assert_eq!(server.ask_as(&owner, Method::DELETE, project, Value::Null).await.0, 204);
    assert_eq!(server.send(&paths[0]).await.0, 404, "it takes nothing at once");
    for path in [project.to_owned(), format!("{project}/vars"), format!("{project}/deployments")] {
        assert_eq!(server.ask(Method::GET, &path, json!({})).await.1["code"], "project_not_found", "{path}");
    }
    let (status, _) = server.deploy("acme").await;
    assert_eq!(status, 409, "another one of its name waits");
    server.clock.advance(Duration::from_secs(11));
    server.until("it is removed", async || server.deploy("acme").await.0 == 201).await;
    let events = server.ask(Method::GET, "/orgs/acme/events", json!({})).await.1;
    assert_eq!(events["items"], json!([]));
    assert_eq!(server.ask(Method::GET, &format!("{project}/vars"), json!({})).await.1["items"], json!([]));
    let usage = server.ask(Method::GET, "/orgs/acme/usage", json!({})).await.1;
    assert_eq!((&usage["events"], &usage["bytes"], &usage["running"]), (&json!(0), &json!(0), &json!(0)));
    let audit = server.ask(Method::GET, "/orgs/acme/audit", json!({})).await.1;
    let actions: Vec<&str> =
        audit["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"project.delete") && actions.contains(&"project.removed"), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_org_is_deleted_and_nothing_of_it_is_left() {
    let server = Server::start().await;
    let (owner, other) = (server.org("acme").await, server.org("zeta").await);
    let (_, paths) = server.deploy("acme").await;
    let (_, theirs) = server.deploy("zeta").await;
    let own = server.upload("acme", wat::renamed("hello", "mine")).await;
    assert_eq!((server.send(&paths[0]).await.0, server.send(&paths[1]).await.0), (202, 202));
    assert_eq!(server.send(&theirs[0]).await.0, 202);
    assert_eq!(server.ask_as(&owner, Method::DELETE, "/orgs/acme", Value::Null).await.0, 403);
    assert_eq!(server.ask(Method::DELETE, "/orgs/acme", Value::Null).await.0, 204);
    assert_eq!(server.send(&paths[0]).await.0, 404);
    assert_eq!(server.ask_as(&owner, Method::GET, "/whoami", json!({})).await.0, 401, "its tokens are no good");
    assert_eq!(server.ask(Method::GET, "/orgs/acme", json!({})).await.1["code"], "org_not_found");
    let orgs = server.ask(Method::GET, "/orgs", json!({})).await.1;
    assert_eq!(orgs["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.ask(Method::POST, "/orgs", json!({ "name": "acme" })).await.0, 409, "its name is taken");
    server.clock.advance(Duration::from_secs(11));
    // What is left says that there was one of its name.
    let left = vec![("records".to_owned(), 1)];
    server.until("all of it is removed", async || server.rows("acme") == left && server.told("org.removed")).await;
    let audit = server.ask(Method::GET, "/audit", json!({})).await.1;
    let said: Vec<(&str, &str)> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["action"].as_str().unwrap(), line["target"].as_str().unwrap()))
        .collect();
    assert!(said.contains(&("org.delete", "acme")) && said.contains(&("org.removed", "acme")), "{said:?}");

    // What another has is as it was, and a module of both stays.
    assert_eq!(server.ask_as(&other, Method::GET, "/usage", json!({})).await.1["modules"], 2);
    assert_eq!(server.send(&theirs[0]).await.0, 202);
    assert!(blobs(server.data.path()).contains(&own), "somebody may be about to have it");
    server.clock.advance(Duration::from_secs(2 * 60 * 60));
    server.org("last").await;
    assert_eq!(server.ask(Method::DELETE, "/orgs/last", Value::Null).await.0, 204);
    server.clock.advance(Duration::from_secs(11));
    server.until("nobody has it", async || !blobs(server.data.path()).contains(&own)).await;
    assert_eq!(blobs(server.data.path()).len(), 2);
    assert_eq!(server.send(&theirs[0]).await.0, 202);
    assert_eq!(server.ask(Method::POST, "/orgs", json!({ "name": "acme" })).await.0, 409, "nobody else gets its name");
    assert_eq!(
        server.ask_as(&owner, Method::GET, "/whoami", json!({})).await.0,
        401,
        "its tokens are no good for ever"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_owner_began_before_the_org_was_deleted_comes_to_nothing() {
    let server = Server::start().await;
    let owner = server.org("acme").await;
    let body = json!({ "name": "later", "scope": { "kind": "org", "role": "owner" } }).to_string();
    let mut held = TcpStream::connect(server.app.address).await.unwrap();
    let head = format!(
        "POST /api/v1/orgs/acme/tokens HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {owner}\r\nContent-Type: application/json\r\n\
         Connection: close\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    held.write_all(head.as_bytes()).await.unwrap();
    // That the rest is asked for says that it was looked at who asks.
    let mut go_on = [0; 25];
    held.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(server.ask(Method::DELETE, "/orgs/acme", Value::Null).await.0, 204);
    server.clock.advance(Duration::from_secs(11));
    server.until("all of it is removed", async || server.told("org.removed")).await;
    assert_eq!(server.ask(Method::POST, "/orgs", json!({ "name": "acme" })).await.0, 409);
    held.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    held.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("org_not_found"), "{answer}");
    assert_eq!(server.rows("acme"), [("records".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_a_project_ends_with_it() {
    let server = Server::start().await;
    let owner = server.org("acme").await;
    server.deploy("acme").await;
    let new = json!({ "name": "pipeline", "scope": { "kind": "project", "project": "shop", "role": "developer" } });
    let (status, made) = server.ask_as(&owner, Method::POST, "/orgs/acme/tokens", new).await;
    assert_eq!(status, 201, "{made}");
    let pipeline = made["secret"].as_str().unwrap();
    let project = "/orgs/acme/projects/shop";
    assert_eq!(server.ask_as(pipeline, Method::GET, project, json!({})).await.0, 200);
    assert_eq!(server.ask_as(&owner, Method::DELETE, project, Value::Null).await.0, 204);
    assert_eq!(server.ask_as(pipeline, Method::GET, project, json!({})).await.0, 401, "at once");
    server.clock.advance(Duration::from_secs(11));
    server.until("it is removed", async || server.deploy("acme").await.0 == 201).await;
    assert_eq!(server.ask_as(pipeline, Method::GET, project, json!({})).await.0, 401, "another one has its name");
    assert_eq!(server.ask_as(&owner, Method::GET, project, json!({})).await.0, 200);
}
