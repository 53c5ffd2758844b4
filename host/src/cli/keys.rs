//! Finds the master key where the operator has put it, or makes one when there is nothing yet that it could seal.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::environment;
pub(super) use super::environment::MASTER_KEY as VARIABLE;
use crate::seal::{Config, MasterKeys, file};
use crate::store::Keyring;

/// The keys of the environment; none when the variable is not set, or empty.
///
/// # Errors
/// The variable has something else.
pub(super) fn of_environment() -> anyhow::Result<Option<MasterKeys>> {
    let Some(text) = environment::secret(VARIABLE)? else { return Ok(None) };
    text.parse().map(Some).with_context(|| format!("reading the master key of {VARIABLE}"))
}

/// The keys of the environment or of the configured file. When there are none, and nothing is sealed yet, one is made
/// and told of in the log.
///
/// # Errors
/// The key is not usable, or it is not there and something is sealed by it.
pub(super) async fn find_or_make(config: &Config, data: &Path, keyring: &dyn Keyring) -> anyhow::Result<MasterKeys> {
    keep_out_of_git(data)?;
    if let Some(keys) = of_environment()? {
        return Ok(keys);
    }
    let path = config.file(data);
    if let Some(keys) = file::read(&path)? {
        return Ok(keys);
    }
    let sealed = keyring.org_keys().await.context("looking whether anything is sealed")?;
    if let Some(key) = sealed.first() {
        bail!(
            "there is no master key: `{}` is missing and {VARIABLE} is not set, and the secrets in `{}` are sealed by the key {}. \
             Put it back",
            path.display(),
            data.display(),
            key.master
        );
    }
    let keys = file::create(&path)?;
    tracing::info!(
        master = %keys.first().id(),
        "made a master key in `{}`: keep a copy of it apart from the backups, which cannot be read without it",
        path.display()
    );
    Ok(keys)
}

/// Has Git leave the data directory out: it often stands in a project's own, and neither its key nor what was received belongs into a
/// repository. A file that is there stays as it is.
fn keep_out_of_git(data: &Path) -> anyhow::Result<()> {
    let path = data.join(".gitignore");
    // One without a word is of a start that was cut off.
    if path.metadata().is_ok_and(|there| there.len() > 0) {
        return Ok(());
    }
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let written = file.and_then(|mut file| file.write_all(b"*\n").and_then(|()| file.sync_all()));
    written.with_context(|| format!("writing `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_leaves_a_data_directory_out_unless_somebody_says_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".gitignore");
        keep_out_of_git(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "*\n");
        std::fs::write(&path, "!master.key\n").unwrap();
        keep_out_of_git(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "!master.key\n");
    }
}
