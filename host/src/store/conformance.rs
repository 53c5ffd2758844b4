//! What every back end must do: one suite, run on each of them.

mod model;
/// Also for the tests of each back end.
pub(super) mod sample;

use std::sync::Arc;

use bytes::Bytes;
use sample::{at, attempt, deployment, event, log, new_event, org, settlement, verdict};

use super::{Error, Lease, NewEvent, Page, SessionRecord, Store, memory, sqlite};
use crate::event::{
    Data, DeploymentId, Digest, Event, EventId, EventType, FaultKind, Headers, Raw, SessionId, SessionState,
    VerdictKind,
};

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
    pages_are_newest_first
    a_page_of_sessions_has_owed_and_ended_ones
    orgs_do_not_see_each_other
    the_last_deployment_is_active
    a_deployment_is_immutable
    blobs_are_found_by_their_digest
}

const NEWEST: u32 = 100;

fn newest<Id>() -> Page<Id> {
    Page { before: None, limit: NEWEST }
}

async fn join(store: &Store) -> Lease {
    store.ledger.join(at(0)).await.unwrap()
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
    };
    let verdicts = vec![
        verdict("b", VerdictKind::FilterError, Some("no such key: `a`")),
        verdict("a", VerdictKind::Matched, None),
        verdict("c", VerdictKind::EventTypeDiffers, Some("it differs")),
    ];
    let new = NewEvent { event: Arc::new(received), verdicts, deliveries: Vec::new() };
    let lease = join(&store).await;
    store.ledger.accept(&lease, new.clone()).await.unwrap();

    let kept = store.history.event(&new.event.org, new.event.id).await.unwrap().unwrap();
    assert_eq!(kept.event, new.event);
    assert_eq!(kept.verdicts, new.verdicts);
    assert_eq!(kept.sessions, []);
    let latin = kept.event.data.headers().get("x-latin").map(std::borrow::Cow::into_owned);
    assert_eq!(latin.as_deref(), Some("café ÿ"));
    assert_eq!(store.history.events(&new.event.org, newest()).await.unwrap(), [kept]);
}

async fn an_empty_body_is_no_body(store: Store) {
    let lease = join(&store).await;
    for body in [None, Some(Bytes::new())] {
        let raw = Raw { method: "GET".to_owned(), url: "/".to_owned(), body, ..Raw::default() };
        let new = NewEvent { event: event("acme", raw), verdicts: Vec::new(), deliveries: Vec::new() };
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
    let kept = store.history.events(&first.event.org, newest()).await.unwrap();
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
        created_at: new.event.received_at,
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
    settled.state = SessionState::Failed;
    settled.attempt = failed.clone();
    settled.logs = logs.clone();
    store.ledger.settle(&lease, settled).await.unwrap();

    let ended = SessionRecord { state: SessionState::Failed, attempts: vec![failed], ..queued };
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
    again.state = SessionState::Failed;
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
    let old = join(&store).await;
    let new = accept(&store, &old, "acme", &["a"]).await;
    let lease = join(&store).await;
    assert_ne!(old, lease);
    store.ledger.claim(&lease).await.unwrap();

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
    let old = join(&store).await;
    let one = accept(&store, &old, "acme", &["a", "b"]).await;
    let two = accept(&store, &old, "zeta", &["a"]).await;
    let three = accept(&store, &old, "acme", &["a"]).await;
    store.ledger.settle(&old, settlement(&one.deliveries[0])).await.unwrap();

    let lease = join(&store).await;
    let claimed = store.ledger.claim(&lease).await.unwrap();
    assert_eq!(claimed, [one.deliveries[1].clone(), two.deliveries[0].clone(), three.deliveries[0].clone()]);
    assert_eq!(claimed[1].event.data.bytes(), two.event.data.bytes());
}

async fn what_this_lease_owns_is_not_claimed_again(store: Store) {
    let old = join(&store).await;
    accept(&store, &old, "acme", &["a"]).await;
    let lease = join(&store).await;
    accept(&store, &lease, "acme", &["a"]).await;
    assert_eq!(store.ledger.claim(&lease).await.unwrap().len(), 1);
    assert_eq!(store.ledger.claim(&lease).await.unwrap(), []);
}

async fn pages_are_newest_first(store: Store) {
    let lease = join(&store).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accept(&store, &lease, "acme", &[]).await.event.id);
    }
    ids.reverse();
    let org = org("acme");
    let mut before = None;
    let mut seen: Vec<Vec<EventId>> = Vec::new();
    loop {
        let page = store.history.events(&org, Page { before, limit: 2 }).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.event.id);
        seen.push(page.iter().map(|record| record.event.id).collect());
    }
    assert_eq!(seen, [&ids[..2], &ids[2..4], &ids[4..]]);
    assert_eq!(store.history.events(&org, Page { before: None, limit: 0 }).await.unwrap(), []);
}

async fn a_page_of_sessions_has_owed_and_ended_ones(store: Store) {
    let lease = join(&store).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let new = accept(&store, &lease, "acme", &["a"]).await;
        if number % 2 == 0 {
            store.ledger.settle(&lease, settlement(&new.deliveries[0])).await.unwrap();
        }
        ids.push(new.deliveries[0].session);
    }
    ids.reverse();
    let org = org("acme");
    let first = store.history.sessions(&org, Page { before: None, limit: 4 }).await.unwrap();
    let rest = store.history.sessions(&org, Page { before: Some(first[3].id), limit: 4 }).await.unwrap();
    let states: Vec<_> = first.iter().map(|session| session.state.as_str()).collect();
    assert_eq!(states, ["queued", "succeeded", "queued", "succeeded"]);
    let seen: Vec<SessionId> = first.iter().chain(&rest).map(|session| session.id).collect();
    assert_eq!(seen, ids);
}

async fn orgs_do_not_see_each_other(store: Store) {
    let lease = join(&store).await;
    let new = accept(&store, &lease, "acme", &["a", "b"]).await;
    let mut settled = settlement(&new.deliveries[0]);
    settled.logs = vec![log("secret", &[])];
    let theirs = deployment("acme", "p", at(1));
    store.catalog.deploy(theirs.clone()).await.unwrap();

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
        assert_eq!(store.history.events(&org, newest()).await.unwrap().len(), expected / 2, "{org}");
        assert_eq!(store.history.sessions(&org, newest()).await.unwrap().len(), expected, "{org}");
        for delivery in &new.deliveries {
            assert_eq!(store.history.session(&org, delivery.session).await.unwrap().is_some(), expected > 0, "{org}");
        }
        assert_eq!(store.history.logs(&org, settled.session).await.unwrap().len(), expected / 2, "{org}");
        assert_eq!(store.catalog.deployment(&org, theirs.id).await.unwrap().is_some(), expected > 0, "{org}");
    }
    store.ledger.accept(&lease, same.clone()).await.unwrap();
    assert_eq!(store.history.event(&other, same.event.id).await.unwrap().unwrap().sessions, []);
    assert_eq!(store.history.event(&new.event.org, same.event.id).await.unwrap().unwrap().sessions.len(), 2);
}

async fn the_last_deployment_is_active(store: Store) {
    assert_eq!(store.catalog.active().await.unwrap(), []);
    // The clock may go back: what counts is the order of the commits.
    let first = deployment("acme", "shop", at(9));
    let second = deployment("acme", "shop", at(3));
    let other_project = deployment("acme", "blog", at(4));
    let other_org = deployment("zeta", "shop", at(5));
    for deployment in [&first, &other_org, &other_project, &second] {
        store.catalog.deploy(deployment.clone()).await.unwrap();
    }
    assert_eq!(store.catalog.active().await.unwrap(), [other_project, second, other_org]);
    assert_eq!(store.catalog.deployment(&org("acme"), first.id).await.unwrap(), Some(first));
    assert_eq!(store.catalog.deployment(&org("acme"), DeploymentId::new(at(1))).await.unwrap(), None);
}

async fn a_deployment_is_immutable(store: Store) {
    let first = deployment("acme", "shop", at(1));
    store.catalog.deploy(first.clone()).await.unwrap();
    let changed = super::DeploymentRecord { manifest: "changed".to_owned(), ..first.clone() };
    let refused = store.catalog.deploy(changed).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(store.catalog.active().await.unwrap(), [first]);
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
