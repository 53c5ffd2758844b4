//! Where guests run that compute for long: on a few threads of lower priority, in turns, so that what is short goes first.
//!
//! A guest begins among the others. Once it has used a tick of a processor, it is polled here alone, and holds one of its
//! org's permits while it computes; while it waits for the host it holds nothing.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use rustix::process::nice;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Semaphore, oneshot};

use super::meter::{Meter, UsedUp};
use super::sandbox::{Ended, Task, poll};
use crate::event::Org;

/// By so much nicer than the host's other threads: the weight of such a thread is a tenth of theirs.
const NICENESS: i32 = 10;

/// After so long on a thread a guest lets the next one have it, of its org's or another's.
const TURN: Duration = Duration::from_millis(50);

/// The threads. Clones share them.
#[derive(Clone)]
pub(super) struct Lane(Arc<Inner>);

struct Inner {
    /// None once this is being dropped.
    runtime: Option<Runtime>,
    per_org: usize,
    orgs: Mutex<HashMap<Org, Weak<Semaphore>>>,
}

/// How a guest's turn ended.
pub(super) enum Turn {
    /// So did the guest.
    Ended(Ended),
    /// It would go on computing.
    GoesOn(Task),
    /// It waits for the host.
    Waits(Task),
}

impl Lane {
    /// A lane of so many threads, of which an org has so many at the most. They start when they are needed.
    pub(super) fn new(threads: usize, per_org: usize) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_name("guest-lane")
            .on_thread_start(|| {
                if let Err(error) = nice(NICENESS) {
                    tracing::warn!(%error, "failed to lower the priority of a thread for guests that compute for long");
                }
            })
            .build()?;
        Ok(Self(Arc::new(Inner { runtime: Some(runtime), per_org, orgs: Mutex::default() })))
    }

    /// Runs a guest that has become long to its end. When this is dropped, `place` says where it is.
    pub(super) async fn finish(&self, org: &Org, meter: &Arc<Meter>, place: &mut Place) -> Ended {
        let permits = self.permits(org);
        let signal = Arc::new(Signal::default());
        loop {
            let permit = permits.acquire().await.expect("nobody closes the semaphore");
            let Some(turn) = self.turn(meter, &signal, place).await else {
                return Err(wasmtime::Error::msg("the host failed while the handler ran"));
            };
            drop(permit);
            match turn {
                Turn::Ended(ended) => return ended,
                Turn::GoesOn(task) => *place = Place::Here(task),
                Turn::Waits(task) => {
                    *place = Place::Here(task);
                    signal.wait().await;
                }
            }
        }
    }

    /// One turn on one of the threads; none when the thread died of it.
    async fn turn(&self, meter: &Arc<Meter>, signal: &Arc<Signal>, place: &mut Place) -> Option<Turn> {
        let waiting = Arc::new(Mutex::new(Some(place.take()?)));
        let halt = Arc::new(AtomicBool::new(false));
        let (sender, back) = oneshot::channel();
        *place = Place::Away { waiting: waiting.clone(), halt: Halt(halt.clone()), back };
        let (meter, signal, host) = (meter.clone(), signal.clone(), Handle::current());
        let runtime = self.0.runtime.as_ref().expect("the runtime is taken when this is dropped");
        // Nobody waits for the thread itself: it tells how the turn ended.
        drop(runtime.spawn_blocking(move || {
            // One that was given up on while it waited for the thread is gone.
            let Some(mut task) = lock(&waiting).take() else { return };
            // What the guest waits for belongs to the runtime that it came from.
            let _entered = host.enter();
            let waker = Waker::from(signal.clone());
            let mut context = Context::from_waker(&waker);
            let before = meter.spent();
            let turn = loop {
                signal.clear();
                match poll(&meter, task.as_mut(), &mut context) {
                    Poll::Ready(ended) => break Turn::Ended(ended),
                    Poll::Pending if meter.is_used_up() => {
                        // Before anybody hears of the end: what is left behind is asked for then.
                        drop(task);
                        break Turn::Ended(Err(UsedUp.into()));
                    }
                    // One that would go on at once does not wait: it gave way by itself.
                    Poll::Pending if !meter.gave_way() && !signal.is_set() => break Turn::Waits(task),
                    Poll::Pending if halt.load(Ordering::Acquire) => break Turn::GoesOn(task),
                    Poll::Pending if meter.spent().saturating_sub(before) >= TURN => break Turn::GoesOn(task),
                    Poll::Pending => {}
                }
            };
            // Whoever has given up on the guest leaves its end to this thread.
            drop(sender.send(turn));
        }));
        place.back().await
    }

    fn permits(&self, org: &Org) -> Arc<Semaphore> {
        let mut orgs = self.0.orgs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(permits) = orgs.get(org).and_then(Weak::upgrade) {
            return permits;
        }
        orgs.retain(|_, permits| permits.strong_count() > 0);
        let permits = Arc::new(Semaphore::new(self.0.per_org));
        orgs.insert(org.clone(), Arc::downgrade(&permits));
        permits
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // An asynchronous task may not wait for threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where a guest is.
pub(super) enum Place {
    /// With the task that runs it.
    Here(Task),
    /// On a thread of the lane, or waiting for one.
    Away {
        /// The guest until a thread takes it.
        waiting: Arc<Mutex<Option<Task>>>,
        /// Tells the thread.
        halt: Halt,
        /// What the thread gives back.
        back: oneshot::Receiver<Turn>,
    },
    /// It has ended.
    Over,
}

impl Place {
    fn take(&mut self) -> Option<Task> {
        match std::mem::replace(self, Self::Over) {
            Self::Here(task) => Some(task),
            away @ Self::Away { .. } => {
                *self = away;
                None
            }
            Self::Over => None,
        }
    }

    async fn back(&mut self) -> Option<Turn> {
        let Self::Away { back, .. } = self else { return None };
        let turn = back.await.ok();
        *self = Self::Over;
        turn
    }

    /// Ends the guest, wherever it is. One on a thread of the lane ends at its next tick.
    pub(super) async fn clear(&mut self) {
        if let Self::Away { waiting, halt, back } = std::mem::replace(self, Self::Over) {
            if lock(&waiting).take().is_some() {
                return;
            }
            drop(halt);
            drop(back.await);
        }
    }
}

fn lock(waiting: &Mutex<Option<Task>>) -> MutexGuard<'_, Option<Task>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops a guest on a thread of the lane at its next tick when it is dropped.
pub(super) struct Halt(Arc<AtomicBool>);

impl Drop for Halt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A guest's waker while no task polls it.
#[derive(Default)]
struct Signal {
    is_set: AtomicBool,
    waker: AtomicWaker,
}

impl Signal {
    fn clear(&self) {
        self.is_set.store(false, Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }

    async fn wait(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            if self.is_set() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.waker.wake();
    }
}
