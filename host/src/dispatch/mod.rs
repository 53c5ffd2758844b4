//! Runs what is owed. Knows nothing of HTTP.
//!
//! [`Handle`] takes sessions; the scheduler says which of them begins; a worker runs it and settles what came of it. What
//! waits is a line in the scheduler, and what runs is one task.

mod brake;
mod control;
mod cpu;
mod held;
mod known;
mod lease;
mod places;
mod policy;
mod resume;
mod scheduler;
mod settle;
mod ticket;
mod timer;
mod turn;
mod worker;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::{Notify, Semaphore};

pub use control::Cancelled;
pub use cpu::CpuUse;
pub use places::{Full, Places};
pub use ticket::{Ending, Heard, Ticket};

use self::brake::Brake;
use self::cpu::Cpu;
use self::places::{Backlog, Bounds};
use self::scheduler::{Horizon, Limits, Scheduler};
use self::worker::Session;
use crate::clock::Clock;
use crate::deploy::{Deployment, Registry};
use crate::event::{Org, SessionId, Timestamp};
use crate::guest;
use crate::observe::feed::Feed;
use crate::quota;
use crate::store::{Delivery, Lease, Store};
use crate::task::Tasks;

/// How much runs, and how much may wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How many sessions run at once.
    pub slots: usize,
    /// How many of an org's sessions run at once.
    pub slots_per_org: usize,
    /// How many of an org's sessions may wait before its senders are asked to come back later.
    pub backlog: usize,
    /// How many of all orgs' sessions may wait before senders are.
    pub backlog_total: usize,
    /// How long a handler may take when its trigger does not say, in milliseconds.
    pub timeout_ms: u64,
    /// How long what this process owns is its own unless it says that it is alive, in milliseconds.
    pub lease_ms: u64,
    /// How often a session may be cut off by the host's end before it is given up.
    pub interruptions: u32,
}

impl Config {
    /// How long a handler may take when its trigger does not say.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// When a lease that is taken or renewed now ends.
    pub fn lease_end(&self, now: Timestamp) -> Timestamp {
        now.checked_add(Duration::from_millis(self.lease_ms)).unwrap_or(Timestamp::MAX)
    }

    fn limits(&self) -> Limits {
        Limits { slots: self.slots, slots_per_org: self.slots_per_org.min(self.slots) }
    }

    /// Those that run have places too.
    fn bounds(&self) -> Bounds {
        let Limits { slots, slots_per_org } = self.limits();
        Bounds { per_org: slots_per_org.saturating_add(self.backlog), total: slots.saturating_add(self.backlog_total) }
    }
}

/// What runs sessions. Clones share it.
#[derive(Clone)]
pub struct Handle(Arc<Inner>);

struct Inner {
    config: Config,
    store: Store,
    lease: Lease,
    registry: Registry,
    quotas: quota::Limits,
    engine: guest::Engine,
    services: guest::Services,
    guests: tokio::runtime::Handle,
    tasks: Tasks,
    clock: Clock,
    feed: Feed,
    backlog: Backlog,
    /// Room for what earlier starts left owed.
    claims: Arc<Semaphore>,
    /// Room for one of those that are suspected to end the host.
    suspects: Arc<Semaphore>,
    /// No lock is held over an await.
    state: Mutex<State>,
    /// Told when there is a new first timer.
    timer: Notify,
    /// Told when the lease is to be renewed at once, and when the last session of a shutdown has ended.
    renewal: Notify,
}

struct State {
    scheduler: Scheduler<Session>,
    cpu: Cpu,
    /// Of each session that runs, or is being settled.
    brakes: HashMap<SessionId, Arc<Brake>>,
    /// No handler is started from then on, until the lease is renewed.
    starts_until: Timestamp,
    /// When the last of those asks again that are suspected and wait for each other.
    next_suspect: Timestamp,
    /// The first timer that the timer's task knows of.
    armed: Option<Timestamp>,
}

/// What a [`Handle`] works with.
pub struct Parts {
    /// Where outcomes are settled.
    pub store: Store,
    /// What this node owns.
    pub lease: Lease,
    /// When the lease ends unless it is renewed.
    pub lease_end: Timestamp,
    /// Where the deployments of sessions are found that do not come with theirs.
    pub registry: Registry,
    /// What an org may take of which no operator said anything.
    pub quotas: quota::Limits,
    /// What makes sandboxes.
    pub engine: guest::Engine,
    /// What handlers may be granted.
    pub services: guest::Services,
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
    /// A handle that runs nothing yet. Sessions in a lane wait for [`Handle::resume`]: there may be older ones.
    pub fn new(config: &Config, parts: Parts) -> Self {
        let Parts { store, lease, lease_end, registry, quotas, engine, services, guests, tasks, clock, feed } = parts;
        let nothing = Horizon::UpTo(SessionId::floor(Timestamp::UNIX_EPOCH));
        let state = State {
            scheduler: Scheduler::new(config.limits(), nothing),
            cpu: Cpu::default(),
            brakes: HashMap::new(),
            starts_until: lease::starts_until(config, lease_end),
            next_suspect: Timestamp::UNIX_EPOCH,
            armed: None,
        };
        let bounds = config.bounds();
        Self(Arc::new(Inner {
            config: config.clone(),
            store,
            lease,
            registry,
            quotas,
            engine,
            services,
            guests,
            tasks,
            clock,
            feed,
            backlog: Backlog::default(),
            claims: Arc::new(Semaphore::new(resume::room(bounds))),
            suspects: Arc::new(Semaphore::new(1)),
            state: Mutex::new(state),
            timer: Notify::new(),
            renewal: Notify::new(),
        }))
    }

    /// Places for `sessions` more of an org, if so many may wait.
    ///
    /// # Errors
    /// As many wait as may.
    pub fn reserve(&self, org: &Org, sessions: usize) -> Result<Places, Full> {
        self.0.backlog.reserve(self.0.bounds(org), org, sessions)
    }

    /// Runs one delivery of `deployment` as soon as its turn comes. The ticket gives the outcome of its first attempt, before
    /// it is settled. `held` is what the delivery takes room in until it is not in memory any more: its place, its event's
    /// body.
    pub fn run<H: Send + 'static>(&self, deployment: Arc<Deployment>, delivery: Delivery, held: H) -> Ticket {
        self.0.admit_new(deployment, Session::new(delivery, held))
    }

    /// As [`Handle::run`], for a delivery that is not kept: nothing of it is settled.
    pub fn run_unrecorded<H: Send + 'static>(
        &self,
        deployment: Arc<Deployment>,
        delivery: Delivery,
        held: H,
    ) -> Ticket {
        let mut session = Session::new(delivery, held);
        session.is_recorded = false;
        self.0.admit_new(deployment, session)
    }
}

impl Inner {
    /// How many of an org's sessions may run at once, where an operator said so.
    fn slots(&self, org: &Org) -> Option<usize> {
        let quota = self.registry.deployed().load().quotas(org).sessions?;
        Some(usize::try_from(quota).unwrap_or(usize::MAX).min(self.config.slots))
    }

    /// How many may be owed: those that run have places too.
    fn bounds(&self, org: &Org) -> Bounds {
        let quotas = self.registry.deployed().load().quotas(org);
        let bounds = self.config.bounds();
        let number = |quota: Option<u32>| quota.map(|quota| usize::try_from(quota).unwrap_or(usize::MAX));
        let slots = number(quotas.sessions).unwrap_or_else(|| self.config.limits().slots_per_org);
        let waiting = number(quotas.backlog).unwrap_or(self.config.backlog);
        Bounds { per_org: slots.min(self.config.slots).saturating_add(waiting), ..bounds }
    }

    fn admit_new(self: &Arc<Self>, deployment: Arc<Deployment>, mut session: Session) -> Ticket {
        let (ticket, stub) = ticket::pair();
        session.stub = Some(stub);
        session.deployment = Some(deployment.clone());
        self.admit(&deployment, session);
        ticket
    }
}
