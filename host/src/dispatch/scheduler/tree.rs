//! The orgs, with their projects and triggers: who has something to begin, who has begun it, and what it cost.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Limits;
use super::org::{Org, Trigger};
use super::turns::Turns;
use crate::dispatch::known::Known;
use crate::event::{self, SessionId, Timestamp};

/// All orgs.
#[derive(Debug)]
pub(super) struct Tree {
    limits: Limits,
    running: usize,
    /// The orgs that have something to begin.
    turns: Turns<event::Org>,
    /// The orgs that begin nothing for a while.
    held: BTreeSet<(Timestamp, event::Org)>,
    pub(super) orgs: Known<Org>,
}

/// Where in the tree a session belongs.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) org: event::Org,
    pub(super) project: Arc<str>,
    pub(super) trigger: Arc<str>,
}

const KNOWN: &str = "what a session belongs to is known as long as the session is";

impl Tree {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, running: 0, turns: Turns::default(), held: BTreeSet::new(), orgs: Known::default() }
    }

    /// The path of these names, each of which is known from now on.
    pub(super) fn path(&mut self, org: &str, project: &str, trigger: &str) -> Path {
        let turns = &self.turns;
        let org = self.orgs.name(org, |org| org.is_idle() && org.held.is_none() && turns.is_even(&org.account));
        let known = self.orgs.get_mut(&org).expect(KNOWN);
        let project = known.name(project);
        let trigger = known.projects.get_mut(&project).expect(KNOWN).name(trigger);
        Path { org, project, trigger }
    }

    /// So many of the org's sessions may run at once from now on.
    pub(super) fn allow(&mut self, path: &Path, slots: Option<usize>) {
        self.orgs.get_mut(&path.org).expect(KNOWN).slots = slots;
    }

    /// An org that is known begins nothing until then; none for as soon as it has a slot.
    pub(super) fn hold(&mut self, name: &str, until: Option<Timestamp>) {
        let Some(org) = self.orgs.get_mut(name).filter(|org| org.held != until) else { return };
        let name: event::Org = name.into();
        if let Some(before) = std::mem::replace(&mut org.held, until) {
            self.held.remove(&(before, name.clone()));
        }
        self.held.extend(until.map(|until| (until, name.clone())));
        self.offer(&name);
    }

    /// When the first of those that are held is to be looked at.
    pub(super) fn next_held(&self) -> Option<Timestamp> {
        self.held.first().map(|(until, _)| *until)
    }

    /// An org that is held until now.
    pub(super) fn held_until(&self, now: Timestamp) -> Option<event::Org> {
        self.held.first().filter(|(until, _)| *until <= now).map(|(_, org)| org.clone())
    }

    pub(super) fn trigger(&mut self, path: &Path) -> &mut Trigger {
        let project = self.orgs.get_mut(&path.org).and_then(|org| org.projects.get_mut(&path.project));
        project.and_then(|project| project.triggers.get_mut(&path.trigger)).expect(KNOWN)
    }

    /// The session that begins next.
    pub(super) fn first(&mut self) -> Option<SessionId> {
        if self.running >= self.limits.slots {
            return None;
        }
        let org = self.turns.first()?;
        let org = self.orgs.get_mut(&org).expect(KNOWN);
        let project = org.turns.first().expect("an org whose turn it is has a project to begin with");
        let project = org.projects.get_mut(&project).expect(KNOWN);
        project.ready.first().copied()
    }

    /// Whether a further session of a trigger may begin although it stood in no queue: nobody else has one that may.
    pub(super) fn is_open(&mut self, path: &Path) -> bool {
        if self.running >= self.limits.slots || !self.turns.is_empty() {
            return false;
        }
        let org = self.orgs.get_mut(&path.org).expect(KNOWN);
        if org.held.is_some() || org.running >= org.slots.unwrap_or(self.limits.slots_per_org) {
            return false;
        }
        self.trigger(path).is_open()
    }

    /// A session takes a slot, and is booked with what it is thought to cost, in microseconds.
    pub(super) fn begin(&mut self, path: &Path) -> i64 {
        let org = self.orgs.get_mut(&path.org).expect(KNOWN);
        let project = org.projects.get_mut(&path.project).expect(KNOWN);
        let trigger = project.triggers.get_mut(&path.trigger).expect(KNOWN);
        let booked = trigger.begin();
        org.turns.charge(&mut project.account, booked);
        self.turns.charge(&mut org.account, booked);
        org.running += 1;
        self.running += 1;
        booked
    }

    /// A session leaves its slot after so many microseconds.
    pub(super) fn finish(&mut self, path: &Path, booked: i64, took: i64) {
        let org = self.orgs.get_mut(&path.org).expect(KNOWN);
        let project = org.projects.get_mut(&path.project).expect(KNOWN);
        let trigger = project.triggers.get_mut(&path.trigger).expect(KNOWN);
        let cost = trigger.finish(took);
        let waits = !trigger.queue.is_empty() || !org.turns.is_empty();
        org.turns.charge(&mut project.account, cost - booked);
        self.turns.charge(&mut org.account, cost - booked);
        org.running -= 1;
        self.running -= 1;
        if waits {
            self.refresh(path);
        }
    }

    /// After a change of a trigger: whether it, its project and its org have something to begin.
    pub(super) fn refresh(&mut self, path: &Path) {
        let org = self.orgs.get_mut(&path.org).expect(KNOWN);
        let project = org.projects.get_mut(&path.project).expect(KNOWN);
        let trigger = project.triggers.get_mut(&path.trigger).expect(KNOWN);
        let offer = trigger.offer();
        if offer != trigger.offered {
            if let Some(session) = std::mem::replace(&mut trigger.offered, offer) {
                project.ready.remove(&session);
            }
            project.ready.extend(offer);
        }
        if project.ready.is_empty() {
            org.turns.leave(&mut project.account);
        } else {
            org.turns.join(&mut project.account, &path.project);
        }
        self.offer(&path.org);
    }

    /// Whether an org has something to begin, and may.
    fn offer(&mut self, name: &event::Org) {
        let org = self.orgs.get_mut(name).expect(KNOWN);
        let is_full = org.running >= org.slots.unwrap_or(self.limits.slots_per_org);
        if org.turns.is_empty() || is_full || org.held.is_some() {
            self.turns.leave(&mut org.account);
        } else {
            self.turns.join(&mut org.account, name);
        }
    }
}
