//! The one thread that writes. While it commits, what is asked of it gathers, and is committed together next: one
//! fsync for all. Knows nothing of what is written.

use std::fs::File;
use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::schema::Database;
use crate::store::{Error, Result};

/// So many are committed together at most: the first of them waits for the last.
const BATCH: usize = 1024;

/// The thread's owner: dropping it ends the thread, once all that was asked is committed.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// Something to be written, and someone who waits for it.
trait Job: Send {
    fn run(&mut self, tx: &Connection) -> Result<()>;
    fn answer(self: Box<Self>, fate: Result<()>);
}

impl Writer {
    /// Opens the database and starts the thread, which holds `lock` until the database is closed.
    pub(super) fn start(database: Database, lock: File) -> Result<Self> {
        let conn = database.take()?;
        let (jobs, asked) = mpsc::channel(BATCH);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            write_all(&database, conn, asked);
            drop(lock);
        });
        let thread = thread.map_err(|err| Error::Unavailable(format!("starting the writer's thread: {err}")))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs `op` in a transaction that it shares with others, and answers when that is durable. An `op` that fails
    /// leaves nothing behind. One whose asker went away is committed all the same. When one of the transaction fails, all of it is
    /// undone and every `op` runs once more.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        op: impl Fn(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Asked { op, value: None, answer });
        let jobs = self.jobs.as_ref().expect("the channel is closed by `drop` alone");
        jobs.send(job).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened.
            drop(thread.join());
        }
    }
}

fn stopped() -> Error {
    Error::Unavailable("the writer's thread has ended: restart the server".to_owned())
}

struct Asked<F, T> {
    op: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&Connection) -> Result<T> + Send> Job for Asked<F, T> {
    fn run(&mut self, tx: &Connection) -> Result<()> {
        self.value = Some((self.op)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Result<()>) {
        let Self { value, answer, .. } = *self;
        // The asker may have gone; what it asked for stands.
        drop(answer.send(fate.map(|()| value.expect("a job whose fate is good has run"))));
    }
}

fn write_all(database: &Database, conn: Connection, mut asked: mpsc::Receiver<Box<dyn Job>>) {
    let mut open = Some(conn);
    while let Some(first) = asked.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = asked.try_recv()
        {
            batch.push(job);
        }
        let done = reopened(database, &mut open).and_then(|conn| contained(|| commit(conn, &mut batch)));
        if let Err(err) = &done {
            // After a failed write or fsync, what the connection remembers need not be what the disk has.
            warn!("closing the database after a failed commit of {} writes: {err}", batch.len());
            open = None;
        }
        match done {
            Ok(fates) => batch.into_iter().zip(fates).for_each(|(job, fate)| job.answer(fate)),
            Err(err) => batch.into_iter().for_each(|job| job.answer(Err(err.clone()))),
        }
    }
}

/// A write that panics is one that failed: were it the thread's end, senders would be refused until somebody notices. What it
/// touched is not used again: its jobs have failed, and the connection is closed.
fn contained<T>(commit: impl FnOnce() -> Result<T>) -> Result<T> {
    // A panic was printed when it happened.
    let panicked = |_| Err(Error::Backend("a write panicked".to_owned()));
    panic::catch_unwind(AssertUnwindSafe(commit)).unwrap_or_else(panicked)
}

fn reopened<'c>(database: &Database, open: &'c mut Option<Connection>) -> Result<&'c mut Connection> {
    match open {
        Some(conn) => Ok(conn),
        None => Ok(open.insert(database.write()?)),
    }
}

/// The fate of each job; an error when nothing of the batch is kept.
fn commit(conn: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<Vec<Result<()>>> {
    match together(conn, batch)? {
        true => Ok(batch.iter().map(|_| Ok(())).collect()),
        false => apart(conn, batch),
    }
}

/// Commits all jobs; false when one of them is refused, and nothing is kept. So nearly every batch is written: to be able to undo each job
/// by itself, SQLite copies every page that it touches, which is a quarter of all the work.
fn together(conn: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<bool> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        if let Err(err) = job.run(&tx) {
            return if concerns_all(&tx, &err) { Err(err) } else { tx.rollback().map(|()| false).map_err(Into::into) };
        }
    }
    tx.commit()?;
    Ok(true)
}

/// Commits all jobs but those that are refused.
fn apart(conn: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<Vec<Result<()>>> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut fates = Vec::with_capacity(batch.len());
    for job in batch {
        fates.push(alone(&tx, &mut **job)?);
    }
    tx.commit()?;
    Ok(fates)
}

/// Runs a job so that its refusal does not touch the others; an error when it touches all of them.
fn alone(tx: &Transaction<'_>, job: &mut dyn Job) -> Result<Result<()>> {
    tx.prepare_cached("SAVEPOINT job")?.execute([])?;
    let fate = job.run(tx);
    if let Err(err) = &fate {
        if concerns_all(tx, err) {
            return Err(err.clone());
        }
        tx.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    tx.prepare_cached("RELEASE job")?.execute([])?;
    Ok(fate)
}

/// Some failures of the disk end the whole transaction.
fn concerns_all(tx: &Transaction<'_>, err: &Error) -> bool {
    matches!(err, Error::Unavailable(_)) || tx.is_autocommit()
}
