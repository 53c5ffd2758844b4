//! A ledger that can be broken, as a full disk breaks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tenterhook_host::event::Timestamp;
use tenterhook_host::store::{Delivery, Error, Lease, Ledger, NewEvent, Result, Settlement};

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
    async fn join(&self, now: Timestamp) -> Result<Lease> {
        self.inner.join(now).await
    }

    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<()> {
        self.check()?;
        self.inner.accept(lease, event).await
    }

    async fn claim(&self, lease: &Lease) -> Result<Vec<Delivery>> {
        self.inner.claim(lease).await
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()> {
        self.check()?;
        self.inner.settle(lease, settlement).await
    }
}
