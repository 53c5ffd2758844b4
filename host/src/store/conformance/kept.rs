//! How much of what was handled stays, and for how long.

use super::join;
use super::sample::{at, attempt, ended, log, new_event, org, settlement};
use crate::event::{Attempt, EventId, FaultKind, Keep, SessionState};
use crate::store::{Delivery, EventQuery, Expired, Expiry, NewEvent, Redriven, Settlement, Store, Usage, weight};

/// An event of which only the metadata stays.
fn metadata(triggers: &[&str]) -> NewEvent {
    let mut new = new_event("acme", triggers);
    new.keep = Keep::Metadata;
    for delivery in &mut new.deliveries {
        delivery.keep = Keep::Metadata;
    }
    new.verdicts.push(super::verdict("c", crate::event::VerdictKind::FilterError, Some("a secret")));
    new
}

fn failed(delivery: &Delivery) -> Settlement {
    let error = Some("a secret".to_owned());
    Settlement {
        attempt: Some(Attempt { error, fault: Some(FaultKind::Trap), ..attempt(1) }),
        logs: vec![log("a secret", &[])],
        next: ended(SessionState::Dead, Some("a secret")),
        ..settlement(delivery)
    }
}

pub(super) async fn an_event_is_whole_until_its_last_session_has_ended(store: Store) {
    let lease = join(&store).await;
    let new = metadata(&["a", "b"]);
    let (acme, id) = (org("acme"), new.event.id);
    store.ledger.accept(&lease, new.clone()).await.unwrap();
    store.ledger.settle(&lease, failed(&new.deliveries[0])).await.unwrap();
    let half = store.history.event(&acme, id).await.unwrap().unwrap();
    assert_eq!((&half.event, half.kept), (&new.event, Keep::Full));

    store.ledger.settle(&lease, settlement(&new.deliveries[1])).await.unwrap();
    let cut = store.history.event(&acme, id).await.unwrap().unwrap();
    assert_eq!(cut.kept, Keep::Metadata);
    let raw = cut.event.data.raw();
    assert_eq!((&*raw.method, &*raw.url), ("POST", "/webhooks/orders"));
    assert!(raw.headers.is_empty() && raw.trailers.is_empty() && raw.body.is_none());
    assert_eq!(cut.verdicts.iter().filter_map(|verdict| verdict.detail.as_ref()).count(), 0);
    assert_eq!(cut.verdicts.len(), 3);
    let dead = cut.sessions.iter().find(|session| session.state == SessionState::Dead).unwrap();
    assert_eq!((dead.reason.as_ref(), dead.attempts[0].error.as_ref()), (None, None));
    assert_eq!((dead.attempts[0].fault, dead.attempts[0].cpu_us), (Some(FaultKind::Trap), 17));
    assert_eq!(store.history.logs(&acme, dead.id).await.unwrap(), []);
    let bytes = weight::event(raw) + weight::verdicts(&serde_json::to_string(&cut.verdicts).unwrap());
    assert_eq!(store.history.usage(&acme).await.unwrap(), Usage { events: 1, bytes });
    let redriven = store.ledger.redrive(&lease, &acme, dead.id, at(9)).await.unwrap();
    assert_eq!(redriven, Redriven::NotKept);
}

pub(super) async fn an_event_that_nothing_matched_is_cut_at_once(store: Store) {
    let lease = join(&store).await;
    let new = metadata(&[]);
    store.ledger.accept(&lease, new.clone()).await.unwrap();
    let cut = store.history.event(&org("acme"), new.event.id).await.unwrap().unwrap();
    assert_eq!((cut.kept, cut.event.data.raw().body.as_ref()), (Keep::Metadata, None));
    assert_eq!(cut.verdicts[0].detail, None);
}

pub(super) async fn what_one_trigger_keeps_is_kept_for_all(store: Store) {
    let lease = join(&store).await;
    let mut new = metadata(&["a", "b"]);
    new.keep = Keep::Full;
    new.deliveries[0].keep = Keep::Full;
    store.ledger.accept(&lease, new.clone()).await.unwrap();
    for delivery in &new.deliveries {
        store.ledger.settle(&lease, failed(delivery)).await.unwrap();
    }
    let acme = org("acme");
    let whole = store.history.event(&acme, new.event.id).await.unwrap().unwrap();
    assert_eq!((&whole.event, whole.kept), (&new.event, Keep::Full));
    let reasons: Vec<_> = whole.sessions.iter().map(|session| session.reason.as_deref()).collect();
    assert_eq!(reasons, [Some("a secret"), None]);
    assert_eq!(store.history.logs(&acme, new.deliveries[0].session).await.unwrap().len(), 1);
    assert_eq!(store.history.logs(&acme, new.deliveries[1].session).await.unwrap(), []);
    // The event is there, so the session of the trigger that keeps less can be driven again too.
    let redriven = store.ledger.redrive(&lease, &acme, new.deliveries[1].session, at(9)).await.unwrap();
    assert!(matches!(redriven, Redriven::Owed(delivery) if delivery.keep == Keep::Metadata));
}

/// An event of this millisecond, with a session that has ended and a line in its log.
async fn of_millisecond(store: &Store, millis: i64, org: &str) -> EventId {
    let lease = join(store).await;
    let mut new = new_event(org, &["a"]);
    let event = std::sync::Arc::make_mut(&mut new.event);
    event.id = EventId::floor(at(millis * 1000));
    new.deliveries[0].event = new.event.clone();
    store.ledger.accept(&lease, new.clone()).await.unwrap();
    let logs = vec![log("line", &[("k", "v")])];
    store.ledger.settle(&lease, Settlement { logs, ..settlement(&new.deliveries[0]) }).await.unwrap();
    new.event.id
}

pub(super) async fn what_is_old_expires_within_a_budget(store: Store) {
    let lease = join(&store).await;
    let mut owed = new_event("acme", &["a"]);
    std::sync::Arc::make_mut(&mut owed.event).id = EventId::floor(at(0));
    owed.deliveries[0].event = owed.event.clone();
    store.ledger.accept(&lease, owed.clone()).await.unwrap();
    let mut ids = Vec::new();
    for millis in 1..=5 {
        ids.push(of_millisecond(&store, millis, "acme").await);
    }
    let theirs = of_millisecond(&store, 2, "zeta").await;
    let expire = |before: i64, budget| {
        store.history.expire(Expiry {
            before: Some(at(before * 1000)),
            bytes: None,
            bytes_of: Default::default(),
            now: at(0),
            budget,
        })
    };
    assert_eq!(expire(4, 2).await.unwrap(), Expired { events: 2, keys: 0, more: true });
    assert_eq!(expire(4, 9).await.unwrap(), Expired { events: 2, keys: 0, more: false });
    assert_eq!(store.history.event(&org("zeta"), theirs).await.unwrap(), None);
    assert_eq!(store.history.usage(&org("zeta")).await.unwrap(), Usage::default());
    let left = store.history.events(&org("acme"), EventQuery { limit: 9, ..EventQuery::default() }).await.unwrap();
    let left: Vec<EventId> = left.records.iter().rev().map(|record| record.event.id).collect();
    // What is owed stays, however old it is.
    assert_eq!(left, [owed.event.id, ids[3], ids[4]]);
    let all = store.history.sessions(&org("acme"), super::sessions()).await.unwrap().records;
    assert_eq!(all.len(), 3);
    assert_eq!(expire(4, 9).await.unwrap(), Expired::default());
}

pub(super) async fn an_org_keeps_its_newest_events_that_fit(store: Store) {
    let mut ids = Vec::new();
    for millis in 1..=4 {
        ids.push(of_millisecond(&store, millis, "acme").await);
    }
    of_millisecond(&store, 1, "zeta").await;
    let usage = store.history.usage(&org("acme")).await.unwrap();
    assert_eq!(usage.events, 4);
    let one = usage.bytes / 4;
    let expiry = Expiry { before: None, bytes: Some(2 * one), bytes_of: Default::default(), now: at(0), budget: 9 };
    assert_eq!(store.history.expire(expiry).await.unwrap(), Expired { events: 2, keys: 0, more: false });
    assert_eq!(store.history.usage(&org("acme")).await.unwrap(), Usage { events: 2, bytes: 2 * one });
    assert_eq!(store.history.event(&org("acme"), ids[1]).await.unwrap(), None);
    assert!(store.history.event(&org("acme"), ids[2]).await.unwrap().is_some());
    assert_eq!(store.history.usage(&org("zeta")).await.unwrap().events, 1);
    // One that may keep something else than the others.
    let bytes_of = [(org("acme"), one), (org("nobody"), 0)].into();
    let expiry = Expiry { before: None, bytes: Some(0), bytes_of, now: at(0), budget: 9 };
    assert_eq!(store.history.expire(expiry).await.unwrap(), Expired { events: 2, keys: 0, more: false });
    assert!(store.history.event(&org("acme"), ids[3]).await.unwrap().is_some());
    assert_eq!(store.history.usage(&org("zeta")).await.unwrap().events, 0);
}
