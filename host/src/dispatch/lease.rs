//! Keeps the lease: what this process owns is its own only as long as it says that it is alive.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::{Config, Inner};
use crate::event::Timestamp;
use crate::store::{self, Error};

/// Renews the lease until the host has stopped and its last session is settled.
pub(super) async fn run(inner: Arc<Inner>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(period(&inner.config)) => {}
            () = inner.renewal.notified() => {}
        }
        if inner.tasks.is_stopping() && inner.state().brakes.is_empty() {
            return;
        }
        if !inner.is_due() {
            continue;
        }
        if let Err(error) = inner.renew().await {
            // Not more often than that, however often it is asked for.
            tokio::time::sleep(RETRY).await;
            match error {
                Error::LeaseLost => error!("the lease is lost: no handler is started until the host is started anew"),
                error => warn!(%error, "failed to renew the lease; no handler is started when it is late"),
            }
        }
    }
}

const RETRY: Duration = Duration::from_millis(500);

/// No handler is started from then on: the last third of a lease that ends at `end` is for those that run to end.
pub(super) fn starts_until(config: &Config, end: Timestamp) -> Timestamp {
    end.checked_sub(period(config)).unwrap_or(end)
}

/// A lease is renewed when a third of it is over.
fn period(config: &Config) -> Duration {
    Duration::from_millis(config.lease_ms / 3)
}

impl Inner {
    /// Whether a third of the lease is over, as it is to be when nobody asks for more.
    fn is_due(&self) -> bool {
        let until = self.state().starts_until;
        self.clock.now() >= until.checked_sub(period(&self.config)).unwrap_or(until)
    }

    /// Renews the lease from now on.
    pub(super) async fn renew(self: &Arc<Self>) -> store::Result<()> {
        // What the lease is counted from was before the store was asked, so that it is never thought to be longer than it is.
        let end = self.config.lease_end(self.clock.now());
        self.store.ledger.renew(&self.lease, end).await?;
        self.change(|state, _| state.starts_until = starts_until(&self.config, end));
        Ok(())
    }
}
