//! Asking: how long a page of a history of a million sessions takes.

use std::time::Instant;

use tenterhook_host::event::{EventId, EventType, SessionId, SessionState};
use tenterhook_host::store::SessionQuery;

use super::stored::Stored;
use super::{folder, percentiles, runtime};

const SESSIONS: usize = 1_000_000;

/// So many of an event: a page of events reads all of theirs.
const TRIGGERS: [&str; 5] = ["audit", "bill", "chat", "deploy", "email"];

/// One session in so many failed.
const FAILURES: usize = 1000;

/// How often each question is asked.
const ROUNDS: usize = 200;

/// So many senders fill the history.
const SENDERS: usize = 256;

pub(super) fn run() {
    runtime().block_on(async {
        let folder = folder();
        let begin = Instant::now();
        let stored = Stored::open(folder.path(), None).await;
        let middle = fill(&stored).await;
        let size = std::fs::metadata(folder.path().join("tenterhook.db")).unwrap().len() >> 20;
        println!(
            "\nHistory of {SESSIONS} sessions of {} events: {size} MB, filled in {:.0?}",
            SESSIONS / TRIGGERS.len(),
            begin.elapsed()
        );
        println!("  {:<44} {:>7} {:>9} {:>9}", "", "records", "p50 ms", "p99 ms");
        ask(&stored, middle).await;
    });
}

/// Fills it and gives an event from its midst, with a session of it.
async fn fill(stored: &Stored) -> (EventId, SessionId) {
    let events = SESSIONS / TRIGGERS.len();
    let sender = |sender: usize| {
        let stored = stored.clone();
        async move {
            let mut middle = None;
            for number in (sender..events).step_by(SENDERS) {
                let event = stored.event(300, &TRIGGERS);
                let deliveries = event.deliveries.clone();
                if number >= events / 2 && middle.is_none() {
                    middle = Some((event.event.id, deliveries[0].session));
                }
                stored.accept(event).await;
                let ends = deliveries.iter().enumerate().map(|(place, delivery)| {
                    let failed = (number * TRIGGERS.len() + place).is_multiple_of(FAILURES);
                    stored.settle(delivery, failed.then_some("trap: the tide is out"))
                });
                futures_util::future::join_all(ends).await;
            }
            middle.unwrap()
        }
    };
    super::in_parallel((0..SENDERS).map(sender)).await[0]
}

async fn ask(stored: &Stored, (event, session): (EventId, SessionId)) {
    let page = SessionQuery { limit: 50, ..SessionQuery::default() };
    let questions = [
        ("newest sessions", page.clone()),
        ("sessions from the middle on", SessionQuery { before: Some(session), ..page.clone() }),
        ("of a trigger", SessionQuery { trigger: Some("deploy".to_owned()), ..page.clone() }),
        (
            "of a trigger, from the middle on",
            SessionQuery { trigger: Some("deploy".to_owned()), before: Some(session), ..page.clone() },
        ),
        ("failed", SessionQuery { state: Some(SessionState::Failed), ..page.clone() }),
        ("queued: there is none", SessionQuery { state: Some(SessionState::Queued), ..page.clone() }),
        (
            "of an event type that there is none of",
            SessionQuery { event_type: Some(EventType::of("PUT")), ..page.clone() },
        ),
        ("with a text in the reason", SessionQuery { error: Some("tide".to_owned()), ..page }),
    ];
    for (what, query) in questions {
        print(what, || stored.sessions(query.clone())).await;
    }
    print("newest events with their sessions", || stored.events(50)).await;
    print("one event with its sessions", || stored.event_sessions(event)).await;
}

async fn print<F: Future<Output = usize>>(what: &str, question: impl Fn() -> F) {
    let mut times = Vec::new();
    let mut records = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        records = question().await;
        times.push(start.elapsed());
    }
    let (p50, p99) = percentiles(times);
    println!("  {what:<44} {records:>7} {p50:>9.2} {p99:>9.2}");
}
