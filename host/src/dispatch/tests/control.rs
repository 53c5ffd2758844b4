//! What people do with sessions.

use std::time::Duration;

use super::bench::{Bench, manifest, org};
use crate::dispatch::Cancelled;
use crate::event::{AttemptOutcome, SessionId, SessionState};
use crate::store::Redriven;

const RETRY: &str = "retry: {attempts: 2, backoff: {initial: 10s, jitter: 0}}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_runs_is_stopped() {
    let bench = Bench::new();
    let (deployment, start) =
        (bench.deploy(&manifest("loop", "timeout: 10m\nlimits: {cpu: 60s}")).await, bench.start().await);
    let (session, ticket) = start.run(&deployment, "{}", None).await;
    start.running(1).await;
    // Two who cancel it hear the same.
    let (org, handle) = (org(), &start.handle);
    let (one, two) = tokio::join!(handle.cancel(&org, session), handle.cancel(&org, session));
    assert_eq!((one.unwrap(), two.unwrap()), (Cancelled::Done, Cancelled::Done));
    let record = start.record(session).await;
    assert_eq!(record.reason.as_deref(), Some("it was cancelled while its handler ran"));
    assert_eq!((record.state, record.attempts.len()), (SessionState::Cancelled, 1));
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Cancelled);
    assert!(ticket.outcome().await.is_none(), "who waited hears that there is no outcome");
    assert_eq!(handle.cancel(&org, session).await.unwrap(), Cancelled::NotOwed);
}

#[tokio::test]
async fn a_session_that_waits_ends_at_once() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap": 1}"#, None).await;
    start.attempted(session, 1).await;
    assert_eq!(start.handle.cancel(&"other".into(), session).await.unwrap(), Cancelled::NotOwed);
    assert_eq!(start.handle.cancel(&org(), session).await.unwrap(), Cancelled::Done);
    let record = start.record(session).await;
    assert_eq!(record.reason.as_deref(), Some("it was cancelled while it waited"));
    assert_eq!((record.state, record.attempts.len()), (SessionState::Cancelled, 1));
    start.turn(Duration::from_secs(60)).await;
    assert_eq!(start.handle.cancel(&org(), session).await.unwrap(), Cancelled::NotOwed);
    let unknown = SessionId::new(bench.clock.now());
    assert_eq!(start.handle.cancel(&org(), unknown).await.unwrap(), Cancelled::NotOwed);
    assert_eq!(start.record(session).await.attempts.len(), 1, "nothing ran");
}

/// What an earlier start left and nobody has claimed yet is not this start's to cancel.
#[tokio::test]
async fn a_session_that_is_not_claimed_is_elsewhere() {
    let bench = Bench::new();
    let deployment = bench.deploy(&manifest("wishes", "")).await;
    let session = bench.start().await.accept(&deployment, "{}", None).await.session;
    bench.end_leases();
    let start = bench.start().await;
    assert_eq!(start.handle.cancel(&org(), session).await.unwrap(), Cancelled::Elsewhere);
}

/// It has all its attempts again, and their numbers go on.
#[tokio::test]
async fn a_dead_session_is_driven_again() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", RETRY)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap_twice": 1}"#, None).await;
    start.attempted(session, 1).await;
    assert!(matches!(
        start.handle.redrive(&org(), session).await.unwrap(),
        Redriven::NotRedrivable(SessionState::Queued)
    ));
    start.turn(Duration::from_secs(10)).await;
    assert_eq!(start.ended(session).await.state, SessionState::Dead);
    assert!(matches!(start.handle.redrive(&"other".into(), session).await.unwrap(), Redriven::Unknown));
    // As often as it is asked for at once, it is driven once.
    let (org, handle) = (org(), &start.handle);
    let both = tokio::join!(handle.redrive(&org, session), handle.redrive(&org, session));
    let both = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(both.iter().filter(|redriven| matches!(redriven, Redriven::Owed(_))).count(), 1, "{both:?}");
    let record = start.ended(session).await;
    let numbers: Vec<u32> = record.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!((record.state, numbers), (SessionState::Succeeded, vec![1, 2, 3]));
}

/// Driving again leaves half of the backlog to senders, and says so when it waits in vain.
#[tokio::test]
async fn driving_again_waits_for_a_place() {
    let bench = Bench::with(|config| (config.slots, config.slots_per_org, config.backlog) = (1, 1, 3));
    let more = "retry: {attempts: 1}";
    let (deployment, start) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    let (session, _) = start.run(&deployment, r#"{"trap": 1}"#, None).await;
    start.ended(session).await;
    let places = start.handle.reserve(&org(), 2).unwrap();
    let redriving = start.handle.redrive(&deployment.org, session);
    let mut redriving = std::pin::pin!(redriving);
    assert!(futures_util::poll!(redriving.as_mut()).is_pending());
    assert_eq!(start.state(session).await, SessionState::Dead);
    drop(places);
    assert!(matches!(redriving.await.unwrap(), Redriven::Owed(_)));
    assert_eq!(start.ended(session).await.attempts.len(), 2);
}
