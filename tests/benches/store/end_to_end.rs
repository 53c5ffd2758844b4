//! From a request to its session's end: accept, run, settle, over HTTP, on a real disk.

use std::time::{Duration, Instant};

use super::{folder, runtime};
use crate::{load, servers};

/// How long webhooks come.
const TIME: Duration = Duration::from_secs(5);

pub(super) fn run() {
    println!(
        "\nEnd to end: asynchronous webhooks over HTTP until their sessions have ended; {TIME:?} each, load and host share the machine"
    );
    println!("  {:>7} {:>12} {:>14} {:>12}", "senders", "accepted/s", "left to run", "settled/s");
    for senders in [1, 64, 512] {
        let folder = folder();
        runtime().block_on(async {
            let app = servers::app(folder.path()).await;
            let begin = Instant::now();
            let accepted = load::answered(app.address, senders, TIME).await;
            let taken = begin.elapsed().as_secs_f64();
            let left = app.owed();
            app.settled().await;
            let (rate, settled) = (accepted as f64 / taken, accepted as f64 / begin.elapsed().as_secs_f64());
            println!("  {senders:>7} {rate:>12.0} {left:>14} {settled:>12.0}");
            app.stop().await;
        });
    }
}
