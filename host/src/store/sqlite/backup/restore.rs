//! A backup as a data directory again. What is in the file is believed when it has been checked: it may be cut off,
//! damaged, or made to harm whoever restores it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tar::{Archive, Entry, EntryType};

use super::{BLOBS, Backup, CONTENTS, Contents, DATABASE, Error, FORMAT, Facts, Part, Result};
use super::{blob_name, copy, directory, facts, parent, read_only, schema, unavailable, version};

/// More than the list of a hundred thousand modules.
const CONTENTS_BYTES: u64 = 16 << 20;

/// Makes the data directory `data` of the backup `file`. The directory is new or empty; it is there when all of the
/// backup is in it, checked and on the disk, and until then not touched. Blocks the thread.
///
/// # Errors
/// `data` has something in it; the file is not a whole backup, or a newer version's; a file cannot be read or written.
pub fn restore(file: &Path, data: &Path) -> Result<Backup> {
    refuse_taken(data)?;
    let opened = File::open(file).map_err(|err| unavailable("opening", file, &err))?;
    let bytes = opened.metadata().map_err(|err| unavailable("opening", file, &err))?.len();
    let staging = staging(data)?;
    let contents = unpack(opened, staging.path())?;
    let facts = check(&staging.path().join(DATABASE), &contents)?;

    directory::create(parent(data))?;
    fs::rename(staging.path(), data).map_err(|err| match err.kind() {
        io::ErrorKind::CrossesDevices | io::ErrorKind::ResourceBusy => {
            let data = data.display();
            Error(format!("a file system is mounted at `{data}`: name a new directory below it"))
        }
        _ => unavailable("creating", data, &err),
    })?;
    // It has its name now, and stays.
    drop(staging.keep());
    directory::sync(parent(data)).map_err(|err| unavailable("writing", parent(data), &err))?;
    Ok(Backup { made_at: contents.made_at, bytes, modules: contents.modules.len(), owed: facts.owed })
}

fn refuse_taken(data: &Path) -> Result<()> {
    let taken = match fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_some(),
        Err(err) if err.kind() == io::ErrorKind::NotFound => false,
        Err(err) => return Err(unavailable("opening", data, &err)),
    };
    if taken {
        let data = data.display();
        return Err(Error(format!("`{data}` is not empty: a backup is restored to a new or empty directory")));
    }
    Ok(())
}

/// A directory of this user alone on the file system where `data` will be. It is removed unless it becomes that.
fn staging(data: &Path) -> Result<tempfile::TempDir> {
    let mut above = parent(data);
    while !above.exists() {
        above = parent(above);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tenterhook-restore-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(above).map_err(|err| unavailable("creating a directory in", above, &err))
}

/// Writes the parts of a backup below `dir`, each of which must be what the backup's first file says.
fn unpack(file: File, dir: &Path) -> Result<Contents> {
    let mut archive = Archive::new(BufReader::new(file));
    let mut entries = archive.entries().map_err(|_| not_a_backup())?;
    let contents = match entries.next() {
        Some(Ok(first)) => contents(first)?,
        Some(Err(_)) | None => return Err(not_a_backup()),
    };
    let mut expected: BTreeMap<PathBuf, Part> =
        contents.modules.iter().map(|module| (blob_name(module.sha256), *module)).collect();
    expected.insert(DATABASE.into(), contents.database);
    make_directory(&dir.join(BLOBS))?;
    for entry in entries {
        let mut entry = entry.map_err(cut_off)?;
        let name = entry.path().map_err(cut_off)?.into_owned();
        let Some(part) = expected.remove(&name).filter(|_| entry.header().entry_type() == EntryType::Regular) else {
            return Err(Error(format!("it has a file that is not of a backup: `{}`", name.display())));
        };
        unpack_part(&mut entry, &dir.join(&name), part, &name)?;
    }
    if let Some(missing) = expected.keys().next() {
        return Err(Error(format!("it is cut off: `{}` is missing", missing.display())));
    }
    sync_directories(dir)?;
    Ok(contents)
}

fn contents(mut entry: Entry<'_, impl io::Read>) -> Result<Contents> {
    let is_first = entry.path().is_ok_and(|name| name == Path::new(CONTENTS));
    if !is_first || entry.header().entry_type() != EntryType::Regular || entry.size() > CONTENTS_BYTES {
        return Err(not_a_backup());
    }
    let mut text = Vec::new();
    entry.read_to_end(&mut text).map_err(cut_off)?;
    if text.len() as u64 != entry.size() {
        return Err(Error(format!("it is cut off within `{CONTENTS}`")));
    }
    // Another format may have other fields.
    let described: serde_json::Value = serde_json::from_slice(&text).map_err(|err| unreadable(&err))?;
    match described.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => {
            let error = format!("it has format {format} and this program knows format {FORMAT}");
            return Err(Error(format!("{error}: use the Tenterhook that made it, or a newer one")));
        }
        None => return Err(not_a_backup()),
    }
    serde_json::from_value(described).map_err(|err| unreadable(&err))
}

fn unpack_part(entry: &mut impl io::Read, path: &Path, part: Part, name: &Path) -> Result<()> {
    make_directory(parent(path))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|err| unavailable("creating", path, &err))?;
    // One byte more than there may be tells a part that is too long, however long it says that it is.
    let copied = copy(&mut entry.take(part.bytes.saturating_add(1)), &mut file);
    let copied = copied.map_err(|err| match err.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other => cut_off(err),
        _ => unavailable("writing", path, &err),
    })?;
    if copied.bytes < part.bytes {
        return Err(Error(format!("it is cut off within `{}`", name.display())));
    }
    if copied != part {
        return Err(damaged(format!("`{}` is not what was backed up", name.display())));
    }
    file.sync_all().map_err(|err| unavailable("writing", path, &err))
}

fn make_directory(dir: &Path) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|err| unavailable("creating", dir, &err))
}

/// Makes the entries of a directory and of those below it durable.
fn sync_directories(dir: &Path) -> Result<()> {
    let entries = fs::read_dir(dir).map_err(|err| unavailable("reading", dir, &err))?;
    for entry in entries {
        let path = entry.map_err(|err| unavailable("reading", dir, &err))?.path();
        if path.is_dir() {
            sync_directories(&path)?;
        }
    }
    directory::sync(dir).map_err(|err| unavailable("writing", dir, &err))
}

/// The database is whole, of a version that this program knows, with that version's tables and nothing else, and names
/// no module that the backup does not have.
fn check(database: &Path, contents: &Contents) -> Result<Facts> {
    let conn = read_only(database)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    let version = version(&conn, Path::new(DATABASE))?;
    if objects(&conn)? != expected_objects(version)? {
        return Err(damaged(format!("its database has other tables than those of version {version}")));
    }
    let verdict: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(damaged(format!("its database is not whole: {verdict}")));
    }
    let facts = facts(&conn).map_err(damaged)?;
    let has = |digest| contents.modules.iter().any(|module| module.sha256 == digest);
    if let Some(missing) = facts.modules.iter().find(|digest| !has(**digest)) {
        return Err(damaged(format!("it has no module {missing}, which a deployment names")));
    }
    Ok(facts)
}

/// Tables, indexes, views and triggers, as they were written.
fn objects(conn: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let mut query = conn.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn expected_objects(version: usize) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let conn = Connection::open_in_memory()?;
    for step in schema::STEPS.iter().take(version) {
        conn.execute_batch(step)?;
    }
    objects(&conn)
}

fn not_a_backup() -> Error {
    Error("it is not a backup of Tenterhook".to_owned())
}

fn cut_off(err: io::Error) -> Error {
    Error(format!("it is cut off or damaged: {err}"))
}

fn unreadable(err: &serde_json::Error) -> Error {
    damaged(format!("`{CONTENTS}`: {err}"))
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error(format!("it is damaged: {what}"))
}
