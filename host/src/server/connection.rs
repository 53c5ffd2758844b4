//! One connection, from its first byte to its last.

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
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;
use tracing::debug;

use super::{Config, Peer};
use crate::ingest::Rejection;
use crate::task::Tasks;

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    /// With what it is served; none in the clear.
    pub(super) certificate: Option<Arc<ServerConfig>>,
    pub(super) config: Arc<Config>,
    pub(super) tasks: Tasks,
}

/// What the requests of a connection are answered from.
struct Answers {
    peer: SocketAddr,
    is_tls: bool,
    router: Router,
    config: Arc<Config>,
    tasks: Tasks,
}

impl Connection {
    /// Serves its requests.
    pub(super) async fn serve(self, builder: Builder<TokioExecutor>, watcher: Watcher) {
        let Self { stream, peer, router, certificate, config, tasks } = self;
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "failed to turn off Nagle's algorithm");
        }
        let head_timeout = config.head_timeout();
        let handshake_timeout = Duration::from_millis(config.tls.handshake_timeout_ms);
        let answers = Answers { peer, is_tls: certificate.is_some(), router, config, tasks };
        let Some(certificate) = certificate else {
            return answers.serve(stream, head_timeout, &builder, watcher).await;
        };
        let agreed = TlsAcceptor::from(certificate).accept(stream);
        match tokio::time::timeout(handshake_timeout, agreed).await {
            Ok(Ok(stream)) => answers.serve(stream, head_timeout, &builder, watcher).await,
            // A scanner, most often, or somebody who speaks HTTP in the clear.
            Ok(Err(error)) => debug!(%peer, %error, "a connection did not agree on TLS"),
            Err(_) => debug!(%peer, "a connection did not agree on TLS in time"),
        }
    }
}

impl Answers {
    /// One that sends no request in time is closed: hyper's own timeout begins with HTTP's first bytes.
    async fn serve<S>(self, stream: S, head_timeout: Duration, builder: &Builder<TokioExecutor>, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let peer = self.peer;
        let spoke = Arc::new(AtomicBool::new(false));
        let speaks = spoke.clone();
        let answers = Arc::new(self);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            speaks.store(true, Ordering::Relaxed);
            respond(answers.clone(), request)
        });
        let mut serving = pin!(watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned()));
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

async fn respond(
    answers: Arc<Answers>,
    request: Request<Incoming>,
) -> Result<axum::response::Response, std::convert::Infallible> {
    if answers.tasks.is_stopping() {
        return Ok(Rejection::Stopping.into_response());
    }
    // It names an authority and no path, so no route can see it.
    if request.method() == Method::CONNECT {
        return Ok(Rejection::Connect.into_response());
    }
    let mut request = request.map(Body::new);
    let Config { proxies, proxy_header, .. } = &*answers.config;
    let peer = Peer::of(answers.peer, answers.is_tls, request.uri(), request.headers(), proxies, *proxy_header);
    request.extensions_mut().insert(ConnectInfo(answers.peer));
    request.extensions_mut().insert(peer);
    answers.router.clone().call(request).await
}
