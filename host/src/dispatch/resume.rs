//! Runs what earlier starts left owed: claimed a page at a time, oldest first, as room appears.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{error, info, warn};

use super::places::Bounds;
use super::scheduler::Horizon;
use super::turn::{self, Turn};
use super::worker::{self, Session};
use super::{Handle, Inner, lease, timer};
use crate::deploy::{ApplyError, Deployment};
use crate::event::DeploymentId;
use crate::store::{self, Delivery, Error, weight};

/// How many are claimed at once.
const PAGE: u32 = 256;

/// A claimed event that is heavier than this, in bytes, is left to the store until it runs.
const HEAVY: u64 = 8 << 10;

/// How long to wait for a store that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// How many of those that were claimed may be in memory and wait for nothing but a slot: half of the backlog, so that senders
/// have the other half.
pub(super) fn room(bounds: Bounds) -> usize {
    bounds.half().total.clamp(PAGE as usize, tokio::sync::Semaphore::MAX_PERMITS)
}

impl Handle {
    /// Runs what earlier starts left owed, and from now on what is to be retried; keeps the lease. In the background, until the
    /// host stops: what is received meanwhile does not wait for it, but for sessions in lanes, which run in order.
    pub fn resume(&self) {
        let Self(inner) = self;
        inner.tasks.spawn(timer::run(inner.clone()));
        inner.tasks.spawn(lease::run(inner.clone()));
        inner.tasks.spawn(claim_all(inner.clone()));
    }
}

async fn claim_all(inner: Arc<Inner>) {
    let mut claimed = 0;
    let claiming = async {
        loop {
            match inner.claim().await {
                Ok(page) => {
                    claimed += page.count;
                    if page.is_last {
                        break;
                    }
                }
                Err(error) => {
                    warn!(%error, "failed to take over what an earlier start left owed; trying again in {PAUSE:?}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = claiming => {}
        // What was claimed and is not in memory yet is owed still.
        () = inner.tasks.stopping() => return,
    }
    if claimed > 0 {
        info!(sessions = claimed, "took over what an earlier start left owed");
    }
}

/// What a claim gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) count: usize,
    pub(super) is_last: bool,
}

/// The deployments of a page, or why they are not to be had.
type Loaded = HashMap<DeploymentId, Result<Arc<Deployment>, String>>;

impl Inner {
    /// Claims a page as soon as there is room for one.
    pub(super) async fn claim(self: &Arc<Self>) -> store::Result<Claimed> {
        let room = self.claims.clone().acquire_many_owned(PAGE).await;
        let mut room = room.expect("the semaphore is never closed");
        let page = self.store.ledger.claim(&self.lease, self.clock.now(), PAGE).await?;
        let (count, last) = (page.len(), page.last().map(|delivery| delivery.session));
        let mut loaded = Loaded::new();
        for delivery in page {
            self.load(&delivery, &mut loaded).await;
            self.adopt(delivery, &loaded, room.split(1)).await;
        }
        let is_last = count < PAGE as usize;
        // A lane may go on up to what is known to be its oldest.
        let horizon = match last.filter(|_| !is_last) {
            Some(last) => Horizon::UpTo(last),
            None => Horizon::All,
        };
        self.change(|state, now| state.scheduler.reach(horizon, now));
        Ok(Claimed { count, is_last })
    }

    /// Takes over a delivery that this process has owed anew, and that nobody is going to run yet.
    pub(super) async fn take_over(self: &Arc<Self>, delivery: Delivery) {
        let mut loaded = Loaded::new();
        self.load(&delivery, &mut loaded).await;
        self.adopt(delivery, &loaded, None).await;
    }

    /// `room` is there for one that an earlier start left.
    async fn adopt(self: &Arc<Self>, delivery: Delivery, loaded: &Loaded, room: Option<OwnedSemaphorePermit>) {
        let id = delivery.session;
        let place = self.backlog.force(&delivery.event.org);
        let waits_long = delivery.due > self.clock.now() || waits_for_others(&delivery, loaded);
        let is_heavy = weight::event(delivery.event.data.raw()) > HEAVY;
        let mut session = Session::new(delivery, place);
        session.is_claimed = room.is_some();
        // What waits for its time, or for others, is small, and must not keep those back that could run.
        session.room = room.filter(|_| !waits_long);
        if waits_long || is_heavy {
            session.slim();
        }
        match loaded.get(&session.delivery.deployment) {
            Some(Ok(deployment)) => {
                session.deployment = Some(deployment.clone());
                self.push(deployment, session).await;
            }
            Some(Err(reason)) => {
                let turn = self.change(|state, now| Turn::taken(self, state, id, now));
                worker::give_up(self, turn, session, reason.clone()).await;
            }
            // The host stops: it is owed still.
            None => {}
        }
    }

    /// Has a session wait for its turn. One that has ended a moment ago, and was driven again since, is let go first.
    async fn push(self: &Arc<Self>, deployment: &Deployment, mut session: Session) {
        loop {
            let id = session.delivery.session;
            let known = self.change(|state, now| {
                let held = self.held(&mut state.cpu, &deployment.org, now);
                let known = turn::entry(deployment, self.slots(&deployment.org), held, session, |entry| {
                    state.scheduler.push(entry, now)
                });
                known.map(|session| (session, state.brakes.get(&id).map(|brake| brake.settled())))
            });
            match known {
                None => return,
                Some((again, Some(settled))) => {
                    // It fails when the session is let go: that is what is waited for.
                    settled.await.ok();
                    session = again;
                }
                Some((_, None)) => return error!(session.id = %id, "a session is to run twice; it runs once"),
            }
        }
    }

    /// Loads a delivery's deployment, unless it is there; tries until the store says whether it is to be had, or the host
    /// stops.
    async fn load(&self, delivery: &Delivery, loaded: &mut Loaded) {
        let id = delivery.deployment;
        while !loaded.contains_key(&id) {
            let found = match self.registry.deployment(&delivery.event.org, id).await {
                Ok(deployment) => Ok(deployment),
                Err(ApplyError::Store(error @ Error::Conflict(_))) => Err(error.to_string()),
                Err(ApplyError::Store(error)) => {
                    warn!(deployment.id = %id, %error, "failed to load a deployment; trying again in {PAUSE:?}");
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => continue,
                        () = self.tasks.stopping() => return,
                    }
                }
                Err(error) => Err(format!("its deployment does not load any more: {error}")),
            };
            loaded.insert(id, found);
        }
    }
}

/// Whether a delivery may have to wait for others of its lane or of its trigger, though there are slots.
fn waits_for_others(delivery: &Delivery, loaded: &Loaded) -> bool {
    let deployment = loaded.get(&delivery.deployment).and_then(|found| found.as_ref().ok());
    let target = deployment.and_then(|deployment| deployment.target(&delivery.trigger));
    delivery.lane.is_some() || target.is_some_and(|(trigger, _)| trigger.max_concurrency.is_some())
}
