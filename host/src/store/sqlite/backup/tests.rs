//! What is backed up is what is restored, and nothing else is.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use insta::assert_snapshot;
use tempfile::TempDir;

use super::super::open;
use super::*;
use crate::event::{Data, DeploymentId, Digest, Event, EventId, EventType, Keep, Raw, SessionId, Verdict, VerdictKind};
use crate::store::catalog::{Change, Expect, Items as _, ModuleItem, ModuleState};
use crate::store::{Delivery, DeploymentRecord, EventQuery, Lease, NewEvent, Store};

const MODULE: &[u8] = b"a module, as far as a store knows";
const UPLOADED: &[u8] = b"one that nobody deployed yet";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// An event with a body that is its own, and a session that is owed.
fn new_event(body: String) -> NewEvent {
    let raw =
        Raw { method: "POST".to_owned(), url: "/webhooks/a".to_owned(), body: Some(body.into()), ..Raw::default() };
    let event = Arc::new(Event {
        id: EventId::new(at(1)),
        org: "main".into(),
        endpoint: "a".into(),
        received_at: at(1),
        kind: EventType::of("POST"),
        data: Arc::new(Data::new(raw)),
        redispatched_from: None,
    });
    let delivery =
        Delivery::new(Arc::clone(&event), SessionId::new(at(1)), "on_post".into(), DeploymentId::floor(at(0)));
    let verdict =
        Verdict { trigger: "on_post".to_owned(), kind: VerdictKind::Matched, detail: None, explanation: None };
    NewEvent { event, key: None, keep: Keep::Full, verdicts: vec![verdict], deliveries: vec![delivery] }
}

/// A store in `data` with a deployment of one module.
async fn deployed(data: &Path) -> (Store, Lease) {
    let store = open(data).unwrap();
    let digest = store.blobs.put(MODULE.into()).await.unwrap();
    let deployment = DeploymentRecord {
        id: DeploymentId::floor(at(0)),
        org: "main".into(),
        project: "shop".to_owned(),
        created_at: at(0),
        manifest: "version: v1\n".to_owned(),
        modules: BTreeMap::from([("a".to_owned(), digest), ("b".to_owned(), digest)]),
        vars: Some(vec![1]),
    };
    let uploaded = ModuleItem {
        digest: Digest::of(b"uploaded"),
        component: store.blobs.put(UPLOADED.into()).await.unwrap(),
        bytes: 1,
        uploaded_at: at(0),
        uploaded_by: "host".to_owned(),
        state: ModuleState::Compiling,
    };
    let changes = vec![Change::Deploy(Box::new(deployment)), Change::put(&uploaded, Expect::Absent).unwrap()];
    store.catalog.commit(&"main".into(), changes, None).await.unwrap();
    let lease = store.ledger.join(at(0), at(1_000_000)).await.unwrap();
    (store, lease)
}

async fn ids(store: &Store) -> Vec<EventId> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let query = EventQuery { before, limit: 500, ..EventQuery::default() };
        let page = store.history.events(&"main".into(), query).await.unwrap();
        ids.extend(page.records.iter().map(|record| record.event.id));
        before = page.next;
        if before.is_none() {
            return ids;
        }
    }
}

/// A store of three events, closed, and its backup.
async fn sample() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (store, lease) = deployed(&dir.path().join("data")).await;
    for number in 0..3 {
        store.ledger.accept(&lease, new_event(format!("body {number}"))).await.unwrap();
    }
    drop(store);
    let file = dir.path().join("backup.tar");
    backup(&dir.path().join("data"), &file, false, at(5)).unwrap();
    (dir, file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_all_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let (store, lease) = deployed(&dir.path().join("data")).await;
    let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let senders = (0..4).map(|sender| {
        let (store, lease, accepted, stop) = (store.clone(), lease.clone(), accepted.clone(), stop.clone());
        crate::task::Tasks::default().spawn(async move {
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let event = new_event(format!("{sender}: {}", "x".repeat(acknowledged.len() % 20_000)));
                let id = event.event.id;
                store.ledger.accept(&lease, event).await.unwrap();
                acknowledged.push(id);
                accepted.fetch_add(1, Ordering::SeqCst);
            }
            acknowledged
        })
    });
    let senders: Vec<_> = senders.collect();
    let reach = async |count: usize| {
        while accepted.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    };
    reach(200).await;
    let before = ids(&store).await;
    let file = dir.path().join("backup.tar");
    let (data, to) = (dir.path().join("data"), file.clone());
    let made = tokio::task::spawn_blocking(move || backup(&data, &to, false, at(5))).await.unwrap().unwrap();
    let after = accepted.load(Ordering::SeqCst);
    reach(after + 50).await;
    stop.store(true, Ordering::SeqCst);
    let mut acknowledged = Vec::new();
    for sender in senders {
        acknowledged.extend(sender.await.unwrap());
    }

    let target = dir.path().join("new/data");
    assert_eq!(restore(&file, &target).unwrap(), made);
    let restored = open(&target).unwrap();
    let found = ids(&restored).await;
    assert!(before.iter().all(|id| found.contains(id)), "what was accepted before the backup began is in it");
    assert!(found.iter().all(|id| acknowledged.contains(id)) && found.len() < acknowledged.len());
    assert_eq!((made.modules, made.owed), (2, found.len() as u64));
    for id in &found {
        let org = "main".into();
        let (old, new) =
            (store.history.event(&org, *id).await.unwrap(), restored.history.event(&org, *id).await.unwrap());
        assert_eq!(old, new);
    }
    let (org, deployment) = ("main".into(), DeploymentId::floor(at(0)));
    let active = restored.catalog.deployment(&org, deployment).await.unwrap();
    assert_eq!(active, store.catalog.deployment(&org, deployment).await.unwrap());
    for digest in active.unwrap().modules.values() {
        assert_eq!(restored.blobs.get(*digest).await.unwrap().unwrap(), MODULE);
    }
    // What was uploaded and not deployed yet.
    let uploaded = restored.catalog.all::<ModuleItem>(&org, "").await.unwrap();
    assert_eq!(restored.blobs.get(uploaded[0].item.component).await.unwrap().unwrap(), UPLOADED);
    // What is owed is run by the next start, and the store takes what is new.
    let lease = restored.ledger.join(at(10), at(20)).await.unwrap();
    assert_eq!(restored.ledger.claim(&lease, at(10), 1_000_000).await.unwrap().len(), found.len());
    restored.ledger.accept(&lease, new_event("new".to_owned())).await.unwrap();
}

#[tokio::test]
async fn only_this_user_can_read_a_backup_and_what_is_restored() {
    let (dir, file) = sample().await;
    let target = dir.path().join("a/b");
    restore(&file, &target).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let blob = target.join(blob_name(Digest::of(MODULE)));
    assert_eq!([&target, &target.join(BLOBS), blob.parent().unwrap()].map(mode), [0o700; 3]);
    assert_eq!([file.as_path(), &target.join(DATABASE), &blob].map(mode), [0o600; 3]);
    let names = |dir: &Path| -> Vec<_> {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(dir.path()), ["a", "backup.tar", "data"], "no file is left over");
    assert_eq!(names(&target), [BLOBS, DATABASE]);
}

#[tokio::test]
async fn a_file_is_replaced_when_that_is_asked_for() {
    let (dir, file) = sample().await;
    let data = dir.path().join("data");
    let refusal = backup(&data, &file, false, at(6)).unwrap_err().to_string();
    assert_snapshot!(in_words(&refusal, &dir), @"`DIR/backup.tar` exists: choose another name, or replace it with `--force`");
    fs::write(&file, "something else").unwrap();
    let made = backup(&data, &file, true, at(6)).unwrap();
    assert_eq!(made.bytes, fs::metadata(&file).unwrap().len());
    assert_eq!(restore(&file, &dir.path().join("new")).unwrap().made_at, at(6));
}

#[tokio::test]
async fn what_cannot_be_backed_up() {
    let (dir, _) = sample().await;
    let (data, file) = (dir.path().join("data"), dir.path().join("other.tar"));
    let refusal = |data: &Path, file: &Path| in_words(&backup(data, file, false, at(6)).unwrap_err().to_string(), &dir);
    assert_snapshot!(refusal(dir.path(), &file), @"`DIR` is not a data directory: it has no `tenterhook.db`");
    assert_snapshot!(refusal(&data, &dir.path().join("no/other.tar")), @"there is no directory `DIR/no`");
    let blob = data.join(blob_name(Digest::of(MODULE)));
    fs::write(&blob, "another module").unwrap();
    assert_snapshot!(refusal(&data, &file), @"the module 3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83 is damaged: deploy it again, then make the backup");
    fs::remove_file(&blob).unwrap();
    assert_snapshot!(refusal(&data, &file), @"the module 3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83 is missing: deploy it again, then make the backup");
    let conn = Connection::open(data.join(DATABASE)).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let newer = refusal(&data, &file);
    assert!(newer.contains("has version 99") && newer.ends_with("use a newer Tenterhook"), "{newer}");
    assert!(!file.exists());
}

fn in_words(text: &str, dir: &TempDir) -> String {
    text.replace(&*dir.path().to_string_lossy(), "DIR")
}

/// What a backup that is not one is refused with. Nothing of it is left.
fn refusal(dir: &TempDir, file: &[u8]) -> String {
    let (path, target) = (dir.path().join("doctored.tar"), dir.path().join("target"));
    fs::write(&path, file).unwrap();
    let before = fs::read_dir(dir.path()).unwrap().count();
    let error = restore(&path, &target).expect_err("it is not a backup");
    assert!(!target.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before, "something is left over");
    in_words(&error.to_string(), dir)
}

#[tokio::test]
async fn a_backup_that_is_cut_off_is_refused() {
    let (dir, file) = sample().await;
    let whole = fs::read(&file).unwrap();
    // All but the zeros at its end, which say nothing.
    let said = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    let mut cuts: Vec<usize> = (0..said).step_by(5 * 512).flat_map(|end| [end, end + 1, end + 100]).collect();
    cuts.retain(|end| *end < said);
    cuts.push(said - 1);
    for end in cuts {
        let refusal = refusal(&dir, &whole[..end]);
        let expected =
            ["it is cut off", "it is not a backup of Tenterhook"].iter().any(|words| refusal.contains(words));
        assert!(expected, "{end} of {}: {refusal}", whole.len());
    }
}

#[tokio::test]
async fn a_backup_whose_bytes_are_not_its_own_is_refused() {
    let (dir, file) = sample().await;
    let whole = fs::read(&file).unwrap();
    let said = whole.len() - whole.iter().rev().take_while(|byte| **byte == 0).count();
    let mut refused = 0;
    for place in (0..said).step_by(997) {
        let mut doctored = whole.clone();
        doctored[place] ^= 0x40;
        // Some bytes mean nothing: a time in a header, what pads a file.
        let target = dir.path().join("target");
        fs::write(dir.path().join("doctored.tar"), &doctored).unwrap();
        match restore(&dir.path().join("doctored.tar"), &target) {
            Ok(_) => {
                let database = fs::read(target.join(DATABASE)).unwrap();
                assert!(whole.windows(database.len()).any(|bytes| bytes == database), "byte {place}");
                fs::remove_dir_all(&target).unwrap();
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50, "{refused}");
}

/// The names and the bytes of a backup's files.
type Files = Vec<(String, Vec<u8>)>;

/// A backup as a list of its files.
fn files(file: &Path) -> Files {
    let mut archive = tar::Archive::new(File::open(file).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    });
    entries.collect()
}

/// A tar file whose names need not be sound.
fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_entry_type(if bytes == b"-> /etc" { tar::EntryType::Symlink } else { tar::EntryType::Regular });
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

/// The files of a backup whose first file tells of another database, whatever that is.
fn with_database(files: &[(String, Vec<u8>)], database: Vec<u8>) -> Files {
    let mut contents: Contents = serde_json::from_slice(&files[0].1).unwrap();
    contents.database = Part { sha256: Digest::of(&database), bytes: database.len() as u64 };
    let mut files = files.to_vec();
    files[0].1 = serde_json::to_vec(&contents).unwrap();
    files[1].1 = database;
    files
}

#[tokio::test]
async fn a_backup_that_was_tampered_with_is_refused() {
    let (dir, file) = sample().await;
    let good = files(&file);
    let edit = |edit: &dyn Fn(&mut Files)| {
        let mut files = good.clone();
        edit(&mut files);
        refusal(&dir, &packed(&files))
    };
    let sql = |sql: &str| {
        let path = dir.path().join("edited.db");
        fs::write(&path, &good[1].1).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(sql).unwrap();
        drop(conn);
        let database = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        refusal(&dir, &packed(&with_database(&good, database)))
    };
    let report = [
        refusal(&dir, b""),
        refusal(&dir, b"no tar file at all"),
        edit(&|files| drop(files.remove(0))),
        edit(&|files| drop(files.remove(1))),
        edit(&|files| drop(files.remove(2))),
        edit(&|files| files[0].1 = b"{}".to_vec()),
        edit(&|files| files[0].1 = br#"{"format": 2, "anything": "else"}"#.to_vec()),
        edit(&|files| files[0].1 = br#"{"format": 1}"#.to_vec()),
        edit(&|files| files[2].1[0] ^= 1),
        edit(&|files| files[2].1.push(0)),
        edit(&|files| files.push(("lock".to_owned(), Vec::new()))),
        edit(&|files| files.push(("../outside".to_owned(), b"x".to_vec()))),
        edit(&|files| files.push(("/tmp/outside".to_owned(), b"x".to_vec()))),
        edit(&|files| files[2].1 = b"-> /etc".to_vec()),
        edit(&|files| files.push(files[1].clone())),
        edit(&|files| *files = with_database(files, b"no database".repeat(100))),
        sql("CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM deliveries; END"),
        sql("DROP INDEX sessions_by_event"),
        sql("PRAGMA user_version = 0"),
        sql("PRAGMA user_version = 1"),
        sql("PRAGMA user_version = 77"),
        sql("UPDATE deployments SET modules = '{\"a\": \"'||hex(zeroblob(32))||'\"}'"),
        sql("UPDATE deployments SET modules = 'what'"),
    ];
    assert_snapshot!(report.join("\n"), @"
    it is not a backup of Tenterhook
    it is not a backup of Tenterhook
    it is not a backup of Tenterhook
    it is cut off: `tenterhook.db` is missing
    it is cut off: `blobs/31/3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83` is missing
    it is not a backup of Tenterhook
    it has format 2 and this program knows format 1: use the Tenterhook that made it, or a newer one
    it is damaged: `tenterhook-backup.json`: missing field `program`
    it is damaged: `blobs/31/3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83` is not what was backed up
    it is damaged: `blobs/31/3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83` is not what was backed up
    it has a file that is not of a backup: `lock`
    it has a file that is not of a backup: `../outside`
    it has a file that is not of a backup: `/tmp/outside`
    it has a file that is not of a backup: `blobs/31/3144f48b248306059ce87347a9a809c1d7a9fcd3c91e2c3dd00b45d94942be83`
    it has a file that is not of a backup: `tenterhook.db`
    database: file is not a database
    it is damaged: its database has other tables than those of version 3
    it is damaged: its database has other tables than those of version 3
    `tenterhook.db` is not a database of Tenterhook
    it is damaged: its database has other tables than those of version 1
    `tenterhook.db` has version 77 and this program knows versions up to 3: use a newer Tenterhook
    it is damaged: it has no module 0000000000000000000000000000000000000000000000000000000000000000, which a deployment names
    it is damaged: column `modules`: expected value at line 1 column 1
    ");
}

#[tokio::test]
async fn a_database_that_is_not_whole_is_refused() {
    let (dir, file) = sample().await;
    let mut files = files(&file);
    let mut database = files[1].1.clone();
    let end = database.len();
    database[end / 2..].fill(7);
    files = with_database(&files, database);
    let refusal = refusal(&dir, &packed(&files));
    assert!(refusal.starts_with("it is damaged: its database is not whole: "), "{refusal}");
}

#[tokio::test]
async fn a_backup_is_restored_to_an_empty_directory_only() {
    let (dir, file) = sample().await;
    let refused = |target: &Path| in_words(&restore(&file, target).unwrap_err().to_string(), &dir);
    assert_snapshot!(refused(&dir.path().join("data")), @"`DIR/data` is not empty: a backup is restored to a new or empty directory");
    assert_snapshot!(refused(&file), @"opening `DIR/backup.tar`: Not a directory (os error 20)");
    let missing = restore(&dir.path().join("none.tar"), &dir.path().join("new")).unwrap_err().to_string();
    assert_snapshot!(in_words(&missing, &dir), @"opening `DIR/none.tar`: No such file or directory (os error 2)");
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    restore(&file, &empty).unwrap();
    assert_eq!(ids(&open(&empty).unwrap()).await.len(), 3);
}
