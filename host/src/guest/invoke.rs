//! One attempt: makes a sandbox, calls the handler in it, and says how it ended.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::Store;

use super::bindings::types;
use super::budget::Held;
use super::code::Kind;
use super::imports::State;
use super::meter::Meter;
use super::module::{Loaded, Module};
use super::sandbox::{Answer, Sandbox};
use super::{Engine, Job, Run, fault, response};
use crate::clock::Clock;
use crate::event::{Fault, FaultKind, Outcome, Used};
use crate::trigger::Limits;

/// What the values of one call from the guest may take in the host at the least, in bytes.
pub(super) const HOST_CALL_BYTES: u64 = 16 << 20;

/// What the engine keeps for one handle of a concurrent guest at the most: a stream has two ends and what is between them.
const ENTRIES: usize = 3;

impl Engine {
    /// Runs `job` in a sandbox of its own. Whatever the guest does is an [`Outcome`].
    pub async fn run(&self, module: &Arc<Module>, job: Job, clock: &Clock) -> Run {
        self.run_until(module, job, clock, std::future::pending()).await
    }

    /// As [`Engine::run`], unless `stop` ends first: then the guest is stopped where it waits, or at the next tick, and there
    /// is no outcome.
    pub async fn run_until(
        &self,
        module: &Arc<Module>,
        job: Job,
        clock: &Clock,
        stop: impl Future<Output = ()>,
    ) -> Run {
        let mut stop = pin!(stop);
        // It is no fault of the handler's when it has to be compiled first.
        let loaded = tokio::select! {
            biased;
            () = &mut stop => return nothing_ran(None, clock),
            loaded = module.load() => loaded,
        };
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                let message = format!("the module {} cannot be run: {error}", module.digest);
                let fault = Fault { kind: FaultKind::Unavailable, message };
                return nothing_ran(Some(Outcome::Fault(fault)), clock);
            }
        };
        // Nor when it has to wait for a place, or until others have given back the memory that it begins with. Who waits for a
        // place holds no memory that others could have.
        let (mut place, mut stacks) = (None, 0);
        if loaded.kind == Kind::Concurrent {
            stacks = self.stacks;
            place = tokio::select! {
                biased;
                () = &mut stop => return nothing_ran(None, clock),
                place = self.places.share(&job.event.org, 1) => Some(place),
            };
        }
        let mut share = tokio::select! {
            biased;
            () = &mut stop => return nothing_ran(None, clock),
            share = self.budget.share(&job.event.org, loaded.memory + stacks) => share,
        };
        if let Err(exhausted) = share.take(stacks) {
            return nothing_ran(Some(Outcome::Fault(fault::exhausted(exhausted))), clock);
        }
        let started_at = clock.now();
        let (timeout, limits) = (job.timeout, job.limits);
        let (export, org) = (job.export.clone(), job.event.org.clone());
        let meter = Arc::new(Meter::new(limits.cpu(), self.tick));
        let store = self.store(&loaded, job, Held { memory: share, place }, clock, meter.clone());
        let mut sandbox = Sandbox::new(store, loaded, export, meter);
        let ended = tokio::select! {
            biased;
            () = &mut stop => None,
            ended = tokio::time::timeout(timeout, sandbox.finish(&self.lane, &org)) => Some(ended),
        };
        let (mut state, cpu) = sandbox.leave().await;
        let outcome = ended.map(|ended| match ended {
            Ok(Ok(answer)) => self.outcome(answer, &limits, &mut state),
            Ok(Err(error)) => Outcome::Fault(fault::of(&error, &state, self.stack)),
            Err(_) => Outcome::Fault(late(timeout)),
        });
        let (peak_memory, used, requests) = (state.peak_memory(), state.used(), state.requests());
        let logs = state.into_logs();
        Run { outcome, logs, started_at, ended_at: clock.now(), cpu, peak_memory, used, requests }
    }

    fn store(&self, module: &Loaded, job: Job, held: Held, clock: &Clock, meter: Arc<Meter>) -> Store<State> {
        let [host_call_bytes, handles] =
            [host_call_bytes(&job.limits), job.limits.handles].map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let state = State::new(job, self.ceilings, held, clock.clone());
        let mut store = Store::new(module.pre.component().engine(), state);
        store.limiter(State::limiter);
        // Handles that the guest makes itself take memory of the host too, and so do its tasks, streams and futures.
        store.set_max_component_handles(handles);
        if let Some(table) = store.concurrent_resource_table() {
            table.set_max_capacity(handles.saturating_mul(ENTRIES));
        }
        // What one call may copy out of the guest, so that it cannot make the host hold a multiple of its own memory.
        store.set_hostcall_fuel(host_call_bytes);
        // At each tick a guest lets others run, and ends when its time on a processor is used up. The wall clock around the call
        // ends it too, where it waits.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| meter.tick());
        store
    }

    fn outcome(&self, answer: Answer, limits: &Limits, state: &mut State) -> Outcome {
        match answer {
            Ok(answer) => {
                let checked = answer.map(|answer| response::check(answer, limits, &self.ceilings)).transpose();
                match checked.and_then(|response| state.answered(response)) {
                    Ok(response) => Outcome::Answered(response),
                    Err(fault) => Outcome::Fault(fault),
                }
            }
            Err(types::Failure::Retry(later)) => {
                let after = later.after_ms.map(Duration::from_millis);
                Outcome::Retry { after, reason: fault::shorten(later.reason) }
            }
            Err(types::Failure::Reject(reason)) => Outcome::Rejected(fault::shorten(reason)),
        }
    }
}

/// What the values of one call from the guest may take in the host, in bytes: a response is one.
pub(super) fn host_call_bytes(limits: &Limits) -> u64 {
    HOST_CALL_BYTES.max(limits.response_bytes.saturating_mul(4))
}

/// What is told of an attempt whose handler was not called.
fn nothing_ran(outcome: Option<Outcome>, clock: &Clock) -> Run {
    let now = clock.now();
    Run {
        outcome,
        logs: Vec::new(),
        started_at: now,
        ended_at: now,
        cpu: Duration::ZERO,
        peak_memory: 0,
        used: Used::default(),
        requests: Vec::new(),
    }
}

fn late(timeout: Duration) -> Fault {
    let message = format!("the handler ran longer than {timeout:?}; its trigger's `timeout` allows more");
    Fault { kind: FaultKind::Timeout, message }
}
