//! What the senders sent and what they were told: the one witness of what must not be lost.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

/// The path that all senders use.
pub(super) const PATH: &str = "/webhooks/in";

/// The triggers of the project that listen there, with what they want.
pub(super) const MANIFEST: &str = "version: v1
project:
  name: faults
  triggers:
    - name: every
      type: webhook
      endpoint: in
      event_type: post
      call: sometimes.wat:handle
      retry: {attempts: 3, backoff: {initial: 20ms, max: 100ms}}
    - name: odd
      type: webhook
      endpoint: in
      filter: data.body.json.n % 2 == 1
      call: sometimes.wat:handle
      retry: {attempts: 3, backoff: {initial: 20ms, max: 100ms}}
    - name: never
      type: webhook
      endpoint: in
      event_type: put
      call: sometimes.wat:handle
  endpoints:
    in: {dedup: auto}
";

/// The most attempts that a session may have, by the manifest.
pub(super) const ATTEMPTS: usize = 3;

/// A webhook by its number: all that it says and all that must follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Webhook(pub(super) u64);

impl Webhook {
    /// The largest bodies need pages of their own in the database.
    pub(super) fn body(self) -> String {
        let Self(n) = self;
        let size = match n % 50 {
            0 => 60_000,
            1..10 => 2_000,
            _ => 10,
        };
        let more = if self.traps() {
            ", \"trap\": true"
        } else if self.traps_once() {
            ", \"trap_once\": true"
        } else {
            ""
        };
        format!("{{\"n\": {n}{more}, \"text\": \"{}\"}}", "x".repeat(size))
    }

    /// Reads the number back from a body.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        body["n"].as_u64().map(Self)
    }

    /// Whether its handlers fail, whatever the attempt.
    pub(super) fn traps(self) -> bool {
        self.0.is_multiple_of(13)
    }

    /// Whether its handlers fail at the first attempt.
    pub(super) fn traps_once(self) -> bool {
        !self.traps() && self.0.is_multiple_of(17)
    }

    /// The triggers that must have matched, in the alphabet's order.
    pub(super) fn triggers(self) -> &'static [&'static str] {
        if self.0 % 2 == 1 { &["every", "odd"] } else { &["every"] }
    }
}

/// An answer that promised to keep a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// The id that the answer named.
    pub(super) event: String,
    /// What was sent.
    pub(super) webhook: Webhook,
    /// How long the record of the disk's changes was when the answer was there: a power cut after this point must not
    /// lose it.
    pub(super) at: u64,
}

/// All answers that promised something, written down as they come.
#[derive(Debug)]
pub(super) struct Log(Mutex<std::fs::File>);

impl Log {
    pub(super) fn create(path: &Path) -> Self {
        Self(Mutex::new(std::fs::File::options().create(true).append(true).open(path).unwrap()))
    }

    pub(super) fn write(&self, acknowledged: &Acknowledged) {
        let Acknowledged { event, webhook, at } = acknowledged;
        let line = format!("{event} {} {at}\n", webhook.0);
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// Reads a log: what each event must be. An event that was sent several times was promised when the first answer came.
pub(super) fn read(path: &Path) -> BTreeMap<String, Acknowledged> {
    let text = std::fs::read_to_string(path).unwrap();
    let (mut all, mut events) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let [event, number, at] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (webhook, at) = (Webhook(number.parse().unwrap()), at.parse().unwrap());
        let first = events.entry(webhook).or_insert(event);
        assert_eq!(first, &event, "{webhook:?} was answered with two events");
        let acknowledged = Acknowledged { event: event.to_owned(), webhook, at };
        let first = all.entry(event.to_owned()).or_insert(acknowledged);
        assert_eq!(first.webhook, webhook, "two webhooks were answered with the same event");
    }
    all
}
