//! Events that have a name by their senders.

use bytes::Bytes;

use super::join;
use super::sample::{at, ended, new_event, org, settlement};
use crate::event::{EventId, Response, SessionState};
use crate::store::{
    Accepted, Answer, DedupKey, Delivery, Expired, Expiry, NewEvent, Next, Settlement, Store, Told, Usage,
};

/// An event of acme that is named, and whose first session the sender waits for.
fn named(key: &str, expires: i64, awaits: bool) -> NewEvent {
    let mut new = new_event("acme", &["a", "b"]);
    let awaited = awaits.then(|| new.deliveries[0].session);
    new.key = Some(DedupKey { key: key.into(), expires_at: at(expires), awaited });
    new
}

async fn accepted(store: &Store, new: &NewEvent) -> Accepted {
    let lease = join(store).await;
    store.ledger.accept(&lease, new.clone()).await.unwrap()
}

pub(super) async fn an_event_that_is_sent_twice_is_accepted_once(store: Store) {
    let first = named("one", 50, false);
    let id = first.event.id;
    assert_eq!(accepted(&store, &first).await, Accepted::New);
    let again = named("one", 90, false);
    assert_eq!(accepted(&store, &again).await, Accepted::Duplicate(id));
    assert_eq!(store.history.event(&org("acme"), again.event.id).await.unwrap(), None);
    assert_eq!(store.history.session(&org("acme"), again.deliveries[0].session).await.unwrap(), None);
    assert_eq!(accepted(&store, &named("two", 90, false)).await, Accepted::New);
    // A key is its endpoint's and its org's.
    let mut elsewhere = named("one", 90, false);
    std::sync::Arc::make_mut(&mut elsewhere.event).endpoint = "refunds".into();
    assert_eq!(accepted(&store, &elsewhere).await, Accepted::New);
    let mut theirs = new_event("zeta", &["a"]);
    theirs.key = again.key.clone();
    assert_eq!(accepted(&store, &theirs).await, Accepted::New);
    assert_eq!(store.history.answer(&org("acme"), id).await.unwrap(), Answer::Accepted);
    assert_eq!(store.history.answer(&org("zeta"), id).await.unwrap(), Answer::None);
}

pub(super) async fn of_many_senders_at_once_one_is_first(store: Store) {
    let lease = join(&store).await;
    let all: Vec<NewEvent> = (0..32).map(|_| named("one", 50, false)).collect();
    let asked = all.iter().map(|new| store.ledger.accept(&lease, new.clone()));
    let answers: Vec<Accepted> = futures_util::future::join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let first: Vec<EventId> =
        all.iter().zip(&answers).filter(|(_, answer)| **answer == Accepted::New).map(|(new, _)| new.event.id).collect();
    assert_eq!(first.len(), 1);
    let others = answers.iter().filter(|answer| **answer == Accepted::Duplicate(first[0])).count();
    assert_eq!(others, 31);
}

pub(super) async fn a_key_that_has_expired_is_free(store: Store) {
    let first = named("one", 1, false);
    assert_eq!(accepted(&store, &first).await, Accepted::New);
    // It is received at the moment at which the key expires.
    let second = named("one", 50, false);
    assert_eq!(accepted(&store, &second).await, Accepted::New);
    assert_eq!(accepted(&store, &named("one", 90, false)).await, Accepted::Duplicate(second.event.id));
    let expiry = |now| Expiry { before: None, bytes: None, bytes_of: Default::default(), now: at(now), budget: 9 };
    assert_eq!(store.history.expire(expiry(49)).await.unwrap(), Expired::default());
    assert_eq!(store.history.expire(expiry(50)).await.unwrap(), Expired { keys: 1, ..Expired::default() });
    assert_eq!(store.history.answer(&org("acme"), second.event.id).await.unwrap(), Answer::None);
}

pub(super) async fn a_duplicate_is_told_what_the_first_was(store: Store) {
    let lease = join(&store).await;
    let first = named("one", 50, true);
    let (acme, id) = (org("acme"), first.event.id);
    store.ledger.accept(&lease, first.clone()).await.unwrap();
    assert_eq!(store.history.answer(&acme, id).await.unwrap(), Answer::Pending);
    let response = |status| Response {
        status,
        headers: vec![("Content-Type".to_owned(), "é".to_owned()), ("a".to_owned(), String::new())],
        body: Bytes::from_static(b"\x00\xff"),
    };
    // The sender does not wait for this one.
    let other = Settlement { told: Some(Told::Response(response(500))), ..settlement(&first.deliveries[1]) };
    store.ledger.settle(&lease, other).await.unwrap();
    assert_eq!(store.history.answer(&acme, id).await.unwrap(), Answer::Pending);
    let told = Settlement { told: Some(Told::Response(response(201))), ..settlement(&first.deliveries[0]) };
    store.ledger.settle(&lease, told).await.unwrap();
    assert_eq!(store.history.answer(&acme, id).await.unwrap(), Answer::Response(response(201)));
    assert_eq!(accepted(&store, &named("one", 90, true)).await, Accepted::Duplicate(id));
}

pub(super) async fn a_sender_that_was_told_of_a_failure_may_try_again(store: Store) {
    let lease = join(&store).await;
    let first = named("one", 50, true);
    store.ledger.accept(&lease, first.clone()).await.unwrap();
    let failure = |delivery| Settlement {
        next: ended(SessionState::Failed, Some("no")),
        told: Some(Told::Failure),
        ..settlement(delivery)
    };
    store.ledger.settle(&lease, failure(&first.deliveries[1])).await.unwrap();
    assert_eq!(accepted(&store, &named("one", 90, true)).await, Accepted::Duplicate(first.event.id));
    store.ledger.settle(&lease, failure(&first.deliveries[0])).await.unwrap();
    assert_eq!(store.history.answer(&org("acme"), first.event.id).await.unwrap(), Answer::None);
    assert_eq!(accepted(&store, &named("one", 90, true)).await, Accepted::New);
}

/// What is kept for duplicates is its org's, and goes when its event does; the key stays.
pub(super) async fn a_response_that_is_kept_counts(store: Store) {
    let lease = join(&store).await;
    let (acme, first) = (org("acme"), named("one", 50, true));
    let body = Bytes::from(vec![7; 5000]);
    let response = Response { status: 200, headers: vec![("a".to_owned(), "é".to_owned())], body };
    let usage = async || store.history.usage(&acme).await.unwrap();
    store.ledger.accept(&lease, first.clone()).await.unwrap();
    let alone = usage().await;
    let told = Some(Told::Response(response));
    store.ledger.settle(&lease, Settlement { told, ..settlement(&first.deliveries[0]) }).await.unwrap();
    store.ledger.settle(&lease, settlement(&first.deliveries[1])).await.unwrap();
    assert_eq!(usage().await, Usage { bytes: alone.bytes + 5003, ..alone });

    // It is more than the org may have.
    let expiry = |bytes, now| Expiry { before: None, bytes, bytes_of: Default::default(), now: at(now), budget: 9 };
    store.history.expire(expiry(Some(alone.bytes), 0)).await.unwrap();
    assert_eq!(usage().await, Usage::default());
    assert_eq!(accepted(&store, &named("one", 90, true)).await, Accepted::Duplicate(first.event.id));
    assert_eq!(store.history.answer(&acme, first.event.id).await.unwrap(), Answer::Accepted);
}

/// A response is kept as long as its key: until it has expired, is free, or another event's.
pub(super) async fn a_response_goes_with_its_key(store: Store) {
    let lease = join(&store).await;
    let acme = org("acme");
    let body = Bytes::from_static(b"12345");
    let response = Response { status: 200, headers: Vec::new(), body };
    let usage = async || store.history.usage(&acme).await.unwrap();
    let mut events = Vec::new();
    for (key, expires) in [("one", 1), ("two", 40), ("three", 50)] {
        let new = named(key, expires, true);
        store.ledger.accept(&lease, new.clone()).await.unwrap();
        let (next, told) = (Next::Again { due: at(4) }, Some(Told::Response(response.clone())));
        store.ledger.settle(&lease, Settlement { told, next, ..settlement(&new.deliveries[0]) }).await.unwrap();
        events.push(new);
    }
    let before = usage().await;
    assert_eq!(accepted(&store, &named("one", 90, true)).await, Accepted::New);
    let of_event = before.bytes / 3 - 5;
    assert_eq!(usage().await, Usage { events: 4, bytes: before.bytes + of_event - 5 });
    let expiry = Expiry { before: None, bytes: None, bytes_of: Default::default(), now: at(40), budget: 9 };
    assert_eq!(store.history.expire(expiry).await.unwrap().keys, 1);
    assert_eq!(usage().await.bytes, before.bytes + of_event - 10);
    let second = Delivery { attempt: 2, ..events[2].deliveries[0].clone() };
    store.ledger.settle(&lease, Settlement { told: Some(Told::Failure), ..settlement(&second) }).await.unwrap();
    assert_eq!(usage().await.bytes, before.bytes + of_event - 15);
}
