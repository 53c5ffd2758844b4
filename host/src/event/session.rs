//! One trigger's handling of one event: its state, its attempts, its log.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FaultKind;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Owed: it waits for its first attempt or for a next one.
    Queued,
    /// Owed, and its handler runs now. It is never stored: the host that runs it knows.
    Running,
    /// The handler returned.
    Succeeded,
    /// The handler failed and its sender, who waited, was told: the sender is the one who tries again.
    Failed,
    /// The handler rejected the event, every attempt failed, or the handler is gone: nothing more happens by itself.
    Dead,
    /// Somebody cancelled it.
    Cancelled,
}

impl SessionState {
    /// All of them, in the order of a session's life.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Dead, Self::Cancelled];

    /// The word that stands for it everywhere: `succeeded`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// Whether it may be driven again: it ended, and not well.
    pub const fn is_redrivable(self) -> bool {
        matches!(self, Self::Failed | Self::Dead | Self::Cancelled)
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SessionState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is not a session's state ({known})")
        })
    }
}

/// One run of the handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When a worker took it.
    pub started_at: Timestamp,
    /// When its outcome was known.
    pub ended_at: Timestamp,
    /// The guest's own time on a processor, in microseconds.
    pub cpu_us: u64,
    /// The most linear memory that the guest held, in bytes.
    pub peak_memory: u64,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Which limit or duty the guest broke, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<FaultKind>,
    /// Why it failed, in words; none when it succeeded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// The status of the handler's response, if it gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// What the guest asked of the host.
    #[serde(skip_serializing_if = "Used::is_nothing", default)]
    pub used: Used,
    /// The requests that the guest made, in the order in which it made them. Of many attempts the last ones' are kept.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub requests: Vec<OutboundRequest>,
}

/// What a guest asked of the host during one attempt: calls by kind, and bytes over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Used {
    /// Calls that read the event.
    #[serde(skip_serializing_if = "is_zero")]
    pub event: u64,
    /// Calls that read variables.
    #[serde(skip_serializing_if = "is_zero")]
    pub vars: u64,
    /// Entries given to the log, dropped ones too.
    #[serde(skip_serializing_if = "is_zero")]
    pub log: u64,
    /// Calls of the project's store, refused ones too.
    #[serde(skip_serializing_if = "is_zero")]
    pub kv: u64,
    /// Requests, refused ones too.
    #[serde(skip_serializing_if = "is_zero")]
    pub outbound: u64,
    /// Calls that streamed a response.
    #[serde(skip_serializing_if = "is_zero")]
    pub reply: u64,
    /// Bytes of the requests' bodies that were sent.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes_out: u64,
    /// Bytes of their responses' bodies that were received.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes_in: u64,
}

impl Used {
    /// Whether it asked for nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A request that a guest made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundRequest {
    /// The HTTP method.
    pub method: String,
    /// The URL without its query, and without what a secret stands for: `https://api.github.com/user`.
    pub url: String,
    /// The status of the response; none when there was none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Bytes of the request's body that were sent.
    pub sent: u64,
    /// Bytes of the response's body that were received.
    pub received: u64,
    /// From the call until its response was read, or given up, in microseconds.
    pub elapsed_us: u64,
    /// Why it was refused or failed, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}

/// How an attempt ended, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The handler returned.
    Succeeded,
    /// The handler asked to be called again.
    Retry,
    /// The handler said that this event cannot be handled.
    Rejected,
    /// The handler did something that it may not, or did not end in time: `fault` says which.
    Fault,
    /// Somebody cancelled the session while the handler ran.
    Cancelled,
}

impl AttemptOutcome {
    /// The word that stands for it everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Retry => "retry",
            Self::Rejected => "rejected",
            Self::Fault => "fault",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line of a session's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// When the guest wrote it.
    pub at: Timestamp,
    /// Which attempt wrote it.
    pub attempt: u32,
    /// `info` for what was printed to standard output, `error` for standard error.
    pub level: LogLevel,
    /// The text, without a line end.
    pub message: String,
    /// Structured fields, in the guest's order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub fields: Vec<(String, String)>,
}

/// How much a log entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        })
    }
}
