//! What the environment says that no flag should: everybody on a machine sees the arguments of its processes.

use std::env::VarError;

use anyhow::bail;

use crate::seal::Zeroizing;

/// Master keys: see `host/docs/operating.md`.
pub(super) const MASTER_KEY: &str = "TENTERHOOK_MASTER_KEY";

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
