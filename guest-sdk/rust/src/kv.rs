//! What handlers keep between events: a small durable store, shared by all handlers of the project.
//!
//! ```
//! use tenterhook::{Event, Result, kv};
//!
//! #[tenterhook::handler]
//! fn on_order(_event: Event) -> Result<String> {
//!     let orders = kv::add("orders", 1)?;
//!     Ok(format!("order number {orders}"))
//! }
//! # assert_eq!(on_order(Event::fake().build()).unwrap(), "order number 1");
//! # assert_eq!(on_order(Event::fake().build()).unwrap(), "order number 2");
//! ```
//!
//! The project's manifest grants it with `kv: true`. Sessions run at once and are run again, so a value that depends on the one
//! before is written with [`add`], [`update`] or [`compare_and_swap`], not with [`get`] and [`set`].
//!
//! In a unit test each thread has a store of its own, empty at first.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

#[cfg(not(target_family = "wasm"))]
use crate::fake::kv as imp;

/// A key and what is kept under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The exact bytes.
    pub value: Vec<u8>,
    /// Grows with every change of any key of the project; what [`compare_and_swap`] compares.
    pub version: u64,
}

impl Entry {
    /// The value, when it is text.
    ///
    /// ```
    /// use tenterhook::kv;
    ///
    /// kv::set("name", "Ada")?;
    /// assert_eq!(kv::get("name")?.unwrap().text(), Some("Ada"));
    /// # Ok::<(), kv::Error>(())
    /// ```
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }

    /// The value as what its JSON says.
    ///
    /// ```
    /// use tenterhook::kv;
    ///
    /// kv::set("order", r#"{"id": 7}"#)?;
    /// let order: serde_json::Value = kv::get("order")?.unwrap().json()?;
    /// assert_eq!(order["id"], 7);
    /// # Ok::<(), tenterhook::Error>(())
    /// ```
    ///
    /// # Errors
    /// It is not JSON, or that of another type.
    pub fn json<T: DeserializeOwned>(&self) -> crate::Result<T> {
        Ok(serde_json::from_slice(&self.value)?)
    }
}

/// Some of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of their keys' bytes.
    pub entries: Vec<Entry>,
    /// Where to go on: `after` of the next page; none at the end.
    pub next: Option<String>,
}

/// What [`compare_and_swap`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// The version of what is there now.
    Done(u64),
    /// Nothing was changed; what is there, if anything.
    Conflict(Option<Entry>),
}

/// Why a call did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The manifest does not grant it.
    NotGranted,
    /// A key, a value, a number of calls or what the project keeps is more than it may be; the text names the limit.
    Limit(String),
    /// [`add`] met a value that is not a decimal integer, or the sum does not fit 64 bits.
    NotANumber(String),
    /// It cannot be done now: `?` asks for another attempt.
    Unavailable(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGranted => f.write_str("the manifest does not grant `kv`: add `kv: true`"),
            Self::Limit(text) | Self::NotANumber(text) | Self::Unavailable(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

/// What is under a key; none when nothing is, or its time is over.
///
/// ```
/// use tenterhook::kv;
///
/// kv::set("greeting", "hello")?;
/// assert_eq!(kv::get("greeting")?.unwrap().text(), Some("hello"));
/// assert_eq!(kv::get("farewell")?, None);
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn get(key: &str) -> Result<Option<Entry>, Error> {
    imp::get(key)
}

/// Puts a value in the place of what is there, for good. Gives its version.
///
/// ```
/// use tenterhook::kv;
///
/// let first = kv::set("state", "open")?;
/// assert!(kv::set("state", [0xff, 0x00])? > first);
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<u64, Error> {
    imp::set(key, value.as_ref(), None)
}

/// As [`set`], for a time.
///
/// ```
/// use std::time::Duration;
/// use tenterhook::kv;
///
/// kv::set_for(Duration::from_secs(3600), "token", "t0ken")?;
/// # assert_eq!(kv::get("token")?.unwrap().text(), Some("t0ken"));
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn set_for(ttl: Duration, key: &str, value: impl AsRef<[u8]>) -> Result<u64, Error> {
    imp::set(key, value.as_ref(), Some(millis(ttl)))
}

/// Removes what is there, and says whether anything was.
///
/// ```
/// use tenterhook::kv;
///
/// kv::set("draft", "")?;
/// assert_eq!((kv::delete("draft")?, kv::delete("draft")?), (true, false));
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn delete(key: &str) -> Result<bool, Error> {
    imp::delete(key)
}

/// Adds to a decimal integer, of 0 when there is none, in one step. What is there keeps its time.
///
/// ```
/// use tenterhook::kv;
///
/// assert_eq!((kv::add("orders", 5)?, kv::add("orders", -7)?), (5, -2));
/// kv::set("name", "Ada")?;
/// assert!(matches!(kv::add("name", 1), Err(kv::Error::NotANumber(_))));
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn add(key: &str, delta: i64) -> Result<i64, Error> {
    imp::add(key, delta, None)
}

/// As [`add`], and what is there is kept for a time from now on.
///
/// ```
/// use std::time::Duration;
/// use tenterhook::kv;
///
/// let requests = kv::add_for(Duration::from_secs(60), "requests", 1)?;
/// # assert_eq!(requests, 1);
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn add_for(ttl: Duration, key: &str, delta: i64) -> Result<i64, Error> {
    imp::add(key, delta, Some(millis(ttl)))
}

/// As [`set`], if what is there has the version `expected`; none expects that nothing is there.
///
/// ```
/// use tenterhook::kv::{self, Swapped};
///
/// // Of two sessions that take the same job, one has it.
/// assert!(matches!(kv::compare_and_swap("job", None, "ses_1")?, Swapped::Done(_)));
/// let Swapped::Conflict(Some(there)) = kv::compare_and_swap("job", None, "ses_2")? else { panic!("it is taken") };
/// assert_eq!(there.text(), Some("ses_1"));
/// assert!(matches!(kv::compare_and_swap("job", Some(there.version), "done")?, Swapped::Done(_)));
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn compare_and_swap(key: &str, expected: Option<u64>, value: impl AsRef<[u8]>) -> Result<Swapped, Error> {
    imp::compare_and_swap(key, expected, value.as_ref(), None)
}

/// As [`compare_and_swap`], for a time.
///
/// ```
/// use std::time::Duration;
/// use tenterhook::kv::{self, Swapped};
///
/// let lock = kv::compare_and_swap_for(Duration::from_secs(30), "lock", None, "mine")?;
/// assert!(matches!(lock, Swapped::Done(_)));
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn compare_and_swap_for(
    ttl: Duration,
    key: &str,
    expected: Option<u64>,
    value: impl AsRef<[u8]>,
) -> Result<Swapped, Error> {
    imp::compare_and_swap(key, expected, value.as_ref(), Some(millis(ttl)))
}

/// Puts what `next` makes of what is there in its place, and gives it. `next` is called again when another session was faster.
///
/// ```
/// use tenterhook::kv;
///
/// let longest = kv::update("longest", |there| there.map_or(0, <[u8]>::len).max(3).to_string().into_bytes())?;
/// # assert_eq!(longest, b"3");
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn update(key: &str, mut next: impl FnMut(Option<&[u8]>) -> Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut there = get(key)?;
    loop {
        let value = next(there.as_ref().map(|entry| &*entry.value));
        match compare_and_swap(key, there.as_ref().map(|entry| entry.version), &value)? {
            Swapped::Done(_) => return Ok(value),
            Swapped::Conflict(now) => there = now,
        }
    }
}

/// A page of the entries whose keys begin with `prefix`, after the key `after`: at most `limit`, and no more than the host gives at
/// once. [`entries`] goes through all pages.
///
/// ```
/// use tenterhook::kv;
///
/// for name in ["user/b", "user/a", "user/c"] {
///     kv::set(name, "")?;
/// }
/// let page = kv::list("user/", None, 2)?;
/// assert_eq!((&*page.entries[1].key, page.next.as_deref()), ("user/b", Some("user/b")));
/// assert_eq!(kv::list("user/", page.next.as_deref(), 2)?.next, None);
/// # Ok::<(), kv::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
    imp::list(prefix, after, limit)
}

/// All entries whose keys begin with `prefix`, in the order of their keys' bytes, read a page at a time.
///
/// ```
/// use tenterhook::kv;
///
/// kv::set("user/b", "Bea")?;
/// kv::set("user/a", "Ada")?;
/// for entry in kv::entries("user/") {
///     println!("{}", entry?.key);
/// }
/// # let keys: Vec<_> = kv::entries("user/").map(|entry| entry.unwrap().key).collect();
/// # assert_eq!(keys, ["user/a", "user/b"]);
/// # Ok::<(), kv::Error>(())
/// ```
pub fn entries(prefix: &str) -> impl Iterator<Item = Result<Entry, Error>> {
    const PAGE: u32 = 100;
    let prefix = prefix.to_owned();
    let mut read = Vec::new().into_iter();
    // Where to go on, until the end.
    let mut next = Some(None);
    std::iter::from_fn(move || {
        loop {
            if let Some(entry) = read.next() {
                return Some(Ok(entry));
            }
            let after: Option<String> = next.take()?;
            match list(&prefix, after.as_deref(), PAGE) {
                Ok(page) => {
                    read = page.entries.into_iter();
                    next = page.next.map(Some);
                }
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(target_family = "wasm")]
mod imp {
    use super::{Entry, Error, Page, Swapped};
    use crate::bindings::tenterhook::webhook::kv;

    pub(super) fn get(key: &str) -> Result<Option<Entry>, Error> {
        Ok(kv::get(key)?.map(entry))
    }

    pub(super) fn set(key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<u64, Error> {
        Ok(kv::set(key, value, ttl_ms)?)
    }

    pub(super) fn delete(key: &str) -> Result<bool, Error> {
        Ok(kv::delete(key)?)
    }

    pub(super) fn add(key: &str, delta: i64, ttl_ms: Option<u64>) -> Result<i64, Error> {
        Ok(kv::add(key, delta, ttl_ms)?)
    }

    pub(super) fn compare_and_swap(
        key: &str,
        expected: Option<u64>,
        value: &[u8],
        ttl_ms: Option<u64>,
    ) -> Result<Swapped, Error> {
        Ok(match kv::compare_and_swap(key, expected, value, ttl_ms)? {
            kv::Swapped::Done(version) => Swapped::Done(version),
            kv::Swapped::Conflict(there) => Swapped::Conflict(there.map(entry)),
        })
    }

    pub(super) fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
        let page = kv::list(prefix, after, limit)?;
        Ok(Page { entries: page.entries.into_iter().map(entry).collect(), next: page.next })
    }

    fn entry(entry: kv::Entry) -> Entry {
        Entry { key: entry.key, value: entry.value, version: entry.version }
    }

    impl From<kv::Error> for Error {
        fn from(error: kv::Error) -> Self {
            match error {
                kv::Error::NotGranted => Self::NotGranted,
                kv::Error::Limit(text) => Self::Limit(text),
                kv::Error::NotANumber(text) => Self::NotANumber(text),
                kv::Error::Unavailable(text) => Self::Unavailable(text),
            }
        }
    }
}
