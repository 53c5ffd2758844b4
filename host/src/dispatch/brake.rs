//! Stops a session that runs, and says when it has been settled.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use tokio::sync::oneshot;

/// One session's brake.
#[derive(Debug, Default)]
pub(super) struct Brake {
    is_pulled: AtomicBool,
    waker: AtomicWaker,
    /// Those who wait until the session is settled; they hear of it when the brake is dropped.
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
}

impl Brake {
    /// Asks the session to stop. What is given is as of [`Brake::settled`].
    pub(super) fn pull(&self) -> oneshot::Receiver<()> {
        self.is_pulled.store(true, Ordering::Release);
        self.waker.wake();
        self.settled()
    }

    /// What ends, with an error, when the session has been settled, however it ended.
    pub(super) fn settled(&self) -> oneshot::Receiver<()> {
        let (sender, settled) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        settled
    }

    /// Ends when the session is to stop. Only one task may wait for it.
    pub(super) async fn pulled(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            if self.is_pulled.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
