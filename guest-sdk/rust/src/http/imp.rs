//! `wasi:http`, by the bindings of the crate `wasip2`.

use std::time::Duration;

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
    http_error_code,
};
use wasip2::io::streams::StreamError;

use super::{Error, Request, Response};

/// So many bytes one call may write: what WASI's streams allow.
const WRITTEN: usize = 4096;
const READ: u64 = 64 << 10;

pub(super) fn send(request: Request) -> Result<Response, Error> {
    let (outgoing, body) = outgoing(&request)?;
    let writer = match body {
        Some(_) => Some(outgoing.body().map_err(|()| failed("the request's body was taken"))?),
        None => None,
    };
    let sent = outgoing_handler::handle(outgoing, request.timeout.map(options)).map_err(error)?;
    if let (Some(writer), Some(body)) = (writer, body) {
        write(writer, body);
    }
    sent.subscribe().block();
    let answer = sent.get().ok_or_else(|| failed("there is no answer"))?;
    let answer = answer.map_err(|()| failed("the answer was taken"))?.map_err(error)?;
    received(&answer)
}

fn outgoing(request: &Request) -> Result<(OutgoingRequest, Option<&[u8]>), Error> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        let refused = |error| failed(&format!("the header {name} cannot be sent: {error:?}"));
        headers.append(name, value.as_bytes()).map_err(refused)?;
    }
    let body = request.body.as_deref();
    if let Some(body) = body {
        let length = body.len().to_string();
        // One that is there already is the author's word.
        drop(headers.append("Content-Length", length.as_bytes()));
    }
    let outgoing = OutgoingRequest::new(headers);
    let bad = |()| failed(&format!("`{}` is not a URL to which a request could go", request.url));
    let (scheme, rest) = request.url.split_once("://").ok_or(()).map_err(bad)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(bad(())),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    // A path begins with a slash.
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    outgoing.set_method(&method(&request.method)).map_err(|()| failed("the method is none"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(bad)?;
    outgoing.set_authority(Some(authority)).map_err(bad)?;
    outgoing.set_path_with_query(Some(&path)).map_err(bad)?;
    Ok((outgoing, body))
}

fn method(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(timeout: Duration) -> RequestOptions {
    let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A host that has no such limit says so, and has its own.
    drop(options.set_connect_timeout(Some(nanos)));
    drop(options.set_first_byte_timeout(Some(nanos)));
    drop(options.set_between_bytes_timeout(Some(nanos)));
    options
}

/// Why it stops early is told with the response.
fn write(writer: OutgoingBody, body: &[u8]) {
    let Ok(stream) = writer.write() else { return };
    for piece in body.chunks(WRITTEN) {
        if stream.blocking_write_and_flush(piece).is_err() {
            return;
        }
    }
    drop(stream);
    drop(OutgoingBody::finish(writer, None));
}

fn received(answer: &IncomingResponse) -> Result<Response, Error> {
    let status = answer.status();
    let text = |(name, value): (String, Vec<u8>)| (name, String::from_utf8_lossy(&value).into_owned());
    let headers = answer.headers().entries().into_iter().map(text).collect();
    let incoming = answer.consume().map_err(|()| failed("the answer's body was taken"))?;
    Ok(Response { status, headers, body: read(&incoming)? })
}

fn read(incoming: &IncomingBody) -> Result<Vec<u8>, Error> {
    let stream = incoming.stream().map_err(|()| failed("the answer's body was taken"))?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(piece) => body.extend(piece),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(cause)) => {
                let code = http_error_code(&cause);
                return Err(code.map_or_else(|| failed(&cause.to_debug_string()), error));
            }
        }
    }
}

fn failed(text: &str) -> Error {
    Error::Failed(text.to_owned())
}

fn error(code: ErrorCode) -> Error {
    let timeout = |what: &str| Error::Timeout(format!("{what} took too long"));
    let limit = |what: &str| Error::Limit(format!("there are more {what} than there may be"));
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Error::Denied,
        ErrorCode::DnsTimeout => timeout("resolving the name"),
        ErrorCode::ConnectionTimeout => timeout("connecting"),
        ErrorCode::ConnectionReadTimeout => timeout("a piece of the answer"),
        ErrorCode::ConnectionWriteTimeout => timeout("a piece of the request"),
        ErrorCode::HttpResponseTimeout => timeout("the answer"),
        ErrorCode::ConnectionLimitReached => limit("requests"),
        ErrorCode::HttpRequestBodySize(_) => limit("bytes of the request's body"),
        ErrorCode::HttpResponseBodySize(_) => limit("bytes of the answer's body"),
        ErrorCode::DnsError(_) => failed("the name leads nowhere"),
        ErrorCode::ConnectionRefused => failed("the connection was refused"),
        ErrorCode::TlsCertificateError => failed("the certificate is not trusted"),
        ErrorCode::TlsProtocolError => failed("TLS failed"),
        ErrorCode::InternalError(Some(text)) => Error::Failed(text),
        other => Error::Failed(format!("the request failed: {other:?}")),
    }
}
