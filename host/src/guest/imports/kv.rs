//! `kv`: what the project's handlers keep between events.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::State;
use crate::event::Timestamp;
use crate::guest::bindings::kv::{self, Error};
use crate::store::{self, Change, Changed, EntryQuery, Kv, Room, Space};

/// What handlers may keep, and how much of it at once.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Calls of one session's attempt.
    pub calls: u32,
    /// A key, in bytes.
    pub key_bytes: usize,
    /// A value, in bytes.
    pub value_bytes: usize,
    /// Entries of a page.
    pub page_entries: u32,
    /// Keys and values of a page, in bytes.
    pub page_bytes: u64,
    /// Keys of a project.
    pub keys_per_project: u64,
    /// Keys and values of a project, in bytes, with 128 more for each entry.
    pub bytes_per_project: u64,
}

/// One project's entries, as a session that was granted them reaches them.
#[derive(Clone)]
pub struct Drawer {
    /// Where they are.
    pub store: Arc<dyn Kv>,
    /// Whose they are.
    pub space: Space,
    /// How much may be asked.
    pub config: Config,
    /// What all of the org's projects may keep together, in bytes.
    pub bytes_of_org: u64,
}

impl kv::Host for State {
    async fn get(&mut self, key: String) -> Result<Option<kv::Entry>, Error> {
        let (drawer, now) = self.ask(&key)?;
        let found = drawer.store.get(&drawer.space, &key, now).await;
        Ok(found.map_err(failed)?.map(entry))
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Result<u64, Error> {
        let (drawer, now) = self.ask(&key)?;
        let value = drawer.fitting(value)?;
        match drawer.change(&key, Change::Set { value, expires_at: end(now, ttl_ms) }, now).await? {
            Changed::Set(version) => Ok(version),
            other => Err(drawer.refused(other)),
        }
    }

    async fn delete(&mut self, key: String) -> Result<bool, Error> {
        let (drawer, now) = self.ask(&key)?;
        match drawer.change(&key, Change::Delete, now).await? {
            Changed::Deleted(there) => Ok(there),
            other => Err(drawer.refused(other)),
        }
    }

    async fn add(&mut self, key: String, delta: i64, ttl_ms: Option<u64>) -> Result<i64, Error> {
        let (drawer, now) = self.ask(&key)?;
        match drawer.change(&key, Change::Add { delta, expires_at: end(now, ttl_ms) }, now).await? {
            Changed::Sum(sum) => Ok(sum),
            other => Err(drawer.refused(other)),
        }
    }

    async fn compare_and_swap(
        &mut self,
        key: String,
        expected: Option<u64>,
        value: Vec<u8>,
        ttl_ms: Option<u64>,
    ) -> Result<kv::Swapped, Error> {
        let (drawer, now) = self.ask(&key)?;
        let value = drawer.fitting(value)?;
        match drawer.change(&key, Change::Swap { expected, value, expires_at: end(now, ttl_ms) }, now).await? {
            Changed::Set(version) => Ok(kv::Swapped::Done(version)),
            Changed::Conflict(there) => Ok(kv::Swapped::Conflict(there.map(entry))),
            other => Err(drawer.refused(other)),
        }
    }

    async fn list(&mut self, prefix: String, after: Option<String>, limit: u32) -> Result<kv::Page, Error> {
        let (drawer, now) = self.ask_any()?;
        drawer.config.check_length(&prefix)?;
        if limit == 0 {
            return Err(Error::Limit("a page has one entry at the least, and `limit` is 0".to_owned()));
        }
        let Config { page_entries, page_bytes, .. } = drawer.config;
        let query = EntryQuery { prefix, after, limit: limit.min(page_entries), bytes: page_bytes };
        let page = drawer.store.list(&drawer.space, query, now).await.map_err(failed)?;
        Ok(kv::Page { entries: page.entries.into_iter().map(entry).collect(), next: page.next })
    }
}

impl State {
    /// Counts a call about a key that is one.
    fn ask(&mut self, key: &str) -> Result<(Drawer, Timestamp), Error> {
        let asked = self.ask_any()?;
        if key.is_empty() {
            return Err(Error::Limit("a key is one byte long at the least, and this one is empty".to_owned()));
        }
        asked.0.config.check_length(key)?;
        Ok(asked)
    }

    /// Counts a call, which is one of those that the session may make.
    fn ask_any(&mut self) -> Result<(Drawer, Timestamp), Error> {
        self.calls.kv += 1;
        let drawer = self.job.grants.kv.clone().ok_or(Error::NotGranted)?;
        let most = drawer.config.calls;
        if self.calls.kv > u64::from(most) {
            return Err(Error::Limit(format!("an attempt makes at most {most} calls (guest.kv.calls)")));
        }
        let now = self.clock.now();
        Ok((drawer, now))
    }
}

impl Drawer {
    /// Whether a value is as short as it must be.
    fn fitting(&self, value: Vec<u8>) -> Result<Bytes, Error> {
        let (size, most) = (value.len(), self.config.value_bytes);
        if size > most {
            let text = format!("the value has {size} bytes, more than the limit of {most} (guest.kv.value_bytes)");
            return Err(Error::Limit(text));
        }
        Ok(value.into())
    }

    async fn change(&self, key: &str, change: Change, now: Timestamp) -> Result<Changed, Error> {
        let Config { keys_per_project: keys, bytes_per_project: bytes, .. } = self.config;
        let room = Room { keys, bytes, bytes_of_org: self.bytes_of_org };
        self.store.change(&self.space, key, change, room, now).await.map_err(failed)
    }

    /// What a change that was not made means.
    fn refused(&self, changed: Changed) -> Error {
        let Config { keys_per_project: keys, bytes_per_project: bytes, .. } = self.config;
        match changed {
            Changed::TooManyKeys => {
                Error::Limit(format!("the project keeps {keys} keys, as many as it may (guest.kv.keys_per_project)"))
            }
            Changed::TooManyBytes => {
                Error::Limit(format!("the project would keep more than {bytes} bytes (guest.kv.bytes_per_project)"))
            }
            Changed::TooManyBytesOfOrg => {
                let most = self.bytes_of_org;
                Error::Limit(format!(
                    "the org's projects would keep more than {most} bytes together (its quota `kv_bytes`)"
                ))
            }
            Changed::NotANumber(text) => Error::NotANumber(text),
            Changed::Set(_) | Changed::Deleted(_) | Changed::Sum(_) | Changed::Conflict(_) => {
                Error::Unavailable("the store answered another question than it was asked".to_owned())
            }
        }
    }
}

impl Config {
    fn check_length(&self, key: &str) -> Result<(), Error> {
        let (size, most) = (key.len(), self.key_bytes);
        if size > most {
            let text = format!("the key has {size} bytes, more than the limit of {most} (guest.kv.key_bytes)");
            return Err(Error::Limit(text));
        }
        Ok(())
    }
}

/// When what is kept from now on ends.
fn end(now: Timestamp, ttl_ms: Option<u64>) -> Option<Timestamp> {
    ttl_ms.map(|ttl| now.checked_add(Duration::from_millis(ttl)).unwrap_or(Timestamp::MAX))
}

fn entry(entry: store::Entry) -> kv::Entry {
    kv::Entry { key: entry.key, value: entry.value.into(), version: entry.version }
}

fn failed(error: store::Error) -> Error {
    Error::Unavailable(error.to_string())
}
