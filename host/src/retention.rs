//! Removes from the history what is too old or too much, and what handlers kept for a time that is over, a little at a time:
//! what waits to be committed meanwhile waits for a few rows, not for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use tracing::{debug, warn};

use crate::clock::Clock;
use crate::event::{Org, Timestamp};
use crate::store::{self, Catalog, Expired, Expiry, History, Kv};
use crate::task::Tasks;

/// Between two rounds of one clearing: others commit meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// What is kept, and how it is cleared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Events that were received longer ago, in days, are removed; 0 keeps them however old they are.
    pub days: u32,
    /// What each org may keep, in bytes; 0 is as much as there is.
    pub bytes_per_org: u64,
    /// So many events, or entries of handlers, are removed in one commit at the most.
    pub budget: u32,
    /// How often it is looked for, in milliseconds.
    pub interval_ms: u64,
}

impl Config {
    fn expiry(&self, now: Timestamp) -> Expiry {
        let age = SignedDuration::from_hours(24 * i64::from(self.days));
        // Before time began nothing was received.
        let before = (self.days > 0).then(|| now.checked_sub(age).unwrap_or(Timestamp::MIN));
        let bytes = (self.bytes_per_org > 0).then_some(self.bytes_per_org);
        Expiry { before, bytes, bytes_of: BTreeMap::new(), now, budget: self.budget }
    }
}

/// What clears a history.
pub struct Keeper {
    /// What is kept.
    pub config: Config,
    /// What is cleared.
    pub history: Arc<dyn History>,
    /// Where handlers keep what ends.
    pub kv: Arc<dyn Kv>,
    /// Where records are that have a time.
    pub catalog: Arc<dyn Catalog>,
    /// What single orgs may keep in bytes, where that is something else.
    pub quotas: Box<dyn Fn() -> BTreeMap<Org, u64> + Send + Sync>,
    /// Tells the time.
    pub clock: Clock,
}

impl Keeper {
    /// Clears until the shutdown.
    pub async fn run(self, tasks: Tasks) {
        loop {
            let wait = match self.step().await {
                Ok(expired) if expired.more => PAUSE,
                Ok(_) => Duration::from_millis(self.config.interval_ms),
                Err(error) => {
                    warn!(%error, "failed to remove what is too old or too much");
                    Duration::from_millis(self.config.interval_ms)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    /// One round: a commit of each.
    async fn step(&self) -> store::Result<Expired> {
        let now = self.clock.now();
        let expiry = Expiry { bytes_of: (self.quotas)(), ..self.config.expiry(now) };
        let mut expired = self.history.expire(expiry).await?;
        self.catalog.remove_expired(now, self.config.budget).await?;
        let entries = self.kv.expire(now, self.config.budget).await?;
        expired.more |= entries == self.config.budget;
        if entries > 0 {
            debug!(entries, "removed what handlers kept for a time that is over");
        }
        if expired.events + expired.keys > 0 {
            debug!(events = expired.events, keys = expired.keys, "removed what was too old or too much");
        }
        Ok(expired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Event, EventId, EventType, Keep, Raw};
    use crate::store::{Change, NewEvent, Room, Space, Store, memory};

    const START: i64 = 1_800_000_000;

    fn keeper(store: &Store, days: u32, bytes_per_org: u64) -> Keeper {
        let config = Config { days, bytes_per_org, budget: 2, interval_ms: 1 };
        let clock = Clock::manual(Timestamp::from_second(START).unwrap());
        let (history, catalog) = (store.history.clone(), store.catalog.clone());
        Keeper { config, history, kv: store.kv.clone(), catalog, quotas: Box::new(BTreeMap::new), clock }
    }

    /// An event of this day.
    async fn receive(store: &Store, day: i64) {
        let received_at = Timestamp::from_second(START + day * 86_400).unwrap();
        let raw = Raw { method: "GET".to_owned(), ..Raw::default() };
        let event = Event {
            id: EventId::floor(received_at),
            org: "acme".into(),
            endpoint: "hook".into(),
            received_at,
            kind: EventType::of("GET"),
            data: Arc::new(Data::new(raw)),
            redispatched_from: None,
        };
        let lease = store.ledger.join(received_at, received_at).await.unwrap();
        let (verdicts, deliveries) = (Vec::new(), Vec::new());
        let new = NewEvent { event: Arc::new(event), key: None, keep: Keep::Full, verdicts, deliveries };
        store.ledger.accept(&lease, new).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_older_than_its_days_goes_in_rounds() {
        let store = memory::store();
        for day in 0..5 {
            receive(&store, day).await;
        }
        let keeper = keeper(&store, 2, 0);
        assert_eq!(keeper.step().await.unwrap().events, 0);
        keeper.clock.advance(Duration::from_secs(5 * 86_400));
        let rounds = [keeper.step().await.unwrap(), keeper.step().await.unwrap(), keeper.step().await.unwrap()];
        assert_eq!(rounds.map(|round| (round.events, round.more)), [(2, true), (1, false), (0, false)]);
    }

    #[tokio::test]
    async fn what_has_no_bound_is_kept() {
        let store = memory::store();
        receive(&store, 0).await;
        let keeper = keeper(&store, 0, 0);
        keeper.clock.advance(Duration::from_secs(86_400 * 36_500));
        assert_eq!(keeper.step().await.unwrap(), Expired::default());
    }

    #[tokio::test]
    async fn an_org_has_its_bytes() {
        let store = memory::store();
        for day in 0..5 {
            receive(&store, day).await;
        }
        let usage = store.history.usage(&"acme".into()).await.unwrap();
        let keeper = keeper(&store, 0, usage.bytes / 5 * 4);
        assert_eq!(keeper.step().await.unwrap(), Expired { events: 1, keys: 0, more: false });
    }

    #[tokio::test]
    async fn what_handlers_kept_for_a_time_goes_when_it_is_over() {
        let store = memory::store();
        let keeper = keeper(&store, 0, 0);
        let (space, room) =
            (Space { org: "acme".into(), project: "p".into() }, Room { keys: 9, bytes: 9_000, bytes_of_org: 9_000 });
        let now = keeper.clock.now();
        for key in ["a", "b", "c"] {
            let set = Change::Set { value: "v".into(), expires_at: Some(now + Duration::from_secs(1)) };
            store.kv.change(&space, key, set, room, now).await.unwrap();
        }
        assert!(!keeper.step().await.unwrap().more);
        keeper.clock.advance(Duration::from_secs(1));
        let rounds = [keeper.step().await.unwrap().more, keeper.step().await.unwrap().more];
        assert_eq!(rounds, [true, false]);
        assert_eq!(store.kv.expire(keeper.clock.now(), 9).await.unwrap(), 0);
    }
}
