//! The scheduler against a model that looks through everything, and the shares of those who always have something to run.

mod model;
mod shares;

use std::time::Duration;

use super::{Admitted, Entry, Horizon, Limits, Scheduler, Taken};
use crate::event::{DeploymentId, SessionId, Timestamp};

/// So many milliseconds after a moment.
fn at(millis: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_millis(millis)
}

fn scheduler(slots: usize, slots_per_org: usize) -> Scheduler<()> {
    Scheduler::new(Limits { slots, slots_per_org }, Horizon::All)
}

/// A session of the trigger `t` of the project `p`, which has no limit.
fn entry<'e>(session: SessionId, org: &'e str, lane: Option<&str>) -> Entry<'e, ()> {
    let (version, lane) = (DeploymentId::floor(at(0)), lane.map(Into::into));
    Entry {
        session,
        org,
        project: "p",
        trigger: "t",
        version,
        limit: None,
        slots: None,
        held: None,
        lane,
        due: at(0),
        item: (),
    }
}

/// Pushes a new session.
fn push(scheduler: &mut Scheduler<()>, org: &str, project: &str, lane: Option<&str>, due: Timestamp) -> SessionId {
    let session = SessionId::new(at(0));
    let entry = Entry { project, due, ..entry(session, org, lane) };
    assert_eq!(scheduler.push(entry, at(0)), None);
    session
}

fn next(scheduler: &mut Scheduler<()>, now: Timestamp) -> Option<SessionId> {
    scheduler.next(now).map(|(session, ())| session)
}

#[test]
fn a_session_that_is_in_is_not_taken_in_again() {
    let mut scheduler = scheduler(1, 1);
    let session = push(&mut scheduler, "a", "p", None, at(0));
    assert_eq!(scheduler.push(entry(session, "a", None), at(0)), Some(()));
    assert_eq!(next(&mut scheduler, at(0)), Some(session));
    assert_eq!(scheduler.admit(entry(session, "a", None), at(0)), Admitted::Known(()));
    assert_eq!(next(&mut scheduler, at(0)), None);
    scheduler.ended(session, at(0));
    assert_eq!(scheduler.admit(entry(session, "a", None), at(0)), Admitted::Begins(()));
    assert_eq!(scheduler.push(entry(session, "a", None), at(0)), Some(()));
    scheduler.ended(session, at(0));
    assert_eq!(scheduler.len(), 0);
}

#[test]
fn a_session_waits_for_its_time() {
    let mut scheduler = scheduler(1, 1);
    let late = push(&mut scheduler, "a", "p", None, at(20));
    let early = push(&mut scheduler, "a", "p", None, at(10));
    assert_eq!((next(&mut scheduler, at(9)), scheduler.next_due()), (None, Some(at(10))));
    assert_eq!((next(&mut scheduler, at(10)), scheduler.next_due()), (Some(early), Some(at(20))));
    scheduler.finished(early, Duration::ZERO);
    scheduler.again(early, at(15), (), at(10));
    assert_eq!(next(&mut scheduler, at(20)), Some(late), "its turn came with its id, which is older");
    scheduler.ended(late, at(20));
    assert_eq!(next(&mut scheduler, at(20)), Some(early));
}

/// While the head of a lane waits for its retry the lane waits, and other lanes do not.
#[test]
fn a_lane_waits_for_its_head() {
    let mut scheduler = scheduler(9, 9);
    let first = push(&mut scheduler, "a", "p", Some("x"), at(0));
    let second = push(&mut scheduler, "a", "p", Some("x"), at(0));
    let other = push(&mut scheduler, "a", "p", Some("y"), at(0));
    assert_eq!(next(&mut scheduler, at(0)), Some(first));
    assert_eq!(next(&mut scheduler, at(0)), Some(other));
    scheduler.finished(first, Duration::ZERO);
    assert_eq!(next(&mut scheduler, at(0)), None, "it is not settled yet");
    scheduler.again(first, at(50), (), at(0));
    assert_eq!(next(&mut scheduler, at(49)), None);
    assert_eq!(next(&mut scheduler, at(50)), Some(first));
    scheduler.ended(first, at(50));
    assert_eq!(next(&mut scheduler, at(50)), Some(second));
}

/// One that is cancelled lets the next of its lane run; one that is driven again comes before those that are younger.
#[test]
fn the_oldest_of_a_lane_is_its_head() {
    let mut scheduler = scheduler(9, 9);
    let old = SessionId::new(at(0));
    let first = push(&mut scheduler, "a", "p", Some("x"), at(10));
    let second = push(&mut scheduler, "a", "p", Some("x"), at(0));
    assert_eq!(next(&mut scheduler, at(0)), None);
    assert_eq!(scheduler.take(first, at(0)), Taken::Waited(()));
    assert_eq!(scheduler.take(first, at(0)), Taken::Busy);
    assert_eq!(scheduler.push(entry(old, "a", Some("x")), at(0)), None);
    scheduler.ended(first, at(0));
    assert_eq!(scheduler.take(first, at(0)), Taken::Unknown);
    assert_eq!((next(&mut scheduler, at(0)), next(&mut scheduler, at(0))), (Some(old), None));
    scheduler.ended(old, at(0));
    assert_eq!(next(&mut scheduler, at(0)), Some(second));
    scheduler.ended(second, at(0));
    assert_eq!(scheduler.len(), 0);
}

/// What an earlier process left owed may be older than what is known: a lane waits for it.
#[test]
fn a_lane_waits_for_the_horizon() {
    let nothing = Horizon::UpTo(SessionId::floor(at(0)));
    let mut scheduler = Scheduler::new(Limits { slots: 9, slots_per_org: 9 }, nothing);
    let owed = SessionId::new(at(0));
    let new = push(&mut scheduler, "a", "p", Some("x"), at(0));
    let unordered = push(&mut scheduler, "a", "p", None, at(0));
    assert_eq!((next(&mut scheduler, at(0)), next(&mut scheduler, at(0))), (Some(unordered), None));
    assert_eq!(scheduler.push(entry(owed, "a", Some("x")), at(0)), None);
    scheduler.reach(Horizon::UpTo(owed), at(0));
    assert_eq!((next(&mut scheduler, at(0)), next(&mut scheduler, at(0))), (Some(owed), None));
    scheduler.ended(owed, at(0));
    assert_eq!(next(&mut scheduler, at(0)), None);
    scheduler.reach(Horizon::All, at(0));
    assert_eq!(next(&mut scheduler, at(0)), Some(new));
}

/// A trigger's limit is that of its newest deployment, whichever its sessions are of.
#[test]
fn the_newest_deployments_limit_holds() {
    let mut scheduler = scheduler(9, 9);
    let mut push = |version: u64, limit| {
        let version = DeploymentId::floor(at(version));
        let entry = Entry { version, limit, ..entry(SessionId::new(at(0)), "a", None) };
        assert_eq!(scheduler.push(entry, at(0)), None);
    };
    push(2, Some(2));
    push(1, Some(1));
    push(1, None);
    let running: Vec<_> = std::iter::from_fn(|| scheduler.next(at(0))).collect();
    assert_eq!(running.len(), 2);
}

/// Names that tenants make up do not stay for ever.
#[test]
fn idle_names_are_forgotten() {
    let mut scheduler = scheduler(9, 9);
    for number in 0..1_000 {
        let session = push(&mut scheduler, &format!("org {number}"), "p", None, at(0));
        assert_eq!(next(&mut scheduler, at(0)), Some(session));
        scheduler.ended(session, at(0));
    }
    assert!(scheduler.tree.orgs.values().count() <= 128, "{}", scheduler.tree.orgs.values().count());
}
