//! Components that were built, by the hash of all that they were built from. A cache that fails only costs time.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::files;
use crate::clock::Clock;

/// What all of it may take, in bytes: some fifty components of Python's.
const MOST: u64 = 1 << 30;

/// What a component was built from.
pub(super) struct Key(Sha256);

impl Key {
    /// The key of nothing yet, for this release of the program.
    pub(super) fn new() -> Self {
        let mut key = Self(Sha256::new());
        key.add("tenterhook", env!("CARGO_PKG_VERSION"));
        key
    }

    /// One more thing that it was built from.
    pub(super) fn add(&mut self, name: &str, content: impl AsRef<[u8]>) {
        for part in [name.as_bytes(), content.as_ref()] {
            self.0.update(part.len().to_le_bytes());
            self.0.update(part);
        }
    }

    fn file(&self) -> Option<PathBuf> {
        let digest = self.0.clone().finalize();
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Some(folder()?.join("build").join(format!("{name}.wasm")))
    }
}

/// The user's cache folder for this program, as the XDG base directory specification has it; none without a home.
pub(super) fn folder() -> Option<PathBuf> {
    let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = set.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    Some(folder.join("tenterhook"))
}

/// The component that was built from just that.
pub(super) fn get(key: &Key) -> Option<Vec<u8>> {
    let file = key.file()?;
    let component = fs::read(&file).ok()?;
    // It is used, so it stays.
    if let Ok(file) = fs::File::options().append(true).open(&file) {
        let now = u64::try_from(Clock::system().now().as_microsecond()).unwrap_or_default();
        drop(file.set_modified(UNIX_EPOCH + Duration::from_micros(now)));
    }
    Some(component)
}

/// Keeps a component, and forgets those that were not used for longest when there is too much.
pub(super) fn put(key: &Key, component: &[u8]) {
    let Some(file) = key.file() else { return };
    if let Err(error) = files::replace(&file, component) {
        return tracing::warn!(error, "failed to keep a component in the cache");
    }
    let Some(folder) = file.parent() else { return };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut kept: Vec<_> = entries
        .filter_map(|entry| {
            let file = entry.metadata().ok()?;
            Some((file.modified().ok()?, file.len(), entry.path()))
        })
        .collect();
    kept.sort();
    let mut size: u64 = kept.iter().map(|(_, size, _)| size).sum();
    for (_, bytes, path) in kept {
        if size <= MOST {
            break;
        }
        size -= bytes;
        // Another build may have removed it.
        drop(fs::remove_file(path));
    }
}
