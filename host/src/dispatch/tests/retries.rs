//! Sessions that are tried again.

use std::time::Duration;

use super::bench::{Bench, manifest};
use crate::event::{AttemptOutcome, FaultKind, Outcome, SessionState};

/// Ten seconds, then twenty.
const RETRY: &str = "retry: {attempts: 3, backoff: {initial: 10s, factor: 2, jitter: 0}}";

#[tokio::test]
async fn a_session_ends_with_what_its_handler_did() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", "is_sync: true")).await, bench.start().await);
    let (session, ticket) = start.run(&deployment, "{}", None).await;
    assert!(matches!(ticket.outcome().await, Some(Outcome::Answered(Some(_)))));
    let record = start.ended(session).await;
    assert_eq!((record.state, record.reason), (SessionState::Succeeded, None));
    assert_eq!(start.handle.running(&"org".into()), []);
}

/// The handler is called again when its time has come and not before, with the event as it was received, which memory did
/// not keep.
#[tokio::test]
async fn a_session_is_tried_again_at_its_time() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, ticket) = start.run(&deployment, r#"{"trap_twice": 1}"#, None).await;
    assert!(matches!(ticket.outcome().await, Some(Outcome::Fault(fault)) if fault.kind == FaultKind::Trap));
    let record = start.attempted(session, 1).await;
    let ended_at = record.attempts[0].ended_at;
    assert_eq!((record.state, record.due_at), (SessionState::Queued, Some(ended_at + Duration::from_secs(10))));
    assert_eq!(start.handle.0.state().scheduler.next_due(), record.due_at);

    start.turn(Duration::from_secs(9)).await;
    assert!(!start.handle.is_running(session), "it is not due yet");
    start.turn(Duration::from_secs(1)).await;
    let record = start.attempted(session, 2).await;
    assert_eq!(record.due_at, Some(record.attempts[1].ended_at + Duration::from_secs(20)));
    start.turn(Duration::from_secs(20)).await;
    let record = start.ended(session).await;
    let made: Vec<_> = record.attempts.iter().map(|attempt| (attempt.number, attempt.outcome)).collect();
    let (fault, succeeded) = (AttemptOutcome::Fault, AttemptOutcome::Succeeded);
    assert_eq!(made, [(1, fault), (2, fault), (3, succeeded)]);
    assert_eq!(record.state, SessionState::Succeeded);
}

#[tokio::test]
async fn a_session_is_dead_when_its_attempts_are_used_up() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap": 1}"#, None).await;
    for attempts in 1..3 {
        start.attempted(session, attempts).await;
        start.turn(Duration::from_secs(60)).await;
    }
    let record = start.ended(session).await;
    assert_eq!((record.state, record.attempts.len()), (SessionState::Dead, 3));
    assert!(record.reason.as_ref().unwrap().starts_with("trap: "), "{record:?}");
    let (rejected, _) = start.run(&deployment, r#"{"reject": 1}"#, None).await;
    let record = start.ended(rejected).await;
    assert_eq!((record.state, record.attempts.len()), (SessionState::Dead, 1));
    assert_eq!(record.reason.as_deref(), Some("the handler rejected the event: not this one"));
}

/// What it waits with is a place in the backlog, and nothing else.
#[tokio::test]
async fn what_waits_for_a_retry_takes_a_place() {
    let bench = Bench::with(|config| (config.slots, config.slots_per_org, config.backlog) = (1, 1, 1));
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap": 1}"#, None).await;
    start.attempted(session, 1).await;
    assert!(start.handle.reserve(&deployment.org, 2).is_err());
    start.handle.cancel(&deployment.org, session).await.unwrap();
    assert!(start.handle.reserve(&deployment.org, 2).is_ok());
}

/// The deployment that a session is owed to is the one that handles it, whatever is deployed since.
#[tokio::test]
async fn a_retry_runs_the_deployment_of_its_session() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap_twice": 1}"#, None).await;
    start.attempted(session, 1).await;
    drop(deployment);
    let newer = bench.deploy(&manifest("trap", "retry: {attempts: 1}")).await;
    start.turn(Duration::from_secs(10)).await;
    start.attempted(session, 2).await;
    start.turn(Duration::from_secs(20)).await;
    assert_eq!(start.ended(session).await.state, SessionState::Succeeded);
    let (other, _) = start.run(&newer, "{}", None).await;
    assert_eq!(start.ended(other).await.state, SessionState::Dead);
}

/// What leaves no record runs, answers, and is not in the store.
#[tokio::test]
async fn what_is_not_recorded_leaves_no_trace() {
    let bench = Bench::new();
    let more = "is_sync: true\nhistory: none";
    let (deployment, start) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    let other = bench.start().await;
    let delivery = other.accept(&deployment, "{}", None).await;
    let session = delivery.session;
    let ticket = start.handle.run_unrecorded(deployment, delivery, ());
    assert!(matches!(ticket.outcome().await, Some(Outcome::Answered(Some(_)))));
    super::bench::until(|| async { !start.handle.is_running(session) }).await;
    assert_eq!(start.record(session).await.attempts, [], "nothing was settled");
}

/// Nor does the end of one that cannot run: nobody settles what the store was not told of.
#[tokio::test]
async fn what_is_not_recorded_and_cannot_run_leaves_no_trace() {
    let bench = Bench::new();
    let more = "is_sync: true\nhistory: none";
    let (deployment, start) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    let mut delivery = start.accept(&deployment, "{}", None).await;
    let session = delivery.session;
    let before = start.record(session).await;
    delivery.trigger = "gone".into();
    let ticket = start.handle.run_unrecorded(deployment, delivery, ());
    assert!(ticket.outcome().await.is_none(), "who waits is told that it was stopped");
    super::bench::until(|| async { !start.handle.is_running(session) }).await;
    assert_eq!(start.record(session).await.state, before.state, "nothing was settled");
}
