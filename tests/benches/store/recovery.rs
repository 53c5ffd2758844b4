//! Starting with a hundred thousand deliveries owed, after a stop and after a crash that left the longest log.

use std::path::Path;
use std::time::Instant;

use tenterhook_host::event::DeploymentId;

use super::stored::Stored;
use super::{folder, runtime};
use crate::servers;

const OWED: usize = 100_000;

/// So many senders make the debts.
const SENDERS: usize = 256;

pub(super) fn run() {
    println!("\nRecovery with {OWED} deliveries owed");
    let (folder, crashed) = (folder(), super::folder());
    let deployment = runtime().block_on(deploy(folder.path()));
    runtime().block_on(owe(folder.path(), crashed.path(), deployment));

    let log = std::fs::metadata(crashed.path().join("tenterhook.db-wal")).unwrap().len() >> 20;
    runtime().block_on(async {
        let begin = Instant::now();
        let stored = Stored::open(crashed.path(), None).await;
        let opened = begin.elapsed();
        assert_eq!(stored.claim().await, OWED);
        let claimed = begin.elapsed() - opened;
        println!("  after a crash, with a log of {log} MB: open and join {opened:.0?}, claim all {claimed:.0?}");
    });

    runtime().block_on(async {
        let begin = Instant::now();
        let app = servers::app(folder.path()).await;
        let started = begin.elapsed();
        app.settled().await;
        let rate = OWED as f64 / begin.elapsed().as_secs_f64();
        println!(
            "  the host serves after {started:.0?}; all has run after {:.0?}, {rate:.0} a second",
            begin.elapsed()
        );
        app.stop().await;
    });
}

/// Deploys the handler that will run.
async fn deploy(folder: &Path) -> DeploymentId {
    let app = servers::app(folder).await;
    let deployment = app.deployment;
    app.stop().await;
    deployment
}

/// Makes the debts, and a copy of what a crash would leave: the database as it is while it is open, and its log.
async fn owe(folder: &Path, crashed: &Path, deployment: DeploymentId) {
    let stored = Stored::open(folder, Some(deployment)).await;
    let sender = |sender: usize| {
        let stored = stored.clone();
        async move {
            for _ in (sender..OWED).step_by(SENDERS) {
                stored.accept(stored.event(2048, &["hook"])).await;
            }
        }
    };
    super::in_parallel((0..SENDERS).map(sender)).await;
    for file in ["tenterhook.db", "tenterhook.db-wal"] {
        std::fs::copy(folder.join(file), crashed.join(file)).unwrap();
    }
}
