//! How a handler says that it did not do its work.

use std::fmt;
use std::time::Duration;

use crate::bindings::tenterhook::webhook::types::{Failure, RetryLater};

/// `Ok`, or the handler's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a handler did not do its work, and whether to try again.
///
/// `?` turns any error into one, `anyhow`'s and plain texts too: it asks for another attempt, since the cause may pass, at
/// the time that the trigger's policy says. What can never succeed is an [`Error::reject`], and
/// [`or_reject`](OrReject::or_reject) makes one of any error:
///
/// ```
/// use std::time::Duration;
/// use tenterhook::{Error, Event, OrReject as _, Result};
///
/// fn on_push(event: Event) -> Result<()> {
///     let count: u32 = event.data()["headers"]["X-Count"].to_string().parse().or_reject("reading X-Count")?;
///     if count > 100 {
///         return Err(Error::retry_after(Duration::from_secs(60), "the quota is used up"));
///     }
///     Ok(())
/// }
/// # on_push(Event::fake().header("X-Count", "5").build()).unwrap();
/// # let error = on_push(Event::fake().header("X-Count", "five").build()).unwrap_err();
/// # assert_eq!(error.to_string(), "reading X-Count: invalid digit found in string");
/// # assert!(error.is_reject());
/// ```
pub struct Error {
    again: Again,
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    ByPolicy,
    After(Duration),
    Never,
}

impl Error {
    /// Asks for another attempt, at the time that the trigger's policy says.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self { again: Again::ByPolicy, reason: reason.into() }
    }

    /// Asks for another attempt, `delay` from now at the earliest; it counts in milliseconds.
    pub fn retry_after(delay: Duration, reason: impl Into<String>) -> Self {
        Self { again: Again::After(delay), reason: reason.into() }
    }

    /// Says that this event cannot be handled: no attempt would succeed.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self { again: Again::Never, reason: reason.into() }
    }

    /// Whether no further attempt is wanted.
    pub fn is_reject(&self) -> bool {
        self.again == Again::Never
    }

    /// How long to wait before another attempt, if the error says.
    pub fn delay(&self) -> Option<Duration> {
        if let Again::After(delay) = self.again { Some(delay) } else { None }
    }
}

/// The reason, with what caused it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.reason)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = match self.again {
            Again::ByPolicy => "retry: ".to_owned(),
            Again::After(delay) => format!("retry after {delay:?}: "),
            Again::Never => "reject: ".to_owned(),
        };
        write!(f, "{wanted}{}", self.reason)
    }
}

/// Any error asks for another attempt. Its causes are part of the reason.
impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::retry(with_causes(&*error.into()))
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason.push_str(": ");
        reason.push_str(&error.to_string());
        cause = error.source();
    }
    reason
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let after = match error.again {
            Again::Never => return Self::Reject(error.reason),
            Again::ByPolicy => None,
            Again::After(delay) => Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        };
        Self::Retry(RetryLater { after_ms: after, reason: error.reason })
    }
}

/// Makes an [`Error::reject`] of any error.
pub trait OrReject<T> {
    /// On an error, rejects the event; `doing` says what failed: `.or_reject("reading the signature")?`.
    ///
    /// # Errors
    /// That of `self`, as a rejection.
    fn or_reject(self, doing: &str) -> Result<T>;
}

impl<T, E: Into<Error>> OrReject<T> for Result<T, E> {
    fn or_reject(self, doing: &str) -> Result<T> {
        self.map_err(|error| Error::reject(format!("{doing}: {}", error.into().reason)))
    }
}

impl<T> OrReject<T> for Option<T> {
    fn or_reject(self, doing: &str) -> Result<T> {
        self.ok_or_else(|| Error::reject(doing))
    }
}
