//! The file that master keys are in: for its owner's eyes only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::master::ParseError;
use super::{Error, MasterKeys};

/// The name of the file in a data directory, where no other place is configured.
pub const NAME: &str = "master.key";

/// Thousands of keys: whatever is larger is another file.
const MAX_BYTES: u64 = 256 << 10;

/// Why there are no master keys from a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{doing} the master key `{}`: {error}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Others may read it.
    #[error(
        "the master key `{}` is open to others than its owner (mode {mode:04o}): give it the mode 0600, and take it for known to \
         whoever could read it",
        path.display()
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It holds something else.
    #[error("the master key `{}`: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ParseError,
    },
    /// No key was made.
    #[error(transparent)]
    Seal(#[from] Error),
}

/// The keys of a file; none when there is no such file.
///
/// # Errors
/// It cannot be read, others may read it too, or it has no keys.
pub fn read(path: &Path) -> Result<Option<MasterKeys>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("opening", path, error)),
    };
    // Of the file that was opened, so that no other one is looked at.
    let found = file.metadata().map_err(|error| io_error("looking at", path, error))?;
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(FileError::Open { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| io_error("reading", path, error))?;
    let keys = text.parse().map_err(|error| FileError::Malformed { path: path.to_owned(), error })?;
    Ok(Some(keys))
}

/// Makes a file with one new key. It is durable when this ends: what the key seals must not outlive it.
///
/// # Errors
/// The file exists, or cannot be written.
pub fn create(path: &Path) -> Result<MasterKeys, FileError> {
    let keys = MasterKeys::generate()?;
    write_new(path, &keys).map_err(|error| io_error("writing", path, error))?;
    Ok(keys)
}

/// Puts these keys in the place of the file's, all at once.
///
/// # Errors
/// The file cannot be written; it is as it was then.
pub fn replace(path: &Path, keys: &MasterKeys) -> Result<(), FileError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = match fs::remove_file(&beside) {
        // What a run that was killed left.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => write_new(&beside, keys).and_then(|()| fs::rename(&beside, path)).and_then(|()| sync_parent(path)),
    };
    written.map_err(|error| io_error("writing", path, error))
}

fn write_new(path: &Path, keys: &MasterKeys) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(keys.to_text().as_bytes())?;
    file.sync_all()?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

fn io_error(doing: &'static str, path: &Path, error: io::Error) -> FileError {
    FileError::Io { doing, path: path.to_owned(), error }
}
