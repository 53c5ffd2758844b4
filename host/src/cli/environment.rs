//! What the environment says that no flag should: everybody on a machine sees the arguments of its processes.

use std::env::VarError;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

use crate::seal::Zeroizing;

/// Master keys: see `host/docs/operating.md`.
pub(super) const MASTER_KEY: &str = "TENTERHOOK_MASTER_KEY";

/// An API token, for scripts that do not log in.
pub(super) const TOKEN: &str = "TENTERHOOK_TOKEN";

/// A secret of the environment; none when it is not set, or blank.
///
/// # Errors
/// It is not text.
pub(super) fn secret(name: &str) -> anyhow::Result<Option<Zeroizing<String>>> {
    #[expect(clippy::disallowed_methods, reason = "a flag would show the secret to all who list processes")]
    match std::env::var(name).map(Zeroizing::new) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => bail!("{name} is not text"),
    }
}

/// The folder in which this user's programs keep their settings.
///
/// # Errors
/// The environment does not say where.
pub(super) fn config_folder() -> anyhow::Result<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    folder.context("neither XDG_CONFIG_HOME nor HOME says where settings are kept")
}
