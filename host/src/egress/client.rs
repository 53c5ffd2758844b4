//! Sends requests: each on a connection of its own, to an address that was checked a moment before.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::tls::Tls;
use super::{Admitted, Mistake, Name, Policy, Refusal, Resolve, Rule, Scheme, Secrets, Target, Withheld};

/// So many of a name's addresses are tried.
const TRIED: usize = 4;

/// The header fields of a response, and what they take, in bytes.
const HEADERS: usize = 100;
const HEAD_BYTES: usize = 64 << 10;

/// Where requests may go, and what they may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Rules: where manifests may let requests go.
    pub allow: Vec<String>,
    /// Addresses and networks that are not public, which manifests may name.
    pub networks: Vec<String>,
    /// A file of certificates in PEM that are trusted beside the system's; empty for none.
    pub ca_file: String,
    /// Requests of one attempt.
    pub requests: u32,
    /// Requests of one attempt that are under way at once; further ones wait.
    pub at_once: usize,
    /// All orgs' together.
    pub connections: usize,
    /// How long a name may take to resolve, and a connection to be made, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long a response may take to begin, in milliseconds.
    pub first_byte_timeout_ms: u64,
    /// How long a body may make no progress, in milliseconds.
    pub idle_timeout_ms: u64,
    /// A request's body, in bytes.
    pub request_bytes: u64,
    /// A response's body, in bytes.
    pub response_bytes: u64,
}

impl Config {
    /// What the operator allows.
    ///
    /// # Errors
    /// A rule or a network is none; the text says which.
    pub fn policy(&self) -> Result<Policy, String> {
        let rule = |text: &String| {
            let wrong = |Mistake { message, help, .. }| format!("`guest.outbound.allow`: `{text}` {message}: {help}");
            Rule::parse_wide(text).map_err(wrong)
        };
        let allow = self.allow.iter().map(rule).collect::<Result<_, _>>()?;
        let network = |text: &String| text.parse().map_err(|error| format!("`guest.outbound.networks`: {error}"));
        let networks = self.networks.iter().map(network).collect::<Result<_, _>>()?;
        Ok(Policy { allow, networks })
    }
}

/// What one project's handler may do.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Where its requests may go.
    pub rules: Arc<[Rule]>,
    /// What they carry that it does not see.
    pub secrets: Arc<Secrets>,
}

/// How long a request's parts may take at the most.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Resolving a name, connecting, and the handshake of TLS.
    pub connect: Duration,
    /// From then until the response begins.
    pub first_byte: Duration,
    /// Between two parts of a body.
    pub idle: Duration,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the texts are their own explanation")]
pub enum Error {
    #[error("its URL has no host, or one with credentials")]
    BadUrl,
    #[error("tunnels are not offered")]
    Tunnel,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Withheld(#[from] Withheld),
    #[error("its name leads nowhere: {0}")]
    Unresolved(String),
    #[error("its name took longer than {0:?} to resolve")]
    ResolvedLate(Duration),
    #[error("as many connections are open as may be (guest.outbound.connections)")]
    Busy,
    #[error("it could not be connected to: {0}")]
    Unreachable(std::io::Error),
    #[error("it took longer than {0:?} to connect to")]
    ConnectedLate(Duration),
    #[error("TLS failed: {0}")]
    Tls(std::io::Error),
    #[error("nobody is trusted: {0}")]
    Roots(String),
    #[error("it did not answer within {0:?}")]
    AnsweredLate(Duration),
    #[error("HTTP failed: {0}")]
    Http(hyper::Error),
}

/// A response's head, and what moves its body.
pub struct Exchange {
    /// The response. Its body comes as long as `driver` is polled.
    pub response: Response<Incoming>,
    /// The connection.
    pub driver: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>,
}

/// Sends requests. It holds no connection between them.
pub struct Client {
    policy: Policy,
    config: Config,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
    connections: Arc<Semaphore>,
}

impl Client {
    /// A client that asks `resolver`.
    ///
    /// # Errors
    /// See [`Config::policy`].
    pub fn new(config: Config, resolver: Arc<dyn Resolve>) -> Result<Self, String> {
        let policy = config.policy()?;
        let file = Some(&config.ca_file).filter(|file| !file.is_empty()).map(PathBuf::from);
        let connections = Arc::new(Semaphore::new(config.connections.min(Semaphore::MAX_PERMITS)));
        Ok(Self { policy, config, resolver, tls: Tls::new(file), connections })
    }

    /// What requests may take.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The operator's patience, which a request may have less of.
    pub fn patience(&self) -> Patience {
        Patience {
            connect: Duration::from_millis(self.config.connect_timeout_ms),
            first_byte: Duration::from_millis(self.config.first_byte_timeout_ms),
            idle: Duration::from_millis(self.config.idle_timeout_ms),
        }
    }

    /// Sends a request, if it may go where it wants. It follows no redirect.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn send<B>(
        &self,
        mut request: Request<B>,
        granted: &Granted,
        patience: Patience,
    ) -> Result<Exchange, Error>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if request.method() == Method::CONNECT {
            return Err(Error::Tunnel);
        }
        let target = target(request.uri())?;
        let method = request.method().clone();
        let admitted = self.policy.admit(&target, &method, &granted.rules)?;
        for value in request.headers_mut().values_mut() {
            if let Some(filled) = granted.secrets.fill(value, &target)? {
                *value = filled;
            }
        }
        *request.uri_mut() = origin(request.uri());
        let permit = timeout(patience.connect, self.connections.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        let stream = self.connect(&admitted, target.port, patience.connect).await?;
        match target.scheme {
            Scheme::Http => exchange(stream, permit, request, patience).await,
            Scheme::Https => {
                let secured = timeout(patience.connect, self.tls.connect(&target.host, stream)).await;
                let stream = secured.map_err(|_| Error::ConnectedLate(patience.connect))??;
                exchange(stream, permit, request, patience).await
            }
        }
    }

    /// A connection to the first of the name's addresses that takes one, of those that may be reached.
    async fn connect(&self, admitted: &Admitted<'_>, port: u16, patience: Duration) -> Result<TcpStream, Error> {
        let addresses = self.addresses(admitted, patience).await?;
        let mut failed = Error::Unresolved("it has no address".to_owned());
        for address in addresses.into_iter().take(TRIED) {
            match timeout(patience, TcpStream::connect(SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(Error::Unreachable)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failed = Error::Unreachable(error),
                Err(_) => failed = Error::ConnectedLate(patience),
            }
        }
        Err(failed)
    }

    /// Where the name leads now, as far as it may be reached.
    async fn addresses(&self, admitted: &Admitted<'_>, patience: Duration) -> Result<Vec<IpAddr>, Error> {
        let all = match admitted.host() {
            Name::Address(address) => vec![*address],
            Name::Domain(name) => {
                let resolved = timeout(patience, self.resolver.resolve(name)).await;
                let resolved = resolved.map_err(|_| Error::ResolvedLate(patience))?;
                resolved.map_err(|error| Error::Unresolved(error.to_string()))?
            }
        };
        let mut reachable = Vec::new();
        let mut refused = None;
        for address in all {
            match admitted.check(address) {
                Ok(()) => reachable.push(address),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refusal) if reachable.is_empty() => Err(refusal.into()),
            _ => Ok(reachable),
        }
    }
}

/// Where a URL leads.
fn target(url: &Uri) -> Result<Target, Error> {
    let scheme = match url.scheme_str() {
        Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        _ => return Err(Error::BadUrl),
    };
    let authority = url.authority().ok_or(Error::BadUrl)?;
    if authority.host().is_empty() || authority.as_str().contains('@') {
        return Err(Error::BadUrl);
    }
    // What is behind the host is a port or nothing.
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("" | ":") => scheme.default_port(),
        Some(_) => authority.port_u16().ok_or(Error::BadUrl)?,
        None => return Err(Error::BadUrl),
    };
    Ok(Target { scheme, host: Name::of(authority.host()), port })
}

/// The URL as it stands in a request to the host that it names.
fn origin(url: &Uri) -> Uri {
    let path = url.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::from(path)
}

async fn exchange<S, B>(
    stream: S,
    permit: OwnedSemaphorePermit,
    request: Request<B>,
    patience: Patience,
) -> Result<Exchange, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut builder = http1::Builder::new();
    builder.max_headers(HEADERS).max_buf_size(HEAD_BYTES);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(Error::Http)?;
    let mut driver: Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>> = Box::pin(async move {
        let ended = connection.await;
        drop(permit);
        ended
    });
    let mut answer = std::pin::pin!(timeout(patience.first_byte, sender.send_request(request)));
    let mut has_ended = false;
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut answer => break answer,
            // Why it ended is what the answer says too.
            _ = &mut driver, if !has_ended => has_ended = true,
        }
    };
    let response = answer.map_err(|_| Error::AnsweredLate(patience.first_byte))?.map_err(Error::Http)?;
    let driver = if has_ended { Box::pin(async { Ok(()) }) } else { driver };
    Ok(Exchange { response, driver })
}
