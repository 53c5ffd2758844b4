//! Secrets as they are kept: sealed. Each org has a key of its own, which a master key wraps; the master key is not in the store.
//!
//! Knows nothing of what is sealed. All of it is functions of their arguments but [`mod@file`], which reads the master key, and
//! [`Vault`], which asks the store for orgs' keys.

mod cipher;
pub mod file;
mod key;
mod master;
mod vault;

#[cfg(test)]
mod tests;

pub use key::DataKey;
pub use master::{KeyId, MasterKey, MasterKeys};
pub use vault::Vault;
pub use zeroize::Zeroizing;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::event::Org;
use crate::store;

/// Where the master key is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Its file; empty for [`file::NAME`] in the data directory.
    pub key_file: PathBuf,
}

impl Config {
    /// The file of a server that keeps everything else in `data`.
    pub fn file(&self, data: &Path) -> PathBuf {
        if self.key_file.as_os_str().is_empty() { data.join(file::NAME) } else { self.key_file.clone() }
    }
}

/// What a sealed value is, and all that it must be opened as: a value that was moved to another row does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// Whose.
    pub org: &'a Org,
    /// The project's name.
    pub project: &'a str,
    /// The variable's name.
    pub name: &'a str,
    /// Counts the values that the name has had, so that an old one does not pass for a new one.
    pub version: u64,
}

/// Why a value is not sealed or opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The master key that wrapped it is not here.
    #[error(
        "it is sealed by the master key {wanted}, and there is {}: put that key back (see \"Keys\" in host/docs/operating.md)",
        known(there)
    )]
    KeyMissing {
        /// The key that it takes.
        wanted: KeyId,
        /// Those that are there.
        there: Vec<KeyId>,
    },
    /// The right key does not open it: it was changed, or it belongs somewhere else.
    #[error("{0} does not open: it was damaged, or it is not where it was sealed for")]
    Broken(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

fn known(there: &[KeyId]) -> String {
    match there {
        [] => "none here".to_owned(),
        [one] => format!("only {one} here"),
        several => format!("only {} here", several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
