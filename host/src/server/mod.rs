//! Connections: HTTP/1.1 and HTTP/2, with TLS or in the clear (by prior knowledge), to requests, until the shutdown.

mod certificate;
mod connection;
mod peer;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::warn;

use certificate::Certificate;
use connection::Connection;
pub use peer::{ForwardedHeader, Network, Peer};

use crate::task::Tasks;
use crate::tls;

/// How connections are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many connections may be open at each address; further ones wait to be accepted.
    pub connections: usize,
    /// A connection without a request, or with an incomplete head, is closed after so many milliseconds.
    pub head_timeout_ms: u64,
    /// Requests that one HTTP/2 connection may have under way.
    pub http2_streams: u32,
    /// How long a shutdown waits for requests and sessions, in milliseconds.
    pub shutdown_ms: u64,
    /// For how long of it new requests are still answered, with 503, in milliseconds.
    pub linger_ms: u64,
    /// Where the API listens; empty for where webhooks are received.
    #[serde(deserialize_with = "peer::address")]
    pub api_listen: Option<SocketAddr>,
    /// Whose word on where a request comes from is taken.
    pub proxies: Vec<Network>,
    /// In which header fields they give it.
    pub proxy_header: ForwardedHeader,
    /// With what certificate.
    pub tls: TlsConfig,
}

/// With what certificate connections are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain, in PEM; empty for connections in the clear.
    pub certificate: PathBuf,
    /// Its key, in PEM.
    pub key: PathBuf,
    /// Whether the API's own address is served with it too.
    pub api: bool,
    /// A connection that has not agreed on TLS after so many milliseconds is closed.
    pub handshake_timeout_ms: u64,
    /// How often the files are looked at, in milliseconds.
    pub reload_ms: u64,
}

impl Config {
    fn head_timeout(&self) -> Duration {
        Duration::from_millis(self.head_timeout_ms)
    }

    fn linger(&self) -> Duration {
        Duration::from_millis(self.linger_ms)
    }

    /// How long a shutdown waits.
    pub fn shutdown(&self) -> Duration {
        Duration::from_millis(self.shutdown_ms)
    }
}

impl TlsConfig {
    /// The files; none when connections are in the clear.
    pub fn files(&self) -> Option<tls::Files> {
        let files = tls::Files { certificate: self.certificate.clone(), key: self.key.clone() };
        (!files.certificate.as_os_str().is_empty()).then_some(files)
    }
}

/// What serves connections: on as many addresses as there are. Clones share their certificate.
#[derive(Clone)]
pub struct Server {
    config: Arc<Config>,
    certificate: Option<Certificate>,
    tasks: Tasks,
}

/// An address and what is served there.
pub struct Site {
    /// Where connections come from.
    pub listener: TcpListener,
    /// What answers their requests.
    pub router: Router,
    /// Whether they are served with the certificate, if there is one.
    pub is_tls: bool,
}

impl Server {
    /// A server that has read its certificate, and follows its files as long as the tasks run.
    ///
    /// # Errors
    /// The certificate or its key cannot be used.
    pub async fn new(config: Config, tasks: Tasks) -> Result<Self, tls::Error> {
        let certificate = match config.tls.files() {
            Some(files) => {
                let shown = files.certificate.clone();
                let loading = tokio::task::spawn_blocking(move || Certificate::load(files)).await;
                let stopped =
                    |panic: tokio::task::JoinError| tls::Error::Unusable { path: shown, reason: panic.to_string() };
                Some(loading.map_err(stopped)??)
            }
            None => None,
        };
        if let Some(certificate) = certificate.clone() {
            tasks.spawn(follow(certificate, Duration::from_millis(config.tls.reload_ms), tasks.clone()));
        }
        Ok(Self { config: Arc::new(config), certificate, tasks })
    }

    /// Whether connections to the webhooks' address are served with TLS.
    pub fn is_tls(&self) -> bool {
        self.certificate.is_some()
    }

    /// Serves a site until the tasks are stopping. For a moment longer whoever connects, or writes on a connection that it has,
    /// is told so, rather than cut off without a word; then the requests under way may end.
    pub async fn serve(self, site: Site) {
        let Site { listener, router, is_tls } = site;
        let certificate = self.certificate.clone().filter(|_| is_tls);
        let graceful = GracefulShutdown::new();
        // Each site has room of its own: senders that take all of theirs keep no operator out.
        let room = Arc::new(Semaphore::new(self.config.connections));
        let serving = Serving { builder: builder(&self.config), graceful, router, certificate, room, server: self };
        tokio::select! {
            () = serving.accept(&listener) => {}
            () = serving.server.tasks.stopping() => {}
        }
        let linger = serving.server.config.linger();
        tokio::select! {
            () = serving.accept(&listener) => {}
            () = tokio::time::sleep(linger) => {}
        }
        drop(listener);
        serving.graceful.shutdown().await;
    }
}

/// Looks at the certificate's files from time to time. A file may be a link to a link that is replaced, on a file system that
/// tells nobody: looking is what works everywhere.
async fn follow(certificate: Certificate, interval: Duration, tasks: Tasks) {
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            () = tokio::time::sleep(interval) => {}
        }
        let looked = certificate.clone();
        if let Err(panic) = tokio::task::spawn_blocking(move || looked.look()).await {
            warn!(error = %panic, "failed to look at the certificate");
        }
    }
}

struct Serving {
    builder: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
    router: Router,
    certificate: Option<Certificate>,
    room: Arc<Semaphore>,
    server: Server,
}

impl Serving {
    /// Takes one connection after the other, without end.
    async fn accept(&self, listener: &TcpListener) {
        let Server { config, tasks, .. } = &self.server;
        loop {
            match accept(listener, &self.room).await {
                Ok((stream, peer, place)) => {
                    let connection = Connection {
                        stream,
                        peer,
                        router: self.router.clone(),
                        certificate: self.certificate.as_ref().map(Certificate::current),
                        config: config.clone(),
                        tasks: tasks.clone(),
                    };
                    let serving = connection.serve(self.builder.clone(), self.graceful.watcher());
                    tasks.spawn(async move {
                        serving.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: others will close theirs.
                    warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

fn builder(config: &Config) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // A sender that has said all may close its side and still wait for the answer.
    builder.http1().half_close(true).timer(TokioTimer::new()).header_read_timeout(config.head_timeout());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.http2_streams)
        .keep_alive_interval(config.head_timeout());
    builder
}

/// The next connection, as soon as there is room for it.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.expect("nobody closes the semaphore");
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}
