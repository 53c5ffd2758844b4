//! Connections, and the version of the tables that they find.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use tracing::warn;

use super::directory;
use crate::store::{Error, Result};

/// The steps from each version to the next; a new one is added at the end and none is ever changed.
pub(super) const STEPS: [&str; 3] = [include_str!("1.sql"), include_str!("2.sql"), include_str!("3.sql")];

/// A database that can be opened again.
pub(super) struct Database {
    path: PathBuf,
}

impl Database {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// As [`Database::write`] for the first time in this process, which nobody shares the directory with: earlier leases
    /// have ended.
    pub(super) fn take(&self) -> Result<Connection> {
        let conn = self.write()?;
        self.let_shrink(&conn)?;
        conn.execute("UPDATE nodes SET until = 0", [])?;
        Ok(conn)
    }

    /// Writes a file anew whose pages do not know who points at them, as those of version 1 do not: none of it could ever be given
    /// back to the file system.
    fn let_shrink(&self, conn: &Connection) -> Result<()> {
        let mode: u32 = conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
        if mode != 0 {
            return Ok(());
        }
        // Which way of vacuuming it is to have was said when the connection was made.
        match conn.execute_batch("VACUUM").map_err(Error::from) {
            Err(Error::Unavailable(reason)) => {
                warn!(
                    "`{}` cannot shrink yet, since writing it anew needs its size twice: {reason}",
                    self.path.display()
                );
                Ok(())
            }
            done => done,
        }
    }

    /// Makes the log that a crash left durable, and merges it into the database: before this nothing may rest on it.
    ///
    /// Once a sync has failed, the system takes what it could not write for written. A process that ends then leaves a log
    /// that reads well from memory and has a hole on the disk. Whatever is synced behind the hole would be lost in a power
    /// cut, and what is merged from behind it would not fit the rest.
    pub(super) fn heal(&self) -> Result<()> {
        let log = directory::log(&self.path);
        if !log.metadata().is_ok_and(|log| log.len() > 0) {
            return Ok(());
        }
        let mut conn = self.connect()?;
        // Other programs that write must wait.
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        directory::rewrite(&log)?;
        tx.rollback()?;
        // The last connection merges the log when it is closed.
        conn.close().map_err(|(_, err)| err.into())
    }

    /// A connection for the one writer, with this version's tables.
    pub(super) fn write(&self) -> Result<Connection> {
        let mut conn = self.connect()?;
        self.migrate(&mut conn)?;
        Ok(conn)
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(64);
        // The page size and the way of vacuuming come first: they are fixed once the log mode has written the first page.
        // The log is merged into the database when it has 32 MB, not 8: most pages are written to it many times. What
        // savepoints undo is kept in memory: a file for it costs a fifth of a commit.
        conn.execute_batch(
            "PRAGMA page_size = 8192;
             PRAGMA auto_vacuum = INCREMENTAL;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA wal_autocheckpoint = 4096;
             PRAGMA journal_size_limit = 67108864;
             PRAGMA cache_size = -16384;
             PRAGMA temp_store = MEMORY;",
        )?;
        let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if mode != "wal" {
            let path = self.path.display();
            return Err(Error::Unavailable(format!("`{path}` is on a file system without shared memory: move it")));
        }
        Ok(conn)
    }

    /// A connection that reads only.
    pub(super) fn read(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        conn.busy_timeout(Duration::from_secs(5))?;
        conn.set_prepared_statement_cache_capacity(64);
        Ok(conn)
    }

    fn migrate(&self, conn: &mut Connection) -> Result<()> {
        let version: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let Some(steps) = STEPS.get(version as usize..) else {
            let (path, known) = (self.path.display(), STEPS.len());
            return Err(Error::Conflict(format!(
                "`{path}` has version {version} and this program knows versions up to {known}: use a newer Tenterhook"
            )));
        };
        for (step, reached) in steps.iter().zip(version + 1..) {
            let tx = conn.transaction()?;
            tx.execute_batch(step)?;
            tx.pragma_update(None, "user_version", reached)?;
            tx.commit()?;
        }
        Ok(())
    }
}
