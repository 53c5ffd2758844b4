//! The SDKs, which this program carries: a handler is built with the one that fits its host.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Error, cache, files};

/// The files of one SDK, by their paths in it.
pub(in crate::cli) struct Sdk {
    /// Its folder in `guest-sdk`.
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) files: &'static [(&'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/carried.rs"));

impl Sdk {
    /// What tells one release's files from another's.
    pub(super) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for (name, text) in self.files {
            for part in [name.as_bytes(), text] {
                digest.update(part.len().to_le_bytes());
                digest.update(part);
            }
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Puts the SDK where tools can read it, in the user's cache folder, unless it is there, and gives its folder.
    ///
    /// # Errors
    /// There is no home folder, or it cannot be written.
    pub(super) fn unpack(&self) -> Result<PathBuf, Error> {
        let home = || Error::Failed("there is no home folder to keep the SDK in: set XDG_CACHE_HOME".to_owned());
        let folder = cache::folder().ok_or_else(home)?.join("sdk").join(format!("{}-{}", self.name, self.digest()));
        for (name, text) in self.files {
            let file = folder.join(name);
            // Somebody may have cleaned up half of it.
            if std::fs::read(&file).ok().as_deref() != Some(*text) {
                files::replace(&file, text).map_err(Error::Failed)?;
            }
        }
        Ok(folder)
    }

    /// Writes the SDK to a folder, as a package of its own.
    ///
    /// # Errors
    /// It cannot be written.
    pub(in crate::cli) fn write(&self, folder: &Path) -> Result<(), String> {
        self.files.iter().try_for_each(|(name, text)| {
            let file = folder.join(name);
            match std::str::from_utf8(text) {
                Ok(text) if name.ends_with("Cargo.toml") => files::write(&file, alone(text)),
                _ => files::write(&file, text),
            }
        })
    }
}

/// A crate's manifest without what it inherits from this repository's workspace.
fn alone(manifest: &str) -> String {
    let inherited = [
        // Before `version`, which is its end.
        ("rust-version.workspace = true", concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"")),
        ("version.workspace = true", concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")),
        ("edition.workspace = true", "edition = \"2024\""),
        ("license.workspace = true", concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\"")),
        ("repository.workspace = true", concat!("repository = \"", env!("CARGO_PKG_REPOSITORY"), "\"")),
        ("\n[lints]\nworkspace = true\n", ""),
    ];
    inherited.iter().fold(manifest.to_owned(), |text, (from, to)| text.replace(from, to))
}
