//! The backlog: how many sessions may be owed in memory, of an org and of all. Who finds no place is refused before anything
//! is written.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::known::Known;
use crate::event::Org;

/// What has no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The org's own backlog.
    Org,
    /// That of all orgs.
    Total,
}

/// How many places there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) per_org: usize,
    pub(super) total: usize,
}

impl Bounds {
    /// Part of it, which leaves the rest to what senders bring.
    pub(super) fn half(self) -> Self {
        Self { per_org: (self.per_org / 2).max(1), total: (self.total / 2).max(1) }
    }
}

/// All places. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlog(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: AtomicUsize,
    orgs: Mutex<Known<Arc<AtomicUsize>>>,
    freed: Notify,
}

/// Places in the backlog. They are given back when this is dropped.
#[derive(Debug)]
pub struct Places {
    counts: Arc<Counts>,
    org: Arc<AtomicUsize>,
    count: usize,
}

impl Backlog {
    /// A place that is there, or that more than half of the backlog leaves; waits for it.
    pub(super) async fn wait(&self, bounds: Bounds, org: &Org) -> Places {
        loop {
            // Interest is registered before the look, so that what is freed between the two is heard of.
            let mut freed = std::pin::pin!(self.0.freed.notified());
            freed.as_mut().enable();
            if let Ok(places) = self.reserve(bounds.half(), org, 1) {
                return places;
            }
            freed.await;
        }
    }

    /// A place for what is owed whether there is one or not.
    pub(super) fn force(&self, org: &Org) -> Places {
        let unbounded = Bounds { per_org: usize::MAX, total: usize::MAX };
        match self.reserve(unbounded, org, 1) {
            Ok(places) => places,
            // There are not so many sessions as would fill it.
            Err(Full::Org | Full::Total) => Places { counts: self.0.clone(), org: Arc::default(), count: 0 },
        }
    }

    /// Places for so many, if they are there.
    pub(super) fn reserve(&self, bounds: Bounds, org: &Org, count: usize) -> Result<Places, Full> {
        let mut orgs = self.0.orgs.lock().unwrap_or_else(PoisonError::into_inner);
        let name = orgs.name(org, |taken| Arc::strong_count(taken) == 1);
        let org = orgs.get_mut(&name).cloned().unwrap_or_default();
        // Places are taken under the lock only, so what is free now stays so.
        if org.load(Ordering::Relaxed).saturating_add(count) > bounds.per_org {
            return Err(Full::Org);
        }
        if self.0.total.load(Ordering::Relaxed).saturating_add(count) > bounds.total {
            return Err(Full::Total);
        }
        org.fetch_add(count, Ordering::Relaxed);
        self.0.total.fetch_add(count, Ordering::Relaxed);
        Ok(Places { counts: self.0.clone(), org, count })
    }
}

impl Places {
    /// One of them; none when all are taken.
    pub fn take(&mut self) -> Option<Self> {
        self.count = self.count.checked_sub(1)?;
        Some(Self { counts: self.counts.clone(), org: self.org.clone(), count: 1 })
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if self.count > 0 {
            self.org.fetch_sub(self.count, Ordering::Relaxed);
            self.counts.total.fetch_sub(self.count, Ordering::Relaxed);
            self.counts.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_org_has_its_places_and_all_have_theirs() {
        let backlog = Backlog::default();
        let bounds = Bounds { per_org: 3, total: 4 };
        let (a, b): (Org, Org) = ("a".into(), "b".into());
        assert_eq!(backlog.reserve(bounds, &a, 4).err(), Some(Full::Org));
        let mut places = backlog.reserve(bounds, &a, 3).unwrap();
        assert_eq!(backlog.reserve(bounds, &a, 1).err(), Some(Full::Org));
        let of_b = backlog.reserve(bounds, &b, 1).unwrap();
        assert_eq!(backlog.reserve(bounds, &b, 1).err(), Some(Full::Total));
        let taken = places.take().unwrap();
        drop(places);
        assert_eq!(backlog.reserve(bounds, &a, 3).err(), Some(Full::Org));
        drop((taken, of_b));
        let forced = [(); 5].map(|()| backlog.force(&a));
        assert_eq!(backlog.reserve(bounds, &b, 1).err(), Some(Full::Total));
        drop(forced);
        assert!(backlog.reserve(bounds, &a, 3).is_ok());
        let mut none = backlog.reserve(bounds, &a, 0).unwrap();
        assert!(none.take().is_none());
    }

    #[tokio::test]
    async fn who_waits_for_a_place_hears_of_it() {
        let backlog = Backlog::default();
        let bounds = Bounds { per_org: 3, total: 4 };
        let org: Org = "a".into();
        let first = backlog.wait(bounds, &org).await;
        let mut second = std::pin::pin!(backlog.wait(bounds, &org));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        second.await;
    }
}
