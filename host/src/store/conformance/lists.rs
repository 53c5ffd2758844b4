//! Pages of what happened.

use super::sample::{at, ended, new_event, settlement};
use super::{accept, join, sessions};
use crate::event::{EventId, EventType, Org, SessionId, SessionState};
use crate::store::{EventQuery, SessionQuery, Store};

pub(super) async fn pages_are_newest_first(store: Store) {
    let lease = join(&store).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(accept(&store, &lease, "acme", &[]).await.event.id);
    }
    ids.reverse();
    let org: Org = "acme".into();
    let mut before = None;
    let mut seen: Vec<Vec<EventId>> = Vec::new();
    loop {
        let query = EventQuery { before, limit: 2, ..EventQuery::default() };
        let page = store.history.events(&org, query).await.unwrap();
        seen.push(page.records.iter().map(|record| record.event.id).collect());
        let Some(next) = page.next else { break };
        before = Some(next);
    }
    assert_eq!(seen, [&ids[..2], &ids[2..4], &ids[4..]]);
    let none = store.history.events(&org, EventQuery::default()).await.unwrap();
    assert_eq!((none.records, none.next), (Vec::new(), None));
}

pub(super) async fn a_page_of_sessions_has_owed_and_ended_ones(store: Store) {
    let lease = join(&store).await;
    let mut ids = Vec::new();
    for round in 0..3 {
        let new = accept(&store, &lease, "acme", &["a", "b"]).await;
        store.ledger.settle(&lease, settlement(&new.deliveries[round % 2])).await.unwrap();
        ids.extend(new.deliveries.iter().map(|delivery| delivery.session));
    }
    ids.reverse();
    let org: Org = "acme".into();
    let of = |before| SessionQuery { before, limit: 4, ..SessionQuery::default() };
    let first = store.history.sessions(&org, of(None)).await.unwrap();
    assert_eq!(first.next, Some(ids[3]));
    let rest = store.history.sessions(&org, of(first.next)).await.unwrap();
    assert_eq!(rest.next, None);
    let states: Vec<_> = first.records.iter().map(|session| session.state.as_str()).collect();
    assert_eq!(states, ["queued", "succeeded", "succeeded", "queued"]);
    let seen: Vec<SessionId> = first.records.iter().chain(&rest.records).map(|session| session.id).collect();
    assert_eq!(seen, ids);
}

pub(super) async fn sessions_are_found_by_what_they_are(store: Store) {
    let lease = join(&store).await;
    let mut expected = Vec::new();
    for trigger in ["a", "b"] {
        for (state, reason) in [
            (SessionState::Succeeded, None),
            (SessionState::Dead, Some("the disk was FULL")),
            (SessionState::Dead, Some("100% wrong_")),
            (SessionState::Cancelled, None),
        ] {
            let new = accept(&store, &lease, "acme", &[trigger]).await;
            let mut settled = settlement(&new.deliveries[0]);
            settled.next = ended(state, reason);
            expected.push((settled.session, trigger, state, reason));
            store.ledger.settle(&lease, settled).await.unwrap();
        }
        let owed = accept(&store, &lease, "acme", &[trigger]).await.deliveries[0].session;
        expected.push((owed, trigger, SessionState::Queued, None));
    }
    expected.reverse();
    let triggers = [None, Some("a"), Some("b"), Some("c")];
    let errors = [None, Some("full"), Some("0% WRONG_"), Some("0%wrong"), Some("%"), Some("no such")];
    let states = SessionState::ALL.map(Some);
    for trigger in triggers {
        for error in errors {
            for state in states.into_iter().chain([None]) {
                let found = expected.iter().filter(|(_, of, is, reason)| {
                    // What runs is owed: the store does not know which.
                    let wanted = if state == Some(SessionState::Running) { Some(SessionState::Queued) } else { state };
                    let says = |text: &str| reason.unwrap_or_default().to_lowercase().contains(&text.to_lowercase());
                    trigger.is_none_or(|trigger| trigger == *of)
                        && wanted.is_none_or(|wanted| wanted == *is)
                        && error.is_none_or(says)
                });
                let found: Vec<SessionId> = found.map(|(id, ..)| *id).collect();
                let (trigger, error) = (trigger.map(str::to_owned), error.map(str::to_owned));
                let query = SessionQuery { trigger, state, error, ..sessions() };
                let page = store.history.sessions(&"acme".into(), query.clone()).await.unwrap();
                assert_eq!(page.records.iter().map(|session| session.id).collect::<Vec<_>>(), found, "{query:?}");
            }
        }
    }
}

pub(super) async fn lists_are_cut_by_time_type_and_endpoint(store: Store) {
    let lease = join(&store).await;
    let mut ids = Vec::new();
    for (millis, method, endpoint) in [(1, "POST", "orders"), (2, "GET", "orders"), (3, "POST", "refunds")] {
        let mut new = new_event("acme", &["a"]);
        let received_at = at(millis * 1000);
        let event = std::sync::Arc::make_mut(&mut new.event);
        event.id = EventId::floor(received_at);
        event.received_at = received_at;
        event.kind = EventType::of(method);
        event.endpoint = endpoint.into();
        let mut raw = event.data.raw().clone();
        raw.method = method.to_owned();
        event.data = std::sync::Arc::new(crate::event::Data::new(raw));
        new.deliveries[0].event = new.event.clone();
        new.deliveries[0].session = SessionId::floor(received_at);
        store.ledger.accept(&lease, new.clone()).await.unwrap();
        ids.push(new.event.id);
    }
    let of = |query: EventQuery| {
        let history = store.history.clone();
        async move {
            let org: Org = "acme".into();
            let page = history.events(&org, EventQuery { limit: 9, ..query.clone() }).await.unwrap();
            let sessions = SessionQuery {
                limit: 9,
                since: query.since,
                until: query.until,
                event_type: query.event_type,
                ..SessionQuery::default()
            };
            let sessions = history.sessions(&org, sessions).await.unwrap();
            let events: Vec<EventId> = page.records.iter().rev().map(|record| record.event.id).collect();
            let of_sessions: Vec<EventId> = sessions.records.iter().rev().map(|session| session.event).collect();
            (events, of_sessions)
        }
    };
    let all = EventQuery::default();
    let (since, until) = (Some(at(2000)), Some(at(2000)));
    let event_type = Some(EventType::of("POST"));
    assert_eq!(of(EventQuery { since, ..all.clone() }).await, (ids[1..].to_vec(), ids[1..].to_vec()));
    assert_eq!(of(EventQuery { until, ..all.clone() }).await, (ids[..1].to_vec(), ids[..1].to_vec()));
    assert_eq!(of(EventQuery { since, until, ..all.clone() }).await, (Vec::new(), Vec::new()));
    let posts = vec![ids[0], ids[2]];
    assert_eq!(of(EventQuery { event_type, ..all.clone() }).await, (posts.clone(), posts));
    let endpoint = Some("refunds".to_owned());
    assert_eq!(of(EventQuery { endpoint, ..all.clone() }).await.0, ids[2..]);
    let before = Some(ids[1]);
    assert_eq!(of(EventQuery { before, ..all }).await.0, ids[..1]);
}
