//! Leases, retries, and driving again.

use super::sample::{at, attempt, ended, log, org, settlement};
use super::{accept, join};
use crate::event::{Attempt, OutboundRequest, SessionId, SessionState};
use crate::store::{
    Delivery, Error, Expiry, LOGGED_ATTEMPTS, NewEvent, Next, Redriven, Settlement, Store, Usage, weight,
};

pub(super) async fn a_lease_that_is_renewed_keeps_what_it_owns(store: Store) {
    let first = store.ledger.join(at(0), at(5)).await.unwrap();
    accept(&store, &first, "acme", &["a"]).await;
    let second = store.ledger.join(at(1), at(50)).await.unwrap();
    store.ledger.renew(&first, at(20)).await.unwrap();
    assert_eq!(store.ledger.claim(&second, at(19), 9).await.unwrap(), []);
    assert_eq!(store.ledger.claim(&second, at(20), 9).await.unwrap().len(), 1);
    // It was late: the lease is there, what it owned is not.
    store.ledger.renew(&first, at(99)).await.unwrap();
    assert_eq!(store.ledger.claim(&first, at(49), 9).await.unwrap(), []);
    let nobody = crate::store::Lease { node: "node-777".into() };
    assert!(matches!(store.ledger.renew(&nobody, at(9)).await, Err(Error::LeaseLost)));
}

pub(super) async fn what_is_left_is_claimed_in_pages(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    let older = store.ledger.join(at(0), at(4)).await.unwrap();
    let mut expected: Vec<SessionId> = Vec::new();
    for number in 0..7 {
        let lease = if number % 2 == 0 { &old } else { &older };
        expected.push(accept(&store, lease, ["acme", "zeta"][number % 2], &["a"]).await.deliveries[0].session);
    }
    let lease = join(&store).await;
    let mut claimed = Vec::new();
    loop {
        let page = store.ledger.claim(&lease, at(5), 3).await.unwrap();
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        claimed.extend(page.iter().map(|delivery| delivery.session));
    }
    assert_eq!(claimed, expected);
}

fn request(url: &str) -> OutboundRequest {
    OutboundRequest {
        method: "GET".to_owned(),
        url: url.to_owned(),
        status: Some(200),
        sent: 0,
        received: 9,
        elapsed_us: 7,
        error: None,
    }
}

/// An attempt that failed, and what follows.
fn failed(delivery: &Delivery, number: u32, next: Next) -> Settlement {
    let error = Some(format!("attempt {number} failed"));
    Settlement {
        attempt: Some(Attempt { error, ..attempt(number) }),
        logs: vec![log(&format!("line of {number}"), &[])],
        next,
        ..settlement(delivery)
    }
}

pub(super) async fn a_session_is_tried_again_until_it_ends(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    let new = accept(&store, &old, "acme", &["a"]).await;
    let (delivery, org) = (&new.deliveries[0], &new.event.org);
    store.ledger.settle(&old, failed(delivery, 1, Next::Again { due: at(70) })).await.unwrap();
    let waiting = store.history.session(org, delivery.session).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.due_at, waiting.attempts.len()), (SessionState::Queued, Some(at(70)), 1));

    let lease = join(&store).await;
    let claimed = store.ledger.claim(&lease, at(5), 9).await.unwrap();
    assert_eq!(claimed, [Delivery { attempt: 2, due: at(70), ..delivery.clone() }]);
    let dead = ended(SessionState::Dead, Some("every attempt failed"));
    store.ledger.settle(&lease, failed(delivery, 2, dead)).await.unwrap();
    let record = store.history.session(org, delivery.session).await.unwrap().unwrap();
    assert_eq!((record.state, record.reason.as_deref()), (SessionState::Dead, Some("every attempt failed")));
    assert_eq!((record.ended_at, record.due_at), (Some(at(3)), None));
    let errors: Vec<_> = record.attempts.iter().map(|attempt| attempt.error.clone().unwrap()).collect();
    assert_eq!(errors, ["attempt 1 failed", "attempt 2 failed"]);
    let lines: Vec<_> = store.history.logs(org, delivery.session).await.unwrap();
    assert_eq!(lines.iter().map(|line| &*line.message).collect::<Vec<_>>(), ["line of 1", "line of 2"]);
}

pub(super) async fn a_session_that_is_cancelled_has_no_attempt(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    let next = ended(SessionState::Cancelled, Some("cancelled"));
    let cancelled = Settlement { attempt: None, next, ..settlement(&new.deliveries[0]) };
    store.ledger.settle(&lease, cancelled.clone()).await.unwrap();
    let record = store.history.session(&new.event.org, cancelled.session).await.unwrap().unwrap();
    assert_eq!((record.state, record.attempts), (SessionState::Cancelled, Vec::new()));
    assert!(matches!(store.ledger.settle(&lease, cancelled).await, Err(Error::LeaseLost)));
}

pub(super) async fn interruptions_are_counted_until_an_attempt_is_settled(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    let new = accept(&store, &old, "acme", &["a"]).await;
    let (delivery, org) = (&new.deliveries[0], &new.event.org);
    let lease = join(&store).await;
    assert!(matches!(store.ledger.begin(&lease, org, delivery.session).await, Err(Error::LeaseLost)));
    store.ledger.claim(&lease, at(5), 9).await.unwrap();
    store.ledger.begin(&lease, org, delivery.session).await.unwrap();
    store.ledger.begin(&lease, org, delivery.session).await.unwrap();
    let next = store.ledger.join(at(20), at(30)).await.unwrap();
    assert_eq!(store.ledger.claim(&next, at(10), 9).await.unwrap()[0].interruptions, 2);
    store.ledger.settle(&next, failed(delivery, 1, Next::Again { due: at(21) })).await.unwrap();
    let last = store.ledger.join(at(40), at(50)).await.unwrap();
    assert_eq!(store.ledger.claim(&last, at(30), 9).await.unwrap()[0].interruptions, 0);
    assert!(matches!(
        store.ledger.begin(&last, &super::sample::org("zeta"), delivery.session).await,
        Err(Error::LeaseLost)
    ));
}

pub(super) async fn a_session_that_ended_badly_is_driven_again(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    let (delivery, acme) = (&new.deliveries[0], &new.event.org);
    let others = [org("zeta"), org("nobody")];
    let redrive = |org| store.ledger.redrive(&lease, org, delivery.session, at(60));
    assert_eq!(redrive(acme).await.unwrap(), Redriven::NotRedrivable(SessionState::Queued));
    store.ledger.settle(&lease, failed(delivery, 1, Next::Again { due: at(70) })).await.unwrap();
    store.ledger.settle(&lease, failed(delivery, 2, ended(SessionState::Dead, Some("dead")))).await.unwrap();
    for other in &others {
        assert_eq!(redrive(other).await.unwrap(), Redriven::Unknown);
    }

    let again = Delivery { attempt: 3, first_attempt: 3, due: at(60), ..delivery.clone() };
    assert_eq!(redrive(acme).await.unwrap(), Redriven::Owed(Box::new(again)));
    let waiting = store.history.session(acme, delivery.session).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.reason, waiting.ended_at), (SessionState::Queued, None, None));
    assert_eq!((waiting.attempts.len(), waiting.due_at), (2, Some(at(60))));
    let good = Settlement { attempt: Some(attempt(3)), ..settlement(delivery) };
    store.ledger.settle(&lease, good).await.unwrap();
    assert_eq!(redrive(acme).await.unwrap(), Redriven::NotRedrivable(SessionState::Succeeded));
    assert_eq!(store.history.logs(acme, delivery.session).await.unwrap().len(), 2);
}

pub(super) async fn of_many_attempts_the_last_logs_are_kept(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    let delivery = &new.deliveries[0];
    for number in 1..=LOGGED_ATTEMPTS + 3 {
        let mut settlement = failed(delivery, number, Next::Again { due: at(70) });
        settlement.attempt.as_mut().unwrap().requests = vec![request("https://api.example/")];
        store.ledger.settle(&lease, settlement).await.unwrap();
    }
    let record = store.history.session(&new.event.org, delivery.session).await.unwrap().unwrap();
    let requests: Vec<_> = record.attempts.iter().map(|attempt| attempt.requests.len()).collect();
    assert_eq!(requests, [vec![0; 3], vec![1; LOGGED_ATTEMPTS as usize]].concat());
    let lines = store.history.logs(&new.event.org, delivery.session).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| line.message.clone()).collect();
    assert_eq!(lines, (4..=LOGGED_ATTEMPTS + 3).map(|number| format!("line of {number}")).collect::<Vec<_>>());
    let logs: u64 = lines.iter().map(|line| line.len() as u64 + 32).sum();
    let errors: u64 = (1..=LOGGED_ATTEMPTS + 3).map(|number| format!("attempt {number} failed").len() as u64).sum();
    let usage = store.history.usage(&new.event.org).await.unwrap();
    let requests = u64::from(LOGGED_ATTEMPTS) * (64 + 3 + 20);
    assert_eq!(usage.bytes, bytes_of(&new) + logs + errors + requests);
}

/// What tenants make long counts as long as it is there, whatever becomes of the session.
pub(super) async fn what_a_session_says_counts(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    let (acme, delivery) = (&new.event.org, &new.deliveries[0]);
    let usage = async || store.history.usage(acme).await.unwrap().bytes - bytes_of(&new);
    assert_eq!(usage().await, 0);
    let said = |number, next| Settlement { logs: Vec::new(), ..failed(delivery, number, next) };
    store.ledger.settle(&lease, said(1, Next::Again { due: at(70) })).await.unwrap();
    assert_eq!(usage().await, 16);
    store.ledger.settle(&lease, said(2, ended(SessionState::Dead, Some("enough")))).await.unwrap();
    assert_eq!(usage().await, 32 + 6);
    store.ledger.redrive(&lease, acme, delivery.session, at(60)).await.unwrap();
    assert_eq!(usage().await, 32);
    store.ledger.settle(&lease, said(3, ended(SessionState::Dead, Some("é")))).await.unwrap();
    assert_eq!(usage().await, 48 + 2);
    let expiry = Expiry { before: None, bytes: Some(0), now: at(0), budget: 9 };
    store.history.expire(expiry).await.unwrap();
    assert_eq!(store.history.usage(acme).await.unwrap(), Usage::default());
}

/// What an event counts by itself.
fn bytes_of(new: &NewEvent) -> u64 {
    weight::event(new.event.data.raw()) + weight::verdicts(&serde_json::to_string(&new.verdicts).unwrap())
}

pub(super) async fn a_log_comes_back_as_it_was_written(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    // Short and long ones are kept in different ways.
    let long: Vec<_> = (0..2000).map(|line| log(&format!("line {line} \u{0} é ]"), &[("k", "v")])).collect();
    let settled = Settlement { logs: long.clone(), ..settlement(&new.deliveries[0]) };
    store.ledger.settle(&lease, settled.clone()).await.unwrap();
    assert_eq!(store.history.logs(&new.event.org, settled.session).await.unwrap(), long);
}
