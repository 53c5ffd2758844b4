//! `tenterhook secrets`: looks after the key that seals secrets. Needs the data directory to itself.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::json;

use super::keys;
use super::output::{self, count};
use crate::config::Config;
use crate::seal::{KeyId, MasterKeys, Vault, file};
use crate::store::sqlite;

/// What can be done with the master key.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a new master key, and seal the orgs' keys by it
    ///
    /// The server must be stopped. The old keys stay in the file, since earlier backups need them, until `--forget` takes them
    /// out. A key that is in the environment is changed there: put the new one before the old one, and restart the server.
    RotateMaster {
        /// The data directory
        #[arg(long, value_name = "DIR", default_value = ".tenterhook")]
        data: PathBuf,
        /// Keep no old key, once nothing in the data directory is sealed by it
        #[arg(long)]
        forget: bool,
        /// The server's file of settings
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Print what was done as JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a rotation did.
struct Rotated {
    master: KeyId,
    orgs: usize,
    others: usize,
    path: PathBuf,
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::RotateMaster { data, forget, config, json } = command;
    let config = Config::load(config.as_deref())?;
    let rotated = rotate(&data, &config.secrets.file(&data), forget).await?;
    let Rotated { master, orgs, others, path } = rotated;
    if json {
        let answer = json!({ "master": master.to_string(), "orgs": orgs, "old_keys": others, "file": path.display().to_string() });
        return output::print_json(&answer);
    }
    let kept = match others {
        0 => "it has no other key".to_owned(),
        others => format!("{} in it still open earlier backups", count(others, "older key")),
    };
    output::print(&format!(
        "The master key is {master} now, in `{}`; {kept}. The keys of {} are sealed by it. Keep a copy of the file.\n",
        path.display(),
        count(orgs, "org")
    ))
}

/// The new key is in the file before anything is sealed by it, and an old one leaves it after nothing is: wherever this
/// breaks off, the file opens everything.
async fn rotate(data: &Path, path: &Path, forget: bool) -> anyhow::Result<Rotated> {
    if keys::of_environment()?.is_some() {
        bail!(
            "the master key is in {}: put a new one before it there, with a comma between them, and restart the server",
            keys::VARIABLE
        );
    }
    if !data.is_dir() {
        bail!("`{}` is not a data directory: name it with `--data`", data.display());
    }
    // Also keeps a server from starting meanwhile.
    let store = sqlite::open(data).with_context(|| format!("opening the data directory `{}`", data.display()))?;
    let Some(old) = file::read(path)? else {
        bail!("there is no master key in `{}`: the server makes one when it starts", path.display());
    };
    // Before anything is changed: the old keys open what is there.
    Vault::new(old.clone(), store.keyring.clone()).rewrap().await.context("opening the orgs' keys")?;
    let masters = old.rotated()?;
    file::replace(path, &masters)?;
    let vault = Vault::new(masters.clone(), store.keyring.clone());
    let orgs = vault.rewrap().await.context("sealing the orgs' keys")?;
    let masters: MasterKeys = if forget { masters.only_first() } else { masters };
    if forget {
        file::replace(path, &masters)?;
    }
    Ok(Rotated { master: vault.master(), orgs, others: masters.ids().len() - 1, path: path.to_owned() })
}
