//! How a session's attempt ended. A handler's failure is a value here, never an `Err`.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How one run of a handler ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The handler returned; with a response, or without one.
    Answered(Option<Response>),
    /// The handler asks to be called again: the cause may pass.
    Retry {
        /// How long to wait at the least.
        after: Option<Duration>,
        /// The handler's own words.
        reason: String,
    },
    /// The handler says that this event cannot be handled.
    Rejected(String),
    /// The handler did something that it may not, or did not end.
    Fault(Fault),
}

impl Outcome {
    /// Why the attempt failed, in words; none when it succeeded.
    pub fn error(&self) -> Option<String> {
        match self {
            Self::Answered(_) => None,
            Self::Retry { reason, .. } => Some(format!("the handler asked for a retry: {reason}")),
            Self::Rejected(reason) => Some(format!("the handler rejected the event: {reason}")),
            Self::Fault(fault) => Some(fault.to_string()),
        }
    }
}

/// What a synchronous webhook's sender receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200 to 599.
    pub status: u16,
    /// In the handler's order.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Bytes,
}

/// A guest that ended otherwise than by returning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct Fault {
    /// Which of its limits or duties it broke.
    pub kind: FaultKind,
    /// What happened, with the limit and its value, or the guest's own error text and stack.
    pub message: String,
}

/// The kinds of [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The guest trapped: a panic, an uncaught exception, an instruction that cannot be done.
    Trap,
    /// The handler ran longer than its trigger's `timeout`.
    Timeout,
    /// The guest wanted more memory than it may have.
    OutOfMemory,
    /// The guest used up its time on a processor.
    CpuTime,
    /// The guest wanted more of something else than it may have.
    Limit,
    /// The guest's stack overflowed.
    StackOverflow,
    /// The response cannot be sent: its status, a header or its size.
    BadResponse,
    /// The host could not run the handler: its module is gone or does not load.
    Unavailable,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out of memory",
            Self::CpuTime => "out of processor time",
            Self::Limit => "limit exceeded",
            Self::StackOverflow => "stack overflow",
            Self::BadResponse => "bad response",
            Self::Unavailable => "handler unavailable",
        })
    }
}
