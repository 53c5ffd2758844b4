//! Wakes the request that waits for a session's outcome, or for the response that it sends before it ends.

use tokio::sync::oneshot;

use crate::event::Outcome;
use crate::guest::reply::{Started, Waiting};

/// A claim to one session's outcome. Dropping it leaves the session as it is.
pub struct Ticket {
    started: oneshot::Receiver<Started>,
    ended: oneshot::Receiver<Outcome>,
}

/// The session's side of a [`Ticket`].
pub(super) struct Stub {
    started: oneshot::Sender<Started>,
    ended: End,
}

/// Tells of the session's end.
pub(super) struct End(oneshot::Sender<Outcome>);

/// What a session's waiting request hears first.
pub enum Heard {
    /// It has ended; none when it will not be run by this process any more.
    Ended(Option<Outcome>),
    /// It sends a response, which is whole when the session has ended well.
    Started(Started, Ending),
}

/// A claim to the outcome of a session that has begun to answer.
pub struct Ending(oneshot::Receiver<Outcome>);

pub(super) fn pair() -> (Ticket, Stub) {
    let (start, started) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    (Ticket { started, ended }, Stub { started: start, ended: End(end) })
}

impl Ticket {
    /// The response's beginning, or the outcome of a session that sends none.
    pub async fn heard(self) -> Heard {
        let Self { mut started, mut ended } = self;
        tokio::select! {
            biased;
            // Of a session that cannot send one, the sender is dropped.
            Ok(started) = &mut started => Heard::Started(started, Ending(ended)),
            outcome = &mut ended => Heard::Ended(outcome.ok()),
        }
    }

    /// The outcome; none when the session will not be run by this process any more.
    #[cfg(test)]
    pub async fn outcome(self) -> Option<Outcome> {
        self.ended.await.ok()
    }
}

impl Ending {
    /// The outcome; none when the session was stopped.
    pub async fn outcome(self) -> Option<Outcome> {
        self.0.await.ok()
    }
}

impl Stub {
    /// Who may be sent a response, and who is told of the end.
    pub(super) fn split(self) -> (Waiting, End) {
        (Waiting::new(self.started), self.ended)
    }
}

impl End {
    /// Whether anybody waits for the outcome yet.
    pub(super) fn is_awaited(&self) -> bool {
        !self.0.is_closed()
    }

    pub(super) fn answer(self, outcome: Outcome) {
        // The sender has gone: the session's outcome is kept all the same.
        drop(self.0.send(outcome));
    }
}
