//! How much of an org's room something takes, counted the same on every back end.

use crate::event::{Attempt, Headers, LogEntry, OutboundRequest, Raw, Response};

/// What an event takes beside its texts: its row, its keys in the indexes, its sessions.
const EVENT: u64 = 1024;

/// What a line of a log takes beside its texts.
const LINE: u64 = 32;

/// What a request of a handler takes beside its texts.
const REQUEST: u64 = 64;

/// An event's bytes, its verdicts apart.
pub fn event(raw: &Raw) -> u64 {
    let body = raw.body.as_ref().map_or(0, |body| body.len());
    EVENT + (raw.url.len() + body) as u64 + headers(&raw.headers) + headers(&raw.trailers)
}

/// The bytes of an event's verdicts, as JSON: many triggers may listen, and each says why it did not match.
pub fn verdicts(json: &str) -> u64 {
    json.len() as u64
}

/// The bytes of what an attempt says of its end and of its requests. The rest of its record is small.
pub fn attempt(attempt: &Attempt) -> u64 {
    reason(attempt.error.as_deref()) + requests(&attempt.requests)
}

/// The bytes of what is kept of requests.
pub fn requests(requests: &[OutboundRequest]) -> u64 {
    let request = |request: &OutboundRequest| {
        REQUEST + (request.method.len() + request.url.len()) as u64 + reason(request.error.as_deref())
    };
    requests.iter().map(request).sum()
}

/// The bytes of why a session ended.
pub fn reason(reason: Option<&str>) -> u64 {
    reason.map_or(0, |reason| reason.len() as u64)
}

/// A log's bytes.
pub fn log(entries: &[LogEntry]) -> u64 {
    entries.iter().map(line).sum()
}

/// The bytes of a response that is kept for those who send an event again.
pub fn response(response: &Response) -> u64 {
    let headers: usize = response.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    (response.body.len() + headers) as u64
}

fn headers(headers: &Headers) -> u64 {
    headers.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

fn line(entry: &LogEntry) -> u64 {
    let fields: usize = entry.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    LINE + (entry.message.len() + fields) as u64
}
