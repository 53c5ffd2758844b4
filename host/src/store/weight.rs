//! How much of an org's room something takes, counted the same on every back end.

use crate::event::{Headers, LogEntry, Raw};

/// What an event takes beside its texts: its row, its keys in the indexes, its sessions.
const EVENT: u64 = 1024;

/// What a line of a log takes beside its texts.
const LINE: u64 = 32;

/// An event's bytes.
pub fn event(raw: &Raw) -> u64 {
    let body = raw.body.as_ref().map_or(0, |body| body.len());
    EVENT + (raw.url.len() + body) as u64 + headers(&raw.headers) + headers(&raw.trailers)
}

/// A log's bytes.
pub fn log(entries: &[LogEntry]) -> u64 {
    entries.iter().map(line).sum()
}

fn headers(headers: &Headers) -> u64 {
    headers.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

fn line(entry: &LogEntry) -> u64 {
    let fields: usize = entry.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    LINE + (entry.message.len() + fields) as u64
}
