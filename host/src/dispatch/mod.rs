//! Runs what is owed. Knows nothing of HTTP.

mod policy;
#[cfg(test)]
mod scheduler;
mod ticket;
mod worker;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};

pub use ticket::Ticket;

use crate::clock::Clock;
use crate::deploy::{ApplyError, Deployment, Registry};
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

    /// Places for `sessions` more, if so many may wait.
    ///
    /// # Errors
    /// As many wait as may.
    pub fn reserve(&self, _org: &Org, sessions: usize) -> Result<Places, Full> {
        let sessions = u32::try_from(sessions).map_err(|_| Full::Total)?;
        self.0.waiting.clone().try_acquire_many_owned(sessions).map(Places).map_err(|_| Full::Total)
    }

    /// As [`Handle::run`], for a delivery that is not kept: nothing of it is settled.
    pub fn run_unrecorded<H: Send + 'static>(
        &self,
        deployment: Arc<Deployment>,
        delivery: Delivery,
        held: H,
    ) -> Ticket {
        let (ticket, stub) = ticket::pair();
        let inner = self.0.clone();
        let session = async move {
            let Ok(slot) = inner.slots.clone().acquire_owned().await else { return };
            let run = worker::run(&inner, &deployment, &delivery).await;
            drop(slot);
            stub.answer(run.outcome);
            drop(held);
        };
        self.0.tasks.spawn_on(session, &self.0.guests);
        ticket
    }

    /// Runs one delivery of `deployment` as soon as a slot is free. The ticket gives the outcome before it is settled.
    /// `held` is what the delivery takes room in until its session has ended: its place, its event's body.
    pub fn run<H: Send + 'static>(&self, deployment: Arc<Deployment>, delivery: Delivery, held: H) -> Ticket {
        let (ticket, stub) = ticket::pair();
        let inner = self.0.clone();
        let session = async move {
            let Ok(slot) = inner.slots.clone().acquire_owned().await else { return };
            // What has not started when the host stops is run by the next start.
            if inner.tasks.is_stopping() {
                return;
            }
            let run = worker::run(&inner, &deployment, &delivery).await;
            drop(slot);
            worker::settle(&inner, &delivery, run, stub).await;
            drop(held);
        };
        self.0.tasks.spawn_on(session, &self.0.guests);
        ticket
    }

    /// Runs what earlier leases left owed, and says how much it was.
    ///
    /// # Errors
    /// The store failed.
    pub async fn resume(&self, registry: &Registry) -> crate::store::Result<usize> {
        let owed = self.0.ledger.claim(&self.0.lease, self.0.clock.now(), u32::MAX).await?;
        let count = owed.len();
        for delivery in owed {
            match registry.deployment(&delivery.event.org, delivery.deployment).await {
                Ok(deployment) => drop(self.run(deployment, delivery, ())),
                Err(ApplyError::Store(error)) => return Err(error),
                Err(error @ ApplyError::Invalid(_)) => worker::abandon(&self.0, &delivery, &error.to_string()).await,
            }
        }
        if count > 0 {
            info!(sessions = count, "resumed what an earlier run left owed");
        }
        Ok(count)
    }
}

/// What has no room for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The org's own backlog.
    Org,
    /// That of all orgs.
    Total,
}

/// Places in the backlog. They are given back when this is dropped.
#[derive(Debug)]
pub struct Places(OwnedSemaphorePermit);

impl Places {
    /// One of them; none when all are taken.
    pub fn take(&mut self) -> Option<Self> {
        self.0.split(1).map(Self)
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
