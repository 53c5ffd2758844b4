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

/// The named files of a folder of `guest-sdk`, with what is in them.
macro_rules! sdk {
    ($folder:literal: $($file:literal)*) => {
        Sdk {
            name: $folder,
            files: &[$(($file, include_bytes!(concat!("../../../../guest-sdk/", $folder, "/", $file)))),*],
        }
    };
}

pub(in crate::cli) const C: Sdk = sdk!("c":
    "README.md"
    "host.c"
    "tenterhook.h"
    "tenterhook_fake.c"
    "tenterhook_fake.h"
    "tenterhook_host.h"
    "text.c"
);

pub(in crate::cli) const GO: Sdk = sdk!("go":
    "README.md"
    "doc.go"
    "errors.go"
    "event.go"
    "fake.go"
    "go.mod"
    "host_other.go"
    "host_wasip1.go"
    "log.go"
    "payload.go"
    "response.go"
    "sbrk_wasip1.s"
    "source.go"
    "value.go"
);

pub(in crate::cli) const JS: Sdk = sdk!("js":
    "README.md"
    "package.json"
    "src/errors.js"
    "src/event.js"
    "src/fake.d.ts"
    "src/fake.js"
    "src/host.js"
    "src/index.d.ts"
    "src/index.js"
    "src/json.js"
    "src/log.js"
    "src/payload.js"
    "src/response.js"
    "src/runtime.js"
    "src/text.js"
    "src/value.js"
    "src/vars.js"
);

pub(in crate::cli) const PYTHON: Sdk = sdk!("python":
    "README.md"
    "pyproject.toml"
    "src/autokitteh/__init__.py"
    "src/autokitteh/py.typed"
    "src/tenterhook/__init__.py"
    "src/tenterhook/_call.py"
    "src/tenterhook/_entry.py"
    "src/tenterhook/_host.py"
    "src/tenterhook/_load.py"
    "src/tenterhook/_payload.py"
    "src/tenterhook/errors.py"
    "src/tenterhook/event.py"
    "src/tenterhook/fake.py"
    "src/tenterhook/log.py"
    "src/tenterhook/py.typed"
    "src/tenterhook/response.py"
    "src/tenterhook/value.py"
    "src/tenterhook/vars.py"
);

pub(in crate::cli) const RUST: Sdk = sdk!("rust":
    "Cargo.toml"
    "README.md"
    "macros/Cargo.toml"
    "macros/src/expand.rs"
    "macros/src/handler.world"
    "macros/src/lib.rs"
    "macros/src/name.rs"
    "macros/src/world.rs"
    "src/answer.rs"
    "src/arena.rs"
    "src/bindings.rs"
    "src/data.rs"
    "src/error.rs"
    "src/event.rs"
    "src/fake.rs"
    "src/fake/event.rs"
    "src/fake/payload.rs"
    "src/lazy.rs"
    "src/lib.rs"
    "src/log.rs"
    "src/response.rs"
    "src/rt.rs"
    "src/source.rs"
    "src/value.rs"
    "src/value/children.rs"
    "src/value/convert.rs"
    "src/value/show.rs"
    "src/vars.rs"
);

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
        ("version.workspace = true", concat!("version = \"", env!("CARGO_PKG_VERSION"), "\"")),
        ("edition.workspace = true", "edition = \"2024\""),
        ("rust-version.workspace = true", concat!("rust-version = \"", env!("CARGO_PKG_RUST_VERSION"), "\"")),
        ("license.workspace = true", concat!("license = \"", env!("CARGO_PKG_LICENSE"), "\"")),
        ("repository.workspace = true", concat!("repository = \"", env!("CARGO_PKG_REPOSITORY"), "\"")),
        ("\n[lints]\nworkspace = true\n", ""),
    ];
    inherited.iter().fold(manifest.to_owned(), |text, (from, to)| text.replace(from, to))
}
