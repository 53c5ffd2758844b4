//! Makes what came of an attempt durable, and tells who listens.

use std::time::Duration;

use tracing::{error, warn};

use super::Inner;
use crate::observe::feed::{Notice, SessionNotice};
use crate::store::{Delivery, Error, Next, Settlement};

/// What came of settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It is durable.
    Done,
    /// It is not, and will not be by this process: the session is owed still, to whoever holds a lease next.
    Not,
}

impl Inner {
    /// Settles until it is settled: a store that cannot now is asked again. Whatever else goes wrong leaves the session owed,
    /// and a later start runs it again.
    pub(super) async fn settle(&self, delivery: &Delivery, settlement: Settlement) -> Settled {
        let notice = self.notice(delivery, &settlement);
        let settled = self.keep(settlement).await;
        if let Some(notice) = notice.filter(|_| settled == Settled::Done) {
            self.feed.publish(|| notice);
        }
        settled
    }

    /// What listeners are told once it is settled: none unless the session has ended.
    pub(super) fn notice(&self, delivery: &Delivery, settlement: &Settlement) -> Option<Notice> {
        if self.feed.has_listeners() { notice(delivery, settlement) } else { None }
    }

    async fn keep(&self, settlement: Settlement) -> Settled {
        let mut wait = Duration::from_millis(50);
        loop {
            let session = settlement.session;
            match self.store.ledger.settle(&self.lease, settlement.clone()).await {
                Ok(()) => return Settled::Done,
                Err(Error::Unavailable(reason)) => {
                    warn!(session.id = %session, reason, "settling the session again in {wait:?}");
                }
                Err(error @ Error::LeaseLost) => {
                    warn!(session.id = %session, %error, "dropping a session's outcome: it is another's to settle");
                    return Settled::Not;
                }
                Err(error @ (Error::Conflict(_) | Error::Corrupt(_) | Error::Backend(_))) => {
                    error!(session.id = %session, %error, "failed to settle a session; the next start runs it again");
                    return Settled::Not;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(Duration::from_secs(5)),
                // What is not settled is owed still: the next start runs it again.
                () = self.tasks.stopping() => return Settled::Not,
            }
        }
    }
}

fn notice(delivery: &Delivery, settlement: &Settlement) -> Option<Notice> {
    let Next::Ended { state, reason, at } = &settlement.next else { return None };
    let attempt = settlement.attempt.as_ref();
    let elapsed = attempt.map(|attempt| attempt.ended_at.duration_since(attempt.started_at).unsigned_abs());
    Some(Notice::Session(SessionNotice {
        id: delivery.session,
        event: delivery.event.id,
        trigger: delivery.trigger.to_string(),
        state: *state,
        ended_at: *at,
        elapsed: elapsed.unwrap_or_default(),
        cpu_us: attempt.map_or(0, |attempt| attempt.cpu_us),
        error: reason.as_deref().and_then(|reason| reason.lines().next()).map(str::to_owned),
        log_lines: settlement.logs.len(),
    }))
}
