//! What [`crate::kv`] asks: a store of the thread, without limits. Nothing expires in it while the test runs, unless its time is 0.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::kv::{Entry, Error, Page, Swapped};

#[derive(Default)]
struct Store {
    version: u64,
    entries: BTreeMap<String, Entry>,
}

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

impl Store {
    fn put(&mut self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> u64 {
        self.version += 1;
        let entry = Entry { key: key.to_owned(), value: value.to_owned(), version: self.version };
        self.entries.insert(key.to_owned(), entry);
        if ttl_ms == Some(0) {
            self.entries.remove(key);
        }
        self.version
    }
}

pub(crate) fn get(key: &str) -> Result<Option<Entry>, Error> {
    STORE.with_borrow(|store| Ok(store.entries.get(key).cloned()))
}

pub(crate) fn set(key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<u64, Error> {
    STORE.with_borrow_mut(|store| Ok(store.put(key, value, ttl_ms)))
}

pub(crate) fn delete(key: &str) -> Result<bool, Error> {
    STORE.with_borrow_mut(|store| Ok(store.entries.remove(key).is_some()))
}

pub(crate) fn add(key: &str, delta: i64, ttl_ms: Option<u64>) -> Result<i64, Error> {
    STORE.with_borrow_mut(|store| {
        let there = match store.entries.get(key) {
            None => 0,
            Some(entry) => entry.text().and_then(|text| text.parse().ok()).ok_or_else(|| {
                Error::NotANumber(format!("the value of `{key}` is not a decimal integer of 64 bits"))
            })?,
        };
        let sum = i64::checked_add(there, delta);
        let sum = sum.ok_or_else(|| Error::NotANumber(format!("{there} and {delta} add up to more than 64 bits")))?;
        store.put(key, sum.to_string().as_bytes(), ttl_ms);
        Ok(sum)
    })
}

pub(crate) fn compare_and_swap(
    key: &str,
    expected: Option<u64>,
    value: &[u8],
    ttl_ms: Option<u64>,
) -> Result<Swapped, Error> {
    STORE.with_borrow_mut(|store| {
        let there = store.entries.get(key);
        if there.map(|entry| entry.version) != expected {
            return Ok(Swapped::Conflict(there.cloned()));
        }
        Ok(Swapped::Done(store.put(key, value, ttl_ms)))
    })
}

pub(crate) fn list(prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
    if limit == 0 {
        return Err(Error::Limit("a page has one entry at the least, and `limit` is 0".to_owned()));
    }
    STORE.with_borrow(|store| {
        let is_on_it = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let mut matching = store.entries.values().filter(|entry| is_on_it(&entry.key));
        let entries: Vec<_> = matching.by_ref().take(limit as usize).cloned().collect();
        let next = matching.next().and_then(|_| entries.last().map(|last| last.key.clone()));
        Ok(Page { entries, next })
    })
}
