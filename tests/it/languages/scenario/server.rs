//! Whom handlers send requests to: a real server on loopback.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tokio::sync::Barrier;

/// Ended when dropped.
pub(super) struct Server {
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(super) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let three = Arc::new(Barrier::new(3));
        let app = Router::new()
            .route(
                "/echo",
                any(async |method: Method, url: Uri, headers: HeaderMap, body| {
                    echo(200, &method, &url, &headers, body)
                }),
            )
            .route(
                "/status/{status}",
                any(async |Path(status): Path<u16>, method: Method, url: Uri, headers: HeaderMap, body| {
                    echo(status, &method, &url, &headers, body)
                }),
            )
            .route("/large", any(async |body: Bytes| ([("x-echo", "yes")], body)))
            .route("/silent", any(std::future::pending::<()>))
            .route(
                "/meet",
                any(async move || {
                    three.wait().await;
                }),
            );
        drop(runtime.spawn(async move { axum::serve(listener, app).await.unwrap() }));
        Self { port, _runtime: runtime }
    }

    /// Whom the handlers' secret is for.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The same server, for whom it is not.
    pub(super) fn other(&self) -> String {
        format!("http://127.0.0.2:{}", self.port)
    }
}

/// What was sent, in one line.
fn echo(status: u16, method: &Method, url: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
    let token = headers.get("authorization").map_or("-", |value| value.to_str().unwrap());
    let text = [format!("{method} {url} {token} ").as_bytes(), &body].concat();
    (StatusCode::from_u16(status).unwrap(), [("x-echo", "yes")], text).into_response()
}
