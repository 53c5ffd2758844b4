//! What handlers keep.

use std::ops::Bound;

use async_trait::async_trait;

use super::{Drawer, Memory, Slot};
use crate::event::{Org, Timestamp};
use crate::store::Result;
use crate::store::kv::{self, Change, Changed, Entries, Entry, EntryQuery, Found, Kv, Room, Space, Step};

#[async_trait]
impl Kv for Memory {
    async fn get(&self, space: &Space, key: &str, now: Timestamp) -> Result<Option<Entry>> {
        let state = self.state();
        let slot = state.spaces.get(space).and_then(|drawer| drawer.slots.get(key));
        Ok(slot.filter(|slot| slot.is_live(now)).map(|slot| slot.entry(key)))
    }

    async fn change(&self, space: &Space, key: &str, change: Change, room: Room, now: Timestamp) -> Result<Changed> {
        let mut state = self.state();
        let others = state.spaces.iter().filter(|(other, _)| other.org == space.org && *other != space);
        let others: u64 = others.map(|(_, drawer)| drawer.bytes()).sum();
        let drawer = state.spaces.entry(space.clone()).or_default();
        // Here what has expired is gone at once.
        drawer.slots.retain(|_, slot| slot.is_live(now));
        let found = drawer.slots.get(key).map(|slot| Found { entry: slot.entry(key), expires_at: slot.expires_at });
        Ok(match kv::step(change, found) {
            Step::Answer(answer) => answer,
            Step::Remove => {
                drawer.slots.remove(key);
                Changed::Deleted(true)
            }
            Step::Put { value, expires_at, sum } => {
                if let Some(full) = drawer.lacks(key, &value, room, others) {
                    return Ok(full);
                }
                drawer.version += 1;
                let version = drawer.version;
                drawer.slots.insert(key.to_owned(), Slot { value, version, expires_at });
                sum.map_or(Changed::Set(version), Changed::Sum)
            }
        })
    }

    async fn list(&self, space: &Space, query: EntryQuery, now: Timestamp) -> Result<Entries> {
        let state = self.state();
        let Some(drawer) = state.spaces.get(space) else { return Ok(Entries::default()) };
        let after = query.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let slots = drawer.slots.range::<str, _>((after, Bound::Unbounded));
        let mut matching = slots.filter(|(key, slot)| key.starts_with(&query.prefix) && slot.is_live(now));
        let mut page = Entries::default();
        let mut bytes = 0;
        for (key, slot) in matching.by_ref() {
            bytes += (key.len() + slot.value.len()) as u64;
            if page.entries.len() >= query.limit as usize || (bytes > query.bytes && !page.entries.is_empty()) {
                page.next = page.entries.last().map(|last| last.key.clone());
                break;
            }
            page.entries.push(slot.entry(key));
        }
        Ok(page)
    }

    async fn bytes(&self, org: &Org) -> Result<u64> {
        let state = self.state();
        Ok(state.spaces.iter().filter(|(space, _)| space.org == *org).map(|(_, drawer)| drawer.bytes()).sum())
    }

    async fn expire(&self, now: Timestamp, budget: u32) -> Result<u32> {
        let mut state = self.state();
        let mut removed = 0;
        for drawer in state.spaces.values_mut() {
            drawer.slots.retain(|_, slot| {
                let goes = removed < budget && !slot.is_live(now);
                removed += u32::from(goes);
                !goes
            });
        }
        Ok(removed)
    }
}

impl Drawer {
    /// What there is too little room for.
    fn lacks(&self, key: &str, value: &[u8], room: Room, others: u64) -> Option<Changed> {
        let there = self.slots.get(key).map(|slot| kv::weight(key, &slot.value));
        let (before, after) = (there.unwrap_or(0), kv::weight(key, value));
        if there.is_none() && self.slots.len() as u64 >= room.keys {
            return Some(Changed::TooManyKeys);
        }
        let bytes = self.bytes() - before + after;
        if after <= before {
            None
        } else if bytes > room.bytes {
            Some(Changed::TooManyBytes)
        } else {
            (others + bytes > room.bytes_of_org).then_some(Changed::TooManyBytesOfOrg)
        }
    }

    fn bytes(&self) -> u64 {
        self.slots.iter().map(|(key, slot)| kv::weight(key, &slot.value)).sum()
    }
}

impl Slot {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    fn entry(&self, key: &str) -> Entry {
        Entry { key: key.to_owned(), value: self.value.clone(), version: self.version }
    }
}
