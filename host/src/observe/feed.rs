//! The feed: what happens, as it happens, for whoever listens. Nobody has to, and nothing waits for those who do.

use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::event::{DeploymentId, EventId, EventType, SessionId, SessionState, Timestamp};

/// How many notices wait for a slow listener before it skips the oldest: some seconds of a busy host.
const CAPACITY: usize = 4096;

/// Something that happened. As JSON it has its name in `kind`: `event`, `session`, `deployed`, `deploy_failed`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// A request was received and answered.
    Event(EventNotice),
    /// A session ended.
    Session(SessionNotice),
    /// A deployment became the active one.
    Deployed(DeployedNotice),
    /// A deployment was refused.
    DeployFailed(DeployFailedNotice),
}

/// A request that was received and answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventNotice {
    /// `evt_…`.
    pub id: EventId,
    /// The HTTP method in lower case.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// As sent, upper case.
    pub method: String,
    /// The request target in origin form.
    pub raw_url: String,
    /// The slug that received it.
    pub endpoint: String,
    /// When the request's last byte had been read.
    pub received_at: Timestamp,
    /// The names of the triggers that matched.
    pub matched: Vec<String>,
    /// How many triggers did not.
    pub not_matched: usize,
    /// What else there is to say: that it was sent before, or why it has no key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The answer's status.
    pub status: u16,
    /// From the request's last byte to the answer.
    #[serde(rename = "elapsed_us", serialize_with = "micros")]
    pub elapsed: Duration,
}

/// A session that ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SessionNotice {
    /// `ses_…`.
    pub id: SessionId,
    /// The event that it handled.
    pub event: EventId,
    /// The trigger that matched.
    pub trigger: String,
    /// How it ended.
    pub state: SessionState,
    /// When it ended.
    pub ended_at: Timestamp,
    /// From its start to its end.
    #[serde(rename = "elapsed_us", serialize_with = "micros")]
    pub elapsed: Duration,
    /// The guest's own time on a processor, in microseconds.
    pub cpu_us: u64,
    /// The first line of why it failed.
    pub error: Option<String>,
    /// How many lines its log has.
    pub log_lines: usize,
}

/// A deployment that became the active one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployedNotice {
    /// `dep_…`.
    pub id: DeploymentId,
    /// The project's name.
    pub project: String,
    /// When it took over.
    pub at: Timestamp,
    /// How many triggers it has.
    pub triggers: usize,
    /// What is likely not what was meant in it, with its line and column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A deployment that was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployFailedNotice {
    /// When.
    pub at: Timestamp,
    /// Why, often in several lines: the place in the manifest and a caret.
    pub error: String,
    /// The deployment that goes on serving; null when there is none.
    pub serving: Option<DeploymentId>,
}

/// Where notices are published. Clones are one feed.
#[derive(Clone, Debug)]
pub struct Feed(broadcast::Sender<Arc<Notice>>);

/// One listener's place in the feed.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Arc<Notice>>);

/// What a listener hears next.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Something happened.
    Notice(Arc<Notice>),
    /// The listener was too slow: so many notices passed it by.
    Skipped(u64),
}

impl Feed {
    /// A feed without listeners.
    pub fn new() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }

    /// Whether anybody would hear a notice.
    pub fn has_listeners(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Tells the listeners. Without any, `notice` is not called: that costs a lock and no allocation.
    pub fn publish(&self, notice: impl FnOnce() -> Notice) {
        if self.has_listeners() {
            // It fails when the last listener has just left, and then nobody misses it.
            self.0.send(Arc::new(notice())).ok();
        }
    }

    /// Hears what is published from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Subscription {
    /// Waits for what happens next; none when every [`Feed`] is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.0.recv().await {
            Ok(notice) => Some(Heard::Notice(notice)),
            Err(RecvError::Lagged(skipped)) => Some(Heard::Skipped(skipped)),
            Err(RecvError::Closed) => None,
        }
    }
}

fn micros<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: &str) -> Notice {
        Notice::DeployFailed(DeployFailedNotice { at: Timestamp::UNIX_EPOCH, error: error.to_owned(), serving: None })
    }

    #[tokio::test]
    async fn a_notice_reaches_those_who_listen() {
        let feed = Feed::new();
        feed.publish(|| unreachable!("nobody listens yet"));
        let mut first = feed.subscribe();
        let mut second = feed.subscribe();
        feed.clone().publish(|| failed("a"));
        assert_eq!(first.next().await, Some(Heard::Notice(Arc::new(failed("a")))));
        assert_eq!(second.next().await, Some(Heard::Notice(Arc::new(failed("a")))));
        drop(feed);
        assert_eq!(first.next().await, None);
    }

    #[tokio::test]
    async fn a_slow_listener_hears_how_much_it_missed() {
        let feed = Feed::new();
        let mut slow = feed.subscribe();
        for number in 0..CAPACITY + 3 {
            feed.publish(|| failed(&number.to_string()));
        }
        assert_eq!(slow.next().await, Some(Heard::Skipped(3)));
        assert_eq!(slow.next().await, Some(Heard::Notice(Arc::new(failed("3")))));
    }
}
