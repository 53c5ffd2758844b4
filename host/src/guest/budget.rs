//! What all sandboxes have together, and each org's: whatever triggers may ask for, a host has only so much memory, and only so
//! many places for sandboxes that take more of it than others.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Semaphore;

use crate::event::Org;

/// What all sandboxes may hold, and what they hold. Clones share it.
#[derive(Clone)]
pub(super) struct Budget(Arc<Inner>);

struct Inner {
    /// In what it is handed out: memory in WebAssembly's pages, which it grows by, places one by one.
    unit: u64,
    total: Account,
    per_org: u64,
    orgs: Mutex<HashMap<Org, Weak<Account>>>,
}

/// Units, handed out in the order in which they are waited for.
struct Account {
    free: Semaphore,
    most: u32,
}

/// What one sandbox holds. It gives it back when it is dropped.
pub(super) struct Share {
    budget: Budget,
    org: Arc<Account>,
    /// Units that it took.
    taken: u32,
    /// Those of them that the sandbox has not asked for yet.
    unused: u32,
}

/// What one sandbox holds for as long as it exists. It is part of its state, so that it is given back when the sandbox is gone, whoever
/// has stopped waiting for its end before.
pub(super) struct Held {
    /// Its memory.
    pub(super) memory: Share,
    /// Its place, if there are so few for its kind that they are counted.
    pub(super) place: Option<Share>,
}

/// Whose share is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// The org's.
    Org {
        /// What its sandboxes may hold together.
        most: u64,
    },
    /// The host's.
    Host {
        /// What all sandboxes may hold together.
        most: u64,
    },
}

impl Budget {
    /// A budget of `total` bytes, of which an org may have `per_org`. For 0 bytes, half of the machine's memory; for an org, half
    /// of the total.
    pub(super) fn of_memory(total: u64, per_org: u64) -> Self {
        let total = if total > 0 { total } else { machine() / 2 };
        let per_org = if per_org > 0 { per_org } else { total / 2 };
        Self::new(PAGE, total, per_org)
    }

    /// A budget of so many places, of which an org may have `per_org`; for 0, a quarter of them, since what waits keeps its place.
    pub(super) fn of_places(total: usize, per_org: usize) -> Self {
        let per_org = if per_org > 0 { per_org } else { total.div_ceil(4) };
        Self::new(1, total as u64, per_org as u64)
    }

    fn new(unit: u64, total: u64, per_org: u64) -> Self {
        let total = Account::new(units(total, unit));
        Self(Arc::new(Inner { unit, total, per_org, orgs: Mutex::default() }))
    }

    /// A share for a sandbox of an org with what it begins with, as soon as there is so much: a burst of large sandboxes waits rather than
    /// fails. What there never is is not waited for.
    pub(super) async fn share(&self, org: &Org, begins_with: u64) -> Share {
        let mut share = Share { budget: self.clone(), org: self.account(org), taken: 0, unused: 0 };
        let Inner { total, unit, .. } = &*self.0;
        let units = units(begins_with, *unit);
        if units == 0 || units > share.org.most.min(total.most) {
            return share;
        }
        // What is waited for is given back when this is dropped in between.
        if let Ok(org) = share.org.free.acquire_many(units).await
            && let Ok(total) = total.free.acquire_many(units).await
        {
            org.forget();
            total.forget();
            (share.taken, share.unused) = (units, units);
        }
        share
    }

    fn account(&self, org: &Org) -> Arc<Account> {
        let mut orgs = self.0.orgs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = orgs.get(org).and_then(Weak::upgrade) {
            return account;
        }
        orgs.retain(|_, account| account.strong_count() > 0);
        let account = Arc::new(Account::new(units(self.0.per_org, self.0.unit)));
        orgs.insert(org.clone(), Arc::downgrade(&account));
        account
    }
}

impl Share {
    /// Takes so much more, or nothing.
    pub(super) fn take(&mut self, amount: u64) -> Result<(), Exhausted> {
        let units = units(amount, self.budget.0.unit);
        let more = units.saturating_sub(self.unused);
        if more > 0 {
            let org =
                self.org.free.try_acquire_many(more).map_err(|_| Exhausted::Org { most: self.bytes(&self.org) })?;
            let total = &self.budget.0.total;
            let host = total.free.try_acquire_many(more).map_err(|_| Exhausted::Host { most: self.bytes(total) })?;
            org.forget();
            host.forget();
        }
        self.taken += more;
        self.unused = self.unused.saturating_sub(units);
        Ok(())
    }

    fn bytes(&self, account: &Account) -> u64 {
        u64::from(account.most).saturating_mul(self.budget.0.unit)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let taken = usize::try_from(self.taken).unwrap_or(usize::MAX);
        self.org.free.add_permits(taken);
        self.budget.0.total.free.add_permits(taken);
    }
}

impl Account {
    fn new(most: u32) -> Self {
        Self { free: Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS)), most }
    }
}

/// WebAssembly's page, in bytes.
const PAGE: u64 = 64 << 10;

fn units(amount: u64, unit: u64) -> u32 {
    u32::try_from(amount.div_ceil(unit)).unwrap_or(u32::MAX)
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
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[tokio::test]
    async fn an_org_leaves_memory_to_others_and_gives_back_what_it_had() {
        let budget = Budget::of_memory(100 * PAGE, 60 * PAGE);
        let (of_org, of_host) = (Exhausted::Org { most: 60 * PAGE }, Exhausted::Host { most: 100 * PAGE });
        let (a, b) = (Org::from("a"), Org::from("b"));
        let (mut first, mut second, mut other) =
            (budget.share(&a, 40 * PAGE).await, budget.share(&a, 0).await, budget.share(&b, 0).await);
        assert_eq!(first.take(40 * PAGE), Ok(()), "what it begins with");
        assert_eq!(second.take(21 * PAGE), Err(of_org));
        assert_eq!(second.take(20 * PAGE - 1), Ok(()));
        assert_eq!(first.take(1), Err(of_org));
        assert_eq!(other.take(41 * PAGE), Err(of_host));
        assert_eq!(other.take(40 * PAGE), Ok(()), "what was refused is not held");
        drop(first);
        assert_eq!(other.take(20 * PAGE), Ok(()));
        assert_eq!(second.take(40 * PAGE), Err(of_host));
        drop(other);
        assert_eq!(second.take(40 * PAGE), Ok(()));
    }

    #[tokio::test]
    async fn a_sandbox_waits_for_what_it_begins_with() {
        let (budget, org) = (Budget::of_memory(100 * PAGE, 100 * PAGE), Org::from("a"));
        let first = budget.share(&org, 60 * PAGE).await;
        let mut context = Context::from_waker(Waker::noop());
        let mut second = pin!(budget.share(&org, 60 * PAGE));
        assert!(second.as_mut().poll(&mut context).is_pending());
        drop(first);
        let Poll::Ready(mut second) = second.as_mut().poll(&mut context) else { panic!("there is room") };
        assert_eq!(second.take(60 * PAGE), Ok(()));
        let mut large = budget.share(&org, 101 * PAGE).await;
        assert!(large.take(101 * PAGE).is_err(), "what there never is is not waited for");
    }

    /// Whoever has its part of the places waits for its own, and stands in nobody's way.
    #[tokio::test]
    async fn two_orgs_that_take_what_they_can_leave_places_to_a_third() {
        let budget = Budget::of_places(8, 0);
        let [a, b, c] = ["a", "b", "c"].map(Org::from);
        let mut held = Vec::new();
        for org in [&a, &a, &b, &b] {
            held.push(budget.share(org, 1).await);
        }
        let mut context = Context::from_waker(Waker::noop());
        let (mut third_of_a, mut third_of_b) = (pin!(budget.share(&a, 1)), pin!(budget.share(&b, 1)));
        assert!(third_of_a.as_mut().poll(&mut context).is_pending());
        assert!(third_of_b.as_mut().poll(&mut context).is_pending());
        let mut of_c = pin!(budget.share(&c, 1));
        let Poll::Ready(of_c) = of_c.as_mut().poll(&mut context) else { panic!("four of eight are free") };
        assert_eq!(of_c.taken, 1);
        held.remove(0);
        assert!(third_of_b.as_mut().poll(&mut context).is_pending());
        let Poll::Ready(third_of_a) = third_of_a.as_mut().poll(&mut context) else { panic!("one of its own is free") };
        assert_eq!(third_of_a.taken, 1);
    }

    /// When others hold all of them, the one that has none is the next, however many wait of each of the others.
    #[tokio::test]
    async fn an_org_without_a_place_has_the_next_that_is_given_back() {
        let budget = Budget::of_places(4, 0);
        let mut held = Vec::new();
        for org in ["a", "b", "c", "d"] {
            held.push(budget.share(&org.into(), 1).await);
        }
        let mut context = Context::from_waker(Waker::noop());
        let (a, e) = (Org::from("a"), Org::from("e"));
        let mut waiting: Vec<_> = (0..10).map(|_| Box::pin(budget.share(&a, 1))).collect();
        assert!(waiting.iter_mut().all(|share| share.as_mut().poll(&mut context).is_pending()));
        let mut of_e = pin!(budget.share(&e, 1));
        assert!(of_e.as_mut().poll(&mut context).is_pending());
        held.remove(0);
        assert!(waiting.iter_mut().all(|share| share.as_mut().poll(&mut context).is_pending()));
        assert!(of_e.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn a_budget_that_is_not_said_is_the_machines() {
        let budget = Budget::of_memory(0, 0);
        assert!(machine() >= 1 << 28, "{}", machine());
        assert_eq!(budget.0.total.most, units(machine() / 2, PAGE));
        assert_eq!(budget.0.per_org, machine() / 4);
    }
}
