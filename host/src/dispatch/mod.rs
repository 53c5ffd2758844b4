//! Runs what is owed. Knows nothing of HTTP.

mod policy;
mod ticket;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Semaphore;
use tracing::{info, warn};

pub use ticket::Ticket;

use crate::clock::Clock;
use crate::deploy::{Deployment, Registry};
use crate::event::Org;
use crate::guest;
use crate::observe::feed::Feed;
use crate::store::{Delivery, Lease, Ledger, Store};
use crate::task::Tasks;

/// How much runs, and how much may wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many sessions run at once.
    pub slots: usize,
    /// How many sessions may wait for a slot before senders are asked to come back later.
    pub backlog: usize,
    /// How long a handler may take when its trigger does not say, in milliseconds.
    pub timeout_ms: u64,
}

impl Config {
    /// How long a handler may take when its trigger does not say.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// What runs sessions. Clones share it.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    ledger: Arc<dyn Ledger>,
    lease: Lease,
    engine: guest::Engine,
    guests: tokio::runtime::Handle,
    tasks: Tasks,
    clock: Clock,
    feed: Feed,
    slots: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What a [`Handle`] works with.
pub struct Parts {
    /// Where outcomes are settled.
    pub store: Store,
    /// What this node owns.
    pub lease: Lease,
    /// What makes sandboxes.
    pub engine: guest::Engine,
    /// The runtime on which guests run, apart from the one that serves requests.
    pub guests: tokio::runtime::Handle,
    /// What a shutdown waits for.
    pub tasks: Tasks,
    /// Tells the time.
    pub clock: Clock,
    /// Hears of each session's end.
    pub feed: Feed,
}

impl Handle {
    /// A handle that runs nothing yet.
    pub fn new(config: &Config, parts: Parts) -> Self {
        let Parts { store, lease, engine, guests, tasks, clock, feed } = parts;
        let slots = Arc::new(Semaphore::new(config.slots));
        let waiting = Arc::new(Semaphore::new(config.slots.saturating_add(config.backlog)));
        Self(Arc::new(Inner { ledger: store.ledger, lease, engine, guests, tasks, clock, feed, slots, waiting }))
    }

    /// Whether `sessions` more may wait.
    pub fn has_room(&self, sessions: usize) -> bool {
        self.0.waiting.available_permits() >= sessions
    }

    /// Runs one delivery of `deployment` as soon as a slot is free. The ticket, when asked for its outcome, gives it
    /// before it is settled.
    pub fn run(&self, deployment: Arc<Deployment>, delivery: Delivery) -> Ticket {
        let (ticket, stub) = ticket::pair();
        let inner = self.0.clone();
        // Above the limit it waits all the same: it has been accepted.
        let place = self.0.waiting.clone().try_acquire_owned().ok();
        let session = async move {
            let Ok(_slot) = inner.slots.clone().acquire_owned().await else { return };
            worker::step(&inner, &deployment, &delivery, stub).await;
            drop(place);
        };
        self.0.tasks.spawn_on(session, &self.0.guests);
        ticket
    }

    /// Runs what earlier leases left owed, and says how much it was.
    ///
    /// # Errors
    /// The store failed.
    pub async fn resume(&self, org: &Org, registry: &Registry) -> crate::store::Result<usize> {
        let owed = self.0.ledger.claim(&self.0.lease).await?;
        let count = owed.len();
        for delivery in owed {
            match registry.deployment(org, delivery.deployment).await {
                Ok(deployment) => drop(self.run(deployment, delivery)),
                Err(error) => worker::abandon(&self.0, &delivery, &error.to_string()).await,
            }
        }
        if count > 0 {
            info!(sessions = count, "resumed what an earlier run left owed");
        }
        Ok(count)
    }
}

impl Inner {
    /// Settles until it is settled: a store that cannot now is asked again, a lease that is lost has another owner.
    async fn settle(&self, settlement: crate::store::Settlement) {
        use crate::store::Error;
        let mut wait = Duration::from_millis(50);
        loop {
            match self.ledger.settle(&self.lease, settlement.clone()).await {
                Ok(()) => return,
                Err(Error::Unavailable(reason)) => {
                    warn!(session.id = %settlement.session, reason, "settling the session again in {wait:?}");
                }
                Err(error @ (Error::LeaseLost | Error::Conflict(_) | Error::Corrupt(_) | Error::Backend(_))) => {
                    tracing::error!(session.id = %settlement.session, %error, "the session's outcome is not kept");
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_secs(5)),
                // What is not settled is owed still: the next start runs it again.
                () = self.tasks.stopping() => return,
            }
        }
    }
}
