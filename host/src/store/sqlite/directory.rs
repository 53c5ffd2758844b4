//! The directory that a store is kept in: private, durable, used by one process. Knows nothing of what is in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::store::{Error, Result};

/// Creates a directory, and those above it, for this user alone: what it will hold are other people's requests.
pub(super) fn create(dir: &Path) -> Result<()> {
    create_missing(dir).map_err(|err| unavailable("creating", dir, &err))?;
    if dir.is_dir() { Ok(()) } else { Err(Error::Conflict(format!("`{}` is not a directory", dir.display()))) }
}

fn create_missing(dir: &Path) -> io::Result<()> {
    if dir.exists() {
        return Ok(());
    }
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    create_missing(parent)?;
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    sync(parent)
}

/// Makes a directory's entries durable: a file whose entry is lost in a power cut is lost.
pub(super) fn sync(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// Takes the directory for this process. The system gives it back when the file is closed, however the process ends.
pub(super) fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = private().open(&path).map_err(|err| unavailable("opening", &path, &err))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Conflict(format!(
            "another process uses the data directory `{}`: stop it, or choose another directory",
            fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned()).display()
        ))),
        Err(TryLockError::Error(err)) => Err(unavailable("locking", &path, &err)),
    }
}

/// The database's file. SQLite gives the files beside it the same permissions.
pub(super) fn database(dir: &Path) -> Result<PathBuf> {
    let path = dir.join("tenterhook.db");
    private().open(&path).and_then(|_| sync(dir)).map_err(|err| unavailable("opening", &path, &err))?;
    Ok(path)
}

/// The log of a database.
pub(super) fn log(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Writes a file's bytes over themselves and syncs it, so that what can be read is what the disk has: after a failed sync it
/// need not be.
pub(super) fn rewrite(path: &Path) -> Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    file.and_then(|file| write_over(&file)).map_err(|err| unavailable("writing", path, &err))
}

fn write_over(mut file: &File) -> io::Result<()> {
    let mut piece = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        file.seek(SeekFrom::Start(at))?;
        let count = file.read(&mut piece)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else { return file.sync_all() };
        file.seek(SeekFrom::Start(at))?;
        file.write_all(read)?;
        at += count as u64;
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn unavailable(doing: &str, path: &Path, err: &io::Error) -> Error {
    Error::Unavailable(format!("{doing} `{}`: {err}", path.display()))
}
