//! Accepting: how many events a second are durable, and how long one waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::logs::Durable;
use super::stored::Stored;
use super::{folder, percentiles, runtime};

/// How long each contender has with each number of senders.
const TIME: Duration = Duration::from_secs(4);

/// The body of an event, in bytes.
const BODY: usize = 2048;

/// In the order in which they are measured.
const CONTENDERS: [&str; 4] = [
    "a file, fsynced for what waits together",
    "two tables in SQLite, committed likewise",
    "the store, `accept`",
    "the store, `accept` and `settle`",
];

pub(super) fn run() {
    println!("\nAccept: events of {BODY} bytes and a delivery each, durable before the answer; {TIME:?} each");
    println!(
        "  {:>7}  {:<44} {:>10} {:>9} {:>9} {:>9} {:>9}",
        "senders", "", "events/s", "÷ file", "÷ SQLite", "p50 ms", "p99 ms"
    );
    for senders in [1, 64, 512] {
        let measured: Vec<(f64, (f64, f64))> = (0..CONTENDERS.len())
            .map(|contender| runtime().block_on(measure(contender, senders)))
            .map(|(rate, times)| (rate, percentiles(times)))
            .collect();
        for (contender, (rate, (p50, p99))) in CONTENDERS.iter().zip(&measured) {
            let (of_file, of_sqlite) = (rate / measured[0].0, rate / measured[1].0);
            println!(
                "  {senders:>7}  {contender:<44} {rate:>10.0} {of_file:>9.2} {of_sqlite:>9.2} {p50:>9.2} {p99:>9.2}"
            );
        }
    }
}

async fn measure(contender: usize, senders: usize) -> (f64, Vec<Duration>) {
    let folder = folder();
    match contender {
        0 | 1 => {
            let make = if contender == 0 { Durable::raw_log } else { Durable::bare_sqlite };
            let (log, bytes) = (make(folder.path()), Arc::new(vec![b'x'; BODY]));
            load(senders, move || {
                let (log, bytes) = (log.clone(), bytes.clone());
                async move { log.append(bytes).await }
            })
            .await
        }
        _ => {
            let stored = Stored::open(folder.path(), None).await;
            load(senders, move || {
                let stored = stored.clone();
                async move {
                    let event = stored.event(BODY, &["hook"]);
                    let delivery = event.deliveries[0].clone();
                    stored.accept(event).await;
                    if contender == 3 {
                        stored.settle(&delivery, None).await;
                    }
                }
            })
            .await
        }
    }
}

/// Does `one` again and again, so many at a time: how many a second, and how long each took.
async fn load<F: Future<Output = ()> + Send + 'static>(
    senders: usize,
    one: impl Fn() -> F + Clone + Send + 'static,
) -> (f64, Vec<Duration>) {
    let begin = Instant::now();
    let sender = || {
        let one = one.clone();
        async move {
            let mut times = Vec::new();
            while begin.elapsed() < TIME {
                let start = Instant::now();
                one().await;
                times.push(start.elapsed());
            }
            times
        }
    };
    let times = super::in_parallel((0..senders).map(|_| sender())).await.concat();
    (times.len() as f64 / begin.elapsed().as_secs_f64(), times)
}
