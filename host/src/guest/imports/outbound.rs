//! `wasi:http/outgoing-handler`: requests under the egress policy, each of them recorded.

mod body;
mod record;
pub(in crate::guest) mod text;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode as ErrorCode3;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use self::body::Metered;
use self::record::Record;
use self::text::Texts;
use crate::egress::{self, Client, Granted, Patience};
use crate::event::{OutboundRequest, Used};

/// Requests as a session that was granted them makes them.
#[derive(Clone)]
pub struct Grant {
    /// What sends them.
    pub client: Arc<Client>,
    /// Where they may go, and what they carry.
    pub granted: Granted,
}

/// A session's requests.
pub(super) struct Outbound {
    grant: Option<Grant>,
    /// Made for the first request: most sessions have none.
    made: Option<Made>,
    /// How many were asked for, refused ones too.
    asked: u64,
    texts: Texts,
}

/// The requests that were made.
#[derive(Clone)]
struct Made {
    list: Arc<Mutex<Vec<OutboundRequest>>>,
    /// How many more may be under way.
    at_once: Arc<Semaphore>,
}

/// So much of a request's body, in bytes, is copied out of the sandbox at once. The body of a request that is not sent may hold two.
const CHUNK: usize = 16 << 10;

/// The fields of a request or response, in bytes, as the guest makes them.
pub(in crate::guest) const FIELDS: usize = 16 << 10;

type Driver = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Driver), Error>> + Send>;

impl Outbound {
    pub(super) fn new(grant: Option<Grant>) -> Self {
        Self { grant, made: None, asked: 0, texts: Texts::default() }
    }

    /// Adds what was asked so far.
    pub(super) fn count(&self, used: &mut Used) {
        used.outbound = self.asked;
        for request in &self.requests() {
            used.bytes_out += request.sent;
            used.bytes_in += request.received;
        }
    }

    /// The requests that were made so far, in order.
    pub(super) fn requests(&self) -> Vec<OutboundRequest> {
        self.made.as_ref().map(|made| record::lock(&made.list).clone()).unwrap_or_default()
    }
}

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        self.asked += 1;
        let Some(Grant { client, granted }) = self.grant.clone() else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        let (most, at_once) = (client.config().requests, client.config().at_once);
        let made = self.made.get_or_insert_with(|| Made {
            list: Arc::default(),
            at_once: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
        });
        // Those beyond the limit are counted, and not kept one by one: a guest may ask for very many.
        if self.asked > u64::from(most) {
            if self.asked == u64::from(most) + 1 {
                let record = Record::begin(&made.list, request.method(), &shown(request.uri()));
                record.fail(format!("an attempt makes at most {most} requests (guest.outbound.requests)"));
            }
            return Box::new(async { Err(Error::ConnectionLimitReached) });
        }
        let record = Record::begin(&made.list, request.method(), &shown(request.uri()));
        let at_once = made.at_once.clone();
        Box::new(async move {
            let turn = at_once.acquire_owned().await.map_err(|_| Error::ConnectionLimitReached)?;
            let patience = patience(client.patience(), options);
            let config = client.config();
            let request = request.map(|body| {
                Metered::new(body, record.clone(), body::Way::Out, config.request_bytes, patience.idle).boxed_unsync()
            });
            let exchange = match client.send(request, &granted, patience).await {
                Ok(exchange) => exchange,
                Err(error) => {
                    record.fail(chain(&error));
                    return Err(code(error));
                }
            };
            record.answered(exchange.response.status());
            let response = exchange.response.map(|body| {
                let body = body.map_err(Error::Hyper).boxed_unsync();
                Metered::new(body, record.clone(), body::Way::In, config.response_bytes, patience.idle).boxed_unsync()
            });
            let driver = exchange.driver;
            let driver: Driver = Box::new(async move {
                let ended = driver.await.map_err(Error::Hyper);
                drop(turn);
                // What went wrong is told with the body that it cut off.
                drop(ended);
                Ok(())
            });
            Ok((response, driver))
        })
    }

    // What fails is in the session's record, and none of the host's failures.

    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        if error.is_incomplete_message() { ErrorCode::HttpResponseIncomplete } else { ErrorCode::HttpProtocolError }
    }

    fn p2_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
            std::io::ErrorKind::TimedOut => ErrorCode::ConnectionTimeout,
            _ => ErrorCode::DestinationUnavailable,
        }
    }

    fn p2_error_from_tls(&mut self, _error: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsProtocolError
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK
    }

    fn p3_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode3 {
        if error.is_incomplete_message() { ErrorCode3::HttpResponseIncomplete } else { ErrorCode3::HttpProtocolError }
    }

    fn p3_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode3 {
        match error.kind() {
            std::io::ErrorKind::ConnectionRefused => ErrorCode3::ConnectionRefused,
            std::io::ErrorKind::TimedOut => ErrorCode3::ConnectionTimeout,
            _ => ErrorCode3::DestinationUnavailable,
        }
    }

    fn p3_error_from_tls(&mut self, _error: &std::io::Error) -> ErrorCode3 {
        ErrorCode3::TlsProtocolError
    }
}

/// What of a URL is kept: its query may hold what is nobody else's.
fn shown(url: &Uri) -> String {
    /// The longest that is kept, in bytes.
    const LONGEST: usize = 512;
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let mut shown = format!("{}://{host}{}", url.scheme_str().unwrap_or("?"), url.path());
    if shown.len() > LONGEST {
        shown.truncate(shown.floor_char_boundary(LONGEST));
        shown.push('…');
    }
    shown
}

/// The guest may have less patience than the operator, not more.
fn patience(most: Patience, options: Option<RequestOptions>) -> Patience {
    let Some(options) = options else { return most };
    let less = |most: Duration, wish: Option<Duration>| wish.map_or(most, |wish| wish.min(most));
    Patience {
        connect: less(most.connect, options.connect_timeout),
        first_byte: less(most.first_byte, options.first_byte_timeout),
        idle: less(most.idle, options.between_bytes_timeout),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors say what their causes say.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// What the guest is told.
fn code(error: egress::Error) -> Error {
    use egress::Refusal;
    match error {
        egress::Error::BadUrl => Error::HttpRequestUriInvalid,
        egress::Error::Tunnel => Error::HttpRequestMethodInvalid,
        egress::Error::Refused(Refusal::NotGranted(_) | Refusal::MethodNotGranted { .. } | Refusal::NotAllowed(_))
        | egress::Error::Withheld(_) => Error::HttpRequestDenied,
        egress::Error::Refused(
            Refusal::NoHost { .. } | Refusal::AddressNotGranted { .. } | Refusal::AddressNotAllowed { .. },
        ) => Error::DestinationIpProhibited,
        egress::Error::Unresolved(_) => {
            Error::DnsError { rcode: Some("the name leads nowhere".to_owned()), info_code: None }
        }
        egress::Error::ResolvedLate(_) => Error::DnsTimeout,
        egress::Error::Busy => Error::ConnectionLimitReached,
        egress::Error::Unreachable(error) => Error::Connect(error),
        egress::Error::ConnectedLate(_) => Error::ConnectionTimeout,
        egress::Error::Tls(error) => tls(error),
        egress::Error::Roots(_) => Error::ConfigurationError,
        egress::Error::AnsweredLate(_) => Error::HttpResponseTimeout,
        egress::Error::Http(error) => http(error),
    }
}

fn tls(error: std::io::Error) -> Error {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        _ => Error::Tls(error),
    }
}

/// Of a request that its own body ended, why the body did.
fn http(error: hyper::Error) -> Error {
    use std::error::Error as _;
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(Error::HttpRequestBodySize(size)) => Error::HttpRequestBodySize(*size),
        Some(Error::ConnectionWriteTimeout) => Error::ConnectionWriteTimeout,
        _ => Error::Hyper(error),
    }
}
