//! Bounds what a sandbox takes, and remembers what it took and what it was refused.

use wasmtime::ResourceLimiter;

use crate::guest::budget::{Exhausted, Share};
use crate::trigger::{Limit, Limits};

/// The tables and memories that one sandbox may have. The runtimes of large languages have some three and two. The pool holds
/// as much for every sandbox, so that none runs short because of another.
pub(in crate::guest) const TABLES: usize = 16;
pub(in crate::guest) const MEMORIES: usize = 4;

pub(super) struct Limiter {
    share: Share,
    memory: usize,
    table_elements: usize,
    instances: usize,
    held: usize,
    peak: usize,
    elements: usize,
    refused: Option<Refused>,
}

/// What a guest asked for in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::guest) enum Refused {
    /// More than one of its own limits allows.
    Limit {
        /// The limit that it met.
        limit: Limit,
        /// How much it would have had.
        wanted: u64,
    },
    /// Memory that others hold.
    Memory(Exhausted),
}

impl Limiter {
    pub(super) fn new(limits: &Limits, share: Share) -> Self {
        let [memory, table_elements, instances] = [limits.memory, limits.table_elements, limits.instances]
            .map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        Self { share, memory, table_elements, instances, held: 0, peak: 0, elements: 0, refused: None }
    }

    pub(super) fn peak(&self) -> u64 {
        self.peak as u64
    }

    /// The last thing that was refused: the one that the guest did not get over, if it did not.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.refused
    }

    fn refuse(&mut self, limit: Limit, wanted: usize) {
        self.refused = Some(Refused::Limit { limit, wanted: wanted as u64 });
    }
}

impl ResourceLimiter for Limiter {
    /// All memories of the sandbox share one limit.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let held = self.held.saturating_add(desired.saturating_sub(current));
        if held > self.memory {
            self.refuse(Limit::Memory, held);
            return Ok(false);
        }
        // It will fail by the module's own word, whatever is answered here.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        if let Err(exhausted) = self.share.take((held - self.held) as u64) {
            self.refused = Some(Refused::Memory(exhausted));
            return Ok(false);
        }
        self.held = held;
        self.peak = self.peak.max(held);
        Ok(true)
    }

    /// And so do all its tables.
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        if elements > self.table_elements {
            self.refuse(Limit::TableElements, elements);
            return Ok(false);
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
