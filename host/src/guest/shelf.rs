//! Compiled modules on a disk: found by the module's digest, and trusted only when they are what was put there.
//!
//! A file is the machine code and, after it, a mark and a checksum over its key and the code. It is written under another
//! name and renamed, so it is there whole or not at all. All of it can be made again: losing it costs time only.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir};
use wasmtime::component::Component;

use super::code::{self, Kind};
use crate::clock::Clock;
use crate::event::Digest;

/// How a file's last 40 bytes begin. Its number changes with the form of the files.
const MARK: &[u8; 8] = b"thcwasm2";
const CHECKSUM: usize = 32;
const TRAILER: u64 = (MARK.len() + CHECKSUM) as u64;

/// How the names of files end, and of those that are being written.
const EXTENSION: &str = "cwasm";
const UNFINISHED: &str = ".part";

/// A directory of compiled modules.
pub(super) struct Shelf {
    folder: PathBuf,
    /// What else than the component decides what its code is: the engines' version and settings.
    engines: u64,
    /// The most that all files may have, in bytes.
    bytes: u64,
    clock: Clock,
    /// Removes the directory in the end, if it is nobody's.
    _temporary: Option<TempDir>,
}

/// The code of a module, in a file that is what was put there.
pub(super) struct Code {
    path: PathBuf,
    /// What it needs of an engine.
    pub(super) kind: Kind,
    /// Its size, in bytes.
    pub(super) size: u64,
}

impl Shelf {
    /// The files in `folder`, which is made if it is not there; without a folder, in one that is removed in the end. What other
    /// engines left there is removed.
    pub(super) fn open(folder: Option<&Path>, bytes: u64, clock: Clock) -> io::Result<Self> {
        let mut hasher = DefaultHasher::new();
        (MARK, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
        for kind in [Kind::Plain, Kind::Concurrent] {
            let engine = code::compiler(kind).map_err(io::Error::other)?;
            engine.precompile_compatibility_hash().hash(&mut hasher);
        }
        let (folder, temporary) = match folder {
            Some(folder) => (folder.to_owned(), None),
            None => {
                let temporary = TempDir::new()?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        fs::create_dir_all(&folder)?;
        let shelf = Self { folder, engines: hasher.finish(), bytes, clock, _temporary: temporary };
        shelf.remove_foreign()?;
        Ok(shelf)
    }

    /// A file to write code to, for [`Shelf::put`].
    pub(super) fn blank(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new().suffix(UNFINISHED).tempfile_in(&self.folder)
    }

    /// Keeps what was written to `code` as the code of a module, and gives its size in bytes. What was used longest ago makes room
    /// for it.
    pub(super) fn put(&self, digest: Digest, mut code: NamedTempFile) -> io::Result<u64> {
        let file = code.as_file_mut();
        file.rewind()?;
        let (size, checksum) = self.checksum(digest, &mut *file, u64::MAX)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(MARK)?;
        file.write_all(&checksum)?;
        file.set_modified(self.now())?;
        code.persist(self.path(digest))?;
        self.make_room(digest)?;
        Ok(size)
    }

    /// The code of a module; none when it is not there or is not what was put there.
    pub(super) fn find(&self, digest: Digest) -> Option<Code> {
        let path = self.path(digest);
        match self.verified(digest, &path) {
            Ok(Some((kind, size))) => Some(Code { path, kind, size }),
            Ok(None) => {
                tracing::warn!(module = %digest, file = %path.display(), "a compiled module is damaged; compiling it again");
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(module = %digest, %error, "failed to read a compiled module; compiling it again");
                None
            }
        }
    }

    /// Forgets the code of a module if it is there.
    pub(super) fn forget(&self, digest: Digest) {
        if self.path(digest).exists() {
            self.remove(digest);
        }
    }

    /// Forgets the code of a module.
    pub(super) fn remove(&self, digest: Digest) {
        if let Err(error) = fs::remove_file(self.path(digest)) {
            tracing::warn!(module = %digest, %error, "failed to remove a compiled module");
        }
    }

    /// The kind of the code and the size of the file if it is what was put there.
    fn verified(&self, digest: Digest, path: &Path) -> io::Result<Option<(Kind, u64)>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        let Some(code) = size.checked_sub(TRAILER) else { return Ok(None) };
        let (read, checksum) = self.checksum(digest, &mut file, code)?;
        let mut trailer = [0; TRAILER as usize];
        if read < code || file.read_exact(&mut trailer).is_err() {
            return Ok(None);
        }
        let (mark, expected) = trailer.split_at(MARK.len());
        if mark != MARK || expected != checksum {
            return Ok(None);
        }
        let mut last = [0; 1];
        file.seek(SeekFrom::Start(code.saturating_sub(1)))?;
        file.read_exact(&mut last)?;
        // When room is made, this tells what was used longest ago.
        file.set_modified(self.now())?;
        Ok(Kind::of(last[0]).map(|kind| (kind, size)))
    }

    /// How much of `file` there is, up to `most` bytes, and the checksum of that.
    fn checksum(&self, digest: Digest, file: &mut File, most: u64) -> io::Result<(u64, [u8; CHECKSUM])> {
        let mut hasher = Sha256::new();
        hasher.update(digest.to_string());
        hasher.update(self.engines.to_be_bytes());
        let mut piece = vec![0; 64 << 10];
        let mut read = 0;
        let mut file = file.take(most);
        loop {
            let count = file.read(&mut piece)?;
            if count == 0 {
                return Ok((read, hasher.finalize().into()));
            }
            read += count as u64;
            hasher.update(piece.get(..count).unwrap_or_default());
        }
    }

    fn now(&self) -> SystemTime {
        // A clock before 1970 is as good as one at its beginning.
        SystemTime::try_from(self.clock.now()).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn path(&self, digest: Digest) -> PathBuf {
        self.folder.join(format!("{digest}-{:016x}.{EXTENSION}", self.engines))
    }

    /// Removes what another version left, and what a crash left unfinished.
    fn remove_foreign(&self) -> io::Result<()> {
        let own = format!("-{:016x}.{EXTENSION}", self.engines);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let foreign = name.ends_with(EXTENSION) && !name.ends_with(&own);
            if foreign || name.ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes files, those first that were used longest ago, until the rest has room; never the one of `but`.
    fn make_room(&self, but: Digest) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // One that is gone meanwhile takes no room.
            if let Ok(file) = entry.metadata()
                && file.is_file()
            {
                files.push((file.modified()?, file.len(), entry.path()));
            }
        }
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        let kept = self.path(but);
        for (_, size, path) in files {
            if total <= self.bytes {
                break;
            }
            if path != kept && path.extension().is_some_and(|extension| extension == EXTENSION) {
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    // Others may have removed it.
                    Ok(()) | Err(_) => total -= size,
                }
            }
        }
        Ok(())
    }
}

/// What the engine says of bounds of its pool, and who has a say in them.
const BOUNDS: [(&str, &str); 7] = [
    (
        "core module instances, which",
        "the operator may allow more (guest.ceilings.instances), but for a component with `async` functions or WASI 0.3; or join them \
         to fewer",
    ),
    ("linear memories, which", "no handler may have more; join its modules to fewer"),
    ("tables, which", "no handler may have more; join its modules to fewer"),
    ("exceeds the per-instance limit of", "no handler may have more; split the module"),
    (
        "which exceeds the configured maximum of",
        "no handler may be larger; make it of fewer functions, globals and parts",
    ),
    ("has a minimum byte size of", "the operator may allow more (guest.ceilings.memory)"),
    ("has a minimum element size of", "the operator may allow more (guest.ceilings.table_elements)"),
];

impl Code {
    /// The component, for an engine of the code's kind.
    ///
    /// # Errors
    /// The engine does not take the code: its settings allow less than the component needs, in words.
    pub(super) fn load(&self, engine: &wasmtime::Engine) -> Result<Component, String> {
        #[expect(
            unsafe_code,
            reason = "machine code cannot be checked; this is code that an engine of this program made"
        )]
        // SAFETY: the file's checksum is that of a file which `put` wrote, of code that this program compiled, and the directory
        // is the host's own. Files are never changed once they have their name.
        let component = unsafe { Component::deserialize_file(engine, &self.path) };
        component.map_err(|error| explain(error.root_cause().to_string()))
    }
}

/// What the engine says of a component that is larger than a place of its pool, which it has no types for, and who has a say in
/// that.
fn explain(said: String) -> String {
    let who = BOUNDS.iter().find_map(|(words, who)| said.contains(words).then_some(who));
    who.map(|who| format!("{said}: {who}")).unwrap_or(said)
}
