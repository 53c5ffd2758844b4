//! A backup: one tar file with a snapshot of the database and the modules that it names. Made while a server runs.
//!
//! Its first file says what else is in it and by which digests, so that a part that is missing or changed is found.

mod restore;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

pub use restore::restore;

use super::{directory, row, schema};
use crate::event::{Digest, Timestamp};
use crate::store::catalog::ModuleItem;
use crate::store::{self, blob};

/// Why a backup was not made or not restored, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

/// What is answered here.
pub type Result<T> = std::result::Result<T, Error>;

/// The version of what follows; another one is refused.
const FORMAT: u32 = 1;

/// The names of the files in a backup, and below a data directory; modules are `blobs/ab/abcdef…` in both.
const CONTENTS: &str = "tenterhook-backup.json";
const DATABASE: &str = "tenterhook.db";
const BLOBS: &str = "blobs";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// When it was made.
    pub made_at: Timestamp,
    /// The size of its file.
    pub bytes: u64,
    /// How many modules are in it.
    pub modules: usize,
    /// Sessions that are owed: a server that is started on it runs them.
    pub owed: u64,
}

/// The first file of a backup.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    format: u32,
    /// The version of the program that made it.
    program: String,
    made_at: Timestamp,
    database: Part,
    modules: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    sha256: Digest,
    bytes: u64,
}

/// What a database says of itself.
struct Facts {
    modules: BTreeSet<Digest>,
    owed: u64,
}

/// Writes a backup of the data directory `data` to `file`, which appears when it is whole and on the disk. It holds all
/// that was committed when this began. Blocks the thread; needs room for the database twice beside `file`.
///
/// # Errors
/// `file` exists and shall not be replaced, or cannot be written; `data` is not a data directory, or a newer version's;
/// a module is damaged or missing.
pub fn backup(data: &Path, file: &Path, replace: bool, now: Timestamp) -> Result<Backup> {
    if !replace && file.symlink_metadata().is_ok() {
        return Err(exists(file));
    }
    let database = data.join(DATABASE);
    if !database.is_file() {
        let data = data.display();
        return Err(Error(format!("`{data}` is not a data directory: it has no `{DATABASE}`")));
    }
    let beside = parent(file);
    if !beside.is_dir() {
        return Err(Error(format!("there is no directory `{}`", beside.display())));
    }
    let snapshot = unfinished(beside)?;
    take_snapshot(&database, snapshot.path())?;
    let conn = read_only(snapshot.path())?;
    version(&conn, &database)?;
    let facts = facts(&conn)?;
    drop(conn);

    let modules = facts.modules.iter().map(|digest| module(data, *digest)).collect::<Result<Vec<Part>>>()?;
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let contents = Contents { format: FORMAT, program, made_at: now, database: part(snapshot.path())?, modules };
    let written = write(&contents, snapshot.path(), data, unfinished(beside)?);
    let written = written.map_err(|err| unavailable("writing a backup beside", file, &err))?;
    let bytes = written.as_file().metadata().map_err(|err| unavailable("reading", file, &err))?.len();
    persist(written, file, replace)?;
    directory::sync(beside).map_err(|err| unavailable("writing", beside, &err))?;
    Ok(Backup { made_at: now, bytes, modules: contents.modules.len(), owed: facts.owed })
}

/// Copies what is committed. Other connections read and write meanwhile.
fn take_snapshot(database: &Path, into: &Path) -> Result<()> {
    let into = std::path::absolute(into).map_err(|err| unavailable("finding", into, &err))?;
    let Some(into) = into.to_str() else {
        let into = into.display();
        return Err(Error(format!("`{into}` is not UTF-8, and SQLite writes to no such path: choose another")));
    };
    read_only(database)?.execute("VACUUM INTO ?1", [into])?;
    Ok(())
}

/// A module as it is kept, checked: a backup of a damaged one would be found out when it is too late.
fn module(data: &Path, digest: Digest) -> Result<Part> {
    let path = data.join(blob_name(digest));
    let found = match part(&path) {
        Ok(found) => found,
        Err(_) if !path.exists() => return Err(unsound(digest, "missing")),
        Err(error) => return Err(error),
    };
    if found.sha256 == digest { Ok(found) } else { Err(unsound(digest, "damaged")) }
}

fn unsound(digest: Digest, how: &str) -> Error {
    Error(format!("the module {digest} is {how}: deploy it again, then make the backup"))
}

fn write(contents: &Contents, snapshot: &Path, data: &Path, out: NamedTempFile) -> io::Result<NamedTempFile> {
    let mut tar = tar::Builder::new(BufWriter::new(out));
    let described = serde_json::to_vec_pretty(contents)?;
    let made_at = u64::try_from(contents.made_at.as_second()).unwrap_or(0);
    let header = |bytes: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(made_at);
        header
    };
    tar.append_data(&mut header(described.len() as u64), CONTENTS, described.as_slice())?;
    tar.append_data(&mut header(contents.database.bytes), DATABASE, File::open(snapshot)?)?;
    for module in &contents.modules {
        let name = blob_name(module.sha256);
        tar.append_data(&mut header(module.bytes), &name, File::open(data.join(&name))?)?;
    }
    let out = tar.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    out.as_file().sync_all()?;
    Ok(out)
}

/// Gives a whole backup its name.
fn persist(written: NamedTempFile, file: &Path, replace: bool) -> Result<()> {
    let persisted = if replace { written.persist(file) } else { written.persist_noclobber(file) };
    match persisted {
        Ok(_) => Ok(()),
        Err(err) if err.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(file)),
        Err(err) => Err(unavailable("writing", file, &err.error)),
    }
}

/// A file of this user alone, which is removed unless it is given a name.
fn unfinished(dir: &Path) -> Result<NamedTempFile> {
    let made = tempfile::Builder::new().prefix(".tenterhook-backup-").suffix(".tmp").tempfile_in(dir);
    made.map_err(|err| unavailable("creating a file in", dir, &err))
}

fn facts(conn: &Connection) -> Result<Facts> {
    let mut modules = BTreeSet::new();
    let mut query = conn.prepare("SELECT modules FROM deployments")?;
    let mut rows = query.query([])?;
    while let Some(found) = rows.next()? {
        let named: std::collections::BTreeMap<String, Digest> = row::json(found, "modules")?;
        modules.extend(named.into_values());
    }
    // Version 3 has those that were uploaded and are not deployed yet.
    if conn.table_exists(None, "records")? {
        let mut query = conn.prepare("SELECT body FROM records WHERE kind = 'module'")?;
        let mut rows = query.query([])?;
        while let Some(found) = rows.next()? {
            let uploaded: ModuleItem = row::json(found, "body")?;
            modules.insert(uploaded.component);
        }
    }
    let owed = conn.query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0))?;
    Ok(Facts { modules, owed })
}

/// The version of a database's tables, which this program must know.
fn version(conn: &Connection, path: &Path) -> Result<usize> {
    let (version, known): (usize, usize) =
        (conn.query_row("PRAGMA user_version", [], |row| row.get(0))?, schema::STEPS.len());
    let path = path.display();
    match version {
        0 => Err(Error(format!("`{path}` is not a database of Tenterhook"))),
        version if version > known => Err(Error(format!(
            "`{path}` has version {version} and this program knows versions up to {known}: use a newer Tenterhook"
        ))),
        version => Ok(version),
    }
}

fn read_only(database: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(conn)
}

/// The digest and the size of a file.
fn part(path: &Path) -> Result<Part> {
    let digested = File::open(path).and_then(|mut file| copy(&mut file, &mut io::sink()));
    digested.map_err(|err| unavailable("reading", path, &err))
}

/// Copies all of `from`, and says what it was.
fn copy(from: &mut impl io::Read, to: &mut impl Write) -> io::Result<Part> {
    let mut digested = Digested { sha256: Sha256::new(), to };
    let bytes = io::copy(from, &mut digested)?;
    let sha256 = format!("{:x}", digested.sha256.finalize());
    Ok(Part { sha256: sha256.parse().expect("a SHA-256 has 64 hexadecimal digits"), bytes })
}

/// Digests what is written.
struct Digested<'w, W> {
    sha256: Sha256,
    to: &'w mut W,
}

impl<W: Write> Write for Digested<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn blob_name(digest: Digest) -> PathBuf {
    Path::new(BLOBS).join(blob::name(digest))
}

/// The directory that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn exists(file: &Path) -> Error {
    Error(format!("`{}` exists: choose another name, or replace it with `--force`", file.display()))
}

fn unavailable(doing: &str, path: &Path, err: &io::Error) -> Error {
    Error(format!("{doing} `{}`: {err}", path.display()))
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self(match error {
            store::Error::Conflict(what)
            | store::Error::Unavailable(what)
            | store::Error::Corrupt(what)
            | store::Error::Backend(what) => what,
            store::Error::LeaseLost => error.to_string(),
        })
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        store::Error::from(error).into()
    }
}
