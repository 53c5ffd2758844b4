//! The checker finds what it is there to find: a good store, doctored in each way that matters.

use std::path::Path;

use insta::assert_snapshot;
use rusqlite::Connection;
use tempfile::TempDir;

use super::super::sent::{Acknowledged, Webhook};
use super::{Found, Owed, check};

/// The tables as far as the checker reads them, with five events, the last of which has a session that is owed.
fn store() -> (TempDir, Vec<Acknowledged>) {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(dir.path().join("tenterhook.db")).unwrap();
    conn.execute_batch(
        "CREATE TABLE events (id, method, url, body);
         CREATE TABLE deliveries (session, event, trigger, attempt);
         CREATE TABLE sessions (id, event, trigger, state, attempts);",
    )
    .unwrap();
    let mut sent = Vec::new();
    for webhook in (11..=15).map(Webhook) {
        let event = format!("evt_{}", webhook.0);
        let body = webhook.body().into_bytes();
        conn.execute("INSERT INTO events VALUES (?1, 'POST', '/webhooks/in', ?2)", (&event, body)).unwrap();
        for trigger in webhook.triggers() {
            let session = format!("ses_{}_{trigger}", webhook.0);
            let state = if webhook.traps() { "failed" } else { "succeeded" };
            if (webhook.0, *trigger) == (15, "odd") {
                conn.execute("INSERT INTO deliveries VALUES (?1, ?2, ?3, 1)", (session, &event, trigger)).unwrap();
            } else {
                let row = (session, &event, trigger, state);
                conn.execute("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, '[{\"number\": 1}]')", row).unwrap();
            }
        }
        sent.push(Acknowledged { event, webhook, at: 0 });
    }
    (dir, sent)
}

fn doctored(change: &str) -> String {
    let (dir, sent) = store();
    Connection::open(dir.path().join("tenterhook.db")).unwrap().execute_batch(change).unwrap();
    complaint(dir.path(), &sent, Owed::Allowed)
}

/// The complaint without the counts, which come first.
fn complaint(dir: &Path, sent: &[Acknowledged], owed: Owed) -> String {
    let complaint = check(dir, sent, owed).unwrap_err();
    complaint.split_once('\n').map_or(complaint.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn a_good_store_passes() {
    let (dir, sent) = store();
    let found = Found { acknowledged: 5, events: 5, ended: 7, owed: 1 };
    assert_eq!(check(dir.path(), &sent, Owed::Allowed), Ok(found));
    // What nobody was promised may be there as well.
    assert_eq!(check(dir.path(), &sent[1..], Owed::Allowed), Ok(Found { acknowledged: 4, ..found }));
}

#[test]
fn what_is_owed_after_the_end_is_stuck() {
    let (dir, sent) = store();
    assert_snapshot!(complaint(dir.path(), &sent, Owed::Nothing), @r"
    a session is stuck, 1 times:
      ses_15_odd of Webhook(15): None, attempts [1]
    ");
}

#[test]
fn a_lost_event_is_found() {
    let gone = doctored(
        "DELETE FROM sessions WHERE event IN ('evt_12', 'evt_14'); DELETE FROM events WHERE id IN ('evt_12', 'evt_14')",
    );
    assert_snapshot!(gone, @r#"
    an acknowledged event is lost, 2 times:
      Acknowledged { event: "evt_12", webhook: Webhook(12), at: 0 }
      Acknowledged { event: "evt_14", webhook: Webhook(14), at: 0 }
    "#);
}

#[test]
fn an_event_that_lost_a_session_is_found() {
    assert_snapshot!(doctored("DELETE FROM sessions WHERE id = 'ses_11_odd'"), @r#"
    an event's triggers do not have one session each, 1 times:
      evt_11 (Webhook(11)): ["every"], not ["every", "odd"]
    "#);
    assert_snapshot!(doctored("DELETE FROM deliveries"), @r#"
    an event's triggers do not have one session each, 1 times:
      evt_15 (Webhook(15)): ["every"], not ["every", "odd"]
    "#);
}

#[test]
fn a_session_with_two_ends_is_found() {
    let twice = doctored("INSERT INTO deliveries VALUES ('ses_12_every', 'evt_12', 'every', 1)");
    assert_snapshot!(twice, @r#"
    a session is there twice, 1 times:
      ses_12_every
    an event's triggers do not have one session each, 1 times:
      evt_12 (Webhook(12)): ["every", "every"], not ["every"]
    "#);
    let again = doctored("INSERT INTO sessions VALUES ('ses_99', 'evt_12', 'every', 'failed', '[{\"number\": 1}]')");
    assert!(again.contains("an event's triggers do not have one session each"), "{again}");
}

#[test]
fn a_session_of_a_trigger_that_did_not_match_is_found() {
    assert_snapshot!(doctored("UPDATE sessions SET trigger = 'never' WHERE id = 'ses_12_every'"), @r#"
    an event's triggers do not have one session each, 1 times:
      evt_12 (Webhook(12)): ["never"], not ["every"]
    "#);
    assert_snapshot!(doctored("INSERT INTO deliveries VALUES ('ses_9', 'evt_9', 'every', 1)"), @r"
    a session's event is not there, 1 times:
      evt_9
    ");
}

#[test]
fn a_changed_event_is_found() {
    assert_snapshot!(doctored("UPDATE events SET body = CAST('{\"n\": 12}' AS BLOB) WHERE id = 'evt_12'"), @r#"
    an event is another's, 1 times:
      evt_12: Acknowledged { event: "evt_12", webhook: Webhook(12), at: 0 }, not None
    an event is not what was sent, 1 times:
      evt_12
    "#);
    let swapped = "UPDATE events SET body = (SELECT body FROM events WHERE id = 'evt_14') WHERE id = 'evt_12'";
    assert_snapshot!(doctored(swapped), @r#"
    a webhook became two events, 1 times:
      evt_14 (Webhook(14))
    an event is another's, 1 times:
      evt_12: Acknowledged { event: "evt_12", webhook: Webhook(12), at: 0 }, not Some(Webhook(14))
    "#);
}

#[test]
fn a_webhook_that_became_two_events_is_found() {
    let twice = doctored(
        "INSERT INTO events SELECT 'evt_99', method, url, body FROM events WHERE id = 'evt_12';
         INSERT INTO sessions VALUES ('ses_99', 'evt_99', 'every', 'succeeded', '[{\"number\": 1}]')",
    );
    assert_snapshot!(twice, @r"
    a webhook became two events, 1 times:
      evt_99 (Webhook(12))
    ");
}

#[test]
fn a_wrong_end_is_found() {
    assert_snapshot!(doctored("UPDATE sessions SET state = 'failed' WHERE id = 'ses_12_every'"), @r#"
    a session ended otherwise than its handler, 1 times:
      ses_12_every of Webhook(12): Some("failed"), attempts [1]
    "#);
    assert_snapshot!(doctored("UPDATE sessions SET state = 'succeeded' WHERE id = 'ses_13_odd'"), @r#"
    a session ended otherwise than its handler, 1 times:
      ses_13_odd of Webhook(13): Some("succeeded"), attempts [1]
    "#);
    assert_snapshot!(doctored("UPDATE sessions SET state = 'running' WHERE id = 'ses_12_every'"), @r#"
    a session's state is not final, 1 times:
      ses_12_every of Webhook(12): Some("running"), attempts [1]
    "#);
}

#[test]
fn attempts_beyond_the_limit_are_found() {
    let many: Vec<String> = (1..=4).map(|number| format!("{{\"number\": {number}}}")).collect();
    let many = format!("UPDATE sessions SET attempts = '[{}]' WHERE id = 'ses_12_every'", many.join(", "));
    let cases = [
        (many.as_str(), "attempts are not within the limits"),
        ("UPDATE deliveries SET attempt = 4", "attempts are not within the limits"),
        ("UPDATE deliveries SET attempt = 0", "attempts are not within the limits"),
        ("UPDATE sessions SET attempts = '[]' WHERE id = 'ses_12_every'", "attempts are not within the limits"),
        (
            "UPDATE sessions SET attempts = '[{\"number\": 1}, {\"number\": 1}]' WHERE id = 'ses_12_every'",
            "attempts are not in order",
        ),
    ];
    for (change, expected) in cases {
        let found = doctored(change);
        assert!(found.contains(expected), "{change}: {found}");
    }
}

#[test]
fn a_damaged_file_is_found() {
    let (dir, sent) = store();
    let database = dir.path().join("tenterhook.db");
    let mut bytes = std::fs::read(&database).unwrap();
    let page = bytes.len() / 2;
    bytes[page..page + 2000].fill(7);
    std::fs::write(&database, bytes).unwrap();
    let found = check(dir.path(), &sent, Owed::Allowed).unwrap_err();
    assert!(found.starts_with("the database"), "{found}");
    std::fs::remove_file(&database).unwrap();
    let found = check(dir.path(), &sent, Owed::Allowed).unwrap_err();
    assert!(found.contains("unable to open"), "{found}");
}
