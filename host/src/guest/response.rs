//! Whether a handler's response can be sent as it is.

use super::bindings::types;
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
    check_status(response.status, response.body.len())?;
    let bytes: usize = response.headers.iter().map(|header| header.name.len() + header.value.len()).sum();
    let sizes = [
        (Limit::Response, response.body.len(), "the body has"),
        (Limit::ResponseHeaders, response.headers.len(), "the number of headers is"),
        (Limit::ResponseHeaderBytes, bytes, "the headers have"),
    ];
    for (limit, size, what) in sizes {
        if size as u64 > limits.of(limit) {
            let unit = if limit == Limit::ResponseHeaders { "" } else { " bytes" };
            return Err(bad(format!("{what} {size}{unit}, {}", limit.exceeded(limits, ceilings))));
        }
    }
    for header in &response.headers {
        check_header(&header.name, &header.value, response.body.len())?;
    }
    let headers = response.headers.into_iter().map(|header| (header.name, header.value)).collect();
    Ok(Response { status: response.status, headers, body: response.body.into() })
}

fn check_status(status: u16, body: usize) -> Result<(), Fault> {
    if !(200..600).contains(&status) {
        return Err(bad(format!("the status {status} is not one of 200 to 599")));
    }
    if matches!(status, 204 | 205 | 304) && body > 0 {
        return Err(bad(format!("a response of status {status} has no body, but there are {body} bytes")));
    }
    Ok(())
}

fn check_header(name: &str, value: &str, body: usize) -> Result<(), Fault> {
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err(bad(format!("the header name {name:?} is not a token")));
    }
    if HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
        return Err(bad(format!("the header {name} describes a connection, which is the host's to manage")));
    }
    if http::HeaderValue::from_str(value).is_err() {
        return Err(bad(format!("the value of the header {name} has a character that no header may have: {value:?}")));
    }
    if name.eq_ignore_ascii_case("content-length") && value.parse() != Ok(body) {
        return Err(bad(format!("Content-Length is {value:?}, but the body has {body} bytes")));
    }
    Ok(())
}

fn bad(message: String) -> Fault {
    Fault { kind: FaultKind::BadResponse, message }
}
