//! Settings: `default.toml`, overridden by an operator's file.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use toml::{Table, Value};

use crate::{deploy, dispatch, guest, ingest, server};

/// Every setting, its default and its reason.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// Each slot takes 16 GiB of address space, of which a process has 128 TiB.
const MAX_SLOTS: usize = 4096;

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What a sender may do.
    pub ingest: ingest::Config,
    /// How connections are served.
    pub http: server::Config,
    /// What may be deployed.
    pub deploy: deploy::Config,
    /// How much runs at once.
    pub dispatch: dispatch::Config,
    /// What a sandbox may take.
    pub guest: guest::Config,
}

impl Config {
    /// The defaults, overridden by the file at `path` if there is one.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has a setting that does not exist or has a wrong type.
    pub fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let mut settings: Table = DEFAULTS.parse().context("reading the default settings")?;
        if let Some(path) = path {
            let shown = path.display();
            let text = std::fs::read_to_string(path).with_context(|| format!("reading the settings at `{shown}`"))?;
            let overrides: Table = text.parse().with_context(|| format!("reading the settings at `{shown}`"))?;
            overlay(&mut settings, overrides, "").with_context(|| format!("reading the settings at `{shown}`"))?;
        }
        let config: Self = settings.try_into().context("reading the settings")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let slots = self.dispatch.slots;
        if !(1..=MAX_SLOTS).contains(&slots) {
            bail!("`dispatch.slots` is {slots}: it must be between 1 and {MAX_SLOTS}");
        }
        if self.ingest.in_flight_bytes < self.ingest.body_bytes {
            bail!(
                "`ingest.in_flight_bytes` is less than `ingest.body_bytes`: no body of the full size could be received"
            );
        }
        Ok(())
    }
}

fn overlay(settings: &mut Table, overrides: Table, path: &str) -> anyhow::Result<()> {
    for (key, value) in overrides {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (settings.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => overlay(inner, value, &name)?,
            (Some(Value::Table(_)), _) => bail!("`{name}` is a section, not a single setting"),
            (Some(setting), value) => *setting = value,
            (None, _) => bail!("there is no setting `{name}`{}", suggestion(settings, &key)),
        }
    }
    Ok(())
}

fn suggestion(settings: &Table, key: &str) -> String {
    let nearest = settings.keys().min_by_key(|known| strsim::damerau_levenshtein(known, key));
    match nearest {
        Some(known) if strsim::damerau_levenshtein(known, key) <= 3 => format!("; did you mean `{known}`?"),
        _ => {
            let known: Vec<&str> = settings.keys().map(String::as_str).collect();
            format!("; there are: {}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path())).map_err(|error| error.root_cause().to_string())
    }

    #[test]
    fn defaults_are_complete_and_a_file_overrides_single_settings() {
        let defaults = Config::load(None).unwrap();
        let config = load("[guest.limits]\nmemory = 1048576\n").unwrap();
        assert_eq!(config.guest.limits.memory, 1 << 20);
        assert_eq!(config.guest.limits.log_bytes, defaults.guest.limits.log_bytes);
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("[guest.limits]\nmemry = 1\n", "there is no setting `guest.limits.memry`; did you mean `memory`?"),
            ("[gust]\n", "there is no setting `gust`; did you mean `guest`?"),
            ("guest = 1\n", "`guest` is a section, not a single setting"),
            ("[dispatch]\nslots = 0\n", "`dispatch.slots` is 0: it must be between 1 and 4096"),
        ];
        for (text, expected) in cases {
            assert_eq!(load(text).unwrap_err(), expected, "{text}");
        }
        let wrong_type = load("[ingest]\nbody_bytes = \"a lot\"\n").unwrap_err();
        assert!(wrong_type.contains("body_bytes"), "{wrong_type}");
    }
}
