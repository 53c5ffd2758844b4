//! How much of a processor one guest has used, and whether it has used so much at a stretch that others must not wait for it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use wasmtime::UpdateDeadline;

/// The processor time of one attempt. Whoever polls the guest does so through here, one at a time.
#[derive(Debug)]
pub(super) struct Meter {
    /// What it may use, in nanoseconds.
    most: u64,
    /// From how much on it is to run apart from the others, in nanoseconds.
    long: u64,
    /// What the polls that have ended took, in nanoseconds.
    spent: AtomicU64,
    /// What the clock of the polling thread showed when the poll began, in nanoseconds.
    began: AtomicU64,
    /// Whether the guest gave way at a tick in this poll, and would go on at once.
    gave_way: AtomicBool,
}

/// The guest has used up its time on a processor.
#[derive(Debug, thiserror::Error)]
#[error("the handler has used up its time on a processor")]
pub(super) struct UsedUp;

impl Meter {
    /// For a guest that may use `most`, and runs among others until it has used `long`.
    pub(super) fn new(most: Duration, long: Duration) -> Self {
        let [most, long] = [most, long].map(nanoseconds);
        Self { most, long, spent: AtomicU64::new(0), began: AtomicU64::new(0), gave_way: AtomicBool::new(false) }
    }

    /// Polls the guest, and adds what that takes.
    pub(super) fn poll<F: Future + ?Sized>(&self, guest: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.began.store(thread_time(), Ordering::Relaxed);
        self.gave_way.store(false, Ordering::Relaxed);
        let poll = guest.poll(context);
        let took = self.this_poll();
        self.spent.fetch_add(took, Ordering::Relaxed);
        poll
    }

    /// What the guest has used in all polls that have ended.
    pub(super) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    /// Whether the guest has used so much that it is to run apart from the others.
    pub(super) fn is_long(&self) -> bool {
        self.spent.load(Ordering::Relaxed) >= self.long
    }

    /// Whether it has used more than it may. One that gives way by itself, and so shortly that no tick meets it, shows it here.
    pub(super) fn is_used_up(&self) -> bool {
        self.spent.load(Ordering::Relaxed) > self.most
    }

    /// Whether the last poll ended because a tick was over rather than because the guest waits.
    pub(super) fn gave_way(&self) -> bool {
        self.gave_way.load(Ordering::Relaxed)
    }

    /// What a guest is to do at a tick: give way to others, or end. For the thread that polls it.
    pub(super) fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.spent.load(Ordering::Relaxed) + self.this_poll() > self.most {
            return Err(UsedUp.into());
        }
        self.gave_way.store(true, Ordering::Relaxed);
        Ok(UpdateDeadline::Yield(1))
    }

    fn this_poll(&self) -> u64 {
        thread_time().saturating_sub(self.began.load(Ordering::Relaxed))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The time that this thread has had on a processor, in nanoseconds.
fn thread_time() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec.unsigned_abs().saturating_mul(1_000_000_000).saturating_add(now.tv_nsec.unsigned_abs())
}
