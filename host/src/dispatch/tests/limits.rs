//! What runs at once, and in which order.

use std::time::Duration;

use super::bench::{Bench, manifest, org, until};
use crate::dispatch::{Cancelled, Full};
use crate::event::{Org, SessionId, SessionState};
use crate::store::catalog::{OrgItem, Quotas};

/// A handler that never ends, and whose sessions are tried once.
const ENDLESS: &str = "timeout: 10m\nlimits: {cpu: 60s}\nretry: {attempts: 1}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_triggers_limit_holds() {
    let bench = Bench::new();
    let more = format!("{ENDLESS}\nmax_concurrency: 1");
    let (deployment, start) = (bench.deploy(&manifest("loop", &more)).await, bench.start().await);
    let (first, _) = start.run(&deployment, "{}", None).await;
    let (second, _) = start.run(&deployment, "{}", None).await;
    assert_eq!(start.running(1).await, [first]);
    assert_eq!(start.handle.cancel(&org(), first).await.unwrap(), Cancelled::Done);
    until(|| async { start.handle.is_running(second) }).await;
    assert_eq!(start.handle.cancel(&org(), second).await.unwrap(), Cancelled::Done);
}

/// An org that fills its slots leaves others theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orgs_limit_holds() {
    let bench = Bench::with(|config| (config.slots, config.slots_per_org, config.backlog) = (3, 2, 1));
    let (busy, start) = (bench.deploy(&manifest("loop", ENDLESS)).await, bench.start().await);
    let other_org: Org = "other".into();
    let quiet = manifest("wishes", "endpoint: other");
    let quiet = bench.deploy_for(&other_org, &quiet).await;
    let mut sessions: Vec<SessionId> = Vec::new();
    for _ in 0..3 {
        sessions.push(start.run(&busy, "{}", None).await.0);
    }
    assert_eq!(start.handle.reserve(&org(), 1).unwrap_err(), Full::Org);
    assert_eq!(start.running(2).await.len(), 2);
    let (session, ticket) = start.run(&quiet, "{}", None).await;
    assert!(ticket.outcome().await.is_some(), "a slot is left");
    until(|| async { !start.handle.is_running(session) }).await;
    assert!(!start.handle.is_running(sessions[2]));
    for session in sessions {
        assert_eq!(start.handle.cancel(&org(), session).await.unwrap(), Cancelled::Done);
    }
}

/// What an operator says of an org holds for what comes next, in the place of what holds for all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orgs_quota_holds_at_once() {
    let bench = Bench::with(|config| (config.slots, config.slots_per_org, config.backlog) = (3, 3, 9));
    let (busy, start) = (bench.deploy(&manifest("loop", ENDLESS)).await, bench.start().await);
    let allow = |sessions, backlog| {
        let quotas = Quotas { sessions: Some(sessions), backlog: Some(backlog), ..Quotas::default() };
        bench.registry.allow(&OrgItem::new(org().to_string(), None, quotas, bench.clock.now()));
    };
    allow(1, 1);
    let mut sessions = vec![start.run(&busy, "{}", None).await.0, start.run(&busy, "{}", None).await.0];
    assert_eq!(start.running(1).await, [sessions[0]]);
    assert_eq!(start.handle.reserve(&org(), 1).unwrap_err(), Full::Org);
    assert!(start.handle.reserve(&"other".into(), 9).is_ok());
    allow(2, 2);
    sessions.push(start.run(&busy, "{}", None).await.0);
    assert_eq!(start.running(2).await.len(), 2);
    for session in sessions {
        assert_eq!(start.handle.cancel(&org(), session).await.unwrap(), Cancelled::Done);
    }
}

/// The backlog of all is full although no org's is.
#[tokio::test]
async fn the_total_backlog_is_bounded() {
    let bench = Bench::with(|config| {
        (config.slots, config.slots_per_org, config.backlog, config.backlog_total) = (1, 1, 5, 2);
    });
    let start = bench.start().await;
    let places = start.handle.reserve(&org(), 2).unwrap();
    assert_eq!(start.handle.reserve(&"other".into(), 2).unwrap_err(), Full::Total);
    drop(places);
    assert!(start.handle.reserve(&"other".into(), 3).is_ok());
}

/// The younger ones of a lane wait until the oldest has ended, its retries included; another lane does not.
#[tokio::test]
async fn a_lane_runs_in_order() {
    let bench = Bench::new();
    let more = "retry: {attempts: 2, backoff: {initial: 10s, jitter: 0}}";
    let (deployment, start) = (bench.deploy(&manifest("wishes", more)).await, bench.start().await);
    start.claim().await;
    let (first, _) = start.run(&deployment, r#"{"trap": 1}"#, Some("a")).await;
    let (second, _) = start.run(&deployment, "{}", Some("a")).await;
    let (third, _) = start.run(&deployment, "{}", Some("a")).await;
    let (other, _) = start.run(&deployment, "{}", Some("b")).await;
    assert_eq!(start.ended(other).await.state, SessionState::Succeeded);
    start.attempted(first, 1).await;
    start.turn(Duration::from_secs(9)).await;
    assert_eq!((start.state(second).await, start.state(third).await), (SessionState::Queued, SessionState::Queued));
    start.turn(Duration::from_secs(1)).await;
    let ended = [start.ended(first).await, start.ended(second).await, start.ended(third).await];
    let states = ended.each_ref().map(|record| record.state);
    assert_eq!(states, [SessionState::Dead, SessionState::Succeeded, SessionState::Succeeded]);
    let times = ended.each_ref().map(|record| record.attempts.last().unwrap().started_at);
    assert!(times.is_sorted(), "{times:?}");
}

/// A lease that is late may have ended when the handler does: nothing starts until it is renewed.
#[tokio::test]
async fn nothing_starts_when_the_lease_is_late() {
    let bench = Bench::new();
    let (deployment, start) = (bench.deploy(&manifest("wishes", "")).await, bench.start().await);
    let lease = Duration::from_millis(bench.config.lease_ms);
    bench.clock.advance(lease * 2 / 3);
    let (session, _) = start.run(&deployment, "{}", None).await;
    start.handle.0.step();
    assert!(!start.handle.is_running(session));
    start.handle.0.renew().await.unwrap();
    assert_eq!(start.ended(session).await.state, SessionState::Succeeded);
}

/// An org that has taken its time of the processors waits for more of it, and loses nothing; another quota holds within a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orgs_time_on_processors_is_bounded() {
    let bench = Bench::new();
    let more = "timeout: 10m\nlimits: {cpu: 50ms}\nretry: {attempts: 1}";
    let (busy, start) = (bench.deploy(&manifest("loop", more)).await, bench.start().await);
    let other_org: Org = "other".into();
    let quiet = bench.deploy_for(&other_org, &manifest("wishes", "endpoint: other")).await;
    let allow = |quota| {
        let quotas = Quotas { cpu_seconds_per_minute: quota, ..Quotas::default() };
        bench.registry.allow(&OrgItem::new(org().to_string(), None, quotas, bench.clock.now()));
    };
    allow(Some(0));
    // What it takes is known when it has ended.
    let (first, ticket) = start.run(&busy, "{}", None).await;
    assert!(ticket.outcome().await.is_some());
    until(|| async { !start.handle.is_running(first) }).await;
    let used = start.handle.cpu(&org());
    assert!(used.cpu_ms >= 50 && used.waits_until.is_some(), "{used:?}");
    let (second, _) = start.run(&busy, "{}", None).await;
    let (_, ticket) = start.run(&quiet, "{}", None).await;
    assert!(ticket.outcome().await.is_some(), "another org's does not wait");
    assert!(!start.handle.is_running(second));
    start.turn(Duration::from_secs(1)).await;
    assert!(!start.handle.is_running(second), "none at all is none at all");
    allow(None);
    start.turn(Duration::from_secs(1)).await;
    assert_eq!(start.ended(second).await.state, SessionState::Dead);
    assert_eq!(start.handle.cpu(&org()).waits_until, None);
}
