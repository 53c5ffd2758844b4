//! Events, variables and logs for unit tests, which run on the author's machine without a host.
//!
//! ```
//! use tenterhook::{Event, Result, fake, log, vars};
//!
//! #[tenterhook::handler]
//! fn on_http_post(event: Event) -> Result<String> {
//!     log::info!(path = event.data().url.path, "received");
//!     Ok(vars::get("GREETING").unwrap_or_default() + " " + &event.data().body.json["name"].to_string())
//! }
//!
//! fake::set_var("GREETING", "Hello");
//! let event = Event::fake().method("POST").url("/webhooks/slug").body(r#"{"name": "Ada"}"#).build();
//! assert_eq!(on_http_post(event).unwrap(), "Hello Ada");
//! assert_eq!(fake::take_logs(), ["info received path=/webhooks/slug"]);
//! ```
//!
//! Variables and logs are those of the thread, as tests run in threads of their own.

mod event;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod kv;
mod payload;
pub(crate) mod reply;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use event::FakeEvent;

use crate::Response;
use crate::log::Level;

thread_local! {
    static VARS: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static LOGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Gives the project a variable, or the variable another value.
///
/// ```
/// use tenterhook::{fake, vars};
///
/// fake::set_var("GREETING", "hello");
/// assert_eq!(vars::get("GREETING").as_deref(), Some("hello"));
/// ```
pub fn set_var(name: impl Into<String>, value: impl Into<String>) {
    VARS.with_borrow_mut(|vars| vars.insert(name.into(), value.into()));
}

/// What has been logged and printed with [`println!`](crate::println) since the last call: `warn running out stock=3`.
///
/// ```
/// use tenterhook::{fake, log};
///
/// log::warn!(stock = 3, "running out");
/// assert_eq!(fake::take_logs(), ["warn running out stock=3"]);
/// assert!(fake::take_logs().is_empty());
/// ```
pub fn take_logs() -> Vec<String> {
    LOGS.take()
}

/// What has been sent by [`reply`](crate::reply) since the last call; none when nothing was.
///
/// ```
/// use tenterhook::{fake, reply};
///
/// assert!(fake::take_reply().is_none());
/// reply::start(200, &[])?.write("hello")?;
/// assert_eq!(fake::take_reply().unwrap().body, b"hello");
/// # Ok::<(), reply::Error>(())
/// ```
pub fn take_reply() -> Option<Response> {
    reply::take()
}

/// Answers what is sent by [`http`](crate::http) from now on. Without it every request is denied, as it is without a rule in the
/// manifest.
///
/// ```
/// use tenterhook::{fake, http};
///
/// fake::answer_requests(|request| {
///     assert_eq!((&*request.method, &*request.url), ("GET", "https://example.com/"));
///     Ok(http::Response::new(200, "hello"))
/// });
/// assert_eq!(http::get("https://example.com/").send().unwrap().text(), "hello");
/// ```
#[cfg(feature = "http")]
pub fn answer_requests(
    answer: impl FnMut(crate::http::Request) -> std::result::Result<crate::http::Response, crate::http::Error> + 'static,
) {
    http::answer(Box::new(answer));
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, String)]) {
    let mut line = format!("{level:?}").to_lowercase();
    for text in [" ", message] {
        line.push_str(text);
    }
    for (name, value) in fields {
        write!(line, " {name}={value}").expect("writing to a string succeeds");
    }
    LOGS.with_borrow_mut(|logs| logs.push(line));
}

/// What [`crate::vars`] asks.
pub(crate) mod vars {
    use super::VARS;

    pub(crate) fn get(name: &str) -> Option<String> {
        VARS.with_borrow(|vars| vars.get(name).cloned())
    }

    pub(crate) fn names() -> Vec<String> {
        VARS.with_borrow(|vars| vars.keys().cloned().collect())
    }
}
