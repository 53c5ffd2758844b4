//! What handlers keep between events: the face of the store that guests work with.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::Result;
use crate::event::{Org, Timestamp};

/// A page looks at so many entries at the most, of which some may have expired.
pub const KV_SCAN: u32 = 10_000;

/// When there is no room, at most so many expired entries of the space make some.
pub(super) const RECLAIMED: u32 = 1_000;

/// What an entry takes beside its key and its value, in bytes: its row and its place in two indexes.
const ENTRY: u64 = 128;

/// Whose entries: a project's handlers share them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space {
    /// The tenant.
    pub org: Org,
    /// The project's name.
    pub project: Arc<str>,
}

/// A key and what is kept under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The exact bytes.
    pub value: Bytes,
    /// Grows with every change in the space.
    pub version: u64,
}

/// What is asked of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Puts a value in the place of what is there.
    Set {
        /// The value.
        value: Bytes,
        /// From then on it is not there; none for never.
        expires_at: Option<Timestamp>,
    },
    /// Removes what is there.
    Delete,
    /// Adds to a decimal integer, of 0 when there is none.
    Add {
        /// How much.
        delta: i64,
        /// As in `Set`; none leaves it as it is.
        expires_at: Option<Timestamp>,
    },
    /// As `Set`, if what is there has this version.
    Swap {
        /// The version; none expects that nothing is there.
        expected: Option<u64>,
        /// The value.
        value: Bytes,
        /// As in `Set`.
        expires_at: Option<Timestamp>,
    },
}

/// What a [`Change`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The value is kept, with this version.
    Set(u64),
    /// Whether there was something to remove.
    Deleted(bool),
    /// The sum.
    Sum(i64),
    /// Nothing: what is there is not what was expected.
    Conflict(Option<Entry>),
    /// Nothing: what is there is no decimal integer, or the sum does not fit.
    NotANumber(String),
    /// Nothing: the space has as many keys as it may.
    TooManyKeys,
    /// Nothing: the space has as many bytes as it may.
    TooManyBytes,
    /// Nothing: the org's spaces have as many bytes as they may together.
    TooManyBytesOfOrg,
}

/// What a space may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values, and 128 more for each entry.
    pub bytes: u64,
    /// The same of all spaces of its org together.
    pub bytes_of_org: u64,
}

/// A page of a space, in the order of the keys' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryQuery {
    /// Only keys that begin so.
    pub prefix: String,
    /// Only keys after this one.
    pub after: Option<String>,
    /// At most so many entries.
    pub limit: u32,
    /// At most so many bytes of keys and values, but one entry at the least.
    pub bytes: u64,
}

/// Some of a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// In the order of their keys' bytes.
    pub entries: Vec<Entry>,
    /// Where to go on: `after` of the next page. None at the end.
    pub next: Option<String>,
}

/// What handlers keep. What has expired by `now` is not there, removed or not.
#[async_trait]
pub trait Kv: Send + Sync {
    /// One entry.
    async fn get(&self, space: &Space, key: &str, now: Timestamp) -> Result<Option<Entry>>;

    /// Changes one entry, in one step, and answers when that is durable. Of what is changed at once, one comes after the other.
    ///
    /// # Errors
    /// [`super::Error::Unavailable`] when it cannot be made durable now.
    async fn change(&self, space: &Space, key: &str, change: Change, room: Room, now: Timestamp) -> Result<Changed>;

    /// A page.
    async fn list(&self, space: &Space, query: EntryQuery, now: Timestamp) -> Result<Entries>;

    /// What an org's spaces have together, in bytes, what has expired and is not removed yet among it.
    async fn bytes(&self, org: &Org) -> Result<u64>;

    /// Removes what expired by `now`, at most `budget` entries, and says how many.
    async fn expire(&self, now: Timestamp, budget: u32) -> Result<u32>;
}

/// An entry's bytes.
pub(super) fn weight(key: &str, value: &[u8]) -> u64 {
    ENTRY + (key.len() + value.len()) as u64
}

/// What is under a key and has not expired.
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) expires_at: Option<Timestamp>,
}

/// What is to be done to a key.
pub(super) enum Step {
    /// Keep this; the answer has the new version, or is the sum.
    Put { value: Bytes, expires_at: Option<Timestamp>, sum: Option<i64> },
    /// Remove what is there.
    Remove,
    /// Nothing.
    Answer(Changed),
}

/// What a change means for what was found. The same on every back end.
pub(super) fn step(change: Change, found: Option<Found>) -> Step {
    match change {
        Change::Set { value, expires_at } => Step::Put { value, expires_at, sum: None },
        Change::Delete if found.is_some() => Step::Remove,
        Change::Delete => Step::Answer(Changed::Deleted(false)),
        Change::Add { delta, expires_at } => add(delta, expires_at, found.as_ref()),
        Change::Swap { expected, value, expires_at } => {
            if found.as_ref().map(|found| found.entry.version) == expected {
                Step::Put { value, expires_at, sum: None }
            } else {
                Step::Answer(Changed::Conflict(found.map(|found| found.entry)))
            }
        }
    }
}

fn add(delta: i64, expires_at: Option<Timestamp>, found: Option<&Found>) -> Step {
    let refused = |text: String| Step::Answer(Changed::NotANumber(text));
    let there = match found {
        None => 0,
        Some(Found { entry, .. }) => match integer(&entry.value) {
            Some(number) => number,
            None => return refused(format!("the value of `{}` is not a decimal integer of 64 bits", entry.key)),
        },
    };
    let Some(sum) = there.checked_add(delta) else {
        return refused(format!("{there} and {delta} add up to more than 64 bits"));
    };
    let expires_at = expires_at.or_else(|| found.and_then(|found| found.expires_at));
    Step::Put { value: sum.to_string().into(), expires_at, sum: Some(sum) }
}

fn integer(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
