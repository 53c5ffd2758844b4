//! What each version wrote is read by this one. `version-1.db.zst` and `version-2.db.zst` were written by the programs of those
//! versions, which were killed. Of version 1 one session was made owed again, and one failed, by hand.

use std::path::Path;

use super::{at, open, org};
use crate::event::{AttemptOutcome, EventId, Keep, LogEntry, SessionId, SessionState};
use crate::store::catalog::{Items as _, OrgItem, ProjectItem, Quotas};
use crate::store::weight;
use crate::store::{
    Accepted, Answer, DedupKey, EventQuery, EventRecord, NewEvent, Redriven, SessionQuery, SessionRecord, Settlement,
    Usage,
};

const VERSION_1: &[u8] = include_bytes!("version-1.db.zst");
const VERSION_2: &[u8] = include_bytes!("version-2.db.zst");

fn unpack(packed: &[u8], dir: &Path) {
    std::fs::write(dir.join("tenterhook.db"), zstd::stream::decode_all(packed).unwrap()).unwrap();
}

#[tokio::test]
async fn version_1_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    unpack(VERSION_1, dir.path());
    let store = open(dir.path()).unwrap();
    let org = org("default");

    let events = store.history.events(&org, EventQuery { limit: 9, ..EventQuery::default() }).await.unwrap().records;
    let urls: Vec<&str> = events.iter().map(|record| record.event.data.raw_url()).collect();
    assert_eq!(urls, ["/webhooks/orders/x", "/webhooks/orders/x", "/webhooks/orders?q=%C3%A9"]);
    let post = &events[2];
    assert_eq!((post.kept, post.event.redispatched_from), (Keep::Full, None));
    assert_eq!(post.event.data.bytes().unwrap(), "{\"a\":1,\"é\":\"ü\"}".as_bytes());
    assert_eq!(events[0].event.data.headers().get("x-bytes").as_deref(), Some("café"));
    assert_eq!(post.verdicts.len(), 4);

    let sessions = store.history.sessions(&org, SessionQuery { limit: 9, ..SessionQuery::default() }).await.unwrap();
    let states: Vec<_> = sessions.records.iter().map(|session| (&*session.trigger, session.state)).collect();
    let (queued, failed, succeeded) = (SessionState::Queued, SessionState::Failed, SessionState::Succeeded);
    assert_eq!(
        states,
        [("quick", queued), ("printed", succeeded), ("gets", failed), ("printed", succeeded), ("printed", succeeded)]
    );
    let failed = &sessions.records[2];
    assert_eq!(failed.reason.as_deref(), Some("the handler asked for a retry: busy"));
    assert_eq!(failed.attempts[0].outcome, AttemptOutcome::Retry);
    // SQLite's own functions know milliseconds.
    let late = failed.attempts[0].ended_at.duration_since(failed.ended_at.unwrap()).abs();
    assert!(late < jiff::SignedDuration::from_millis(1), "{late}");
    assert_eq!(sessions.records[1].attempts[0].outcome, AttemptOutcome::Succeeded);

    let mut logs: Vec<Vec<LogEntry>> = Vec::new();
    for session in &sessions.records {
        logs.push(store.history.logs(&org, session.id).await.unwrap());
    }
    assert_eq!(logs.iter().map(Vec::len).collect::<Vec<_>>(), [0, 12, 9, 9, 11]);
    // What the migration counted is what is counted of new ones.
    let bytes = logs.iter().map(|log| weight::log(log)).sum::<u64>() + counted(&events);
    assert_eq!(store.history.usage(&org).await.unwrap(), Usage { events: 3, bytes });

    assert_eq!(store.catalog.orgs(None, 9).await.unwrap()[0].key, "default");
    let projects = store.catalog.all::<ProjectItem>(&org, "").await.unwrap();
    let shop = &projects[0].item;
    assert_eq!((projects.len(), &*shop.name), (1, "shop"));
    let active = store.catalog.deployment(&org, shop.active.unwrap()).await.unwrap().unwrap();
    assert_eq!((&*active.project, active.created_at.as_millisecond()), ("shop", shop.created_at.as_millisecond()));
    assert_eq!(store.catalog.find::<OrgItem>(&org, "default").await.unwrap().unwrap().item.quotas, Quotas::default());
}

/// Version 1's file could not shrink.
#[tokio::test]
async fn what_version_1_wrote_can_be_given_back() {
    let dir = tempfile::tempdir().unwrap();
    unpack(VERSION_1, dir.path());
    let mode = || -> u32 {
        let conn = rusqlite::Connection::open(dir.path().join("tenterhook.db")).unwrap();
        conn.pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap()
    };
    assert_eq!(mode(), 0);
    drop(open(dir.path()).unwrap());
    assert_eq!(mode(), 2, "incremental");
}

#[tokio::test]
async fn what_version_1_owed_is_owed() {
    let dir = tempfile::tempdir().unwrap();
    unpack(VERSION_1, dir.path());
    let store = open(dir.path()).unwrap();
    let lease = store.ledger.join(at(0), at(9)).await.unwrap();
    let owed = store.ledger.claim(&lease, at(0), 9).await.unwrap();
    let session: SessionId = "ses_01m87jtspjbm4s63wxrd45mhzn".parse().unwrap();
    let event: EventId = "evt_01m87jtspjbm4s63wxrd45mhzk".parse().unwrap();
    assert_eq!(
        owed.iter().map(|delivery| (delivery.session, delivery.event.id)).collect::<Vec<_>>(),
        [(session, event)]
    );
    assert_eq!((owed[0].attempt, owed[0].first_attempt, owed[0].keep), (1, 1, Keep::Full));
    assert_eq!(owed[0].due, owed[0].event.received_at);
    let settled = Settlement { logs: Vec::new(), ..super::settlement(&owed[0]) };
    store.ledger.settle(&lease, settled).await.unwrap();
    let record = store.history.session(&org("default"), session).await.unwrap().unwrap();
    assert_eq!(record.state, SessionState::Succeeded);
}

#[tokio::test]
async fn version_2_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    unpack(VERSION_2, dir.path());
    let store = open(dir.path()).unwrap();
    let org = org("default");

    let events = store.history.events(&org, EventQuery { limit: 9, ..EventQuery::default() }).await.unwrap().records;
    let kept: Vec<_> = events.iter().map(|record| (&*record.event.endpoint, record.kept)).collect();
    let (full, metadata) = (Keep::Full, Keep::Metadata);
    assert_eq!(
        kept,
        [
            ("orders", full),
            ("hushed", metadata),
            ("later", full),
            ("later", full),
            ("payments", full),
            ("payments", full),
            ("orders", full),
            ("orders", full)
        ]
    );
    assert_eq!(events[0].event.redispatched_from, Some(events[6].event.id));
    assert_eq!(events[7].event.data.bytes().unwrap(), r#"{"id":"one","amount":7,"trap":1,"é":"ü"}"#.as_bytes());
    assert_eq!(events[4].event.data.raw_url(), "/webhooks/payments?q=1");
    let reasons: Vec<_> = events[6].verdicts.iter().map(|verdict| verdict.explanation.is_some()).collect();
    assert_eq!(reasons, [false, true], "a filter that was false says why");

    let sessions = store.history.sessions(&org, SessionQuery { limit: 9, ..SessionQuery::default() }).await.unwrap();
    let states: Vec<_> =
        sessions.records.iter().map(|session| (&*session.trigger, session.state, session.attempts.len())).collect();
    let (queued, failed, dead, succeeded) =
        (SessionState::Queued, SessionState::Failed, SessionState::Dead, SessionState::Succeeded);
    assert_eq!(
        states,
        [
            ("order", succeeded, 1),
            ("hushed", dead, 1),
            ("later", queued, 0),
            ("later", queued, 1),
            ("paid", failed, 1),
            ("paid", succeeded, 1),
            ("order", succeeded, 1),
            ("printed", succeeded, 1),
            ("order", dead, 2)
        ]
    );
    assert_eq!((&sessions.records[1].reason, &sessions.records[1].attempts[0].error), (&None, &None));
    assert!(sessions.records[8].reason.as_ref().unwrap().starts_with("trap: "));

    let printed = store.history.logs(&org, sessions.records[7].id).await.unwrap();
    assert!(printed.len() > 5 && printed.last().unwrap().message.ends_with("\"é\":\"ü\"}"), "{printed:?}");
    let answer = store.history.answer(&org, events[5].event.id).await.unwrap();
    let Answer::Response(response) = answer else { panic!("{answer:?}") };
    assert_eq!((response.status, response.body.len()), (200, 30));
    let bytes = counted(&events) + weight::log(&printed) + weight::response(&response);
    assert_eq!(store.history.usage(&org).await.unwrap(), Usage { events: 8, bytes });
}

/// Keys name what they named, retries are due when they were, and what is dead can be driven again.
#[tokio::test]
async fn what_version_2_promised_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    unpack(VERSION_2, dir.path());
    let store = open(dir.path()).unwrap();
    let (org, now) = (org("default"), at(0));
    let lease = store.ledger.join(now, at(9)).await.unwrap();
    let owed = store.ledger.claim(&lease, now, 9).await.unwrap();
    let waits: Vec<_> = owed.iter().map(|delivery| (delivery.attempt, delivery.lane.as_deref())).collect();
    assert_eq!(waits, [(2, Some("a")), (1, Some("a"))]);
    let wait = owed[0].due.duration_since(owed[0].event.received_at);
    assert_eq!(wait.as_hours(), 24, "{wait}");

    let dead = SessionQuery { state: Some(SessionState::Dead), limit: 9, ..SessionQuery::default() };
    let dead = store.history.sessions(&org, dead).await.unwrap().records;
    let hushed = store.ledger.redrive(&lease, &org, dead[0].id, now).await.unwrap();
    assert_eq!(hushed, Redriven::NotKept);
    let again = store.ledger.redrive(&lease, &org, dead[1].id, now).await.unwrap();
    assert!(matches!(again, Redriven::Owed(delivery) if (delivery.attempt, delivery.first_attempt) == (3, 3)));

    // Sent again while the key lasts.
    let mut copy = (*owed[0].event).clone();
    (copy.id, copy.endpoint) = (EventId::new(copy.received_at), "orders".into());
    let key = DedupKey { key: "one".into(), expires_at: now, awaited: None };
    let (keep, verdicts, deliveries) = (Keep::Full, Vec::new(), Vec::new());
    let new = NewEvent { event: copy.into(), key: Some(key), keep, verdicts, deliveries };
    assert_eq!(store.ledger.accept(&lease, new).await.unwrap(), Accepted::Duplicate(dead[1].event));
}

/// What events and their sessions count, their logs apart.
fn counted(events: &[EventRecord]) -> u64 {
    let session = |session: &SessionRecord| {
        session.attempts.iter().map(weight::attempt).sum::<u64>() + weight::reason(session.reason.as_deref())
    };
    let event = |record: &EventRecord| {
        let verdicts = serde_json::to_string(&record.verdicts).unwrap();
        weight::event(record.event.data.raw())
            + weight::verdicts(&verdicts)
            + record.sessions.iter().map(session).sum::<u64>()
    };
    events.iter().map(event).sum()
}
