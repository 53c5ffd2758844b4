//! Bounds what a sandbox takes, and remembers what it took and what it was refused.

use wasmtime::ResourceLimiter;

use crate::guest::Limits;

/// The core instances, tables and memories that one sandbox may have. The runtimes of large languages have some ten, three and
/// two. The pool holds as much for every sandbox, so that none runs short because of another.
pub(in crate::guest) const INSTANCES: usize = 50;
pub(in crate::guest) const TABLES: usize = 16;
pub(in crate::guest) const MEMORIES: usize = 4;

pub(super) struct Limiter {
    memory: usize,
    table_elements: usize,
    held: usize,
    peak: usize,
    elements: usize,
    refused: Option<usize>,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        let Limits { memory, table_elements, .. } = *limits;
        Self { memory, table_elements, held: 0, peak: 0, elements: 0, refused: None }
    }

    pub(super) fn peak(&self) -> u64 {
        self.peak as u64
    }

    pub(super) fn refused(&self) -> Option<usize> {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    /// All memories of the sandbox share one limit.
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // It will fail by the module's own word, whatever is answered here.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let held = self.held.saturating_add(desired.saturating_sub(current));
        if held > self.memory {
            self.refused = Some(held);
            return Ok(false);
        }
        self.held = held;
        self.peak = self.peak.max(held);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        if elements > self.table_elements {
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
