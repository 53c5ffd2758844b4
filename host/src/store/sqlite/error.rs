//! What a failure of SQLite means to the one who asked.

use rusqlite::ErrorCode;

use crate::store::Error;

impl From<rusqlite::Error> for Error {
    fn from(err: rusqlite::Error) -> Self {
        let text = format!("database: {err}");
        match (err.sqlite_error_code(), &err) {
            (Some(code), _) => from_code(code, text),
            // What a column holds is not what was written there.
            (
                None,
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..),
            ) => Self::Corrupt(text),
            (None, _) => Self::Backend(text),
        }
    }
}

fn from_code(code: ErrorCode, text: String) -> Error {
    match code {
        ErrorCode::DiskFull => Error::Unavailable("the disk is full".to_owned()),
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OutOfMemory
        | ErrorCode::PermissionDenied
        | ErrorCode::ReadOnly => Error::Unavailable(text),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt(text),
        _ => Error::Backend(text),
    }
}
