//! Whether a handler's response can be sent as it is.

use super::bindings::types;
use super::fault::shorten;
use crate::event::{Fault, FaultKind, Response};
use crate::trigger::{Limit, Limits};

/// The fields that describe one connection and not the message: RFC 9110, section 7.6.1, and those it names.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The response, when every part of it can be sent.
pub(super) fn check(response: types::Response, limits: &Limits, ceilings: &Limits) -> Result<Response, Fault> {
    let body = response.body.len();
    check_head(response.status, &response.headers, Some(body), limits, ceilings)?;
    if body as u64 > limits.of(Limit::Response) {
        return Err(bad(format!("the body has {body} bytes, {}", Limit::Response.exceeded(limits, ceilings))));
    }
    let headers = response.headers.into_iter().map(|header| (header.name, header.value)).collect();
    Ok(Response { status: response.status, headers, body: response.body.into() })
}

/// Whether a status and headers can be sent with a body of so many bytes; none when that is not known yet.
pub(super) fn check_head(
    status: u16,
    headers: &[types::Pair],
    body: Option<usize>,
    limits: &Limits,
    ceilings: &Limits,
) -> Result<(), Fault> {
    check_status(status, body)?;
    let bytes: usize = headers.iter().map(|header| header.name.len() + header.value.len()).sum();
    let sizes = [
        (Limit::ResponseHeaders, headers.len(), "the number of headers is", ""),
        (Limit::ResponseHeaderBytes, bytes, "the headers have", " bytes"),
    ];
    for (limit, size, what, unit) in sizes {
        if size as u64 > limits.of(limit) {
            return Err(bad(format!("{what} {size}{unit}, {}", limit.exceeded(limits, ceilings))));
        }
    }
    headers.iter().try_for_each(|header| check_header(&header.name, &header.value, body))
}

/// Whether a response of this status has no body: RFC 9110, section 6.4.1.
pub(super) fn has_no_body(status: u16) -> bool {
    matches!(status, 204 | 205 | 304)
}

fn check_status(status: u16, body: Option<usize>) -> Result<(), Fault> {
    if !(200..600).contains(&status) {
        return Err(bad(format!("the status {status} is not one of 200 to 599")));
    }
    if let Some(body) = body.filter(|body| *body > 0 && has_no_body(status)) {
        return Err(bad(format!("a response of status {status} has no body, but there are {body} bytes")));
    }
    Ok(())
}

fn check_header(name: &str, value: &str, body: Option<usize>) -> Result<(), Fault> {
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(bad(format!("the header name {name:?} is not a token")));
    }
    if HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
        return Err(bad(format!("the header {name} describes a connection, which is the host's to manage")));
    }
    if http::HeaderValue::from_str(value).is_err() {
        return Err(bad(format!("the value of the header {name} has a character that no header may have: {value:?}")));
    }
    if name.eq_ignore_ascii_case("content-length") {
        let Some(body) = body else {
            return Err(bad("Content-Length is the host's to say of a body that is not written yet".to_owned()));
        };
        if value.parse() != Ok(body) {
            return Err(bad(format!("Content-Length is {value:?}, but the body has {body} bytes")));
        }
    }
    Ok(())
}

fn bad(message: String) -> Fault {
    Fault { kind: FaultKind::BadResponse, message: shorten(message) }
}
