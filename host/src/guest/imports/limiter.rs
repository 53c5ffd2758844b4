//! Bounds what a sandbox takes, and remembers what it took and what it was refused.

use wasmtime::ResourceLimiter;

use crate::guest::Limits;

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
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let held = self.held.saturating_add(desired.saturating_sub(current));
        if held > self.memory {
            self.refused = Some(held);
            return Ok(false);
        }
        self.held = held;
        self.peak = self.peak.max(held);
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let elements = self.elements.saturating_add(desired.saturating_sub(current));
        if elements > self.table_elements {
            return Ok(false);
        }
        self.elements = elements;
        Ok(true)
    }

    fn instances(&self) -> usize {
        100
    }

    fn tables(&self) -> usize {
        32
    }

    fn memories(&self) -> usize {
        8
    }
}
