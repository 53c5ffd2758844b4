//! A session's log as it is kept: JSON, and a Zstandard frame of it when that is worth it.

use rusqlite::Row;

use crate::event::LogEntry;
use crate::store::{Error, Result};

/// A shorter log gains nothing: a page of the database holds several.
const WORTH_PACKING: usize = 512;

/// What every Zstandard frame begins with (RFC 8878, section 3.1.1); no JSON does.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

pub(super) fn pack(entries: &[LogEntry]) -> Result<Vec<u8>> {
    let failed = |err: &dyn std::fmt::Display| Error::Backend(format!("packing a log: {err}"));
    let json = serde_json::to_vec(entries).map_err(|err| failed(&err))?;
    if json.len() < WORTH_PACKING {
        return Ok(json);
    }
    zstd::bulk::compress(&json, zstd::DEFAULT_COMPRESSION_LEVEL).map_err(|err| failed(&err))
}

/// The column `entries`.
pub(super) fn unpack(row: &Row<'_>) -> Result<Vec<LogEntry>> {
    let failed = |err: &dyn std::fmt::Display| Error::Corrupt(format!("column `entries`: {err}"));
    let packed = row.get_ref("entries")?.as_blob().map_err(|err| failed(&err))?;
    if !packed.starts_with(&MAGIC) {
        return serde_json::from_slice(packed).map_err(|err| failed(&err));
    }
    let json = zstd::stream::decode_all(packed).map_err(|err| failed(&err))?;
    serde_json::from_slice(&json).map_err(|err| failed(&err))
}
