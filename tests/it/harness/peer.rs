//! A server on loopback that handlers send requests to: it says what it was sent, and remembers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;

type Received = Arc<Mutex<Vec<String>>>;

/// A running one. It ends when it is dropped.
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    received: Received,
    _runtime: Runtime,
}

impl Peer {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let received = Received::default();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let together = Arc::new(Barrier::new(3));
        let app = Router::new()
            .route("/away", any(|| async { (StatusCode::FOUND, [(header::LOCATION, "/a/../there?x=1")]) }))
            .route("/round", any(|| async { (StatusCode::FOUND, [(header::LOCATION, "/round")]) }))
            .route("/missing", any(|| async { (StatusCode::NOT_FOUND, "nothing here") }))
            .route("/silent", any(std::future::pending::<()>))
            .route("/together", any(move || all(together.clone())))
            .fallback(said)
            .with_state(received.clone());
        drop(runtime.spawn(async move { axum::serve(listener, app).await.unwrap() }));
        Self { address, received, _runtime: runtime }
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was received so far, each request as it was answered.
    pub(crate) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lines of the configuration of a host that lets handlers send requests here.
    pub(crate) fn allowed(&self) -> String {
        "[guest.outbound]\nallow = [\"https://*\", \"http://127.0.0.1:*\"]\nnetworks = [\"127.0.0.0/8\"]\n".to_owned()
    }
}

/// `POST /path with x and y: body`, of the headers that a handler says itself.
async fn said(State(received): State<Received>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let of = |name: &str| {
        head.headers.get(name).map(|value| format!("{name}={}", String::from_utf8_lossy(value.as_bytes())))
    };
    let fields: Vec<String> = ["content-type", "x-a", "authorization"].into_iter().filter_map(of).collect();
    let body =
        if body.len() > 200 { format!("{} bytes", body.len()) } else { String::from_utf8_lossy(&body).into_owned() };
    let text = format!("{} {} with [{}]: {body}", head.method, head.uri, fields.join(", "));
    received.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Answers when three have asked: those who ask one after the other wait in vain.
async fn all(together: Arc<Barrier>) -> Response {
    match tokio::time::timeout(Duration::from_secs(20), together.wait()).await {
        Ok(_) => "together".into_response(),
        Err(_) => (StatusCode::GATEWAY_TIMEOUT, "one after the other").into_response(),
    }
}
