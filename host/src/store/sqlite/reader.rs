//! Connections that read, each on a thread of its own while it is used, so that a long query stalls no request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema::Database;
use crate::store::{Error, Result};

/// So many queries run at once: they share the processor with the handlers.
const CONNECTIONS: usize = 4;

/// A pool of connections, opened when they are first needed.
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    database: Database,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(database: PathBuf) -> Self {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        Self(Arc::new(Pool { database: Database::new(database), idle: Mutex::default(), permits }))
    }

    /// Runs `query`, to which the store stands still.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pool = Arc::clone(&self.0);
        let permit = Arc::clone(&pool.permits).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let answer = tokio::task::spawn_blocking(move || {
            let answer = pool.read(query);
            drop(permit);
            answer
        });
        answer.await.map_err(|err| Error::Backend(format!("a query ended early: {err}")))?
    }
}

impl Pool {
    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle().pop();
        let mut conn = idle.map_or_else(|| self.database.read(), Ok)?;
        let tx = conn.transaction()?;
        let found = query(&tx)?;
        tx.finish()?;
        // After a failure it is not given back: the next query opens a new one.
        self.idle().push(conn);
        Ok(found)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
