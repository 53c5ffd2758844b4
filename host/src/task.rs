//! The one caller of `spawn`: tasks that a shutdown stops and waits for.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A set of tasks. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs `task` on the current runtime. It should end soon after [`Tasks::stopping`] does.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.spawn_on(task, &Handle::current())
    }

    /// Runs `task` on another runtime.
    pub fn spawn_on<F>(&self, task: F, runtime: &Handle) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.tracker.spawn_on(task, runtime)
    }

    /// Ends when the shutdown has begun.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Whether the shutdown has begun.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Begins the shutdown without waiting for its end.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Begins the shutdown and ends when the last task has.
    pub async fn stopped(&self) {
        self.stop();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
