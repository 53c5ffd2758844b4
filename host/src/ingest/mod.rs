//! Receives webhooks. Start at `receive.rs`: it reads as the list of what happens to a request.

mod accept;
mod body;
mod duplicate;
mod endpoint;
mod normalize;
mod rate;
mod receive;
mod redispatch;
mod rejection;
mod reply;
mod select;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use serde::Deserialize;
use tokio::sync::Semaphore;

pub use rate::{Admission, Limiter, Rate};
pub use redispatch::{Redispatch, RedispatchError, Redispatched};
pub use rejection::Rejection;

use crate::clock::Clock;
use crate::deploy::{Current, Registry};
use crate::dispatch;
use crate::observe::feed::Feed;
use crate::quota::Limits;
use crate::store::{History, Lease, Ledger};
use crate::task::Tasks;

/// What a sender may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The longest wait for a next piece of a body, in milliseconds.
    pub read_timeout_ms: u64,
    /// The longest wait for the whole body, in milliseconds.
    pub body_timeout_ms: u64,
    /// The most that the bodies of all requests under way may hold together, in bytes.
    pub in_flight_bytes: usize,
}

impl Config {
    fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    fn read_timeout(&self) -> Duration {
        Duration::from_millis(self.read_timeout_ms)
    }
}

/// What a request passes through. Clones share it.
#[derive(Clone)]
pub struct Intake(Arc<Parts>);

/// What an [`Intake`] works with.
pub struct Parts {
    /// What a sender may do.
    pub config: Config,
    /// What is deployed.
    pub deployed: Current,
    /// Through which deployments are found that do not serve any more.
    pub registry: Registry,
    /// Where events are made durable.
    pub ledger: Arc<dyn Ledger>,
    /// Where duplicates find what the first one was told.
    pub history: Arc<dyn History>,
    /// What this node owns.
    pub lease: Lease,
    /// What runs sessions.
    pub dispatch: dispatch::Handle,
    /// Where an event is accepted even when its sender breaks off.
    pub tasks: Tasks,
    /// Tells the time.
    pub clock: Clock,
    /// Hears of each event.
    pub feed: Feed,
    /// How many events each org has sent of late.
    pub limiter: Limiter,
    /// What an org may send of which no operator said anything.
    pub quotas: Limits,
    /// Room for bodies, in KiB.
    pub room: Arc<Semaphore>,
}

impl Intake {
    /// An intake that receives as soon as its router is served.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

/// `/webhooks/{slug}` and everything below it, for every method. A path is matched as it was sent and never redirected.
pub fn router(intake: Intake) -> Router {
    Router::new()
        .route("/webhooks/{slug}", any(receive::receive))
        .route("/webhooks/{slug}/", any(receive::receive))
        .route("/webhooks/{slug}/{*suffix}", any(receive::receive))
        .with_state(intake)
}
