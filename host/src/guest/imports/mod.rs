//! What a guest may call. Each interface is one file: its view of the state, its host functions, its place in the linker.

pub(super) mod event;
pub(super) mod limiter;
mod log;
mod stdio;
mod vars;

use std::sync::{Arc, Mutex};

use wasmtime::ResourceLimiter;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use self::limiter::{Limiter, Refused};
use self::log::Log;
use super::budget::Share;
use super::{Job, bindings};
use crate::clock::Clock;
use crate::event::LogEntry;
use crate::trigger::{Limit, Limits};

/// All that one sandbox knows and holds.
pub(super) struct State {
    job: Job,
    /// What the job's limits may be raised to.
    ceilings: Limits,
    limiter: Limiter,
    log: Arc<Mutex<Log>>,
    /// Made when the guest first asks WASI for something: most calls of most guests never do.
    wasi: Option<WasiCtx>,
    table: ResourceTable,
}

impl State {
    pub(super) fn new(job: Job, ceilings: Limits, share: Share, clock: Clock) -> Self {
        let limits = job.limits;
        let log = Arc::new(Mutex::new(Log::new(clock, job.attempt, limits, ceilings)));
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        Self { job, ceilings, limiter: Limiter::new(&limits, share), log, wasi: None, table }
    }

    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limiter
    }

    /// What is said of a guest that met one of its limits.
    pub(super) fn exceeded(&self, limit: Limit) -> String {
        limit.exceeded(&self.job.limits, &self.ceilings)
    }

    /// The most linear memory that the guest held, in bytes.
    pub(super) fn peak_memory(&self) -> u64 {
        self.limiter.peak()
    }

    /// What the guest last asked for in vain.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.limiter.refused()
    }

    /// The end of what the guest wrote to standard error.
    pub(super) fn standard_error(&self) -> Option<String> {
        log::lock(&self.log).standard_error()
    }

    /// What the guest wrote, in order.
    pub(super) fn into_logs(self) -> Vec<LogEntry> {
        log::lock(&self.log).take()
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.get_or_insert_with(|| stdio::context(&self.job.vars, &self.log));
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// Everything that a guest may import. WASI 0.2 is among it, with an empty context: no files, no network.
pub(super) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    bindings::types::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::log::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::vars::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    Ok(linker)
}
