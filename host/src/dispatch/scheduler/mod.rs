//! Which session runs next. A data structure: it knows no clock, no task and no store.
//!
//! Slots are shared by deficit round robin over the orgs that have something to begin, and an org's among its projects. What is
//! shared is time in a slot, since a slot is what others wait for: a session costs as long as it ran. It is booked with what
//! its trigger's sessions took of late when it begins, and with the difference when it has run. Within a project the oldest
//! session comes first.
//!
//! A session that may not begin stands in no queue that is looked through: its trigger is at its limit, its org is, it is not
//! due yet, or it is behind another in its lane. Every operation takes logarithmic time.

mod lane;
mod org;
mod tree;
mod turns;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, hash_map};
use std::sync::Arc;
use std::time::Duration;

use lane::Change;
use tree::{Path, Tree};

use crate::event::{self, DeploymentId, SessionId, Timestamp};

/// How many sessions may run at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// All together.
    pub(super) slots: usize,
    /// Of one org.
    pub(super) slots_per_org: usize,
}

/// Sessions that are owed, those that run among them. `T` is what its owner needs to run one.
#[derive(Debug)]
pub(super) struct Scheduler<T> {
    tree: Tree,
    sessions: HashMap<SessionId, Session<T>>,
    /// Sessions that wait for their time.
    timers: BTreeSet<(Timestamp, SessionId)>,
    /// Heads of lanes that wait for the horizon.
    beyond: BTreeSet<SessionId>,
    horizon: Horizon,
}

/// A session as it is handed over.
#[derive(Debug)]
pub(super) struct Entry<'e, T> {
    pub(super) session: SessionId,
    pub(super) org: &'e str,
    pub(super) project: &'e str,
    pub(super) trigger: &'e str,
    /// The deployment that `limit` is of: the newest one's holds for the trigger.
    pub(super) version: DeploymentId,
    /// How many of the trigger's sessions may run at once.
    pub(super) limit: Option<u32>,
    /// How many of the org's sessions may run at once; none for as many as of any. The last one's holds.
    pub(super) slots: Option<usize>,
    /// Until when none of the org's sessions begins; none when they may. The last one's holds.
    pub(super) held: Option<Timestamp>,
    /// Of those of the trigger with the same lane only the oldest runs.
    pub(super) lane: Option<Arc<str>>,
    /// Not before then.
    pub(super) due: Timestamp,
    pub(super) item: T,
}

/// Up to where all that is owed is known. A lane's session beyond it may have an older one that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Horizon {
    /// No older session will come that is not older than this one.
    UpTo(SessionId),
    /// Everything that is owed is known.
    All,
}

/// What taking a session in did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admitted<T> {
    /// It begins now, as if [`Scheduler::next`] had given it.
    Begins(T),
    /// It waits until [`Scheduler::next`] gives it.
    Waits,
    /// It is in already, and this one is nothing new.
    Known(T),
}

/// What taking a session out did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<T> {
    /// It waited, and will not begin. Its owner says [`Scheduler::ended`], or [`Scheduler::again`] to have it back in.
    Waited(T),
    /// It runs, or has run and is not settled yet.
    Busy,
    /// There is none.
    Unknown,
}

#[derive(Debug)]
struct Session<T> {
    path: Path,
    lane: Option<Arc<str>>,
    due: Timestamp,
    stage: Stage,
    item: Option<T>,
    /// What it was booked with when it began.
    booked: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Behind another in its lane.
    Behind,
    /// The head of its lane, in `beyond`.
    Beyond,
    /// In `timers`.
    Timed,
    /// In its trigger's queue.
    Queued,
    /// In a slot.
    Running,
    /// Out of its slot, or never in one, and not settled yet.
    Settling,
}

const KNOWN: &str = "a session that stands in a queue is known";

impl<T> Scheduler<T> {
    /// One without sessions.
    pub(super) fn new(limits: Limits, horizon: Horizon) -> Self {
        Self {
            tree: Tree::new(limits),
            sessions: HashMap::new(),
            timers: BTreeSet::new(),
            beyond: BTreeSet::new(),
            horizon,
        }
    }

    /// Takes a session in, to wait until [`Scheduler::next`] gives it. Of one that is in already the item is given back.
    pub(super) fn push(&mut self, entry: Entry<'_, T>, now: Timestamp) -> Option<T> {
        let path = self.known(&entry);
        let Entry { session, lane, due, item, .. } = entry;
        let hash_map::Entry::Vacant(vacant) = self.sessions.entry(session) else { return Some(item) };
        self.tree.trigger(&path).sessions += 1;
        vacant.insert(Session { path, lane, due, stage: Stage::Behind, item: Some(item), booked: 0 });
        self.enter(session, now);
        None
    }

    /// Takes a session in, and begins it at once if it may and no other does: then it is spared the way through the queues,
    /// which would cost more than all the rest.
    pub(super) fn admit(&mut self, entry: Entry<'_, T>, now: Timestamp) -> Admitted<T> {
        self.wake(now);
        let path = self.known(&entry);
        let is_ready = entry.lane.is_none() && entry.due <= now && self.tree.is_open(&path);
        if !is_ready {
            return match self.push(entry, now) {
                None => Admitted::Waits,
                Some(item) => Admitted::Known(item),
            };
        }
        let Entry { session, lane, due, item, .. } = entry;
        let hash_map::Entry::Vacant(vacant) = self.sessions.entry(session) else { return Admitted::Known(item) };
        self.tree.trigger(&path).sessions += 1;
        let booked = self.tree.begin(&path);
        vacant.insert(Session { path, lane, due, stage: Stage::Running, item: None, booked });
        Admitted::Begins(item)
    }

    /// The session that begins now; none when none may. It runs until [`Scheduler::finished`].
    pub(super) fn next(&mut self, now: Timestamp) -> Option<(SessionId, T)> {
        self.wake(now);
        let id = self.tree.first()?;
        let session = self.sessions.get_mut(&id).expect(KNOWN);
        let trigger = self.tree.trigger(&session.path);
        trigger.queue.remove(&id);
        if let Some(lane) = session.lane.as_ref().and_then(|lane| trigger.lanes.get_mut(lane)) {
            lane.start(id);
        }
        session.stage = Stage::Running;
        session.booked = self.tree.begin(&session.path);
        self.tree.refresh(&session.path);
        let item = session.item.take().expect("a session that waits has its item");
        Some((id, item))
    }

    /// A session has left its slot after so long. Its lane waits until it is settled.
    pub(super) fn finished(&mut self, session: SessionId, took: Duration) {
        let Some(found) = self.sessions.get_mut(&session).filter(|found| found.stage == Stage::Running) else { return };
        found.stage = Stage::Settling;
        self.tree.finish(&found.path, found.booked, i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    }

    /// A session that was begun or taken out is owed a further attempt, not before `due`.
    pub(super) fn again(&mut self, session: SessionId, due: Timestamp, item: T, now: Timestamp) {
        self.finished(session, Duration::ZERO);
        let Some(found) = self.sessions.get_mut(&session).filter(|found| found.stage == Stage::Settling) else {
            return;
        };
        found.item = Some(item);
        found.due = due;
        self.enter(session, now);
    }

    /// A session that was begun or taken out is owed no more, or not by this process.
    pub(super) fn ended(&mut self, session: SessionId, now: Timestamp) {
        self.finished(session, Duration::ZERO);
        let is_out = |found: &Session<T>| found.stage == Stage::Settling;
        if !self.sessions.get(&session).is_some_and(is_out) {
            return;
        }
        self.leave_lane(session, now);
        if let Some(Session { path, .. }) = self.sessions.remove(&session) {
            self.tree.trigger(&path).sessions -= 1;
        }
    }

    /// Takes out a session that waits.
    pub(super) fn take(&mut self, session: SessionId, now: Timestamp) -> Taken<T> {
        let Some(found) = self.sessions.get_mut(&session) else { return Taken::Unknown };
        let Some(item) = found.item.take() else { return Taken::Busy };
        self.stop_waiting(session, Stage::Settling);
        self.leave_lane(session, now);
        Taken::Waited(item)
    }

    /// More of what is owed is known.
    pub(super) fn reach(&mut self, horizon: Horizon, now: Timestamp) {
        self.horizon = horizon;
        while let Some(head) = self.beyond.first().copied().filter(|head| self.is_within(*head)) {
            self.beyond.remove(&head);
            self.wait(head, now);
        }
    }

    /// When the next of those that wait for their time may begin, or an org is held until.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let session = self.timers.first().map(|(due, _)| *due);
        session.into_iter().chain(self.tree.next_held()).min()
    }

    /// An org begins nothing until then, whatever it has; none for as soon as it has a slot. Who holds it lets it go.
    pub(super) fn hold(&mut self, org: &str, until: Option<Timestamp>) {
        self.tree.hold(org, until);
    }

    /// An org that was held until now.
    pub(super) fn held_until(&self, now: Timestamp) -> Option<event::Org> {
        self.tree.held_until(now)
    }

    /// The org of a session that is known.
    pub(super) fn org_of(&self, session: SessionId) -> Option<&event::Org> {
        self.sessions.get(&session).map(|session| &session.path.org)
    }

    /// The sessions of an org, or of one of its projects, in no order. It looks through all that are known.
    pub(super) fn of(&self, org: &event::Org, project: Option<&str>) -> Vec<SessionId> {
        let is_of = |path: &Path| path.org == *org && project.is_none_or(|project| &*path.project == project);
        self.sessions.iter().filter(|(_, session)| is_of(&session.path)).map(|(id, _)| *id).collect()
    }

    /// How many sessions are known, those that run among them.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Where a session belongs; its trigger hears of its deployment's limit.
    fn known(&mut self, entry: &Entry<'_, T>) -> Path {
        let path = self.tree.path(entry.org, entry.project, entry.trigger);
        self.tree.allow(&path, entry.slots);
        self.tree.hold(&path.org, entry.held);
        self.tree.trigger(&path).limit(entry.version, entry.limit);
        path
    }

    /// A session begins to wait: at its place in its lane, or for its time, or in its trigger's queue.
    fn enter(&mut self, session: SessionId, now: Timestamp) {
        let found = self.sessions.get_mut(&session).expect(KNOWN);
        found.stage = Stage::Behind;
        match &found.lane {
            None => self.wait(session, now),
            Some(lane) => {
                let lanes = &mut self.tree.trigger(&found.path).lanes;
                let change = lanes.entry(lane.clone()).or_default().add(session);
                self.apply(change, now);
            }
        }
    }

    /// A session is settled, or will not begin: the next of its lane may.
    fn leave_lane(&mut self, session: SessionId, now: Timestamp) {
        let found = self.sessions.get(&session).expect(KNOWN);
        let Some(name) = &found.lane else { return };
        let lanes = &mut self.tree.trigger(&found.path).lanes;
        let Some(lane) = lanes.get_mut(name) else { return };
        let change = lane.remove(session);
        if lane.is_empty() {
            lanes.remove(name);
        }
        self.apply(change, now);
    }

    fn apply(&mut self, change: Change, now: Timestamp) {
        if let Some(back) = change.back {
            self.stop_waiting(back, Stage::Behind);
        }
        match change.front {
            Some(head) if self.is_within(head) => self.wait(head, now),
            Some(head) => {
                self.sessions.get_mut(&head).expect(KNOWN).stage = Stage::Beyond;
                self.beyond.insert(head);
            }
            None => {}
        }
    }

    fn is_within(&self, session: SessionId) -> bool {
        match self.horizon {
            Horizon::All => true,
            Horizon::UpTo(last) => session <= last,
        }
    }

    /// A session that nothing but its time and the limits keeps from running waits for them.
    fn wait(&mut self, session: SessionId, now: Timestamp) {
        let found = self.sessions.get_mut(&session).expect(KNOWN);
        if found.due > now {
            found.stage = Stage::Timed;
            self.timers.insert((found.due, session));
            return;
        }
        found.stage = Stage::Queued;
        self.tree.trigger(&found.path).queue.insert(session);
        self.tree.refresh(&found.path);
    }

    /// Takes a session out of where it waits.
    fn stop_waiting(&mut self, session: SessionId, then: Stage) {
        let found = self.sessions.get_mut(&session).expect(KNOWN);
        match std::mem::replace(&mut found.stage, then) {
            Stage::Beyond => drop(self.beyond.remove(&session)),
            Stage::Timed => drop(self.timers.remove(&(found.due, session))),
            Stage::Queued => {
                self.tree.trigger(&found.path).queue.remove(&session);
                self.tree.refresh(&found.path);
            }
            Stage::Behind | Stage::Running | Stage::Settling => {}
        }
    }

    /// Those whose time has come wait for nothing but the limits.
    pub(super) fn wake(&mut self, now: Timestamp) {
        while let Some((due, session)) = self.timers.first().copied().filter(|(due, _)| *due <= now) {
            self.timers.remove(&(due, session));
            self.wait(session, now);
        }
    }
}
