//! What the store is measured against: the least that makes an event durable, and the least that does so with SQLite. Both
//! gather what waits while they commit, as the store does.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

/// So many are committed together at most: as many as the store's.
const BATCH: usize = 1024;

/// What is to be durable, and who waits for it.
type Asked = (Arc<Vec<u8>>, oneshot::Sender<()>);

/// Where events can be made durable.
#[derive(Clone)]
pub(super) struct Durable(mpsc::Sender<Asked>);

impl Durable {
    /// A file to which all is appended, with an fsync for what waits together.
    pub(super) fn raw_log(folder: &Path) -> Self {
        let mut file = File::create(folder.join("log")).unwrap();
        Self::start(move |batch| {
            let bytes: Vec<u8> = batch.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        })
    }

    /// A table of events and one of deliveries, with the store's own settings, and a row in each for every event.
    pub(super) fn bare_sqlite(folder: &Path) -> Self {
        let mut conn = Connection::open(folder.join("bare.db")).unwrap();
        conn.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384;
             CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
             CREATE TABLE deliveries (id INTEGER PRIMARY KEY, event INTEGER NOT NULL);",
        )
        .unwrap();
        Self::start(move |batch| {
            let tx = conn.transaction().unwrap();
            for (bytes, _) in batch {
                tx.prepare_cached("INSERT INTO events (body) VALUES (?1)").unwrap().execute([&**bytes]).unwrap();
                let event = tx.last_insert_rowid();
                tx.prepare_cached("INSERT INTO deliveries (event) VALUES (?1)").unwrap().execute([event]).unwrap();
            }
            tx.commit().unwrap();
        })
    }

    fn start(mut commit: impl FnMut(&[Asked]) + Send + 'static) -> Self {
        let (sender, mut asked) = mpsc::channel(BATCH);
        std::thread::spawn(move || {
            while let Some(first) = asked.blocking_recv() {
                let mut batch = vec![first];
                while batch.len() < BATCH
                    && let Ok(next) = asked.try_recv()
                {
                    batch.push(next);
                }
                commit(&batch);
                batch.into_iter().for_each(|(_, answer)| answer.send(()).unwrap());
            }
        });
        Self(sender)
    }

    /// Makes it durable.
    pub(super) async fn append(&self, bytes: Arc<Vec<u8>>) {
        let (answer, answered) = oneshot::channel();
        self.0.send((bytes, answer)).await.unwrap();
        answered.await.unwrap();
    }
}
