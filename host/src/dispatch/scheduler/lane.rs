//! A lane: sessions of one trigger of which only the oldest that is owed runs.

use std::collections::BTreeSet;

use crate::event::SessionId;

/// The sessions of a lane.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Those that wait, in the order of their ids, which is that of their receipt.
    waiting: BTreeSet<SessionId>,
    /// The one of `waiting` that may run, or waits for its time to.
    head: Option<SessionId>,
    /// The one that runs, or has run and is not settled yet.
    busy: Option<SessionId>,
}

/// What a change of a lane makes of its head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// It is not the head any more.
    pub(super) back: Option<SessionId>,
    /// It is the head now.
    pub(super) front: Option<SessionId>,
}

impl Lane {
    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.busy.is_none()
    }

    /// A session comes, or comes back to wait for a further attempt.
    pub(super) fn add(&mut self, session: SessionId) -> Change {
        self.waiting.insert(session);
        self.free(session)
    }

    /// The head begins to run.
    pub(super) fn start(&mut self, session: SessionId) {
        self.waiting.remove(&session);
        self.head = None;
        self.busy = Some(session);
    }

    /// A session ends, whether it ran or waited.
    pub(super) fn remove(&mut self, session: SessionId) -> Change {
        self.waiting.remove(&session);
        if self.head == Some(session) {
            self.head = None;
        }
        self.free(session)
    }

    /// The lane is not busy with this session any more; the head is who is the oldest now.
    fn free(&mut self, session: SessionId) -> Change {
        if self.busy == Some(session) {
            self.busy = None;
        }
        if self.busy.is_some() {
            return Change::default();
        }
        let first = self.waiting.first().copied();
        if self.head == first {
            return Change::default();
        }
        Change { back: std::mem::replace(&mut self.head, first), front: first }
    }
}
