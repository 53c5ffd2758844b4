//! What the scheduler knows of an org, its projects and their triggers.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::lane::Lane;
use super::turns::{Account, Turns};
use crate::dispatch::known::Known;
use crate::event::{DeploymentId, SessionId, Timestamp};

/// What a session is thought to cost before one of its trigger has run, in microseconds.
const UNKNOWN: i64 = 1_000;

/// What a session costs at the least, in microseconds: beginning and settling it takes that long.
const LEAST: i64 = 100;

#[derive(Debug, Default)]
pub(super) struct Org {
    pub(super) account: Account,
    /// Its sessions that run.
    pub(super) running: usize,
    /// How many may, where that is not as many as of any org.
    pub(super) slots: Option<usize>,
    /// Until when it begins nothing.
    pub(super) held: Option<Timestamp>,
    /// Its projects that have something to begin.
    pub(super) turns: Turns<Arc<str>>,
    pub(super) projects: Known<Project>,
}

#[derive(Debug, Default)]
pub(super) struct Project {
    pub(super) account: Account,
    /// Of each trigger that may begin a session, the oldest that it may.
    pub(super) ready: BTreeSet<SessionId>,
    pub(super) triggers: Known<Trigger>,
}

#[derive(Debug)]
pub(super) struct Trigger {
    /// Its sessions, in whatever stage.
    pub(super) sessions: usize,
    /// Those that run.
    running: u32,
    /// How many may, in the newest of the deployments that it has had sessions of.
    limit: Option<u32>,
    version: Option<DeploymentId>,
    /// Its sessions that are due and, in a lane, its head.
    pub(super) queue: BTreeSet<SessionId>,
    /// The one that stands in the project's `ready`.
    pub(super) offered: Option<SessionId>,
    pub(super) lanes: HashMap<Arc<str>, Lane>,
    /// What its sessions have cost of late, in microseconds.
    cost: i64,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            sessions: 0,
            running: 0,
            limit: None,
            version: None,
            queue: BTreeSet::new(),
            offered: None,
            lanes: HashMap::new(),
            cost: UNKNOWN,
        }
    }
}

impl Org {
    /// Whether it has no session.
    pub(super) fn is_idle(&self) -> bool {
        self.projects.values().all(Project::is_idle)
    }

    /// The project's name as it is shared.
    pub(super) fn name(&mut self, project: &str) -> Arc<str> {
        let turns = &self.turns;
        self.projects.name(project, |project| project.is_idle() && turns.is_even(&project.account))
    }
}

impl Project {
    fn is_idle(&self) -> bool {
        self.triggers.values().all(Trigger::is_idle)
    }

    /// The trigger's name as it is shared.
    pub(super) fn name(&mut self, trigger: &str) -> Arc<str> {
        self.triggers.name(trigger, Trigger::is_idle)
    }
}

impl Trigger {
    fn is_idle(&self) -> bool {
        self.sessions == 0
    }

    /// Hears of a deployment's limit: the newest deployment's holds.
    pub(super) fn limit(&mut self, version: DeploymentId, limit: Option<u32>) {
        if self.version.is_none_or(|known| known <= version) {
            (self.version, self.limit) = (Some(version), limit);
        }
    }

    /// Whether a further session may run.
    pub(super) fn is_open(&self) -> bool {
        self.limit.is_none_or(|limit| self.running < limit)
    }

    /// The session that it may begin.
    pub(super) fn offer(&self) -> Option<SessionId> {
        self.queue.first().filter(|_| self.is_open()).copied()
    }

    /// A session begins; gives what it is thought to cost, in microseconds.
    pub(super) fn begin(&mut self) -> i64 {
        self.running += 1;
        self.cost
    }

    /// A session has run for so many microseconds; gives what it cost.
    pub(super) fn finish(&mut self, took: i64) -> i64 {
        self.running -= 1;
        let cost = took.max(LEAST);
        // An eighth of each new one: a single slow session says little of the next.
        self.cost = (self.cost + (cost - self.cost) / 8).max(LEAST);
        cost
    }
}
