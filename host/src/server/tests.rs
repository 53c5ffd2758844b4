//! Who asks is in `tests/peer.rs`; here are connections with TLS.

mod peer;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use insta::assert_snapshot;
use reqwest::{Certificate as Root, Client, Version};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::certificate::Certificate;
use super::*;
use crate::tls::Files;

/// A certificate for `localhost` that nobody else vouches for, in files that a server reads.
struct Pair {
    dir: TempDir,
    root: Root,
}

impl Pair {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = issue(dir.path());
        Self { dir, root }
    }

    fn files(&self) -> Files {
        Files { certificate: self.dir.path().join("chain.pem"), key: self.dir.path().join("key.pem") }
    }

    fn config(&self) -> Config {
        let defaults: toml::Table = include_str!("../../default.toml").parse().unwrap();
        let mut config: Config = defaults["http"].clone().try_into().unwrap();
        let Files { certificate, key } = self.files();
        (config.tls.certificate, config.tls.key) = (certificate, key);
        config
    }

    /// An error's text without the folder.
    fn shown(&self, error: &tls::Error) -> String {
        error.to_string().replace(&self.dir.path().display().to_string(), "DIR")
    }
}

/// Writes a new certificate and its key.
fn issue(dir: &Path) -> Root {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(dir.join("chain.pem"), made.cert.pem()).unwrap();
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Root::from_pem(made.cert.pem().as_bytes()).unwrap()
}

async fn says(Extension(peer): Extension<Peer>) -> String {
    let scheme = if peer.is_https { "https" } else { "http" };
    format!("{scheme} {} {}", peer.client.unwrap(), peer.host.unwrap_or_default())
}

/// Serves until the tasks stop.
async fn serve(config: Config, is_tls: bool) -> (SocketAddr, Tasks) {
    tls::install();
    let tasks = Tasks::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(config, tasks.clone()).await.unwrap();
    let router = Router::new().route("/", get(says));
    tasks.spawn(server.serve(Site { listener, router, is_tls }));
    (address, tasks)
}

fn client(root: &Root, address: SocketAddr) -> Client {
    let client = Client::builder().tls_certs_only([root.clone()]).resolve("localhost", address);
    client.no_proxy().build().unwrap()
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let pair = Pair::new();
    let (address, tasks) = serve(pair.config(), true).await;
    let url = format!("https://localhost:{}/", address.port());
    let answer = client(&pair.root, address).get(&url).send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert_eq!(answer.text().await.unwrap(), format!("https 127.0.0.1 localhost:{}", address.port()));

    let old = Client::builder().tls_certs_only([pair.root.clone()]).resolve("localhost", address).http1_only();
    let answer = old.no_proxy().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_11);

    // Another authority's certificate is refused by the client, and the server goes on.
    let stranger = issue(tempfile::tempdir().unwrap().path());
    assert!(client(&stranger, address).get(&url).send().await.is_err());
    assert!(client(&pair.root, address).get(&url).send().await.is_ok());
    tasks.stopped().await;
}

#[tokio::test]
async fn a_site_in_the_clear_is_beside_it() {
    let pair = Pair::new();
    let (address, tasks) = serve(pair.config(), false).await;
    let answer = client(&pair.root, address).get(format!("http://{address}/")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), format!("http 127.0.0.1 {address}"));
    tasks.stopped().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_is_let_go() {
    let pair = Pair::new();
    let mut config = pair.config();
    config.tls.handshake_timeout_ms = 1;
    let (address, tasks) = serve(config, true).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap(), 0);

    let (address, _) = serve(pair.config(), true).await;
    let mut clear = TcpStream::connect(address).await.unwrap();
    clear.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    // An alert, or the end; no answer of HTTP's.
    drop(clear.read_to_end(&mut heard).await);
    assert!(!heard.starts_with(b"HTTP"), "{heard:?}");
    tasks.stopped().await;
}

#[tokio::test]
async fn a_certificate_is_replaced_while_it_is_served() {
    let pair = Pair::new();
    let mut config = pair.config();
    config.tls.reload_ms = 1;
    let (address, tasks) = serve(config, true).await;
    let url = format!("https://localhost:{}/", address.port());
    client(&pair.root, address).get(&url).send().await.unwrap();
    let next = issue(pair.dir.path());
    // The next look finds it.
    while client(&next, address).get(&url).send().await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(client(&pair.root, address).get(&url).send().await.is_err());
    tasks.stopped().await;
}

#[test]
fn a_bad_successor_is_not_taken() {
    let pair = Pair::new();
    let certificate = Certificate::load(pair.files()).unwrap();
    let first = certificate.current();
    certificate.look();
    assert!(Arc::ptr_eq(&first, &certificate.current()), "nothing has changed");

    // The key of one with the chain of the other, as between two copies.
    let old = fs::read(pair.files().key).unwrap();
    issue(pair.dir.path());
    let new = fs::read(pair.files().key).unwrap();
    fs::write(pair.files().key, &old).unwrap();
    certificate.look();
    assert!(Arc::ptr_eq(&first, &certificate.current()));
    fs::write(pair.files().key, &new).unwrap();
    certificate.look();
    let second = certificate.current();
    assert!(!Arc::ptr_eq(&first, &second));

    for broken in ["", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(pair.files().certificate, broken).unwrap();
        certificate.look();
        assert!(Arc::ptr_eq(&second, &certificate.current()), "{broken}");
    }
    fs::remove_file(pair.files().certificate).unwrap();
    certificate.look();
    certificate.look();
    assert!(Arc::ptr_eq(&second, &certificate.current()));
}

#[test]
fn what_cannot_be_served_with_is_said_at_the_start() {
    let pair = Pair::new();
    let error = |pair: &Pair| pair.shown(&Certificate::load(pair.files()).err().unwrap());
    let Files { certificate, key } = pair.files();
    let chain = fs::read_to_string(&certificate).unwrap();
    issue(pair.dir.path());
    fs::write(&certificate, &chain).unwrap();
    assert_snapshot!(error(&pair), @"`DIR/key.pem` is not the key of `DIR/chain.pem`");
    fs::write(&key, &chain).unwrap();
    assert_snapshot!(error(&pair), @"`DIR/key.pem` has no private key in PEM: no items found");
    fs::write(&certificate, "").unwrap();
    assert_snapshot!(error(&pair), @"`DIR/chain.pem` has no certificate in PEM");
    fs::remove_file(&certificate).unwrap();
    assert_snapshot!(error(&pair), @"reading `DIR/chain.pem`: No such file or directory (os error 2)");
    fs::write(&certificate, vec![b'x'; 2 << 20]).unwrap();
    assert_snapshot!(error(&pair), @"`DIR/chain.pem` has 2097152 bytes: it is neither a certificate nor a key");
}
