//! What people do with sessions: see which run, cancel them, drive them again.

use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::scheduler::Taken;
use super::turn::Turn;
use super::worker::Session;
use super::{Handle, Inner, policy};
use crate::event::{Org, SessionId, SessionState};
use crate::store::{self, Redriven};

/// How long driving a session again waits for a place in the backlog.
const PATIENCE: Duration = Duration::from_secs(10);

/// What cancelling a session did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It has ended, cancelled.
    Done,
    /// It was not owed any more, or the org has none of this id.
    NotOwed,
    /// It is owed, and not by this process yet: try again later.
    Elsewhere,
}

/// What of a session is in memory.
enum Found {
    Waits(Box<(Turn, Session)>),
    /// It has been asked to stop; this ends when it is settled.
    Runs(tokio::sync::oneshot::Receiver<()>),
    Nothing,
}

impl Handle {
    /// Whether the session's handler runs now, or has run and is being settled.
    pub fn is_running(&self, session: SessionId) -> bool {
        self.0.state().brakes.contains_key(&session)
    }

    /// The sessions of an org for which [`Handle::is_running`] holds, in no order.
    pub fn running(&self, org: &Org) -> Vec<SessionId> {
        let state = self.0.state();
        let of = |session: &&SessionId| state.scheduler.org_of(**session) == Some(org);
        state.brakes.keys().filter(of).copied().collect()
    }

    /// Ends a session that is owed: one that waits at once, one that runs at its guest's next step.
    ///
    /// # Errors
    /// The store failed; the session is owed as before.
    pub async fn cancel(&self, org: &Org, session: SessionId) -> store::Result<Cancelled> {
        let Self(inner) = self;
        let mut was_stopped = false;
        loop {
            match inner.find(org, session) {
                Found::Waits(waiting) => {
                    let (turn, session) = *waiting;
                    let cancelling = inner.clone().cancel_waiting(turn, session);
                    // A task of its own: whoever asked may go away, and the session must not be lost with them.
                    let cancelled = inner.tasks.spawn(cancelling).await;
                    return cancelled.map_err(|error| store::Error::Backend(error.to_string()))?;
                }
                Found::Runs(settled) => {
                    was_stopped = true;
                    // It fails when the session is settled: that is what is waited for.
                    settled.await.ok();
                }
                Found::Nothing => {
                    let record = inner.store.history.session(org, session).await?;
                    return Ok(match record.map(|record| record.state) {
                        Some(SessionState::Cancelled) if was_stopped => Cancelled::Done,
                        Some(SessionState::Queued | SessionState::Running) => Cancelled::Elsewhere,
                        Some(_) | None => Cancelled::NotOwed,
                    });
                }
            }
        }
    }

    /// Forgets the sessions of an org, or of one of its projects, that wait, and stops those that run; says how many do. Nothing of it
    /// is settled: what they are of is being removed.
    pub fn give_up_all(&self, org: &Org, project: Option<&str>) -> usize {
        let Self(inner) = self;
        let (waited, running) = inner.change(|state, now| {
            let (mut waited, mut running) = (Vec::new(), 0);
            for session in state.scheduler.of(org, project) {
                match state.scheduler.take(session, now) {
                    Taken::Waited(item) => {
                        state.scheduler.ended(session, now);
                        waited.push(item);
                    }
                    Taken::Busy => {
                        running += 1;
                        // Nobody waits for its end here: it is asked for again.
                        if let Some(brake) = state.brakes.get(&session) {
                            drop(brake.pull());
                        }
                    }
                    Taken::Unknown => {}
                }
            }
            (waited, running)
        });
        // Giving back their places may have others begin, which takes the lock again.
        drop(waited);
        running
    }

    /// Owes an ended session again, and runs it as soon as its turn comes. Waits for a place in the backlog, of which it
    /// leaves senders half.
    ///
    /// # Errors
    /// The store failed, or there was no place for a while; nothing has changed.
    pub async fn redrive(&self, org: &Org, session: SessionId) -> store::Result<Redriven> {
        let Self(inner) = self;
        let place = tokio::time::timeout(PATIENCE, inner.backlog.wait(inner.bounds(org), org)).await;
        let full = |_| store::Error::Unavailable("too many sessions wait already".to_owned());
        let place = place.map_err(full)?;
        let (parts, org) = (inner.clone(), org.clone());
        let driving = async move {
            let now = parts.clock.now();
            let redriven = parts.store.ledger.redrive(&parts.lease, &org, session, now).await?;
            if let Redriven::Owed(delivery) = &redriven {
                parts.take_over((**delivery).clone()).await;
            }
            // Until here it kept what the session has taken now.
            drop(place);
            Ok(redriven)
        };
        // A task of its own, as above.
        let driven = inner.tasks.spawn(driving).await;
        driven.map_err(|error| store::Error::Backend(error.to_string()))?
    }
}

impl Inner {
    fn find(self: &Arc<Self>, org: &Org, session: SessionId) -> Found {
        self.change(|state, now| {
            if state.scheduler.org_of(session) != Some(org) {
                return Found::Nothing;
            }
            match state.scheduler.take(session, now) {
                Taken::Waited(waiting) => {
                    let turn = Turn::taken(self, state, session, now);
                    Found::Waits(Box::new((turn, waiting)))
                }
                Taken::Busy => match state.brakes.get(&session) {
                    Some(brake) => Found::Runs(brake.pull()),
                    None => Found::Nothing,
                },
                Taken::Unknown => Found::Nothing,
            }
        })
    }

    /// Settles a session that was taken out as cancelled, or has it wait as before.
    async fn cancel_waiting(self: Arc<Self>, turn: Turn, session: Session) -> store::Result<Cancelled> {
        let settlement = policy::cancel(&session.delivery, self.clock.now());
        if !session.is_recorded {
            return Ok(Cancelled::Done);
        }
        let notice = self.notice(&session.delivery, &settlement);
        match self.store.ledger.settle(&self.lease, settlement).await {
            Ok(()) => {
                if let Some(notice) = notice {
                    self.feed.publish(|| notice);
                }
                Ok(Cancelled::Done)
            }
            Err(store::Error::LeaseLost) => Ok(Cancelled::Elsewhere),
            Err(error) => {
                error!(session.id = %turn.id, %error, "failed to cancel a session; it waits as before");
                turn.again(session.delivery.due, session);
                Err(error)
            }
        }
    }
}
