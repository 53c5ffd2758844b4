//! A response that is sent while the handler runs: a head, then chunks.
//!
//! ```
//! use tenterhook::{Event, Result, reply};
//!
//! #[tenterhook::handler]
//! fn on_http_get(_event: Event) -> Result<()> {
//!     let mut answer = reply::start(200, &[("Content-Type", "text/plain")])?;
//!     for number in 1..=3 {
//!         answer.write(format!("{number}\n"))?;
//!     }
//!     Ok(())
//! }
//! # on_http_get(Event::fake().build()).unwrap();
//! # let sent = tenterhook::fake::take_reply().unwrap();
//! # assert_eq!((sent.status, &*sent.body), (200, &b"1\n2\n3\n"[..]));
//! ```
//!
//! Only the sender of a synchronous trigger waits for a response. The handler returns none after it has begun one, and the response
//! ends when the handler returns; when it fails instead, the response is cut off.
//!
//! [`Reply`] is an [`io::Write`](std::io::Write) too. A unit test reads what was sent with
//! [`fake::take_reply`](crate::fake::take_reply).

use std::fmt;

#[cfg(not(target_family = "wasm"))]
use crate::fake::reply as imp;

/// A response that has begun.
#[derive(Debug)]
pub struct Reply(());

/// Why a call did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Nobody waits for this session's response: its trigger is not the synchronous one, or the sender's time is over.
    NoSender,
    /// The sender has gone, or reads no more.
    Closed,
    /// The head cannot be sent, was sent before, or the response has no body; the text says which.
    Invalid(String),
    /// The response is larger than it may be; the text names the limit.
    Limit(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSender => f.write_str("nobody waits for a response"),
            Self::Closed => f.write_str("the sender has gone"),
            Self::Invalid(text) | Self::Limit(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

/// Sends the status and the headers.
///
/// ```
/// use tenterhook::{fake, reply};
///
/// reply::start(204, &[("X-Seen", "yes")])?;
/// assert!(matches!(reply::start(200, &[]), Err(reply::Error::Invalid(_))), "there is one head");
/// assert_eq!(fake::take_reply().unwrap().status, 204);
/// # Ok::<(), reply::Error>(())
/// ```
///
/// # Errors
/// See [`Error`].
pub fn start(status: u16, headers: &[(&str, &str)]) -> Result<Reply, Error> {
    imp::start(status, headers)?;
    Ok(Reply(()))
}

impl Reply {
    /// Sends a piece of the body; waits while the sender reads more slowly than it is written.
    ///
    /// ```
    /// use std::io::Write as _;
    /// use tenterhook::{fake, reply};
    ///
    /// let mut answer = reply::start(200, &[])?;
    /// answer.write("one\n")?;
    /// writeln!(answer, "{}", 2).unwrap();
    /// assert_eq!(fake::take_reply().unwrap().body, b"one\n2\n");
    /// # Ok::<(), reply::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Error`].
    pub fn write(&mut self, chunk: impl AsRef<[u8]>) -> Result<(), Error> {
        imp::write(chunk.as_ref())
    }
}

/// What is written is sent at once: put a [`BufWriter`](std::io::BufWriter) around it for many small pieces.
impl std::io::Write for Reply {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        imp::write(bytes).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(target_family = "wasm")]
mod imp {
    use super::Error;
    use crate::bindings::tenterhook::webhook::reply;
    use crate::bindings::tenterhook::webhook::types::Pair;

    pub(super) fn start(status: u16, headers: &[(&str, &str)]) -> Result<(), Error> {
        let pair = |(name, value): &(&str, &str)| Pair { name: (*name).to_owned(), value: (*value).to_owned() };
        Ok(reply::start(status, &headers.iter().map(pair).collect::<Vec<_>>())?)
    }

    pub(super) fn write(chunk: &[u8]) -> Result<(), Error> {
        Ok(reply::write(chunk)?)
    }

    impl From<reply::Error> for Error {
        fn from(error: reply::Error) -> Self {
            match error {
                reply::Error::NoSender => Self::NoSender,
                reply::Error::Closed => Self::Closed,
                reply::Error::Invalid(text) => Self::Invalid(text),
                reply::Error::Limit(text) => Self::Limit(text),
            }
        }
    }
}
