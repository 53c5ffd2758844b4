//! What is kept, as seven traits written for their users. Knows nothing of HTTP or WIT.
//!
//! [`memory`] is the model; [`sqlite`] is the embedded default. Both pass the suite in `conformance`.

pub mod blob;
pub mod catalog;
mod history;
mod keyring;
mod kv;
mod ledger;
mod list;
pub mod memory;
mod purge;
pub mod sqlite;
mod strip;
pub mod weight;

#[cfg(test)]
mod conformance;

use std::sync::Arc;

pub use blob::Blobs;
pub use catalog::{Catalog, DeploymentRecord};
pub use history::{
    Answer, EventQuery, EventRecord, Expired, Expiry, History, Page, SessionQuery, SessionRecord, Usage,
};
pub use keyring::{Keyring, OrgKey};
pub use kv::{Change, Changed, Entries, Entry, EntryQuery, KV_SCAN, Kv, Room, Space};
pub use ledger::{Accepted, DedupKey, Delivery, Lease, Ledger, NewEvent, Next, Redriven, Settlement, Told};
pub use purge::{Part, Purge, Purged};

/// A session's log has the lines of so many of its last attempts.
pub const LOGGED_ATTEMPTS: u32 = 10;

/// A page looks at so many rows at the most, of which its filters may leave none.
pub const SCAN: u32 = 10_000;

/// The store of one node: seven traits, most often of one back end.
#[derive(Clone)]
pub struct Store {
    /// What is owed.
    pub ledger: Arc<dyn Ledger>,
    /// What happened.
    pub history: Arc<dyn History>,
    /// What is deployed.
    pub catalog: Arc<dyn Catalog>,
    /// What handlers keep.
    pub kv: Arc<dyn Kv>,
    /// Orgs' keys, wrapped.
    pub keyring: Arc<dyn Keyring>,
    /// What is removed for good.
    pub purge: Arc<dyn Purge>,
    /// Modules, by digest.
    pub blobs: Blobs,
}

/// Why a store did not do what it was asked, shaped by what the caller may do.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// What is there contradicts the request: do not repeat it.
    #[error("{0}")]
    Conflict(String),
    /// The lease belongs to another node by now: drop the work.
    #[error("the lease on this work is lost")]
    LeaseLost,
    /// The store cannot make it durable now, the disk being full for example: repeat it later.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// What is there cannot be read: an operator must look.
    #[error("the store is corrupt: {0}")]
    Corrupt(String),
    /// The back end failed otherwise.
    #[error("the store failed: {0}")]
    Backend(String),
}

/// What a store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
