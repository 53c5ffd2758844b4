//! What each version wrote is read by this one. `version-1.db.zst` was written by the program of that version, which was
//! killed; one of its sessions was made owed again, and one failed, by hand.

use std::path::Path;

use super::{at, open, org};
use crate::event::{AttemptOutcome, EventId, Keep, LogEntry, SessionId, SessionState};
use crate::store::weight;
use crate::store::{EventQuery, EventRecord, SessionQuery, SessionRecord, Settlement, Usage};

fn unpack(dir: &Path) {
    let packed = include_bytes!("version-1.db.zst");
    std::fs::write(dir.join("tenterhook.db"), zstd::stream::decode_all(&packed[..]).unwrap()).unwrap();
}

#[tokio::test]
async fn version_1_is_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
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

    let active = store.catalog.active().await.unwrap();
    assert_eq!((active.len(), &*active[0].project), (1, "shop"));
}

/// Version 1's file could not shrink.
#[tokio::test]
async fn what_version_1_wrote_can_be_given_back() {
    let dir = tempfile::tempdir().unwrap();
    unpack(dir.path());
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
    unpack(dir.path());
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
