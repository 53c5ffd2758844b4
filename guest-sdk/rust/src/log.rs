//! The session's log, which `tenterhook sessions logs` prints.
//!
//! ```
//! use tenterhook::log::{info, warn};
//!
//! # let event = tenterhook::Event::fake().build();
//! info!("handling attempt {}", event.attempt());
//! warn!(stock = 3, item = "hook", "running out");
//! ```
//!
//! Fields come first, as `name = value` with any value that prints; then a message as `format!` takes it. A unit test
//! reads what was logged with [`fake::take_logs`](crate::fake::take_logs).

pub use crate::{__debug as debug, __error as error, __info as info, __trace as trace, __warn as warn};

/// How much an entry matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are their own explanation")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Appends an entry; what exceeds the session's limit is dropped by the host, which counts it. The macros call this.
pub fn write(level: Level, message: &str, fields: &[(&str, String)]) {
    imp::write(level, message, fields);
}

#[cfg(target_family = "wasm")]
mod imp {
    use super::Level;
    use crate::bindings::tenterhook::webhook::{log, types::Pair};

    pub(super) fn write(level: Level, message: &str, fields: &[(&str, String)]) {
        let level = match level {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        };
        let pair = |(name, value): &(&str, String)| Pair { name: (*name).to_owned(), value: value.clone() };
        log::log(level, message, &fields.iter().map(pair).collect::<Vec<_>>());
    }
}

#[cfg(not(target_family = "wasm"))]
mod imp {
    pub(super) use crate::fake::log as write;
}

/// Logs at a level: the five macros and `println!` are this one.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $($name:ident = $value:expr,)* $format:literal $($argument:tt)*) => {
        $crate::log::write(
            $crate::log::Level::$level,
            &::std::format!($format $($argument)*),
            &[$((::std::stringify!($name), ::std::string::ToString::to_string(&$value))),*],
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __trace {
    ($($entry:tt)+) => { $crate::__log!(Trace, $($entry)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ($($entry:tt)+) => { $crate::__log!(Debug, $($entry)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __info {
    ($($entry:tt)+) => { $crate::__log!(Info, $($entry)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __warn {
    ($($entry:tt)+) => { $crate::__log!(Warn, $($entry)+) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($($entry:tt)+) => { $crate::__log!(Error, $($entry)+) };
}

/// Prints a line to the session's log, as `log::info!` does, on every target.
///
/// `std::println!` does so too where there is a standard output: on `wasm32-wasip2`. On `wasm32-unknown-unknown` there is
/// none, and what it prints is lost. `use tenterhook::println;` puts this one in its place.
#[macro_export]
macro_rules! println {
    () => { $crate::log::write($crate::log::Level::Info, "", &[]) };
    ($($line:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($line)+), &[]) };
}
