//! Wakes those that wait for their time, and lets go of those that wait when the host stops.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::scheduler::{Horizon, Scheduler};
use crate::event::Timestamp;

/// The longest sleep: the wall clock, by which sessions are due, may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(30);

/// Runs until the host stops.
pub(super) async fn run(inner: Arc<Inner>) {
    loop {
        let due = inner.state().scheduler.next_due();
        tokio::select! {
            () = sleep(due, inner.clock.now()) => inner.step(),
            () = inner.timer.notified() => {}
            () = inner.tasks.stopping() => break,
        }
    }
    inner.let_go();
}

impl Inner {
    /// Forgets those that wait: they stay owed, and the next start runs them. Who waits for one hears that it will not run.
    pub(super) fn let_go(&self) {
        let empty = Scheduler::new(self.config.limits(), Horizon::All);
        let waiting = std::mem::replace(&mut self.state().scheduler, empty);
        drop(waiting);
        self.renewal.notify_one();
    }
}

async fn sleep(due: Option<Timestamp>, now: Timestamp) {
    let wait = due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
    tokio::time::sleep(wait.unwrap_or(LONGEST).min(LONGEST)).await;
}
