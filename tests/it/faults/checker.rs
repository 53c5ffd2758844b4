//! Proves that a store kept what its senders were promised. Reads the database by SQL of its own, so that a mistake of the
//! product's cannot hide itself.

mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::sent::{ATTEMPTS, Acknowledged, PATH, Webhook};

/// Everything that this module knows of the product's tables.
mod sql {
    pub(super) const EVENTS: &str = "SELECT id, method, url, body FROM events";
    pub(super) const OWED: &str = "SELECT session, event, trigger, attempt FROM deliveries";
    pub(super) const ENDED: &str = "SELECT id, event, trigger, state, attempts FROM sessions";
    pub(super) const HOW_MANY_OWED: &str = "SELECT count(*) FROM deliveries";
    pub(super) const FINAL: [&str; 4] = ["succeeded", "failed", "dead", "cancelled"];
}

/// Whether sessions may be owed still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owed {
    /// The program was cut off.
    Allowed,
    /// All has been run.
    Nothing,
}

/// What was found where everything is as it must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Events that a sender was promised.
    pub(super) acknowledged: usize,
    /// Events, promised or not.
    pub(super) events: usize,
    /// Sessions in a final state.
    pub(super) ended: usize,
    /// Sessions that are owed.
    pub(super) owed: usize,
}

/// Checks the store in `data`, which no process may be writing to. It is read from a copy, since reading after a crash is
/// also a repair.
///
/// # Errors
/// What is wrong, the first few of each kind.
pub(super) fn check<'a>(
    data: &Path,
    sent: impl IntoIterator<Item = &'a Acknowledged>,
    owed: Owed,
) -> Result<Found, String> {
    let copy = tempfile::tempdir().unwrap();
    for file in ["tenterhook.db", "tenterhook.db-wal"] {
        let from = data.join(file);
        if from.exists() {
            std::fs::copy(from, copy.path().join(file)).unwrap();
        }
    }
    let database = copy.path().join("tenterhook.db");
    let read = || -> rusqlite::Result<Result<Found, String>> {
        let conn = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if sound != "ok" {
            return Ok(Err(format!("the database is damaged: {sound}")));
        }
        Ok(Rows::read(&conn)?.verify(sent, owed))
    };
    read().unwrap_or_else(|error| Err(format!("the database cannot be read: {error}")))
}

/// How many sessions are owed, asked of a database in use.
pub(super) fn how_many_owed(data: &Path) -> rusqlite::Result<i64> {
    let conn = Connection::open_with_flags(data.join("tenterhook.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.busy_timeout(std::time::Duration::from_secs(10))?;
    conn.query_row(sql::HOW_MANY_OWED, [], |row| row.get(0))
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, events, ended, owed } = self;
        write!(f, "{acknowledged} acknowledged, {events} events, {ended} sessions ended, {owed} owed")
    }
}

struct Event {
    id: String,
    method: String,
    url: String,
    body: Option<Vec<u8>>,
}

/// A session of an event.
struct Session {
    id: String,
    trigger: String,
    /// None while it is owed.
    state: Option<String>,
    /// The numbers of its attempts; while it is owed, that of the next one alone.
    attempts: Vec<i64>,
}

struct Rows {
    events: Vec<Event>,
    /// By event.
    sessions: BTreeMap<String, Vec<Session>>,
}

impl Rows {
    fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let event = |row: &rusqlite::Row<'_>| {
            Ok(Event { id: row.get(0)?, method: row.get(1)?, url: row.get(2)?, body: row.get(3)? })
        };
        let events = conn.prepare(sql::EVENTS)?.query_map([], event)?.collect::<Result<_, _>>()?;
        let mut sessions: BTreeMap<String, Vec<Session>> = BTreeMap::new();
        let mut owed = conn.prepare(sql::OWED)?;
        let mut rows = owed.query([])?;
        while let Some(row) = rows.next()? {
            let session = Session { id: row.get(0)?, trigger: row.get(2)?, state: None, attempts: vec![row.get(3)?] };
            sessions.entry(row.get(1)?).or_default().push(session);
        }
        let mut ended = conn.prepare(sql::ENDED)?;
        let mut rows = ended.query([])?;
        while let Some(row) = rows.next()? {
            let session = Session {
                id: row.get(0)?,
                trigger: row.get(2)?,
                state: row.get(3)?,
                attempts: numbers(&row.get::<_, String>(4)?),
            };
            sessions.entry(row.get(1)?).or_default().push(session);
        }
        Ok(Self { events, sessions })
    }

    fn verify<'a>(&self, sent: impl IntoIterator<Item = &'a Acknowledged>, owed: Owed) -> Result<Found, String> {
        let mut wrong = Wrong::default();
        let mut found = Found { events: self.events.len(), ..Found::default() };
        let kept: BTreeMap<&str, &Event> = self.events.iter().map(|event| (event.id.as_str(), event)).collect();
        if kept.len() < self.events.len() {
            wrong.push("an event is there twice", String::new());
        }
        for acknowledged in sent {
            found.acknowledged += 1;
            let event = &acknowledged.event;
            match kept.get(event.as_str()).map(|kept| kept.webhook()) {
                Some(Some(webhook)) if webhook == acknowledged.webhook => {}
                Some(other) => wrong.push("an event is another's", format!("{event}: {acknowledged:?}, not {other:?}")),
                None => wrong.push("an acknowledged event is lost", format!("{acknowledged:?}")),
            }
        }
        let mut webhooks = BTreeSet::new();
        for event in &self.events {
            // An event that was not acknowledged may be there, but then with all that belongs to it.
            let Some(webhook) = event.webhook() else {
                wrong.push("an event is not what was sent", event.id.clone());
                continue;
            };
            if !webhooks.insert(webhook) {
                wrong.push("a webhook became two events", format!("{} ({webhook:?})", event.id));
            }
            let sessions = self.sessions.get(&event.id).map_or(&[][..], Vec::as_slice);
            let mut triggers: Vec<&str> = sessions.iter().map(|session| session.trigger.as_str()).collect();
            triggers.sort_unstable();
            if triggers != webhook.triggers() {
                let what = format!("{} ({webhook:?}): {triggers:?}, not {:?}", event.id, webhook.triggers());
                wrong.push("an event's triggers do not have one session each", what);
            }
            sessions.iter().for_each(|session| session.verify(webhook, owed, &mut found, &mut wrong));
        }
        let mut ids = BTreeSet::new();
        for (event, sessions) in &self.sessions {
            if !kept.contains_key(event.as_str()) {
                wrong.push("a session's event is not there", event.clone());
            }
            for session in sessions {
                if !ids.insert(&session.id) {
                    wrong.push("a session is there twice", session.id.clone());
                }
            }
        }
        wrong.none(found)
    }
}

impl Event {
    /// Which one it is; none when any of it is not as it was sent.
    fn webhook(&self) -> Option<Webhook> {
        let body = self.body.as_deref()?;
        let webhook = Webhook::of(body)?;
        (self.method == "POST" && self.url == PATH && body == webhook.body().as_bytes()).then_some(webhook)
    }
}

impl Session {
    fn verify(&self, webhook: Webhook, owed: Owed, found: &mut Found, wrong: &mut Wrong) {
        let what = || format!("{} of {webhook:?}: {:?}, attempts {:?}", self.id, self.state, self.attempts);
        let (first, last) = (self.attempts.first(), self.attempts.last());
        if self.attempts.len() > ATTEMPTS || last.is_some_and(|last| *last > ATTEMPTS as i64) || first < Some(&1) {
            wrong.push("a session's attempts are not within the limits", what());
        }
        if !self.attempts.is_sorted_by(|one, next| one < next) {
            wrong.push("a session's attempts are not in order", what());
        }
        match self.state.as_deref() {
            None => {
                found.owed += 1;
                if owed == Owed::Nothing {
                    wrong.push("a session is stuck", what());
                }
            }
            Some(state) if !sql::FINAL.contains(&state) => wrong.push("a session's state is not final", what()),
            Some(state) => {
                found.ended += 1;
                if (state == "succeeded") == webhook.traps() {
                    wrong.push("a session ended otherwise than its handler", what());
                }
            }
        }
    }
}

/// The numbers of a list of attempts.
fn numbers(attempts: &str) -> Vec<i64> {
    let attempts: Vec<serde_json::Value> = serde_json::from_str(attempts).unwrap_or_default();
    // A number that is missing is one that no attempt may have.
    attempts.iter().map(|attempt| attempt["number"].as_i64().unwrap_or(0)).collect()
}

/// What is wrong, by kind.
#[derive(Default)]
struct Wrong(BTreeMap<&'static str, Vec<String>>);

impl Wrong {
    fn push(&mut self, kind: &'static str, what: String) {
        self.0.entry(kind).or_default().push(what);
    }

    fn none(self, found: Found) -> Result<Found, String> {
        if self.0.is_empty() {
            return Ok(found);
        }
        let mut text = format!("{found:?}");
        for (kind, all) in self.0 {
            text.push_str(&format!("\n{kind}, {} times:", all.len()));
            all.iter().take(5).for_each(|what| text.push_str(&format!("\n  {what}")));
        }
        Err(text)
    }
}
