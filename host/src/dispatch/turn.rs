//! Between the scheduler and the tasks: every change of the scheduler goes through here, and starts what begins with it.

use std::collections::hash_map;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::error;

use super::brake::Brake;
use super::scheduler::{Admitted, Entry};
use super::worker::{self, Session};
use super::{Inner, State};
use crate::deploy::Deployment;
use crate::event::{SessionId, Timestamp};

/// A session that has begun. It leaves its slot and the scheduler when this is dropped, if not before: also when its task is
/// dropped or panics.
pub(super) struct Turn {
    inner: Arc<Inner>,
    pub(super) id: SessionId,
    pub(super) brake: Arc<Brake>,
    began: Timestamp,
    /// What one that is suspected to end the host holds until it is settled.
    pub(super) alone: Option<OwnedSemaphorePermit>,
}

impl Inner {
    /// Takes a session in; it begins now or when its turn comes.
    pub(super) fn admit(self: &Arc<Self>, deployment: &Deployment, session: Session) {
        let now = self.clock.now();
        let mut state = self.state();
        self.look_at_held(&mut state, now);
        let held = self.held(&mut state.cpu, &deployment.org, now);
        // What comes when nothing is started any more stays owed, and who waits for it hears of that.
        if self.tasks.is_stopping() {
            return;
        }
        let id = session.delivery.session;
        let admitted =
            entry(deployment, self.slots(&deployment.org), held, session, |entry| match self.may_start(&state, now) {
                true => state.scheduler.admit(entry, now),
                false => match state.scheduler.push(entry, now) {
                    None => Admitted::Waits,
                    Some(session) => Admitted::Known(session),
                },
            });
        match admitted {
            Admitted::Begins(session) => {
                let turn = self.begin(&mut state, id, now);
                drop(state);
                self.start(turn, session);
            }
            Admitted::Waits => self.go_on(state, now),
            Admitted::Known(_) => {
                drop(state);
                error!(session.id = %id, "a session is to run twice; it runs once");
            }
        }
    }

    /// Changes the scheduler, and starts what may begin now.
    pub(super) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.state();
        let changed = change(&mut state, now);
        self.go_on(state, now);
        changed
    }

    /// Starts what may begin now.
    pub(super) fn step(self: &Arc<Self>) {
        self.change(|_, _| ());
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(self: &Arc<Self>, mut state: MutexGuard<'_, State>, now: Timestamp) {
        let mut begun = Vec::new();
        self.look_at_held(&mut state, now);
        state.scheduler.wake(now);
        while self.may_start(&state, now)
            && let Some((id, session)) = state.scheduler.next(now)
        {
            begun.push((self.begin(&mut state, id, now), session));
        }
        let first = state.scheduler.next_due();
        if first != state.armed {
            state.armed = first;
            self.timer.notify_one();
        }
        drop(state);
        for (turn, session) in begun {
            self.start(turn, session);
        }
    }

    /// Not while the host stops, nor when the lease may have ended before the handler does.
    fn may_start(&self, state: &State, now: Timestamp) -> bool {
        if now >= state.starts_until {
            self.renewal.notify_one();
            return false;
        }
        !self.tasks.is_stopping()
    }

    fn begin(self: &Arc<Self>, state: &mut State, id: SessionId, began: Timestamp) -> Turn {
        let brake = Arc::new(Brake::default());
        state.brakes.insert(id, brake.clone());
        Turn { inner: self.clone(), id, brake, began, alone: None }
    }

    fn start(self: &Arc<Self>, turn: Turn, session: Session) {
        self.tasks.spawn_on(worker::work(self.clone(), turn, session), &self.guests);
    }
}

impl Turn {
    /// A session that is settled without having been started: it was taken out while it waited.
    pub(super) fn taken(inner: &Arc<Inner>, state: &mut State, id: SessionId, now: Timestamp) -> Self {
        inner.begin(state, id, now)
    }

    /// The handler has ended: its slot is free. It has taken so much of a processor, which may be the last that its org may.
    pub(super) fn finish(&self, cpu: Duration) {
        let (id, began) = (self.id, self.began);
        self.inner.change(|state, now| {
            self.inner.charge(state, id, cpu, now);
            let took = now.duration_since(began);
            state.scheduler.finished(id, Duration::try_from(took).unwrap_or_default());
        });
    }

    /// The session waits for a further attempt.
    pub(super) fn again(self, due: Timestamp, session: Session) {
        let id = self.id;
        self.inner.change(|state, now| {
            state.brakes.remove(&id);
            state.scheduler.again(id, due, session, now)
        });
    }

    fn end(&self) {
        let id = self.id;
        self.inner.change(|state, now| {
            // Waits again, or begun anew: then this turn was over before.
            if let hash_map::Entry::Occupied(brake) = state.brakes.entry(id)
                && Arc::ptr_eq(brake.get(), &self.brake)
            {
                brake.remove();
                state.scheduler.ended(id, now);
            }
        });
        if self.inner.tasks.is_stopping() {
            self.inner.renewal.notify_one();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.alone = None;
        self.end();
    }
}

/// Hands `take` what the scheduler needs to know of a session of `deployment`.
pub(super) fn entry<T>(
    deployment: &Deployment,
    slots: Option<usize>,
    held: Option<Timestamp>,
    session: Session,
    take: impl FnOnce(Entry<'_, Session>) -> T,
) -> T {
    let delivery = &session.delivery;
    let (org, trigger, lane) = (delivery.event.org.clone(), delivery.trigger.clone(), delivery.lane.clone());
    let limit = deployment.target(&trigger).and_then(|(trigger, _)| trigger.max_concurrency);
    take(Entry {
        session: delivery.session,
        org: &org,
        project: &deployment.project,
        trigger: &trigger,
        version: delivery.deployment,
        limit,
        slots,
        held,
        lane,
        due: delivery.due,
        item: session,
    })
}
