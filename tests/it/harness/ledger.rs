//! A ledger that can be broken, as a full disk breaks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tenterhook_host::event::{Org, SessionId, Timestamp};
use tenterhook_host::store::{Accepted, Delivery, Error, Lease, Ledger, NewEvent, Redriven, Result, Settlement};

pub(crate) struct Breakable {
    pub(crate) inner: Arc<dyn Ledger>,
    pub(crate) broken: Arc<AtomicBool>,
}

impl Breakable {
    fn check(&self) -> Result<()> {
        if self.broken.load(Ordering::SeqCst) { Err(Error::Unavailable("broken".to_owned())) } else { Ok(()) }
    }
}

#[async_trait::async_trait]
impl Ledger for Breakable {
    async fn join(&self, now: Timestamp, until: Timestamp) -> Result<Lease> {
        self.inner.join(now, until).await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<()> {
        self.check()?;
        self.inner.renew(lease, until).await
    }

    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<Accepted> {
        self.check()?;
        self.inner.accept(lease, event).await
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
        self.inner.claim(lease, now, limit).await
    }

    async fn begin(&self, lease: &Lease, org: &Org, session: SessionId) -> Result<()> {
        self.check()?;
        self.inner.begin(lease, org, session).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()> {
        self.check()?;
        self.inner.settle(lease, settlement).await
    }

    async fn redrive(&self, lease: &Lease, org: &Org, session: SessionId, now: Timestamp) -> Result<Redriven> {
        self.check()?;
        self.inner.redrive(lease, org, session, now).await
    }
}
