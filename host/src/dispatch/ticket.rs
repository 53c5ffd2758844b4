//! Wakes the request that waits for a session's outcome.

use tokio::sync::oneshot;

use crate::event::Outcome;

/// A claim to one session's outcome. Dropping it leaves the session as it is.
pub struct Ticket(oneshot::Receiver<Outcome>);

/// The session's side of a [`Ticket`].
pub(super) struct Stub(oneshot::Sender<Outcome>);

pub(super) fn pair() -> (Ticket, Stub) {
    let (sender, receiver) = oneshot::channel();
    (Ticket(receiver), Stub(sender))
}

impl Ticket {
    /// The outcome; none when the session will not be run by this process any more.
    pub async fn outcome(self) -> Option<Outcome> {
        self.0.await.ok()
    }
}

impl Stub {
    /// Whether anybody waits for the outcome yet.
    pub(super) fn is_awaited(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) fn answer(self, outcome: Outcome) {
        // The sender has gone: the session's outcome is kept all the same.
        drop(self.0.send(outcome));
    }
}
