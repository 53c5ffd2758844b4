//! Names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Resolves names. What it says is checked before it is connected to.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// The addresses to which a name leads now, in the order in which they are to be tried.
    ///
    /// # Errors
    /// There are none, or nobody could be asked.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks as the system's programs do: its configuration decides whom.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
