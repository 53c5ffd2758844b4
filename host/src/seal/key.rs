//! An org's key: what its secrets are sealed by.

use zeroize::Zeroizing;

use super::cipher::{self, KEY};
use super::{Error, Label};

/// A key that seals the secrets of one org. It is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct DataKey(pub(super) Zeroizing<[u8; KEY]>);

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self, Error> {
        cipher::random().map(Self)
    }

    /// Seals a value so that it opens as nothing but what `label` says.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn seal(&self, label: Label<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        cipher::seal(&self.0, &context(label), plain)
    }

    /// Opens what [`DataKey::seal`] gave for the same label.
    ///
    /// # Errors
    /// [`Error::Broken`].
    pub fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let broken = || Error::Broken(format!("the value of `{}` of the project `{}`", label.name, label.project));
        cipher::open(&self.0, &context(label), sealed).ok_or_else(broken)
    }
}

fn context(label: Label<'_>) -> Vec<u8> {
    let Label { org, project, name, version } = label;
    cipher::context("tenterhook value", &[org.as_bytes(), project.as_bytes(), name.as_bytes(), &version.to_le_bytes()])
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}
