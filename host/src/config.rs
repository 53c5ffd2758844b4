//! Settings: `default.toml`, overridden by an operator's file.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use toml::{Table, Value};

use crate::quota::{self, Limits};
use crate::trigger::Limit;
use crate::{api, deploy, dispatch, guest, ingest, retention, seal, server};

/// Every setting, its default and its reason.
pub const DEFAULTS: &str = include_str!("../default.toml");

/// More threads than any machine has processors.
const MAX_THREADS: usize = 1024;

/// A memory of WebAssembly has pages of this size, in bytes, and at most so many that a 32-bit address finds its last byte.
const PAGE: u64 = 65_536;
const MAX_MEMORY: u64 = 4 << 30;

/// Less stack than this runs hardly any program, and as much as a thread has is more than any needs.
const MIN_STACK: usize = 64 << 10;
const MAX_STACK: usize = 8 << 20;

/// What the format of components allows in one.
const MAX_INSTANCES: u64 = 1_000;

/// A pool has room for so many elements in each of 16 tables of every sandbox, 16 bytes each.
const MAX_ELEMENTS: u64 = 10_000_000;

/// Each slot takes 16 GiB of address space, of which a process has 128 TiB.
const MAX_SLOTS: usize = 4096;

/// A shorter lease is late whenever the disk is slow for a moment.
const MIN_LEASE_MS: u64 = 3_000;

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What a sender may do.
    pub ingest: ingest::Config,
    /// How connections are served.
    pub http: server::Config,
    /// How the API is entered.
    pub api: api::Config,
    /// What may be deployed.
    pub deploy: deploy::Config,
    /// How much runs at once.
    pub dispatch: dispatch::Config,
    /// What is kept, and for how long.
    pub history: retention::Config,
    /// How secrets are kept.
    pub secrets: seal::Config,
    /// What a sandbox may take.
    pub guest: guest::Config,
    /// What an org may take of which no operator said anything.
    pub quota: quota::Config,
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

    /// What an org may take of which no operator said anything.
    pub fn limits(&self) -> Limits {
        let Self { deploy, dispatch, history, guest, quota, .. } = self;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Limits {
            events_per_second: (quota.events_per_second > 0).then_some(quota.events_per_second),
            burst: quota.burst,
            backlog: count(dispatch.backlog),
            sessions: count(dispatch.slots_per_org.min(dispatch.slots)),
            modules: quota.modules,
            module_bytes: deploy.module_bytes,
            modules_bytes: quota.modules_bytes,
            stored_bytes: (history.bytes_per_org > 0).then_some(history.bytes_per_org),
            log_bytes: guest.limits.log_bytes,
            cpu_seconds_per_minute: (quota.cpu_seconds_per_minute > 0).then_some(quota.cpu_seconds_per_minute),
            memory_bytes: guest.ceilings.memory,
            kv_bytes: quota.kv_bytes,
        }
    }

    fn check(&self) -> anyhow::Result<()> {
        let Self { ingest, http, dispatch, history, guest, quota, .. } = self;
        let at_least_one = [
            ("ingest.body_bytes", ingest.body_bytes == 0),
            ("ingest.read_timeout_ms", ingest.read_timeout_ms == 0),
            ("ingest.body_timeout_ms", ingest.body_timeout_ms == 0),
            ("http.connections", http.connections == 0),
            ("http.head_timeout_ms", http.head_timeout_ms == 0),
            ("http.http2_streams", http.http2_streams == 0),
            ("http.tls.handshake_timeout_ms", http.tls.handshake_timeout_ms == 0),
            ("http.tls.reload_ms", http.tls.reload_ms == 0),
            ("dispatch.timeout_ms", dispatch.timeout_ms == 0),
            ("history.budget", history.budget == 0),
            ("history.interval_ms", history.interval_ms == 0),
            ("dispatch.slots_per_org", dispatch.slots_per_org == 0),
            ("dispatch.interruptions", dispatch.interruptions == 0),
            ("guest.tick_ms", guest.tick_ms == 0),
            ("guest.compile.processes", guest.compile.processes == 0),
            ("guest.compile.timeout_ms", guest.compile.timeout_ms == 0),
            ("guest.modules.loaded", guest.modules.loaded == 0),
            ("guest.kv.page_entries", guest.kv.page_entries == 0),
            ("guest.outbound.at_once", guest.outbound.at_once == 0),
            ("guest.outbound.connections", guest.outbound.connections == 0),
            ("guest.outbound.connect_timeout_ms", guest.outbound.connect_timeout_ms == 0),
            ("guest.outbound.first_byte_timeout_ms", guest.outbound.first_byte_timeout_ms == 0),
            ("guest.outbound.idle_timeout_ms", guest.outbound.idle_timeout_ms == 0),
            ("quota.burst", quota.burst == 0),
        ];
        if let Some((name, _)) = at_least_one.iter().find(|(_, is_zero)| *is_zero) {
            bail!("`{name}` is 0: it must be at least 1");
        }
        let tls = &http.tls;
        if tls.certificate.as_os_str().is_empty() != tls.key.as_os_str().is_empty() {
            bail!("`http.tls.certificate` and `http.tls.key` go together: set both or none");
        }
        let threads = guest.threads;
        if threads > MAX_THREADS {
            bail!("`guest.threads` is {threads}: it must be at most {MAX_THREADS}, or 0 for one for each processor");
        }
        self.check_limits()?;
        if dispatch.lease_ms < MIN_LEASE_MS {
            bail!("`dispatch.lease_ms` is {}: it must be at least {MIN_LEASE_MS}", dispatch.lease_ms);
        }
        guest.outbound.policy().map_err(anyhow::Error::msg)?;
        self.api.oidc.check().map_err(anyhow::Error::msg)?;
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

    fn check_limits(&self) -> anyhow::Result<()> {
        let guest = &self.guest;
        let guest::Config { limits, ceilings, stack, .. } = guest;
        if !(MIN_STACK..=MAX_STACK).contains(stack) {
            bail!("`guest.stack` is {stack}: it must be between {MIN_STACK} and {MAX_STACK}");
        }
        if guest.long_threads > MAX_THREADS {
            bail!(
                "`guest.long_threads` is {}: it must be at most {MAX_THREADS}, or 0 for one for each processor",
                guest.long_threads
            );
        }
        for (section, memory) in [("limits", limits.memory), ("ceilings", ceilings.memory)] {
            if !(PAGE..=MAX_MEMORY).contains(&memory) {
                bail!("`guest.{section}.memory` is {memory}: it must be between {PAGE} and {MAX_MEMORY}");
            }
        }
        if ceilings.instances > MAX_INSTANCES {
            bail!("`guest.ceilings.instances` is {}: it must be at most {MAX_INSTANCES}", ceilings.instances);
        }
        if ceilings.table_elements > MAX_ELEMENTS {
            bail!("`guest.ceilings.table_elements` is {}: it must be at most {MAX_ELEMENTS}", ceilings.table_elements);
        }
        for limit in Limit::ALL {
            let (name, value, most) = (limit.setting(), limits.of(limit), ceilings.of(limit));
            if value == 0 {
                bail!("`guest.limits.{name}` is 0: it must be at least 1");
            }
            if value > most {
                bail!("`guest.limits.{name}` is {value}, more than `guest.ceilings.{name}`, which is {most}");
            }
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
            ("[guest]\ntick_ms = 0\n", "`guest.tick_ms` is 0: it must be at least 1"),
            (
                "[guest]\nthreads = 100000\n",
                "`guest.threads` is 100000: it must be at most 1024, or 0 for one for each processor",
            ),
            ("[guest.limits]\nmemory = 1\n", "`guest.limits.memory` is 1: it must be between 65536 and 4294967296"),
            (
                "[guest.limits]\ncpu_ms = 60001\n",
                "`guest.limits.cpu_ms` is 60001, more than `guest.ceilings.cpu_ms`, which is 60000",
            ),
            ("[guest.limits]\nhandles = 0\n", "`guest.limits.handles` is 0: it must be at least 1"),
            ("[guest.ceilings]\ninstances = 1001\n", "`guest.ceilings.instances` is 1001: it must be at most 1000"),
            ("[guest]\nstack = 0\n", "`guest.stack` is 0: it must be between 65536 and 8388608"),
            ("[dispatch]\nslots = 0\n", "`dispatch.slots` is 0: it must be between 1 and 4096"),
            ("[dispatch]\nslots_per_org = 0\n", "`dispatch.slots_per_org` is 0: it must be at least 1"),
            (
                "[guest.outbound]\nallow = [\"https://*\", \"api.example\"]\n",
                "`guest.outbound.allow`: `api.example` has no scheme: write a scheme, a host and perhaps a port: `https://api.github.com`",
            ),
            (
                "[guest.outbound]\nnetworks = [\"10.0.0.1/8\"]\n",
                "`guest.outbound.networks`: `10.0.0.1/8` names an address within the network: its bits after the first 8 are not 0",
            ),
            ("[dispatch]\nlease_ms = 10\n", "`dispatch.lease_ms` is 10: it must be at least 3000"),
        ];
        for (text, expected) in cases {
            assert_eq!(load(text).unwrap_err(), expected, "{text}");
        }
        let not_network = load("[http]\nproxies = [\"10.0.0.0/40\"]\n").unwrap_err();
        assert!(not_network.contains("`10.0.0.0/40` is not a network"), "{not_network}");
        let not_address = load("[http]\napi_listen = \"localhost\"\n").unwrap_err();
        assert!(not_address.contains("`localhost` is not where one can listen"), "{not_address}");
        let half = load("[http.tls]\nkey = \"a.pem\"\n").unwrap_err();
        assert_eq!(half, "`http.tls.certificate` and `http.tls.key` go together: set both or none");
        let wrong_type = load("[ingest]\nbody_bytes = \"a lot\"\n").unwrap_err();
        assert!(wrong_type.contains("body_bytes"), "{wrong_type}");
    }
}
