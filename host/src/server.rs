//! Connections: HTTP/1.1 and HTTP/2 (cleartext prior knowledge) to requests, until the shutdown.

use std::net::SocketAddr;
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
use tower::Service as _;
use tracing::{debug, warn};

use crate::ingest::Rejection;
use crate::task::Tasks;

/// How connections are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A request whose head is not complete after so many milliseconds is dropped.
    pub head_timeout_ms: u64,
    /// Requests that one HTTP/2 connection may have under way.
    pub http2_streams: u32,
    /// How long a shutdown waits for requests and sessions, in milliseconds.
    pub shutdown_ms: u64,
}

impl Config {
    /// How long a shutdown waits.
    pub fn shutdown(&self) -> Duration {
        Duration::from_millis(self.shutdown_ms)
    }
}

/// Serves `router` on `listener` until the tasks are stopping, then lets the requests under way end.
pub async fn serve(listener: TcpListener, router: Router, config: Config, tasks: Tasks) {
    let builder = builder(&config);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = tasks.stopping() => break,
        };
        match accepted {
            Ok((stream, peer)) => connection(stream, peer, &builder, &graceful, &router, &tasks),
            Err(error) => {
                // Out of file descriptors, most likely: others will close theirs.
                warn!(%error, "failed to accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn builder(config: &Config) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(config.head_timeout_ms));
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(config.http2_streams);
    builder
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    router: &Router,
    tasks: &Tasks,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%peer, %error, "failed to turn off Nagle's algorithm");
    }
    let router = router.clone();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| respond(router.clone(), request, peer));
    let serving = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let serving = graceful.watch(serving);
    tasks.spawn(async move {
        if let Err(error) = serving.await {
            // The sender broke off or spoke no HTTP: it has its answer, or it has gone.
            debug!(%peer, error = %error, "a connection ended early");
        }
    });
}

async fn respond(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, std::convert::Infallible> {
    // It names an authority and no path, so no route can see it.
    if request.method() == Method::CONNECT {
        return Ok(Rejection::Connect.into_response());
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    router.call(request).await
}
