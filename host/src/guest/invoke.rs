//! One attempt: makes a sandbox, calls the handler in it, and says how it ended.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::component::Resource;
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, WasmBacktrace};

use super::bindings::types;
use super::imports::State;
use super::imports::event::Handle;
use super::library::Module;
use super::{Engine, Job, Run, response};
use crate::clock::Clock;
use crate::event::{Fault, FaultKind, Outcome};

/// The longest reason that a session keeps, in bytes: an error's text and its stack.
const MAX_REASON: usize = 16 << 10;

/// What the values of one call from the guest may take in the host, in bytes.
const HOST_CALL_BYTES: usize = 16 << 20;

type Answer = Result<Option<types::Response>, types::Failure>;

impl Engine {
    /// Runs `job` in a sandbox of its own. Whatever the guest does is an [`Outcome`].
    pub async fn run(&self, module: &Module, job: Job, clock: &Clock) -> Run {
        self.run_until(module, job, clock, std::future::pending()).await
    }

    /// As [`Engine::run`], unless `stop` ends first: then the guest is stopped where it waits, or at the next tick, and there
    /// is no outcome.
    pub async fn run_until(&self, module: &Module, job: Job, clock: &Clock, stop: impl Future<Output = ()>) -> Run {
        let started_at = clock.now();
        let timeout = job.timeout;
        let export = job.export.clone();
        let mut store = self.sandbox(job, clock);
        let mut cpu = Duration::ZERO;
        let call = metered(call(&mut store, module, &export), &mut cpu);
        let ended = tokio::select! {
            biased;
            () = stop => None,
            ended = tokio::time::timeout(timeout, call) => Some(ended),
        };
        let outcome = ended.map(|ended| match ended {
            Ok(Ok(answer)) => self.outcome(answer),
            Ok(Err(error)) => Outcome::Fault(fault(&error, store.data())),
            Err(_) => {
                let message = format!("the handler ran longer than {timeout:?}; its trigger's `timeout` allows more");
                Outcome::Fault(Fault { kind: FaultKind::Timeout, message })
            }
        });
        let state = store.into_data();
        let peak_memory = state.peak_memory();
        Run { outcome, logs: state.into_logs(), started_at, ended_at: clock.now(), cpu, peak_memory }
    }

    fn sandbox(&self, job: Job, clock: &Clock) -> Store<State> {
        let mut store = Store::new(&self.wasmtime, State::new(job, self.limits, clock.clone()));
        store.limiter(State::limiter);
        // What one call may copy out of the guest, so that it cannot make the host hold a multiple of its own memory.
        store.set_hostcall_fuel(HOST_CALL_BYTES.max(4 * self.limits.response_bytes));
        // At each tick a guest lets others run; the wall clock around the call ends it.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }

    fn outcome(&self, answer: Answer) -> Outcome {
        match answer {
            Ok(None) => Outcome::Answered(None),
            Ok(Some(answer)) => match response::check(answer, &self.limits) {
                Ok(response) => Outcome::Answered(Some(response)),
                Err(fault) => Outcome::Fault(fault),
            },
            Err(types::Failure::Retry(later)) => {
                Outcome::Retry { after: later.after_ms.map(Duration::from_millis), reason: shorten(later.reason) }
            }
            Err(types::Failure::Reject(reason)) => Outcome::Rejected(shorten(reason)),
        }
    }
}

async fn call(store: &mut Store<State>, module: &Module, export: &str) -> wasmtime::Result<Answer> {
    let Some(index) = module.handler(export) else {
        wasmtime::bail!("the module {} has no handler `{export}`", module.digest);
    };
    let instance = module.pre.instantiate_async(&mut *store).await?;
    let handler = instance.get_typed_func::<(Resource<Handle>,), (Answer,)>(&mut *store, index)?;
    // The sandbox has one event, so its handle needs no table: any number stands for it.
    let (answer,) = handler.call_async(&mut *store, (Resource::new_own(0),)).await?;
    Ok(answer)
}

/// Adds to `cpu` the time that this thread spends on each poll.
async fn metered<F: Future>(future: F, cpu: &mut Duration) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let start = thread_time();
        let poll: Poll<F::Output> = future.as_mut().poll(context);
        *cpu += thread_time().saturating_sub(start);
        poll
    })
    .await
}

fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// What a guest did that it may not, with its own words first: an uncaught exception's text is on standard error only.
fn fault(error: &wasmtime::Error, state: &State) -> Fault {
    let trap = error.downcast_ref::<Trap>();
    let kind = match trap {
        Some(Trap::StackOverflow) => FaultKind::StackOverflow,
        _ if error.is::<PoolConcurrencyLimitError>() => FaultKind::Unavailable,
        _ if state.refused_memory().is_some() => FaultKind::OutOfMemory,
        _ => FaultKind::Trap,
    };
    let mut message = match (kind, state.refused_memory()) {
        (FaultKind::OutOfMemory, Some(wanted)) => {
            let limit = state.limits().memory;
            format!("the guest wanted {wanted} bytes of memory, more than the limit of {limit} (guest.limits.memory)")
        }
        _ => error.root_cause().to_string(),
    };
    if let Some(said) = state.standard_error() {
        message.push('\n');
        message.push_str(&said);
    }
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        message.push('\n');
        message.push_str(backtrace.to_string().trim_end());
    }
    Fault { kind, message: shorten(message) }
}

/// A guest's own words as far as they are kept.
fn shorten(mut text: String) -> String {
    if text.len() > MAX_REASON {
        text.truncate(text.floor_char_boundary(MAX_REASON));
        text.push('…');
    }
    text
}
