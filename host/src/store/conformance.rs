//! What every back end must do: one suite, run on each of them.

mod catalog;
mod kept;
mod keys;
mod kv;
mod lists;
mod model;
mod owed;
mod purge;
mod sealed;
/// Also for the tests of each back end.
pub(super) mod sample;

use std::sync::Arc;

use bytes::Bytes;
use catalog::*;
use kept::*;
use keys::*;
use kv::*;
use lists::*;
use owed::*;
use purge::*;
use sample::{at, attempt, deployment, ended, event, log, new_event, org, settlement, verdict};
use sealed::*;

use super::catalog::Change;
use super::{Error, EventQuery, Lease, NewEvent, SessionQuery, SessionRecord, Store, memory, sqlite};
use crate::event::{Data, Digest, Event, EventId, EventType, FaultKind, Headers, Keep, Raw, SessionState, VerdictKind};

macro_rules! on_each {
    ($($test:ident)*) => {
        mod on_memory {
            use super::memory;
            $(#[tokio::test]
            async fn $test() {
                super::$test(memory::store()).await;
            })*
        }
        mod on_sqlite {
            use super::sqlite;
            $(#[tokio::test]
            async fn $test() {
                let dir = tempfile::tempdir().unwrap();
                super::$test(sqlite::open(dir.path()).unwrap()).await;
            })*
        }
    };
}

on_each! {
    an_event_is_kept_as_it_was_received
    an_empty_body_is_no_body
    an_event_is_kept_with_all_its_deliveries_or_not_at_all
    a_session_is_queued_until_it_is_settled
    a_session_is_settled_once
    a_settlement_under_an_old_lease_is_refused
    what_an_earlier_lease_left_owed_is_claimed_oldest_first
    what_this_lease_owns_is_not_claimed_again
    a_lease_that_is_renewed_keeps_what_it_owns
    what_is_left_is_claimed_in_pages
    a_session_is_tried_again_until_it_ends
    a_session_that_is_cancelled_has_no_attempt
    interruptions_are_counted_until_an_attempt_is_settled
    a_session_that_ended_badly_is_driven_again
    of_many_attempts_the_last_logs_are_kept
    what_a_session_says_counts
    a_log_comes_back_as_it_was_written
    an_event_that_is_sent_twice_is_accepted_once
    of_many_senders_at_once_one_is_first
    a_key_that_has_expired_is_free
    a_duplicate_is_told_what_the_first_was
    a_sender_that_was_told_of_a_failure_may_try_again
    a_response_that_is_kept_counts
    a_response_goes_with_its_key
    an_event_is_whole_until_its_last_session_has_ended
    an_event_that_nothing_matched_is_cut_at_once
    what_one_trigger_keeps_is_kept_for_all
    what_is_old_expires_within_a_budget
    an_org_keeps_its_newest_events_that_fit
    pages_are_newest_first
    a_page_of_sessions_has_owed_and_ended_ones
    sessions_are_found_by_what_they_are
    lists_are_cut_by_time_type_and_endpoint
    orgs_do_not_see_each_other
    a_commit_is_made_whole_or_not_at_all
    a_condition_is_on_what_is_there
    a_mark_is_of_one_record
    records_are_listed_by_their_keys
    orgs_and_holders_are_found
    a_record_is_used_and_expires
    deployments_are_listed_by_their_commits
    a_deployment_is_immutable
    an_audit_log_is_newest_first
    blobs_are_found_by_their_digest
    what_handlers_keep_is_found_by_its_key
    what_has_expired_is_not_there
    numbers_are_added_in_one_step
    a_swap_needs_the_version_that_is_there
    of_many_swaps_at_once_none_is_lost
    entries_are_listed_in_the_order_of_their_keys
    a_space_has_its_keys_and_bytes
    an_orgs_projects_share_its_room
    what_has_expired_makes_room
    what_has_expired_is_removed_within_a_budget
    spaces_do_not_see_each_other
    an_org_is_removed_and_others_stay
    a_project_is_removed_and_others_stay
    an_org_has_one_key
    an_old_deployment_is_sealed_once
}

const NEWEST: u32 = 100;

fn events() -> EventQuery {
    EventQuery { limit: NEWEST, ..EventQuery::default() }
}

fn sessions() -> SessionQuery {
    SessionQuery { limit: NEWEST, ..SessionQuery::default() }
}

async fn join(store: &Store) -> Lease {
    store.ledger.join(at(0), at(10)).await.unwrap()
}

async fn accept(store: &Store, lease: &Lease, org: &str, triggers: &[&str]) -> NewEvent {
    let new = new_event(org, triggers);
    store.ledger.accept(lease, new.clone()).await.unwrap();
    new
}

async fn an_event_is_kept_as_it_was_received(store: Store) {
    let headers = [
        ("host", &b"example.com"[..]),
        ("X-Twice", b"one"),
        ("Cookie", b"a=1"),
        ("x-twice", b"two"),
        ("Cookie", b"b=2"),
        ("X-Latin", b"caf\xe9 \xff"),
        ("X-Empty", b""),
        ("X-Quoted", br#"a "quoted" \ value"#),
    ];
    let raw = Raw {
        method: "PROPFIND".to_owned(),
        url: "/webhooks/a/%2F//../x?k=1&k=%zz;c#f\u{fffd}".to_owned(),
        headers: headers.into_iter().collect(),
        trailers: [("Checksum", "abc"), ("checksum", "def")].into_iter().collect(),
        body: Some(Bytes::from((0..=255).collect::<Vec<u8>>())),
    };
    let received = Event {
        id: EventId::new(at(5)),
        org: org("acme"),
        endpoint: "an endpoint/é".into(),
        received_at: at(5),
        kind: EventType::of("PROPFIND"),
        data: Arc::new(Data::new(raw)),
        redispatched_from: Some(EventId::new(at(4))),
    };
    let verdicts = vec![
        verdict("b", VerdictKind::FilterError, Some("no such key: `a`")),
        verdict("a", VerdictKind::Matched, None),
        verdict("c", VerdictKind::EventTypeDiffers, Some("it differs")),
    ];
    let event = Arc::new(received);
    let new = NewEvent { event, key: None, keep: Keep::Full, verdicts, deliveries: Vec::new() };
    let lease = join(&store).await;
    store.ledger.accept(&lease, new.clone()).await.unwrap();

    let kept = store.history.event(&new.event.org, new.event.id).await.unwrap().unwrap();
    assert_eq!(kept.event, new.event);
    assert_eq!(kept.verdicts, new.verdicts);
    assert_eq!(kept.sessions, []);
    let latin = kept.event.data.headers().get("x-latin").map(std::borrow::Cow::into_owned);
    assert_eq!(latin.as_deref(), Some("café ÿ"));
    assert_eq!(store.history.events(&new.event.org, events()).await.unwrap().records, [kept]);
}

async fn an_empty_body_is_no_body(store: Store) {
    let lease = join(&store).await;
    for body in [None, Some(Bytes::new())] {
        let raw = Raw { method: "GET".to_owned(), url: "/".to_owned(), body, ..Raw::default() };
        let mut new = new_event("acme", &[]);
        new.event = event("acme", raw);
        store.ledger.accept(&lease, new.clone()).await.unwrap();
        let kept = store.history.event(&new.event.org, new.event.id).await.unwrap().unwrap();
        assert_eq!(kept.event.data.bytes(), None);
        assert_eq!(kept.event.data.headers(), &Headers::default());
    }
}

async fn an_event_is_kept_with_all_its_deliveries_or_not_at_all(store: Store) {
    let lease = join(&store).await;
    let first = accept(&store, &lease, "acme", &["a"]).await;

    // Its second delivery has an id that is taken, by an owed session and then by an ended one.
    let mut second = new_event("acme", &["b", "c"]);
    second.deliveries[1].session = first.deliveries[0].session;
    let refused = store.ledger.accept(&lease, second.clone()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    store.ledger.settle(&lease, settlement(&first.deliveries[0])).await.unwrap();
    let refused = store.ledger.accept(&lease, second.clone()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(store.history.event(&second.event.org, second.event.id).await.unwrap(), None);
    assert_eq!(store.history.session(&second.event.org, second.deliveries[0].session).await.unwrap(), None);

    // The same event again.
    let refused = store.ledger.accept(&lease, first.clone()).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let kept = store.history.events(&first.event.org, events()).await.unwrap().records;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].sessions.len(), 1);
}

async fn a_session_is_queued_until_it_is_settled(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a", "b"]).await;
    let org = &new.event.org;
    let [first, second] = &new.deliveries[..] else { panic!("two triggers matched") };
    let queued = SessionRecord {
        id: first.session,
        event: new.event.id,
        event_type: EventType::of("POST"),
        trigger: "a".to_owned(),
        deployment: first.deployment,
        state: SessionState::Queued,
        reason: None,
        created_at: new.event.received_at,
        ended_at: None,
        due_at: Some(new.event.received_at),
        attempts: Vec::new(),
    };
    assert_eq!(store.history.session(org, first.session).await.unwrap().as_ref(), Some(&queued));
    assert_eq!(store.history.logs(org, first.session).await.unwrap(), []);

    let mut failed = attempt(3);
    failed.fault = Some(FaultKind::OutOfMemory);
    failed.error = Some("out of memory: 64 MiB".to_owned());
    failed.status = Some(502);
    let logs = vec![log("one", &[("k", "v"), ("k", "w")]), log("", &[])];
    let mut settled = settlement(first);
    settled.next = ended(SessionState::Failed, Some("no"));
    settled.attempt = Some(failed.clone());
    settled.logs = logs.clone();
    store.ledger.settle(&lease, settled).await.unwrap();

    let ended = SessionRecord {
        state: SessionState::Failed,
        reason: Some("no".to_owned()),
        ended_at: Some(at(3)),
        due_at: None,
        attempts: vec![failed],
        ..queued
    };
    assert_eq!(store.history.session(org, first.session).await.unwrap().as_ref(), Some(&ended));
    assert_eq!(store.history.logs(org, first.session).await.unwrap(), logs);

    let kept = store.history.event(org, new.event.id).await.unwrap().unwrap();
    let states: Vec<_> = kept.sessions.iter().map(|session| (session.id, session.state)).collect();
    assert_eq!(states, [(first.session, SessionState::Failed), (second.session, SessionState::Queued)]);
    assert_eq!(kept.sessions[0], ended);
}

async fn a_session_is_settled_once(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a"]).await;
    store.ledger.settle(&lease, settlement(&new.deliveries[0])).await.unwrap();
    let before = store.history.session(&new.event.org, new.deliveries[0].session).await.unwrap();

    let mut again = settlement(&new.deliveries[0]);
    again.next = ended(SessionState::Failed, None);
    again.logs = vec![log("again", &[])];
    let refused = store.ledger.settle(&lease, again).await;
    assert!(matches!(refused, Err(Error::LeaseLost)), "{refused:?}");
    assert_eq!(store.history.session(&new.event.org, new.deliveries[0].session).await.unwrap(), before);
    assert_eq!(store.history.logs(&new.event.org, new.deliveries[0].session).await.unwrap(), []);

    let unknown = settlement(&new_event("acme", &["a"]).deliveries[0]);
    let refused = store.ledger.settle(&lease, unknown).await;
    assert!(matches!(refused, Err(Error::LeaseLost)), "{refused:?}");
}

async fn a_settlement_under_an_old_lease_is_refused(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    let new = accept(&store, &old, "acme", &["a"]).await;
    let lease = join(&store).await;
    assert_ne!(old, lease);
    store.ledger.claim(&lease, at(10), NEWEST).await.unwrap();

    let mut late = settlement(&new.deliveries[0]);
    late.logs = vec![log("late", &[])];
    let refused = store.ledger.settle(&old, late.clone()).await;
    assert!(matches!(refused, Err(Error::LeaseLost)), "{refused:?}");
    let session = store.history.session(&new.event.org, late.session).await.unwrap().unwrap();
    assert_eq!((session.state, session.attempts), (SessionState::Queued, Vec::new()));
    assert_eq!(store.history.logs(&new.event.org, late.session).await.unwrap(), []);

    store.ledger.settle(&lease, late).await.unwrap();
}

async fn what_an_earlier_lease_left_owed_is_claimed_oldest_first(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    let one = accept(&store, &old, "acme", &["a", "b"]).await;
    let two = accept(&store, &old, "zeta", &["a"]).await;
    let three = accept(&store, &old, "acme", &["a"]).await;
    store.ledger.settle(&old, settlement(&one.deliveries[0])).await.unwrap();

    let lease = join(&store).await;
    let claimed = store.ledger.claim(&lease, at(10), NEWEST).await.unwrap();
    assert_eq!(claimed, [one.deliveries[1].clone(), two.deliveries[0].clone(), three.deliveries[0].clone()]);
    assert_eq!(claimed[1].event.data.bytes(), two.event.data.bytes());
}

async fn what_this_lease_owns_is_not_claimed_again(store: Store) {
    let old = store.ledger.join(at(0), at(5)).await.unwrap();
    accept(&store, &old, "acme", &["a"]).await;
    let lease = join(&store).await;
    accept(&store, &lease, "acme", &["a"]).await;
    assert_eq!(store.ledger.claim(&lease, at(10), NEWEST).await.unwrap().len(), 1);
    assert_eq!(store.ledger.claim(&lease, at(10), NEWEST).await.unwrap(), []);
}

async fn orgs_do_not_see_each_other(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a", "b"]).await;
    let mut settled = settlement(&new.deliveries[0]);
    settled.logs = vec![log("secret", &[])];
    let theirs = deployment("acme", "p", at(1));
    let deploy = vec![Change::Deploy(Box::new(theirs.clone()))];
    store.catalog.commit(&theirs.org, deploy, None).await.unwrap();

    let other = org("other");
    let mut stolen = settled.clone();
    stolen.org = Arc::clone(&other);
    let refused = store.ledger.settle(&lease, stolen).await;
    assert!(matches!(refused, Err(Error::LeaseLost)), "{refused:?}");
    store.ledger.settle(&lease, settled.clone()).await.unwrap();

    // An id that two orgs have names two things.
    let mut same = new_event("other", &[]);
    same.event = Arc::new(Event { id: new.event.id, ..(*same.event).clone() });
    for (org, expected) in [("other", 0), ("nobody", 0), ("", 0), ("acme", 2)].map(|(name, n)| (org(name), n)) {
        let found = store.history.event(&org, new.event.id).await.unwrap();
        assert_eq!(found.map_or(0, |event| event.sessions.len()), expected, "{org}");
        assert_eq!(store.history.events(&org, events()).await.unwrap().records.len(), expected / 2, "{org}");
        assert_eq!(store.history.sessions(&org, sessions()).await.unwrap().records.len(), expected, "{org}");
        for delivery in &new.deliveries {
            assert_eq!(store.history.session(&org, delivery.session).await.unwrap().is_some(), expected > 0, "{org}");
        }
        assert_eq!(store.history.logs(&org, settled.session).await.unwrap().len(), expected / 2, "{org}");
        assert_eq!(store.catalog.deployment(&org, theirs.id).await.unwrap().is_some(), expected > 0, "{org}");
        assert_eq!(store.history.owed_to(&org).await.unwrap().len(), expected / 2, "{org}");
    }
    store.ledger.accept(&lease, same.clone()).await.unwrap();
    assert_eq!(store.history.event(&other, same.event.id).await.unwrap().unwrap().sessions, []);
    assert_eq!(store.history.event(&new.event.org, same.event.id).await.unwrap().unwrap().sessions.len(), 2);
}

async fn blobs_are_found_by_their_digest(store: Store) {
    for bytes in [Bytes::from_static(b"\0asm"), Bytes::new(), Bytes::from(vec![7; 1 << 20])] {
        let digest = store.blobs.put(bytes.clone()).await.unwrap();
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(store.blobs.put(bytes.clone()).await.unwrap(), digest);
        assert_eq!(store.blobs.get(digest).await.unwrap(), Some(bytes));
    }
    assert_eq!(store.blobs.get(Digest::of(b"never put")).await.unwrap(), None);
}
