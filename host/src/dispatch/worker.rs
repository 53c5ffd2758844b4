//! One session's turn: from what is owed to what is settled.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{error, warn};

use super::policy::{self, Terms};
use super::settle::Settled;
use super::ticket::{End, Stub};
use super::turn::Turn;
use super::{Inner, Places};
use crate::deploy::{ApplyError, Deployment};
use crate::event::{Data, Event, Raw, Timestamp};
use crate::guest::{Job, Run, Tenant};
use crate::store::{Delivery, Error, Next};
use crate::trigger::{Limits, Trigger};

/// A session that could not begin for want of the store is begun again after so long.
const PAUSE: Duration = Duration::from_secs(1);

/// A session that is suspected to end the host is run so often at the most before it is given up, each time without another such
/// one.
const ALONE: u32 = 2;

/// Of those that are suspected, one begins after so long.
const SPACE: Duration = Duration::from_millis(20);

/// A session that is owed, as it waits and as it runs.
pub(super) struct Session {
    pub(super) delivery: Delivery,
    /// Whether the delivery's event is as it was received. Otherwise the store has its payload, and memory does not.
    is_whole: bool,
    /// None when it is to be found when the session runs.
    pub(super) deployment: Option<Arc<Deployment>>,
    /// Who waits for the first attempt's outcome.
    pub(super) stub: Option<Stub>,
    /// What is settled when it ends; nothing is of an event of which nothing is kept.
    pub(super) is_recorded: bool,
    /// Whether an earlier start left it: it may be what ended that one.
    pub(super) is_claimed: bool,
    /// The room that one which was claimed has until it has run, or waits for its time.
    pub(super) room: Option<OwnedSemaphorePermit>,
    /// What it takes room in.
    held: Box<dyn Send>,
}

/// What a session needs to run.
struct Ready {
    deployment: Arc<Deployment>,
    event: Arc<Event>,
    /// Of one that is suspected to end the host.
    alone: Option<OwnedSemaphorePermit>,
}

/// Why a session does not run.
enum Unready {
    /// It never will.
    Hopeless(String),
    /// It may when the store can be asked again.
    Later(Error),
    /// It may then: another one that is suspected runs.
    Behind(Timestamp),
    /// It is not this process's to run.
    Lost,
}

impl Session {
    pub(super) fn new<H: Send + 'static>(delivery: Delivery, held: H) -> Self {
        Self {
            delivery,
            is_whole: true,
            deployment: None,
            stub: None,
            is_recorded: true,
            is_claimed: false,
            room: None,
            held: Box::new(held),
        }
    }

    /// Leaves the payload to the store, which has it as long as the session is owed.
    pub(super) fn slim(&mut self) {
        let data = Arc::new(Data::new(Raw::default()));
        self.delivery.event = Arc::new(Event { data, ..(*self.delivery.event).clone() });
        self.is_whole = false;
    }

    /// Waits for a further attempt: small, and with a place only for itself.
    fn rest(&mut self, due: Timestamp, place: Places) {
        self.delivery.attempt += 1;
        self.delivery.due = due;
        self.delivery.interruptions = 0;
        self.deployment = None;
        self.held = Box::new(place);
        self.room = None;
        self.slim();
    }
}

/// Runs a session that has begun, and settles what came of it.
pub(super) async fn work(inner: Arc<Inner>, mut turn: Turn, mut session: Session) {
    let mut ready = match ready(&inner, &mut session).await {
        Ok(ready) => ready,
        Err(Unready::Lost) => {
            return warn!(session.id = %turn.id, "a session is not owed to this process any more; it does not run here");
        }
        Err(Unready::Later(error)) => {
            warn!(session.id = %turn.id, %error, "a session cannot begin; trying again in {PAUSE:?}");
            let due = inner.clock.now().checked_add(PAUSE).unwrap_or(Timestamp::MAX);
            return turn.again(due, session);
        }
        Err(Unready::Behind(due)) => return turn.again(due, session),
        Err(Unready::Hopeless(reason)) => return give_up(&inner, turn, session, reason).await,
    };
    turn.alone = ready.alone.take();
    let Some((trigger, module)) = ready.deployment.target(&session.delivery.trigger) else {
        let reason = format!("its deployment has no trigger `{}`", session.delivery.trigger);
        return give_up(&inner, turn, session, reason).await;
    };
    let mut job = job(&inner, &ready, trigger, &session.delivery);
    let (waiting, end) = session.stub.take().map(Stub::split).unzip();
    job.grants.reply = waiting.filter(|_| trigger.is_sync);
    let run = inner.engine.run_until(module, job, &inner.clock, turn.brake.pulled()).await;
    turn.finish(run.cpu);
    settle(&inner, turn, session, end, trigger, run).await;
}

/// Tells who waits for the outcome, settles it, and either ends the session or lets it wait for a further attempt.
async fn settle(inner: &Arc<Inner>, turn: Turn, mut session: Session, end: Option<End>, trigger: &Trigger, run: Run) {
    let delivery = &session.delivery;
    let terms = Terms { is_sync: trigger.is_sync, retry: &trigger.retry };
    let dice = policy::dice(delivery.session, delivery.attempt);
    let end = end.filter(End::is_awaited);
    if !session.is_recorded {
        if let (Some(end), Some(outcome)) = (end, run.outcome) {
            end.answer(outcome);
        }
        return;
    }
    let answer = end.and_then(|end| Some((end, run.outcome.clone()?)));
    let settlement = policy::settle(delivery, run, terms, dice);
    if let Some((end, outcome)) = answer {
        end.answer(outcome);
    }
    let again = match settlement.next {
        Next::Again { due } => Some(due),
        Next::Ended { .. } => None,
    };
    if inner.settle(delivery, settlement).await == Settled::Done
        && let Some(due) = again
    {
        let place = inner.backlog.force(&session.delivery.event.org);
        session.rest(due, place);
        turn.again(due, session);
    }
}

/// Ends a session that cannot be run.
pub(super) async fn give_up(inner: &Arc<Inner>, turn: Turn, session: Session, reason: String) {
    turn.finish(Duration::ZERO);
    let delivery = &session.delivery;
    error!(session.id = %turn.id, trigger = %delivery.trigger, reason, "giving a session up");
    if !session.is_recorded {
        return;
    }
    let is_sync = session.deployment.as_ref().and_then(|deployment| deployment.target(&delivery.trigger));
    let is_sync = is_sync.is_some_and(|(trigger, _)| trigger.is_sync);
    inner.settle(delivery, policy::give_up(delivery, is_sync, reason, inner.clock.now())).await;
}

/// Finds what the session needs, and says to the ledger that it begins if an earlier start left it.
async fn ready(inner: &Inner, session: &mut Session) -> Result<Ready, Unready> {
    let delivery = &session.delivery;
    let most = inner.config.interruptions;
    if session.is_claimed && delivery.interruptions >= most {
        let reason = format!(
            "the host ended {} times while its handler ran, as often as `dispatch.interruptions` allows",
            delivery.interruptions
        );
        return Err(Unready::Hopeless(reason));
    }
    let deployment = match &session.deployment {
        Some(deployment) => deployment.clone(),
        None => deployment(inner, delivery).await?,
    };
    if inner.registry.deployed().load().is_leaving(&deployment.org, &deployment.project) {
        return Err(Unready::Hopeless("its project is being removed".to_owned()));
    }
    session.deployment = Some(deployment.clone());
    let event = if session.is_whole { delivery.event.clone() } else { event(inner, delivery).await? };
    let mut alone = None;
    if session.is_claimed {
        let is_suspected = delivery.interruptions > 0 && delivery.interruptions.saturating_add(ALONE) >= most;
        if is_suspected {
            alone = Some(inner.alone().map_err(Unready::Behind)?);
        }
        begin(inner, delivery).await?;
    }
    Ok(Ready { deployment, event, alone })
}

impl Inner {
    /// Room for a session that was cut off often. One of them runs at a time: whichever ends the host is found out, and those
    /// that only ran beside it are not given up with it.
    ///
    /// # Errors
    /// Another one runs: when to ask again. Each that asks is given a time of its own, so that they do not all come together.
    fn alone(&self) -> Result<OwnedSemaphorePermit, Timestamp> {
        self.suspects.clone().try_acquire_owned().map_err(|_| {
            let mut state = self.state();
            let next = state.next_suspect.max(self.clock.now()).checked_add(SPACE).unwrap_or(Timestamp::MAX);
            state.next_suspect = next;
            next
        })
    }
}

async fn deployment(inner: &Inner, delivery: &Delivery) -> Result<Arc<Deployment>, Unready> {
    match inner.registry.deployment(&delivery.event.org, delivery.deployment).await {
        Ok(deployment) => Ok(deployment),
        Err(ApplyError::Store(error @ Error::Conflict(_))) => Err(Unready::Hopeless(error.to_string())),
        Err(ApplyError::Store(error)) => Err(Unready::Later(error)),
        Err(error) => Err(Unready::Hopeless(format!("its deployment does not load any more: {error}"))),
    }
}

async fn event(inner: &Inner, delivery: &Delivery) -> Result<Arc<Event>, Unready> {
    let found = inner.store.history.event(&delivery.event.org, delivery.event.id).await.map_err(Unready::Later)?;
    let gone = || Unready::Hopeless("its event is not kept any more".to_owned());
    found.map(|record| record.event).ok_or_else(gone)
}

async fn begin(inner: &Inner, delivery: &Delivery) -> Result<(), Unready> {
    match inner.store.ledger.begin(&inner.lease, &delivery.event.org, delivery.session).await {
        Ok(()) => Ok(()),
        Err(Error::LeaseLost) => Err(Unready::Lost),
        Err(error) => Err(Unready::Later(error)),
    }
}

fn job(inner: &Inner, ready: &Ready, trigger: &Trigger, delivery: &Delivery) -> Job {
    let quotas = inner.limits_of(&delivery.event.org);
    let log_bytes = trigger.limits.log_bytes.min(quotas.log_bytes);
    let memory = trigger.limits.memory.min(quotas.memory_bytes);
    let limits = Limits { log_bytes, memory, ..trigger.limits };
    let Deployment { org, project, secrets, .. } = &*ready.deployment;
    let tenant = Tenant { org, project, secrets, kv_bytes: quotas.kv_bytes };
    Job {
        event: ready.event.clone(),
        session: delivery.session,
        attempt: delivery.attempt,
        trigger: delivery.trigger.clone(),
        export: trigger.call.export(),
        vars: ready.deployment.vars.clone(),
        timeout: trigger.timeout,
        limits,
        memory_quota: quotas.memory_bytes,
        grants: inner.services.grant(tenant, &trigger.grants),
    }
}
