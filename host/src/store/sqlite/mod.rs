//! The embedded store: one SQLite database in a directory that one process uses at a time.
//!
//! All writes go through one thread that commits what waits together; reads have connections of their own.

mod accept;
pub mod backup;
mod catalog;
mod claim;
mod commit;
mod directory;
mod error;
mod expire;
mod history;
mod keyring;
mod kv;
mod ledger;
mod list;
mod log;
mod purge;
mod reader;
mod redrive;
mod row;
mod schema;
mod settle;
mod usage;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use reader::Readers;
use writer::Writer;

use super::{Blobs, Result, Store};

/// Opens the store of a directory, which is created when it is missing, readable by this user alone.
///
/// # Errors
/// [`super::Error::Conflict`] when another process uses the directory, or a newer version of Tenterhook wrote it;
/// [`super::Error::Unavailable`] when it cannot be written; [`super::Error::Corrupt`] when it is not a store.
pub fn open(dir: &Path) -> Result<Store> {
    directory::create(dir)?;
    let lock = directory::lock(dir)?;
    let database = directory::database(dir)?;
    let blobs = dir.join("blobs");
    directory::create(&blobs)?;

    let found = schema::Database::new(database.clone());
    found.heal()?;
    let writer = Writer::start(found, lock)?;
    let sqlite = Arc::new(Sqlite { readers: Readers::new(database), writer });
    Ok(Store {
        ledger: Arc::clone(&sqlite) as _,
        history: Arc::clone(&sqlite) as _,
        catalog: Arc::clone(&sqlite) as _,
        kv: Arc::clone(&sqlite) as _,
        keyring: Arc::clone(&sqlite) as _,
        purge: sqlite,
        blobs: Blobs::directory(&blobs)?,
    })
}

/// Implements the traits, a file for each.
struct Sqlite {
    // Closed before the writer, whose connection is then the last one and merges the log into the database.
    readers: Readers,
    writer: Writer,
}
