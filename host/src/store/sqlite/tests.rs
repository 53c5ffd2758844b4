//! What is SQLite's own: the directory, the commits and the plans.

mod versions;

use std::path::Path;
use std::sync::mpsc::channel;

use rusqlite::Connection;

use super::directory;
use super::reader::Readers;
use super::schema::Database;
use super::writer::Writer;
use super::{Sqlite, open};
use crate::store::conformance::sample::{at, new_event, org, settlement};
use crate::store::{Accepted, Error, EventQuery, Expiry, History as _, Ledger as _, NewEvent};

/// A store whose parts a test can reach.
fn sqlite(dir: &Path) -> Sqlite {
    let lock = directory::lock(dir).unwrap();
    let database = directory::database(dir).unwrap();
    let writer = Writer::start(Database::new(database.clone()), lock).unwrap();
    Sqlite { readers: Readers::new(database), writer }
}

fn refusal(opened: Result<crate::store::Store, Error>, dir: &Path) -> String {
    let err = opened.err().unwrap().to_string();
    err.replace(&*dir.canonicalize().unwrap().to_string_lossy(), "DIR")
}

#[tokio::test]
async fn a_directory_is_used_by_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).unwrap();
    insta::assert_snapshot!(
        refusal(open(dir.path()), dir.path()),
        @"another process uses the data directory `DIR`: stop it, or choose another directory"
    );
    drop(first);
    open(dir.path()).unwrap();
}

#[test]
fn a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let conn = Connection::open(dir.path().join("tenterhook.db")).unwrap();
    conn.pragma_update(None, "user_version", 7).unwrap();
    drop(conn);
    insta::assert_snapshot!(
        refusal(open(dir.path()), dir.path()),
        @"`DIR/tenterhook.db` has version 7 and this program knows versions up to 3: use a newer Tenterhook"
    );
}

#[test]
fn another_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tenterhook.db"), "no database at all, but long enough to have a header".repeat(9))
        .unwrap();
    insta::assert_snapshot!(
        refusal(open(dir.path()), dir.path()),
        @"the store is corrupt: database: file is not a database"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn only_this_user_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;

    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("a/b");
    let store = open(&dir).unwrap();
    store.ledger.join(at(0), at(10)).await.unwrap();
    let mode = |path: &str| std::fs::metadata(above.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["a", "a/b", "a/b/blobs"].map(mode), [0o700; 3]);
    assert_eq!(["a/b/tenterhook.db", "a/b/tenterhook.db-wal", "a/b/lock"].map(mode), [0o600; 3]);
}

#[tokio::test]
async fn every_question_is_answered_from_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let plans = sqlite.readers.read(|tx| queries().map(|query| Ok((query, plan(tx, query)?))).collect());
    let plans: Vec<(&str, String)> = plans.await.unwrap();
    for (query, plan) in &plans {
        assert!(plan.contains("SEARCH") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{query}:\n{plan}");
        for search in plan.lines().filter(|line| line.contains("SEARCH")) {
            let by_org = search.contains("(org=?");
            // What is found before anybody knows whose it is.
            let by_kind =
                search.contains("INDEX records_by_mark (kind=?") || search.contains("INDEX records_by_key (kind=?");
            assert!(by_org || by_kind, "{query}:\n{plan}");
        }
    }
}

/// What intake and starts look up, for which an org is not the first thing to know.
#[tokio::test]
async fn what_is_looked_up_for_all_orgs_has_an_index_too() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let queries = super::accept::QUERIES.into_iter().chain(super::claim::QUERIES).chain(super::expire::QUERIES_OF_ALL);
    let plans = sqlite.readers.read(|tx| queries.map(|query| plan(tx, query)).collect::<Result<Vec<_>, _>>());
    insta::assert_snapshot!(plans.await.unwrap().concat(), @"
    SEARCH dedup USING INDEX dedup_by_key (org=? AND endpoint=? AND key=?)
    SEARCH sessions USING PRIMARY KEY (org=? AND id=?)
    SEARCH deliveries USING INDEX deliveries_by_owner (owner=?)
    SEARCH deliveries USING COVERING INDEX deliveries_by_owner (owner>?)
    SEARCH dedup USING COVERING INDEX dedup_by_expiry (expires<?)
    ");
}

/// Every query that looks for rows of an org.
fn queries() -> impl Iterator<Item = &'static str> {
    super::history::QUERIES
        .into_iter()
        .chain(super::list::QUERIES)
        .chain(super::expire::QUERIES)
        .chain(super::kv::QUERIES)
        .chain(super::purge::QUERIES)
        .chain(super::catalog::QUERIES)
        .chain(super::commit::QUERIES)
}

fn plan(tx: &Connection, query: &str) -> Result<String, Error> {
    let mut explained = tx.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
    let params = vec![""; explained.parameter_count()];
    let mut rows = explained.query(rusqlite::params_from_iter(params))?;
    let mut plan = String::new();
    while let Some(row) = rows.next()? {
        plan.push_str(&row.get::<_, String>("detail")?);
        plan.push('\n');
    }
    Ok(plan)
}

#[tokio::test]
async fn what_is_acknowledged_survives_without_being_closed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let lease = store.ledger.join(at(0), at(10)).await.unwrap();
    let settled = new_event("acme", &["a"]);
    let owed = new_event("acme", &["b"]);
    store.ledger.accept(&lease, settled.clone()).await.unwrap();
    store.ledger.accept(&lease, owed.clone()).await.unwrap();
    store.ledger.settle(&lease, settlement(&settled.deliveries[0])).await.unwrap();

    // What a disk has after the power went: neither the shared memory nor the lock.
    let after = tempfile::tempdir().unwrap();
    for file in ["tenterhook.db", "tenterhook.db-wal"] {
        std::fs::copy(dir.path().join(file), after.path().join(file)).unwrap();
    }
    let found = open(after.path()).unwrap();
    let page = EventQuery { limit: 10, ..EventQuery::default() };
    let org = org("acme");
    let (kept, there) =
        (store.history.events(&org, page.clone()).await.unwrap(), found.history.events(&org, page).await.unwrap());
    assert_eq!(there, kept);
    assert_eq!(there.records.len(), 2);
    let next = found.ledger.join(at(9), at(19)).await.unwrap();
    assert_ne!(next, lease);
    assert_eq!(found.ledger.claim(&next, at(9), 100).await.unwrap(), owed.deliveries);
}

#[tokio::test]
async fn a_clean_stop_leaves_no_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let lease = store.ledger.join(at(0), at(10)).await.unwrap();
    let new = new_event("acme", &["a"]);
    store.ledger.accept(&lease, new.clone()).await.unwrap();
    store.history.event(&new.event.org, new.event.id).await.unwrap().unwrap();
    drop(store);
    let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(names, ["blobs", "lock", "tenterhook.db"]);
}

/// Keeps the writer busy until the guard is dropped, so that what is asked meanwhile is one batch.
async fn busy(sqlite: &Sqlite) -> std::sync::mpsc::Sender<()> {
    let (guard, dropped) = channel::<()>();
    let started = std::sync::Arc::new(tokio::sync::Notify::new());
    let start = started.clone();
    let held = queue(sqlite.writer.write(move |_| {
        start.notify_one();
        assert!(dropped.recv().is_err(), "the guard is dropped, never used");
        Ok(())
    }));
    started.notified().await;
    drop(held);
    guard
}

/// Polls `asked` once, so that it is queued.
fn queue<F: Future>(asked: F) -> std::pin::Pin<Box<F>> {
    let mut asked = Box::pin(asked);
    let waker = std::task::Waker::noop();
    assert!(asked.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
    asked
}

#[tokio::test]
async fn what_waits_is_committed_together_and_a_refusal_is_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let lease = sqlite.join(at(0), at(10)).await.unwrap();
    let (first, last) = (new_event("acme", &["a"]), new_event("acme", &["a"]));
    let database = dir.path().join("tenterhook.db");
    let count =
        |conn: &Connection| -> u32 { conn.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap() };
    let (in_batch, committed) = {
        let guard = busy(&sqlite).await;
        let accepted = queue(sqlite.accept(&lease, first.clone()));
        let again = queue(sqlite.accept(&lease, first.clone()));
        let unknown = queue(sqlite.settle(&lease, settlement(&last.deliveries[0])));
        let also = queue(sqlite.accept(&lease, last.clone()));
        // Within the batch both events are there; to all others none is, so nothing was committed in between.
        let seen = queue(sqlite.writer.write(move |tx| Ok((count(tx), count(&Connection::open(&database)?)))));
        drop(guard);
        accepted.await.unwrap();
        assert!(matches!(again.await, Err(Error::Conflict(_))));
        assert!(matches!(unknown.await, Err(Error::LeaseLost)));
        also.await.unwrap();
        seen.await.unwrap()
    };
    assert_eq!((in_batch, committed), (2, 0));
    assert_eq!(sqlite.readers.read(move |tx| Ok(count(tx))).await.unwrap(), 2);
}

/// Of a write that is refused when it has written already nothing stays, and what is written beside it is there once.
#[tokio::test]
async fn a_refusal_undoes_what_it_wrote_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let insert = |tx: &Connection, number: u32| tx.execute("INSERT INTO nodes (joined) VALUES (?1)", [number]);
    {
        let guard = busy(&sqlite).await;
        let before = queue(sqlite.writer.write(move |tx| Ok(insert(tx, 1)?)));
        let refused = queue(sqlite.writer.write(move |tx| {
            insert(tx, 2)?;
            Err::<(), Error>(Error::LeaseLost)
        }));
        let after = queue(sqlite.writer.write(move |tx| Ok(insert(tx, 3)?)));
        drop(guard);
        assert_eq!((before.await.unwrap(), after.await.unwrap()), (1, 1));
        assert!(matches!(refused.await, Err(Error::LeaseLost)));
    }
    let there = sqlite.readers.read(|tx| {
        let mut query = tx.prepare("SELECT joined FROM nodes ORDER BY joined")?;
        let rows = query.query_map([], |row| row.get::<_, u32>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    assert_eq!(there.await.unwrap(), [1, 3]);
}

#[tokio::test]
async fn after_a_failed_commit_nothing_of_it_is_kept_and_the_database_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let lease = sqlite.join(at(0), at(10)).await.unwrap();
    let before = new_event("acme", &["a"]);
    sqlite.accept(&lease, before.clone()).await.unwrap();
    // A temporary table lives as long as its connection does.
    sqlite.writer.write(|tx| Ok(tx.execute_batch("CREATE TEMP TABLE mark (x)")?)).await.unwrap();
    let lost = new_event("acme", &["a"]);
    {
        let guard = busy(&sqlite).await;
        let accepted = queue(sqlite.accept(&lease, lost.clone()));
        let failed = queue(sqlite.writer.write(|_| {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
            Err::<(), Error>(rusqlite::Error::SqliteFailure(code, None).into())
        }));
        drop(guard);
        assert!(matches!(accepted.await, Err(Error::Unavailable(_))));
        assert!(matches!(failed.await, Err(Error::Unavailable(_))));
    }
    let mark = sqlite.writer.write(|tx| Ok(tx.execute_batch("SELECT * FROM mark")?)).await;
    assert!(mark.is_err(), "the connection is the same one");

    let kept = sqlite.events(&org("acme"), EventQuery { limit: 10, ..EventQuery::default() }).await.unwrap();
    assert_eq!(kept.records.into_iter().map(|record| record.event.id).collect::<Vec<_>>(), [before.event.id]);
    sqlite.accept(&lease, lost).await.unwrap();
}

/// A mistake in one write is no end of all writing.
#[tokio::test]
async fn a_write_that_panics_is_one_that_failed() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let lease = sqlite.join(at(0), at(10)).await.unwrap();
    let (lost, kept) = (new_event("acme", &["a"]), new_event("acme", &["a"]));
    {
        let guard = busy(&sqlite).await;
        let beside = queue(sqlite.accept(&lease, lost.clone()));
        let panicked = queue(sqlite.writer.write(|_| -> Result<(), Error> { panic!("this test's") }));
        drop(guard);
        assert!(matches!(beside.await, Err(Error::Backend(_))), "nothing of the batch is kept");
        assert!(matches!(panicked.await, Err(Error::Backend(_))));
    }
    sqlite.accept(&lease, kept.clone()).await.unwrap();
    let events = sqlite.events(&org("acme"), EventQuery { limit: 10, ..EventQuery::default() }).await.unwrap();
    assert_eq!(events.records.into_iter().map(|record| record.event.id).collect::<Vec<_>>(), [kept.event.id]);
}

/// An event with a megabyte.
fn large() -> NewEvent {
    let mut large = new_event("acme", &[]);
    let mut raw = large.event.data.raw().clone();
    raw.body = Some(vec![1; 1 << 20].into());
    large.event = crate::store::conformance::sample::event("acme", raw);
    large
}

/// The file's pages, and those of them that nothing uses.
fn pages(tx: &Connection) -> Result<(u32, u32), Error> {
    let count = |name: &str| tx.pragma_query_value(None, name, |row| row.get(0));
    Ok((count("page_count")?, count("freelist_count")?))
}

/// What is removed is given back to the file system, a little in each commit, and senders have theirs in between.
#[tokio::test]
async fn what_is_free_is_given_back_while_events_come() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let lease = sqlite.join(at(0), at(10)).await.unwrap();
    for _ in 0..10 {
        sqlite.accept(&lease, large()).await.unwrap();
    }
    let (full, _) = sqlite.readers.read(pages).await.unwrap();
    assert!(full > 1280, "{full} pages of 8 KiB");
    let expiry = Expiry { before: None, bytes: Some(0), bytes_of: Default::default(), now: at(0), budget: 99 };
    let removed = sqlite.writer.write(move |tx| super::expire::expire(tx, &expiry)).await.unwrap();
    assert_eq!(removed.events, 10);
    let (same, free) = sqlite.readers.read(pages).await.unwrap();
    assert_eq!(same, full);
    assert!(sqlite.writer.write(super::expire::give_back).await.unwrap(), "there is more");
    let (_, left) = sqlite.readers.read(pages).await.unwrap();
    assert_eq!(free - left, 256, "in one commit");

    let expiry = Expiry { before: None, bytes: None, bytes_of: Default::default(), now: at(0), budget: 99 };
    let mut expiring = std::pin::pin!(sqlite.expire(expiry));
    let mut accepting = std::pin::pin!(sqlite.accept(&lease, new_event("acme", &["a"])));
    tokio::select! {
        biased;
        _ = &mut expiring => panic!("a sender waited for all of it"),
        accepted = &mut accepting => assert_eq!(accepted.unwrap(), Accepted::New),
    }
    expiring.await.unwrap();
    let (pages, free) = sqlite.readers.read(pages).await.unwrap();
    assert!(pages < full / 4 && free * 4 <= pages, "{full} pages, then {pages}, {free} of them free");
}

#[tokio::test]
async fn a_full_disk_refuses_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = sqlite(dir.path());
    let lease = sqlite.join(at(0), at(10)).await.unwrap();
    // SQLite takes a page more than the database may have for a full disk.
    sqlite.writer.write(|tx| Ok(tx.execute_batch("PRAGMA max_page_count = 1")?)).await.unwrap();
    let large = large();
    let refused = sqlite.accept(&lease, large.clone()).await;
    insta::assert_snapshot!(refused.unwrap_err(), @"the store is unavailable: the disk is full");
    assert_eq!(sqlite.event(&org("acme"), large.event.id).await.unwrap(), None);
    sqlite.accept(&lease, large).await.unwrap();
}
