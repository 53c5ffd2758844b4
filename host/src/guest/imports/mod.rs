//! What a guest may call. Each interface is one file: its view of the state, its host functions, its place in the linker.

pub(super) mod event;
pub mod kv;
pub(super) mod limiter;
mod log;
pub mod outbound;
pub mod reply;
mod stdio;
mod vars;

use std::sync::{Arc, Mutex};

use wasmtime::ResourceLimiter;
use wasmtime::component::{HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::limiter::{Limiter, Refused};
use self::log::Log;
use self::outbound::Outbound;
use self::reply::Sent;
use super::budget::{Held, Share};
use super::{Job, bindings};
use crate::clock::Clock;
use crate::event::{LogEntry, OutboundRequest, Used};
use crate::trigger::{Limit, Limits};

/// All that one sandbox knows and holds.
pub(super) struct State {
    job: Job,
    /// What the job's limits may be raised to.
    ceilings: Limits,
    limiter: Limiter,
    _place: Option<Share>,
    log: Arc<Mutex<Log>>,
    clock: Clock,
    /// What was asked of the host so far.
    calls: Used,
    /// Made when the guest first asks WASI for something: most calls of most guests never do.
    wasi: Option<WasiCtx>,
    outbound: Outbound,
    /// What the handler sent before it ended.
    sent: Option<Sent>,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl State {
    pub(super) fn new(mut job: Job, ceilings: Limits, held: Held, clock: Clock) -> Self {
        let limits = job.limits;
        let log = Arc::new(Mutex::new(Log::new(clock.clone(), job.attempt, limits, ceilings)));
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        let Held { memory, place: _place } = held;
        let (outbound, limiter) = (Outbound::new(job.grants.outbound.take()), Limiter::new(&limits, memory));
        let (calls, mut http) = (Used::default(), WasiHttpCtx::new());
        http.set_field_size_limit(outbound::FIELDS);
        Self { job, ceilings, limiter, _place, log, clock, calls, wasi: None, outbound, sent: None, http, table }
    }

    pub(super) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.limiter
    }

    /// What the guest may take.
    pub(super) fn limits(&self) -> &Limits {
        &self.job.limits
    }

    /// What is said of a guest that met one of its limits.
    pub(super) fn exceeded(&self, limit: Limit) -> String {
        let (limits, quota) = (&self.job.limits, self.job.memory_quota);
        if limit == Limit::Memory && limits.memory == quota && quota < self.ceilings.memory {
            let most = limit.show(quota);
            return format!(
                "more than the limit of {most}, which is the most that the org's handlers may have (its quota `memory_bytes`)"
            );
        }
        limit.exceeded(limits, &self.ceilings)
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

    /// What the guest asked of the host.
    pub(super) fn used(&self) -> Used {
        let mut used = self.calls;
        self.outbound.count(&mut used);
        used
    }

    /// The requests that the guest made, in order.
    pub(super) fn requests(&self) -> Vec<OutboundRequest> {
        self.outbound.requests()
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

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// Everything that a guest may import. WASI 0.2 is among it, and 0.3 if it is wanted, with an empty context: no files, no sockets.
/// Requests go through `wasi:http` where the manifest lets them.
pub(super) fn linker(engine: &wasmtime::Engine, wasi_0_3: bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    bindings::types::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::log::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::vars::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::reply::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    bindings::kv::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    if wasi_0_3 {
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    }
    outbound::text::count(&mut linker, wasi_0_3)?;
    Ok(linker)
}
