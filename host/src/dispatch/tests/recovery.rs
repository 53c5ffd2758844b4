//! Ends and starts of the host, and stores that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::bench::{Bench, manifest, org, until};
use crate::event::{DeploymentId, Org, SessionId, SessionState, Timestamp};
use crate::store::{Accepted, Delivery, Error, Lease, Ledger, NewEvent, Redriven, Result, Settlement};

#[tokio::test]
async fn what_an_earlier_start_left_is_run() {
    let bench = Bench::new();
    let (deployment, first) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let mut sessions = Vec::new();
    // More than a page.
    for _ in 0..300 {
        sessions.push(first.accept(&deployment, "{}", None).await.session);
    }
    let second = bench.start().await;
    second.claim().await;
    assert_eq!(second.state(sessions[0]).await, SessionState::Queued, "the first start lives");
    bench.end_leases();
    let third = bench.start().await;
    third.claim().await;
    for session in sessions {
        let record = third.ended(session).await;
        assert_eq!((record.state, record.attempts.len()), (SessionState::Succeeded, 1));
    }
}

/// A retry is due when it was, and the event, which was too heavy to be kept in memory, is as it was received.
#[tokio::test]
async fn a_retry_outlives_the_host() {
    let bench = Bench::new();
    let more = "retry: {attempts: 3, backoff: {initial: 1h, jitter: 0}}";
    let (deployment, first) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    let body = format!(r#"{{"retry_twice": 1, "more": "{}"}}"#, "x".repeat(20_000));
    let (session, _) = first.run(&deployment, &body, None).await;
    let due = first.attempted(session, 1).await.due_at;
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    assert_eq!(second.handle.0.state().scheduler.next_due(), due);
    second.turn(Duration::from_secs(3600)).await;
    let record = second.attempted(session, 2).await;
    assert_eq!((record.state, record.attempts[1].number), (SessionState::Queued, 2));
}

/// What waits for its time keeps nothing back that could run: there is room for a page only.
#[tokio::test]
async fn retries_do_not_keep_back_what_is_due() {
    let bench = Bench::with(|config| config.backlog_total = 1);
    let more = "retry: {attempts: 3, backoff: {initial: 1h, jitter: 0}}";
    let (deployment, first) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    let mut last = None;
    for number in 0..300 {
        let body = if number < 290 { r#"{"retry": 1}"# } else { "{}" };
        last = Some(first.accept(&deployment, body, None).await.session);
    }
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    assert_eq!(second.ended(last.unwrap()).await.state, SessionState::Succeeded);
    until(|| async { second.handle.running(&org()).is_empty() }).await;
    let due = bench.clock.now() + Duration::from_secs(3600);
    assert_eq!(second.handle.0.state().scheduler.next_due(), Some(due));
    // The same holds when they were waiting before.
    bench.end_leases();
    let third = bench.start().await;
    third.claim().await;
    assert_eq!((third.handle.0.claims.available_permits(), third.handle.0.state().scheduler.len()), (256, 290));
}

/// What waits for others of its lane keeps nothing back that could run: the head of this one waits for an hour.
#[tokio::test]
async fn lanes_do_not_keep_back_what_is_due() {
    let bench = Bench::with(|config| config.backlog_total = 1);
    let more = "retry: {attempts: 3, backoff: {initial: 1h, jitter: 0}}";
    let (deployment, first) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    for _ in 0..300 {
        first.accept(&deployment, r#"{"retry": 1}"#, Some("a")).await;
    }
    let last = first.accept(&deployment, "{}", None).await.session;
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    assert_eq!(second.ended(last).await.state, SessionState::Succeeded);
}

/// Nor does what waits for others of its trigger, of which one runs at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_triggers_limit_does_not_keep_back_what_is_due() {
    let bench = Bench::with(|config| config.backlog_total = 1);
    let (first, other) = (bench.start().await, "other".into());
    let slow = bench.deploy(&manifest("loop", "timeout: 10m\nmax_concurrency: 1")).await;
    let quick = bench.deploy_for(&other, &manifest("wishes", "endpoint: other")).await;
    for _ in 0..300 {
        first.accept(&slow, "{}", None).await;
    }
    let last = first.accept(&quick, "{}", None).await.session;
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    let state = || async { bench.store.history.session(&other, last).await.unwrap().unwrap().state };
    until(|| async { state().await == SessionState::Succeeded }).await;
    second.running(1).await;
    second.tasks.stop();
}

/// What is received while older sessions are claimed waits for them in its lane.
#[tokio::test]
async fn a_lane_keeps_its_order_over_a_start() {
    let bench = Bench::new();
    let (deployment, first) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let old = first.accept(&deployment, "{}", Some("a")).await.session;
    bench.end_leases();
    let second = bench.start().await;
    let (new, _) = second.run(&deployment, "{}", Some("a")).await;
    let (unordered, _) = second.run(&deployment, "{}", None).await;
    second.ended(unordered).await;
    assert!(!second.handle.is_running(new));
    assert_eq!(second.state(new).await, SessionState::Queued);
    second.claim().await;
    let (old, new) = (second.ended(old).await, second.ended(new).await);
    assert!(old.attempts[0].ended_at <= new.attempts[0].started_at);
}

#[tokio::test]
async fn a_session_whose_handler_is_gone_is_dead() {
    let bench = Bench::new();
    let (deployment, first) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let delivery = first.accept(&deployment, "{}", None).await;
    let gone = DeploymentId::new(bench.clock.now());
    let lost = Delivery { deployment: gone, session: SessionId::new(bench.clock.now()), ..delivery.clone() };
    let mut event = (*delivery.event).clone();
    event.id = crate::event::EventId::new(bench.clock.now());
    let (event, verdicts) = (Arc::new(event), Vec::new());
    let lost = Delivery { event: event.clone(), ..lost };
    let new = NewEvent { event, key: None, keep: lost.keep, verdicts, deliveries: vec![lost.clone()] };
    bench.store.ledger.accept(&first.lease, new).await.unwrap();
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    let record = second.ended(lost.session).await;
    assert_eq!((record.state, record.attempts.len()), (SessionState::Dead, 0));
    assert_eq!(record.reason.unwrap(), format!("there is no deployment {gone}"));
    assert_eq!(second.ended(delivery.session).await.state, SessionState::Succeeded);
}

/// One that ends the host each time is given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_interrupted_too_often_is_dead() {
    let mut bench = Bench::with(|config| config.interruptions = 2);
    let begun = failing(&mut bench, 0, Error::LeaseLost);
    let (deployment, first) =
        (bench.deploy(&manifest("loop", "timeout: 10m\nlimits: {cpu: 60s}")).await, bench.start().await);
    let session = first.accept(&deployment, "{}", None).await.session;
    let mut interrupted = Vec::new();
    for times in 1..=2 {
        bench.end_leases();
        let start = bench.start().await;
        start.claim().await;
        until(|| async { begun.load(Ordering::SeqCst) == times }).await;
        // It still runs when the next one starts, as after a pause; what comes of it is dropped.
        interrupted.push(start);
    }
    bench.end_leases();
    let last = bench.start().await;
    last.claim().await;
    let record = last.ended(session).await;
    assert_eq!((record.state, record.attempts.len()), (SessionState::Dead, 0));
    assert!(record.reason.unwrap().starts_with("the host ended 2 times while its handler ran"));
    for start in interrupted {
        start.handle.cancel(&org(), session).await.unwrap();
        until(|| async { !start.handle.is_running(session) }).await;
    }
    assert_eq!(last.record(session).await.attempts, [], "an earlier start's outcome is not kept");
}

/// Whichever ends the host must not take others with it: those that have two more tries before they are given up make them one at a
/// time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_were_cut_off_run_one_at_a_time() {
    let mut bench = Bench::with(|config| config.interruptions = 3);
    let begun = failing(&mut bench, 0, Error::LeaseLost);
    let (deployment, first) = (bench.deploy(&manifest("loop", "timeout: 10m")).await, bench.start().await);
    for _ in 0..3 {
        first.accept(&deployment, "{}", None).await;
    }
    bench.end_leases();
    let second = bench.start().await;
    second.claim().await;
    until(|| async { begun.load(Ordering::SeqCst) == 3 }).await;

    bench.end_leases();
    let third = bench.start().await;
    third.claim().await;
    let mut ran = Vec::new();
    for _ in 0..3 {
        let running = third.running(1).await;
        let begun = third.record(running[0]).await;
        assert_eq!(begun.state, SessionState::Queued, "it is not given up");
        third.handle.cancel(&org(), running[0]).await.unwrap();
        ran.extend(running);
        third.turn(Duration::from_secs(1)).await;
    }
    ran.sort_unstable();
    ran.dedup();
    assert_eq!(ran.len(), 3);
    second.tasks.stop();
}

/// What runs may end; what waits stays owed, and who waits for it hears of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_starts_nothing_and_loses_nothing() {
    let bench = Bench::with(|config| (config.slots, config.slots_per_org) = (1, 1));
    let (deployment, first) =
        (bench.deploy(&manifest("loop", "timeout: 10m\nlimits: {cpu: 60s}")).await, bench.start().await);
    first.handle.resume();
    let (running, _) = first.run(&deployment, "{}", None).await;
    first.running(1).await;
    let (waiting, ticket) = first.run(&deployment, "{}", None).await;
    first.tasks.stop();
    assert!(ticket.outcome().await.is_none());
    let (late, ticket) = first.run(&deployment, "{}", None).await;
    assert!(ticket.outcome().await.is_none());
    let mut stopped = std::pin::pin!(first.tasks.stopped());
    assert!(futures_util::poll!(stopped.as_mut()).is_pending(), "a session runs");
    let brake = first.handle.0.state().brakes.get(&running).cloned().unwrap();
    drop(brake.pull());
    drop(brake);
    stopped.await;
    assert_eq!(first.state(running).await, SessionState::Cancelled);

    bench.end_leases();
    let newer = bench.start().await;
    newer.claim().await;
    for session in [waiting, late] {
        assert_eq!(newer.state(session).await, SessionState::Queued);
        until(|| async { newer.handle.is_running(session) }).await;
        newer.handle.cancel(&org(), session).await.unwrap();
    }
}

/// A ledger whose first settlements fail, and which counts what begins.
struct Failing {
    inner: Arc<dyn Ledger>,
    failures: AtomicUsize,
    error: Error,
    begun: Arc<AtomicUsize>,
}

#[async_trait]
impl Ledger for Failing {
    async fn join(&self, now: Timestamp, until: Timestamp) -> Result<Lease> {
        self.inner.join(now, until).await
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<()> {
        self.inner.renew(lease, until).await
    }

    async fn accept(&self, lease: &Lease, event: NewEvent) -> Result<Accepted> {
        self.inner.accept(lease, event).await
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
        self.inner.claim(lease, now, limit).await
    }

    async fn begin(&self, lease: &Lease, org: &Org, session: SessionId) -> Result<()> {
        self.inner.begin(lease, org, session).await?;
        self.begun.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn settle(&self, lease: &Lease, settlement: Settlement) -> Result<()> {
        let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok() { Err(self.error.clone()) } else { self.inner.settle(lease, settlement).await }
    }

    async fn redrive(&self, lease: &Lease, org: &Org, session: SessionId, now: Timestamp) -> Result<Redriven> {
        self.inner.redrive(lease, org, session, now).await
    }
}

/// Gives how many sessions that were claimed have begun.
fn failing(bench: &mut Bench, failures: usize, error: Error) -> Arc<AtomicUsize> {
    let (inner, begun) = (bench.store.ledger.clone(), Arc::default());
    let failures = AtomicUsize::new(failures);
    bench.store.ledger = Arc::new(Failing { inner, failures, error, begun: Arc::clone(&begun) });
    begun
}

#[tokio::test]
async fn a_store_that_is_unavailable_is_asked_again() {
    let mut bench = Bench::new();
    failing(&mut bench, 2, Error::Unavailable("full".to_owned()));
    let (deployment, start) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let (session, _) = start.run(&deployment, "{}", None).await;
    let record = start.ended(session).await;
    assert_eq!((record.state, record.attempts.len()), (SessionState::Succeeded, 1));
}

#[tokio::test]
async fn what_cannot_be_settled_is_run_by_the_next_start() {
    let mut bench = Bench::new();
    failing(&mut bench, 1, Error::Backend("broken".to_owned()));
    let (deployment, start) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let (session, ticket) = start.run(&deployment, "{}", None).await;
    assert!(ticket.outcome().await.is_some());
    until(|| async { !start.handle.is_running(session) }).await;
    assert_eq!(start.state(session).await, SessionState::Queued);
    bench.end_leases();
    let next = bench.start().await;
    next.claim().await;
    assert_eq!(next.ended(session).await.state, SessionState::Succeeded);
}

/// A session that cannot be cancelled for want of the store waits as before.
#[tokio::test]
async fn a_cancelling_that_fails_changes_nothing() {
    let mut bench = Bench::new();
    failing(&mut bench, 1, Error::Unavailable("full".to_owned()));
    let (deployment, start) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    // Nothing starts yet.
    bench.clock.advance(Duration::from_millis(bench.config.lease_ms));
    let (session, _) = start.run(&deployment, "{}", None).await;
    assert!(start.handle.cancel(&org(), session).await.is_err());
    assert_eq!(start.state(session).await, SessionState::Queued);
    start.handle.0.renew().await.unwrap();
    assert_eq!(start.ended(session).await.state, SessionState::Succeeded);
}
