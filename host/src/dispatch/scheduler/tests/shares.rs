//! Who gets how much, when there is more to run than there are slots.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::{Scheduler, at, next, push, scheduler};
use crate::event::SessionId;

/// Runs one session after the other in a single slot, each as long as `took` says of its name; gives each name's time in
/// microseconds. Every session that has run is followed by another of its name.
fn serve(
    scheduler: &mut Scheduler<()>,
    names: &mut BTreeMap<SessionId, usize>,
    push: impl Fn(&mut Scheduler<()>, usize) -> SessionId,
    took: &[u64],
    sessions: usize,
) -> Vec<u64> {
    let mut used = vec![0; took.len()];
    for _ in 0..sessions {
        let session = next(scheduler, at(0)).unwrap();
        let name = names.remove(&session).unwrap();
        used[name] += took[name];
        scheduler.finished(session, Duration::from_micros(took[name]));
        scheduler.ended(session, at(0));
        names.insert(push(scheduler, name), name);
    }
    used
}

fn spread(used: &[u64]) -> u64 {
    used.iter().max().unwrap() - used.iter().min().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Those who always have something to run have the same time in the slot, whatever their sessions take, but for what a
    /// few sessions take: some begin before it is known how long they are, and a quantum of short ones runs in a row.
    #[test]
    fn orgs_have_equal_shares(took in proptest::collection::vec(100_u64..20_000, 2..6)) {
        let mut scheduler = scheduler(1, 1);
        let of = |scheduler: &mut Scheduler<()>, org: usize| push(scheduler, &org.to_string(), "p", None, at(0));
        let mut names: BTreeMap<_, _> = (0..took.len()).map(|org| (of(&mut scheduler, org), org)).collect();
        let used = serve(&mut scheduler, &mut names, of, &took, 1_000);
        prop_assert!(spread(&used) <= 3 * took.iter().max().unwrap() + 2_000, "{used:?} of {took:?}");
    }

    /// The same holds for the projects of an org, while another org has as much as all of them together.
    #[test]
    fn projects_have_equal_shares_of_their_orgs(took in proptest::collection::vec(100_u64..20_000, 3..6)) {
        let mut scheduler = scheduler(1, 1);
        let of = |scheduler: &mut Scheduler<()>, name: usize| match name {
            0 => push(scheduler, "other", "p", None, at(0)),
            project => push(scheduler, "org", &project.to_string(), None, at(0)),
        };
        let mut names: BTreeMap<_, _> = (0..took.len()).map(|name| (of(&mut scheduler, name), name)).collect();
        let used = serve(&mut scheduler, &mut names, of, &took, 1_500);
        let (other, projects) = used.split_first().unwrap();
        let slack = 4 * took.iter().max().unwrap() + 2_000;
        prop_assert!(spread(projects) <= slack, "{used:?} of {took:?}");
        prop_assert!(other.abs_diff(projects.iter().sum()) <= slack, "{used:?} of {took:?}");
    }
}

/// An org with a hundred thousand sessions that wait delays another org's single one by a quantum.
#[test]
fn a_long_queue_delays_nobody_else() {
    let mut scheduler = scheduler(1, 1);
    for _ in 0..100_000 {
        push(&mut scheduler, "busy", "p", None, at(0));
    }
    for _ in 0..100 {
        let single = push(&mut scheduler, "quiet", "p", None, at(0));
        let before = std::iter::from_fn(|| {
            let session = next(&mut scheduler, at(0)).unwrap();
            scheduler.finished(session, Duration::from_micros(100));
            scheduler.ended(session, at(0));
            (session != single).then_some(session)
        });
        assert!(before.count() <= 10);
    }
}

/// One long burst is made up for within bounds: its org is not shut out for as long as it took.
#[test]
fn a_debt_is_bounded() {
    let mut scheduler = scheduler(100, 100);
    let burst: Vec<_> = (0..100).map(|_| push(&mut scheduler, "a", "p", None, at(0))).collect();
    for session in &burst {
        assert_eq!(next(&mut scheduler, at(0)), Some(*session));
    }
    for session in burst {
        scheduler.finished(session, Duration::from_secs(60));
        scheduler.ended(session, at(0));
    }
    let late = push(&mut scheduler, "a", "p", None, at(0));
    let mut served = Duration::ZERO;
    for _ in 0..100 {
        push(&mut scheduler, "b", "p", None, at(0));
    }
    while let Some(session) = next(&mut scheduler, at(0)) {
        if session == late {
            break;
        }
        push(&mut scheduler, "b", "p", None, at(0));
        served += Duration::from_secs(1);
        scheduler.finished(session, Duration::from_secs(1));
        scheduler.ended(session, at(0));
    }
    assert!((Duration::from_secs(30)..Duration::from_secs(200)).contains(&served), "{served:?}");
}

/// Who was away has no claim to what it did not use.
#[test]
fn an_idle_org_saves_nothing_up() {
    let mut scheduler = scheduler(1, 1);
    let run = |scheduler: &mut Scheduler<()>| {
        let session = next(scheduler, at(0)).unwrap();
        scheduler.finished(session, Duration::from_millis(1));
        scheduler.ended(session, at(0));
        session
    };
    for _ in 0..1_000 {
        push(&mut scheduler, "a", "p", None, at(0));
        run(&mut scheduler);
    }
    let mut mine = Vec::new();
    for _ in 0..100 {
        push(&mut scheduler, "a", "p", None, at(0));
        mine.push(push(&mut scheduler, "b", "p", None, at(0)));
    }
    let served = (0..100).filter(|_| mine.contains(&run(&mut scheduler))).count();
    assert!((45..=55).contains(&served), "{served}");
}
