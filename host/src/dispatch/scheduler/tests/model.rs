//! Random operations on the scheduler and on a list that is looked through for each question.

use std::time::Duration;

use proptest::prelude::*;

use super::{Admitted, Entry, Horizon, Limits, Scheduler, Taken, at};
use crate::event::{DeploymentId, SessionId, Timestamp};

const SLOTS: usize = 4;
const SLOTS_PER_ORG: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Push {
        org: u8,
        project: u8,
        trigger: u8,
        lane: Option<u8>,
        delay: u64,
        admit: bool,
    },
    Begin,
    /// One of those that run leaves its slot.
    Finish {
        which: prop::sample::Index,
        took: u64,
    },
    /// One that has run, or was taken out, is owed again after a while.
    Again {
        which: prop::sample::Index,
        delay: u64,
    },
    /// One that has run, or was taken out, ends.
    End(prop::sample::Index),
    /// One that waits, or does not, is taken out.
    Take(prop::sample::Index),
    Wait(u64),
    /// What was pushed up to now is all that there was at that time.
    Reach,
    ReachAll,
}

fn step() -> impl Strategy<Value = Step> {
    let which = any::<prop::sample::Index>;
    let lane = prop_oneof![1 => Just(None), 1 => (0..2_u8).prop_map(Some)];
    let delay = prop_oneof![3 => Just(0), 1 => 1..30_u64];
    let push = (0..3_u8, 0..2_u8, 0..3_u8, lane, delay, any::<bool>()).prop_map(
        |(org, project, trigger, lane, delay, admit)| Step::Push { org, project, trigger, lane, delay, admit },
    );
    prop_oneof![
        6 => push,
        6 => Just(Step::Begin),
        3 => (which(), 0..5_000_u64).prop_map(|(which, took)| Step::Finish { which, took }),
        2 => (which(), 0..30_u64).prop_map(|(which, delay)| Step::Again { which, delay }),
        2 => which().prop_map(Step::End),
        1 => which().prop_map(Step::Take),
        2 => (1..20_u64).prop_map(Step::Wait),
        1 => Just(Step::Reach),
        1 => Just(Step::ReachAll),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waits,
    Runs,
    /// It ran and is not settled.
    Ran,
    /// It was taken out while it waited.
    Out,
    Ended,
}

#[derive(Clone, Debug)]
struct Known {
    id: SessionId,
    org: u8,
    trigger: (u8, u8, u8),
    lane: Option<u8>,
    due: Timestamp,
    stage: Stage,
}

struct Model {
    scheduler: Scheduler<SessionId>,
    sessions: Vec<Known>,
    now: Timestamp,
    horizon: Horizon,
}

/// The triggers of number 0 run one session at a time, those of number 1 two.
fn limit(trigger: u8) -> Option<u32> {
    [Some(1), Some(2), None][usize::from(trigger)]
}

impl Model {
    fn new() -> Self {
        let horizon = Horizon::UpTo(SessionId::floor(at(0)));
        let scheduler = Scheduler::new(Limits { slots: SLOTS, slots_per_org: SLOTS_PER_ORG }, horizon);
        Self { scheduler, sessions: Vec::new(), now: at(0), horizon }
    }

    fn which(&self, stages: &[Stage], which: &prop::sample::Index) -> Option<usize> {
        let of = |(place, known): (usize, &Known)| stages.contains(&known.stage).then_some(place);
        let places: Vec<usize> = self.sessions.iter().enumerate().filter_map(of).collect();
        (!places.is_empty()).then(|| places[which.index(places.len())])
    }

    fn count(&self, holds: impl Fn(&Known) -> bool) -> usize {
        self.sessions.iter().filter(|known| known.stage == Stage::Runs && holds(known)).count()
    }

    /// Whether the rules let a session begin, the slots apart.
    fn may_begin(&self, known: &Known) -> bool {
        let limit = limit(known.trigger.2).map_or(usize::MAX, |limit| limit as usize);
        let is_behind = |other: &Known| {
            let is_ahead = match other.stage {
                Stage::Waits => other.id < known.id,
                Stage::Runs | Stage::Ran => other.id != known.id,
                Stage::Out | Stage::Ended => false,
            };
            is_ahead && known.lane.is_some() && (other.trigger, other.lane) == (known.trigger, known.lane)
        };
        let is_within = match self.horizon {
            Horizon::All => true,
            Horizon::UpTo(last) => known.lane.is_none() || known.id <= last,
        };
        known.stage == Stage::Waits
            && known.due <= self.now
            && is_within
            && self.count(|other| other.trigger == known.trigger) < limit
            && self.count(|other| other.org == known.org) < SLOTS_PER_ORG
            && !self.sessions.iter().any(is_behind)
    }

    /// A new session. One that is admitted may begin at once, but only if no other may.
    fn push(&mut self, (org, project, trigger): (u8, u8, u8), lane: Option<u8>, delay: u64, admit: bool) {
        let (id, due) = (SessionId::new(at(0)), self.now + Duration::from_millis(delay));
        let entry = Entry {
            slots: None,
            held: None,
            session: id,
            org: &org.to_string(),
            project: &project.to_string(),
            trigger: &trigger.to_string(),
            version: DeploymentId::floor(at(0)),
            limit: limit(trigger),
            lane: lane.map(|lane| lane.to_string().into()),
            due,
            item: id,
        };
        let known = Known { id, org, trigger: (org, project, trigger), lane, due, stage: Stage::Waits };
        if !admit {
            assert_eq!(self.scheduler.push(entry, self.now), None);
            self.sessions.push(known);
            return;
        }
        let is_free = self.count(|_| true) < SLOTS;
        let other = self.sessions.iter().find(|other| self.may_begin(other)).cloned();
        let stage = match self.scheduler.admit(entry, self.now) {
            Admitted::Begins(item) => {
                assert!(item == id && is_free && self.may_begin(&known), "it may not begin: {known:?}");
                assert!(other.is_none(), "{known:?} begins before {other:?}");
                Stage::Runs
            }
            Admitted::Waits => {
                let is_ready = is_free && known.lane.is_none() && self.may_begin(&known);
                assert!(!is_ready || other.is_some(), "it could begin: {known:?}");
                Stage::Waits
            }
            Admitted::Known(item) => panic!("{item} is new"),
        };
        self.sessions.push(Known { stage, ..known });
    }

    /// Begins one, which must be one that may; none only when none may.
    fn begin(&mut self) -> bool {
        let is_free = self.count(|_| true) < SLOTS;
        let Some((id, item)) = self.scheduler.next(self.now) else {
            let left = self.sessions.iter().find(|known| is_free && self.may_begin(known));
            assert!(left.is_none(), "it could begin: {left:?}");
            return false;
        };
        assert_eq!(id, item);
        let place = self.sessions.iter().position(|known| known.id == id).unwrap();
        assert!(is_free && self.may_begin(&self.sessions[place]), "it may not begin: {:?}", self.sessions[place]);
        self.sessions[place].stage = Stage::Runs;
        true
    }

    fn take(&mut self, place: usize) {
        let known = &mut self.sessions[place];
        let taken = self.scheduler.take(known.id, self.now);
        match known.stage {
            Stage::Waits => {
                assert_eq!(taken, Taken::Waited(known.id));
                known.stage = Stage::Out;
            }
            Stage::Runs | Stage::Ran | Stage::Out => assert_eq!(taken, Taken::Busy),
            Stage::Ended => assert_eq!(taken, Taken::Unknown),
        }
    }

    fn reach(&mut self, horizon: Horizon) {
        self.horizon = horizon;
        self.scheduler.reach(horizon, self.now);
    }

    fn apply(&mut self, step: Step) {
        const OUT: [Stage; 2] = [Stage::Ran, Stage::Out];
        match step {
            Step::Push { org, project, trigger, lane, delay, admit } => {
                self.push((org, project, trigger), lane, delay, admit);
            }
            Step::Begin => drop(self.begin()),
            Step::Finish { which, took } => {
                if let Some(place) = self.which(&[Stage::Runs], &which) {
                    self.scheduler.finished(self.sessions[place].id, Duration::from_micros(took));
                    self.sessions[place].stage = Stage::Ran;
                }
            }
            Step::Again { which, delay } => {
                if let Some(place) = self.which(&OUT, &which) {
                    let (id, due) = (self.sessions[place].id, self.now + Duration::from_millis(delay));
                    self.scheduler.again(id, due, id, self.now);
                    (self.sessions[place].due, self.sessions[place].stage) = (due, Stage::Waits);
                }
            }
            Step::End(which) => {
                if let Some(place) = self.which(&OUT, &which) {
                    self.scheduler.ended(self.sessions[place].id, self.now);
                    self.sessions[place].stage = Stage::Ended;
                }
            }
            Step::Take(which) => {
                if !self.sessions.is_empty() {
                    self.take(which.index(self.sessions.len()));
                }
            }
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::Reach => {
                let newest = self.sessions.last().map(|known| Horizon::UpTo(known.id));
                if let Some(horizon) = newest.filter(|_| self.horizon != Horizon::All) {
                    self.reach(horizon);
                }
            }
            Step::ReachAll => self.reach(Horizon::All),
        }
    }

    /// Whatever the rules kept waiting begins, runs and ends in the end.
    fn drain(&mut self) {
        self.reach(Horizon::All);
        self.now += Duration::from_secs(1);
        loop {
            while self.begin() {}
            let open = |known: &&mut Known| !matches!(known.stage, Stage::Waits | Stage::Ended);
            let mut ended = 0;
            for known in self.sessions.iter_mut().filter(open) {
                self.scheduler.finished(known.id, Duration::from_millis(1));
                self.scheduler.ended(known.id, self.now);
                known.stage = Stage::Ended;
                ended += 1;
            }
            if ended == 0 {
                break;
            }
        }
        let left: Vec<_> = self.sessions.iter().filter(|known| known.stage != Stage::Ended).collect();
        assert!(left.is_empty(), "lost: {left:?}");
        assert_eq!((self.scheduler.len(), self.scheduler.next_due()), (0, None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Never more than the limits, never one twice, never one before its elders in its lane, never an empty slot while
    /// something could begin, and nothing lost.
    #[test]
    fn the_rules_hold_for_any_operations(steps in proptest::collection::vec(step(), 1..150)) {
        let mut model = Model::new();
        for step in steps {
            model.apply(step);
        }
        model.drain();
    }
}
