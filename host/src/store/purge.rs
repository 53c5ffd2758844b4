//! What is removed for good, a little at a time: the face of the store that removals work with.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::Result;
use crate::event::{Digest, EventId, Org};

/// What of an org is removed. It takes nothing any more, so what is there becomes less with each step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it but the org's own record.
    Org,
    /// What one project has: events with all that belongs to them, what handlers keep, deployments, variables, slugs.
    Project {
        /// Its name.
        name: String,
        /// All slugs that it has and had: by these its events are found.
        slugs: BTreeSet<String>,
        /// Only events that are newer are looked at: the last step's answer.
        after: Option<EventId>,
    },
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purged {
    /// There may be more.
    More {
        /// How far events were looked through.
        after: Option<EventId>,
    },
    /// Nothing is left.
    All,
}

/// Removes for good.
#[async_trait]
pub trait Purge: Send + Sync {
    /// Removes at most so many rows of each kind in one commit. What was owed is owed no more: who runs it is told so when they settle it.
    async fn purge(&self, org: &Org, part: Part, budget: u32) -> Result<Purged>;

    /// All components that an org's upload or a deployment has.
    async fn components(&self) -> Result<BTreeSet<Digest>>;
}
