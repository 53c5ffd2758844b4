//! The memory of all sandboxes together, and of each org's: whatever triggers may ask for, a host has only so much.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::event::Org;

/// What all sandboxes may hold, and what they hold. Clones share it.
#[derive(Clone)]
pub(super) struct Budget(Arc<Inner>);

struct Inner {
    total: Account,
    per_org: u64,
    orgs: Mutex<HashMap<Org, Weak<Account>>>,
}

/// Bytes that are held, of those that may be.
struct Account {
    held: AtomicU64,
    most: u64,
}

/// What one sandbox holds. It gives it back when it is dropped.
pub(super) struct Share {
    budget: Budget,
    org: Arc<Account>,
    held: u64,
}

/// Whose memory is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// The org's.
    Org,
    /// The host's.
    Host,
}

impl Budget {
    /// A budget of `total` bytes, of which an org may have `per_org`. For 0 bytes, half of the machine's memory; for an org, half
    /// of the total.
    pub(super) fn new(total: u64, per_org: u64) -> Self {
        let total = if total > 0 { total } else { machine() / 2 };
        let per_org = if per_org > 0 { per_org } else { total / 2 };
        Self(Arc::new(Inner { total: Account::new(total), per_org, orgs: Mutex::default() }))
    }

    /// An empty share for a sandbox of an org.
    pub(super) fn share(&self, org: &Org) -> Share {
        let mut orgs = self.0.orgs.lock().unwrap_or_else(PoisonError::into_inner);
        let account = orgs.get(org).and_then(Weak::upgrade).unwrap_or_else(|| {
            orgs.retain(|_, account| account.strong_count() > 0);
            let account = Arc::new(Account::new(self.0.per_org));
            orgs.insert(org.clone(), Arc::downgrade(&account));
            account
        });
        Share { budget: self.clone(), org: account, held: 0 }
    }
}

impl Share {
    /// Takes so many bytes more, or none.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), Exhausted> {
        if !self.org.take(bytes) {
            return Err(Exhausted::Org);
        }
        if !self.budget.0.total.take(bytes) {
            self.org.give(bytes);
            return Err(Exhausted::Host);
        }
        self.held += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.org.give(self.held);
        self.budget.0.total.give(self.held);
    }
}

impl Account {
    fn new(most: u64) -> Self {
        Self { held: AtomicU64::new(0), most }
    }

    fn take(&self, bytes: u64) -> bool {
        let more = |held: u64| held.checked_add(bytes).filter(|held| *held <= self.most);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What a machine is taken to have that does not say, in bytes.
const UNKNOWN: u64 = 4 << 30;

/// The memory of this machine in bytes, or of the container that the process is in.
fn machine() -> u64 {
    let read = |path: &str| std::fs::read_to_string(Path::new(path)).ok();
    let physical = read("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib * 1024)
    });
    // Without a bound it says `max`.
    let container = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse().ok());
    physical.unwrap_or(UNKNOWN).min(container.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_leaves_memory_to_others_and_gives_back_what_it_had() {
        let budget = Budget::new(100, 60);
        let (a, b) = (Org::from("a"), Org::from("b"));
        let (mut first, mut second, mut other) = (budget.share(&a), budget.share(&a), budget.share(&b));
        assert_eq!(first.take(40), Ok(()));
        assert_eq!(second.take(21), Err(Exhausted::Org));
        assert_eq!(second.take(20), Ok(()));
        assert_eq!(other.take(41), Err(Exhausted::Host));
        assert_eq!(other.take(40), Ok(()), "what was refused is not held");
        drop(first);
        assert_eq!(other.take(20), Ok(()));
        assert_eq!(second.take(40), Err(Exhausted::Host));
        drop(other);
        assert_eq!(second.take(40), Ok(()));
    }

    #[test]
    fn a_budget_that_is_not_said_is_the_machines() {
        let budget = Budget::new(0, 0);
        assert!(machine() >= 1 << 28, "{}", machine());
        assert_eq!((budget.0.total.most, budget.0.per_org), (machine() / 2, machine() / 4));
    }
}
