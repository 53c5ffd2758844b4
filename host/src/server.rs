//! Connections: HTTP/1.1 and HTTP/2 (cleartext prior knowledge) to requests, until the shutdown.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service as _;
use tracing::{debug, warn};

use crate::ingest::Rejection;
use crate::task::Tasks;

/// How connections are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many connections may be open; further ones wait to be accepted.
    pub connections: usize,
    /// A connection without a request, or with an incomplete head, is closed after so many milliseconds.
    pub head_timeout_ms: u64,
    /// Requests that one HTTP/2 connection may have under way.
    pub http2_streams: u32,
    /// How long a shutdown waits for requests and sessions, in milliseconds.
    pub shutdown_ms: u64,
    /// For how long of it new requests are still answered, with 503, in milliseconds.
    pub linger_ms: u64,
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

/// Serves `router` on `listener` until the tasks are stopping. For a moment longer whoever connects, or writes on a connection
/// that it has, is told so, rather than cut off without a word; then the requests under way may end.
pub async fn serve(listener: TcpListener, router: Router, config: Config, tasks: Tasks) {
    let room = Arc::new(Semaphore::new(config.connections));
    let server = Server { builder: builder(&config), graceful: GracefulShutdown::new(), router, config, tasks };
    tokio::select! {
        () = server.accept(&listener, &room) => {}
        () = server.tasks.stopping() => {}
    }
    let linger = server.config.linger();
    tokio::select! {
        () = server.accept(&listener, &room) => {}
        () = tokio::time::sleep(linger) => {}
    }
    drop(listener);
    server.graceful.shutdown().await;
}

struct Server {
    builder: Builder<TokioExecutor>,
    graceful: GracefulShutdown,
    router: Router,
    config: Config,
    tasks: Tasks,
}

impl Server {
    /// Takes one connection after the other, without end.
    async fn accept(&self, listener: &TcpListener, room: &Arc<Semaphore>) {
        loop {
            match accept(listener, room).await {
                Ok((stream, peer, place)) => {
                    let (router, tasks) = (self.router.clone(), self.tasks.clone());
                    let connection =
                        Connection { stream, peer, router, tasks, head_timeout: self.config.head_timeout() };
                    let serving = connection.serve(&self.builder, &self.graceful);
                    self.tasks.spawn(async move {
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

struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    tasks: Tasks,
    head_timeout: Duration,
}

impl Connection {
    /// Serves its requests. One that sends no request in time is closed: hyper's own timeout begins with HTTP's first bytes.
    fn serve(self, builder: &Builder<TokioExecutor>, graceful: &GracefulShutdown) -> impl Future<Output = ()> + use<> {
        let Self { stream, peer, router, tasks, head_timeout } = self;
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "failed to turn off Nagle's algorithm");
        }
        let spoke = Arc::new(AtomicBool::new(false));
        let speaks = spoke.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            speaks.store(true, Ordering::Relaxed);
            respond(router.clone(), request, peer, tasks.is_stopping())
        });
        let serving = graceful.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
        async move {
            let mut serving = pin!(serving);
            let ended = match tokio::time::timeout(head_timeout, &mut serving).await {
                Ok(ended) => ended,
                Err(_) if spoke.load(Ordering::Relaxed) => serving.await,
                Err(_) => return,
            };
            if let Err(error) = ended {
                // The sender broke off or spoke no HTTP: it has its answer, or it has gone.
                debug!(%peer, %error, "a connection ended early");
            }
        }
    }
}

async fn respond(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    is_stopping: bool,
) -> Result<axum::response::Response, std::convert::Infallible> {
    if is_stopping {
        return Ok(Rejection::Stopping.into_response());
    }
    // It names an authority and no path, so no route can see it.
    if request.method() == Method::CONNECT {
        return Ok(Rejection::Connect.into_response());
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}
