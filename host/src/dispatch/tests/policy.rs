//! What follows from each outcome.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::super::policy::{self, Terms};
use crate::event::{
    AttemptOutcome, Data, DeploymentId, Event, EventId, EventType, Fault, FaultKind, Keep, Outcome, Raw, Response,
    SessionId, SessionState, Timestamp, Used,
};
use crate::guest::Run;
use crate::store::{Delivery, Next, Settlement, Told};
use crate::trigger::{Backoff, Retry, RetryOn};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn delivery(attempt: u32) -> Delivery {
    let now = Timestamp::UNIX_EPOCH;
    let event = Event {
        id: EventId::new(now),
        org: "org".into(),
        endpoint: "hook".into(),
        received_at: now,
        kind: EventType::of("GET"),
        redispatched_from: None,
        data: Arc::new(Data::new(Raw::default())),
    };
    Delivery {
        session: SessionId::new(now),
        event: Arc::new(event),
        trigger: "hook".into(),
        deployment: DeploymentId::new(now),
        attempt,
        first_attempt: 1,
        due: now,
        lane: None,
        keep: Keep::Full,
        interruptions: 0,
    }
}

fn ended_at() -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_millis(5)
}

fn run(outcome: Option<Outcome>) -> Run {
    let started_at = Timestamp::UNIX_EPOCH;
    Run {
        outcome,
        logs: Vec::new(),
        started_at,
        ended_at: ended_at(),
        cpu: Duration::from_micros(7),
        peak_memory: 9,
        used: Used { kv: 2, ..Used::default() },
        requests: Vec::new(),
    }
}

/// Three attempts, ten and twenty seconds apart.
fn retry(on: RetryOn) -> Retry {
    let backoff = Backoff { initial: Duration::from_secs(10), factor: 2.0, max: DAY, jitter: 0.0 };
    Retry { attempts: 3, backoff, on }
}

fn settle(attempt: u32, outcome: Option<Outcome>, is_sync: bool, retry: &Retry) -> Settlement {
    policy::settle(&delivery(attempt), run(outcome), Terms { is_sync, retry }, 0.5)
}

fn fault(kind: FaultKind) -> Outcome {
    Outcome::Fault(Fault { kind, message: "broken".to_owned() })
}

fn asks(after: Option<Duration>) -> Outcome {
    Outcome::Retry { after, reason: "busy".to_owned() }
}

/// What of `retry.on` an outcome needs for a further attempt.
#[derive(Clone, Copy, Debug)]
enum Needs {
    Fault,
    Timeout,
    Retry,
    Nothing,
    Never,
}

/// Every outcome, how its attempt is recorded, and what it takes to be tried again.
fn outcomes() -> Vec<(Option<Outcome>, AttemptOutcome, Needs, Option<&'static str>)> {
    let response = Response { status: 418, headers: Vec::new(), body: Default::default() };
    let mut outcomes = vec![
        (Some(Outcome::Answered(Some(response))), AttemptOutcome::Succeeded, Needs::Never, None),
        (Some(Outcome::Answered(None)), AttemptOutcome::Succeeded, Needs::Never, None),
        (Some(asks(None)), AttemptOutcome::Retry, Needs::Retry, Some("the handler asked for a retry: busy")),
        (
            Some(Outcome::Rejected("no".to_owned())),
            AttemptOutcome::Rejected,
            Needs::Never,
            Some("the handler rejected the event: no"),
        ),
        (None, AttemptOutcome::Cancelled, Needs::Never, Some("it was cancelled while its handler ran")),
    ];
    let faults = [
        (FaultKind::Trap, Needs::Fault, "trap: broken"),
        (FaultKind::Timeout, Needs::Timeout, "timeout: broken"),
        (FaultKind::OutOfMemory, Needs::Fault, "out of memory: broken"),
        (FaultKind::CpuTime, Needs::Fault, "out of processor time: broken"),
        (FaultKind::Limit, Needs::Fault, "limit exceeded: broken"),
        (FaultKind::StackOverflow, Needs::Fault, "stack overflow: broken"),
        (FaultKind::BadResponse, Needs::Fault, "bad response: broken"),
        (FaultKind::Unavailable, Needs::Nothing, "handler unavailable: broken"),
    ];
    for (kind, needs, error) in faults {
        outcomes.push((Some(fault(kind)), AttemptOutcome::Fault, needs, Some(error)));
    }
    outcomes
}

fn flags() -> Vec<RetryOn> {
    let bit = |bits: u8, place: u8| bits & (1 << place) != 0;
    (0..8).map(|bits| RetryOn { fault: bit(bits, 0), timeout: bit(bits, 1), retry: bit(bits, 2) }).collect()
}

/// Each outcome, with and without a sender who waits, with each of `retry.on`, at the first and at the last attempt.
#[test]
fn each_outcome_has_what_follows() {
    for (outcome, recorded, needs, error) in outcomes() {
        for (is_sync, on, attempt) in [false, true]
            .into_iter()
            .flat_map(|is_sync| flags().into_iter().flat_map(move |on| [1, 2, 3].map(|attempt| (is_sync, on, attempt))))
        {
            let case = format!("{outcome:?}, sync {is_sync}, {on:?}, attempt {attempt}");
            let settlement = settle(attempt, outcome.clone(), is_sync, &retry(on));
            let is_tried_again = match needs {
                Needs::Fault => on.fault,
                Needs::Timeout => on.timeout,
                Needs::Retry => on.retry,
                Needs::Nothing => true,
                Needs::Never => false,
            };
            let expected = if is_tried_again && !is_sync && attempt < 3 {
                let wait = Duration::from_secs(if attempt == 1 { 10 } else { 20 });
                Next::Again { due: ended_at() + wait }
            } else {
                let state = match (recorded, is_sync) {
                    (AttemptOutcome::Succeeded, _) => SessionState::Succeeded,
                    (AttemptOutcome::Cancelled, _) => SessionState::Cancelled,
                    (_, true) => SessionState::Failed,
                    (_, false) => SessionState::Dead,
                };
                Next::Ended { state, reason: error.map(str::to_owned), at: ended_at() }
            };
            assert_eq!(settlement.next, expected, "{case}");
            let told = is_sync.then(|| match &outcome {
                Some(Outcome::Answered(Some(response))) => Told::Response(response.clone()),
                _ => Told::Failure,
            });
            assert_eq!(settlement.told, told, "{case}");
            let made = settlement.attempt.unwrap();
            assert_eq!((made.number, made.outcome, made.error.as_deref()), (attempt, recorded, error), "{case}");
            let kind = match &outcome {
                Some(Outcome::Fault(fault)) => Some(fault.kind),
                _ => None,
            };
            let status = matches!(outcome, Some(Outcome::Answered(Some(_)))).then_some(418);
            assert_eq!((made.fault, made.status, made.cpu_us, made.peak_memory), (kind, status, 7, 9), "{case}");
        }
    }
}

/// What a handler asks for is the least wait, up to a day; the trigger's own may be longer.
#[test]
fn a_handlers_wish_is_the_least_wait() {
    let retry = Retry { attempts: 9, ..retry(Retry::default().on) };
    let cases = [
        (1, None, Duration::from_secs(10)),
        (1, Some(Duration::from_secs(3)), Duration::from_secs(10)),
        (1, Some(Duration::from_secs(77)), Duration::from_secs(77)),
        (4, Some(Duration::from_secs(77)), Duration::from_secs(80)),
        (1, Some(3 * DAY), DAY),
        (1, Some(Duration::MAX), DAY),
    ];
    for (attempt, after, wait) in cases {
        let next = settle(attempt, Some(asks(after)), false, &retry).next;
        assert_eq!(next, Next::Again { due: ended_at() + wait }, "{attempt} {after:?}");
    }
}

/// A session that was driven again has all its attempts again, and their numbers go on.
#[test]
fn attempts_count_from_the_last_time_it_was_driven() {
    let retry = retry(Retry::default().on);
    let driven = |attempt| Delivery { first_attempt: 4, ..delivery(attempt) };
    let next = |attempt| {
        let terms = Terms { is_sync: false, retry: &retry };
        policy::settle(&driven(attempt), run(Some(fault(FaultKind::Trap))), terms, 0.5).next
    };
    assert_eq!(next(4), Next::Again { due: ended_at() + Duration::from_secs(10) });
    assert_eq!(next(5), Next::Again { due: ended_at() + Duration::from_secs(20) });
    assert!(matches!(next(6), Next::Ended { state: SessionState::Dead, .. }));
}

#[test]
fn what_ends_without_an_attempt_says_so() {
    let now = ended_at();
    let given_up = policy::give_up(&delivery(2), false, "gone".to_owned(), now);
    let ended = |state, reason: &str| Next::Ended { state, reason: Some(reason.to_owned()), at: now };
    assert_eq!((given_up.attempt, given_up.next), (None, ended(SessionState::Dead, "gone")));
    let told = policy::give_up(&delivery(1), true, "gone".to_owned(), now);
    assert_eq!((told.next, told.told), (ended(SessionState::Failed, "gone"), Some(Told::Failure)));
    let cancelled = policy::cancel(&delivery(1), now);
    let reason = "it was cancelled while it waited";
    assert_eq!((cancelled.attempt, cancelled.next), (None, ended(SessionState::Cancelled, reason)));
}

proptest! {
    /// The dice are fair enough, and thrown once for each attempt.
    #[test]
    fn dice_are_from_0_to_1_and_the_same_for_an_attempt(millis in 0_i64..1 << 40, attempt in 1_u32..100) {
        let session = SessionId::floor(Timestamp::from_millisecond(millis).unwrap());
        let dice = policy::dice(session, attempt);
        prop_assert!((0.0..1.0).contains(&dice));
        prop_assert_eq!(dice, policy::dice(session, attempt));
        prop_assert_ne!(dice, policy::dice(session, attempt + 1));
    }
}
