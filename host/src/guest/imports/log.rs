//! `log`: what a guest writes to its session's log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::State;
use crate::clock::Clock;
use crate::event::{LogEntry, LogLevel};
use crate::guest::bindings::{log, types};
use crate::trigger::{Limit, Limits};

/// What keeping an entry or a field costs beside its text, in bytes: they must not be free, however short.
const ENTRY: usize = size_of::<LogEntry>();
const FIELD: usize = size_of::<(String, String)>();

/// How much of standard error an error shows, in bytes from its end.
const SHOWN: usize = 4096;

/// A session's log while its attempt runs. Standard output and standard error end here too.
pub(super) struct Log {
    clock: Clock,
    attempt: u32,
    entries: Vec<LogEntry>,
    room: usize,
    /// What is said when there is no more room.
    full: (Limits, Limits),
    dropped: u64,
    lines: Lines,
    /// The last bytes of standard error, and of errors without fields.
    last_error: Vec<u8>,
}

/// The lines that have begun and not ended.
#[derive(Default)]
struct Lines {
    output: Vec<u8>,
    error: Vec<u8>,
}

pub(super) fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    pub(super) fn new(clock: Clock, attempt: u32, limits: Limits, ceilings: Limits) -> Self {
        let (room, full) = (usize::try_from(limits.log_bytes).unwrap_or(usize::MAX), (limits, ceilings));
        Self {
            clock,
            attempt,
            entries: Vec::new(),
            room,
            full,
            dropped: 0,
            lines: Lines::default(),
            last_error: Vec::new(),
        }
    }

    fn push(&mut self, level: LogLevel, message: String, fields: Vec<(String, String)>) {
        let text: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let size = ENTRY + message.len() + text + FIELD * fields.len();
        if size > self.room {
            self.dropped += 1;
            return;
        }
        self.room -= size;
        self.entries.push(LogEntry { at: self.clock.now(), attempt: self.attempt, level, message, fields });
    }

    /// Bytes of standard output (`Info`) or standard error (`Error`): each line is an entry.
    pub(super) fn write(&mut self, level: LogLevel, bytes: &[u8]) {
        if level == LogLevel::Error {
            self.remember(bytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = self.room;
            let line = self.line(level);
            // A line without end is cut where the log's room is.
            let taken = piece.len().min(room.saturating_sub(line.len()));
            line.extend(piece.iter().take(taken));
            if piece.ends_with(b"\n") {
                self.end_line(level);
            }
        }
    }

    /// Keeps the end of what a guest says of its own failure.
    fn remember(&mut self, bytes: &[u8]) {
        let last = bytes.len().saturating_sub(SHOWN);
        self.last_error.extend(bytes.iter().skip(last));
        let before = self.last_error.len().saturating_sub(SHOWN);
        self.last_error.drain(..before);
    }

    fn line(&mut self, level: LogLevel) -> &mut Vec<u8> {
        if level == LogLevel::Error { &mut self.lines.error } else { &mut self.lines.output }
    }

    fn end_line(&mut self, level: LogLevel) {
        let line = std::mem::take(self.line(level));
        let text = String::from_utf8_lossy(&line);
        self.push(level, text.trim_end_matches(['\n', '\r']).to_owned(), Vec::new());
    }

    /// The end of what was written to standard error or logged as an error, whether the log had room for it or not; from the start of a line where it is long.
    pub(super) fn standard_error(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.last_error);
        let start = if self.last_error.len() < SHOWN { 0 } else { text.trim_end().find('\n').map_or(0, |end| end + 1) };
        let text = text.get(start..).unwrap_or_default().trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub(super) fn take(&mut self) -> Vec<LogEntry> {
        for level in [LogLevel::Info, LogLevel::Error] {
            if !self.line(level).is_empty() {
                self.end_line(level);
            }
        }
        if self.dropped > 0 {
            let dropped = self.dropped;
            let full = Limit::Log.exceeded(&self.full.0, &self.full.1);
            let message = format!("{dropped} further entries were dropped: the log would take {full}");
            let entry = LogEntry {
                at: self.clock.now(),
                attempt: self.attempt,
                level: LogLevel::Warn,
                message,
                fields: Vec::new(),
            };
            self.entries.push(entry);
        }
        std::mem::take(&mut self.entries)
    }
}

impl log::Host for State {
    fn log(&mut self, level: log::Level, message: String, fields: Vec<types::Pair>) {
        self.calls.log += 1;
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        let fields: Vec<_> = fields.into_iter().map(|field| (field.name, field.value)).collect();
        let mut log = lock(&self.log);
        // Where there is no standard error, SDKs say here what they would write to it.
        if level == LogLevel::Error && fields.is_empty() {
            log.remember(message.as_bytes());
            log.remember(b"\n");
        }
        log.push(level, message, fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::tests::LIMITS;

    fn log(log_bytes: u64) -> Log {
        let limits = Limits { log_bytes, ..LIMITS };
        Log::new(Clock::system(), 1, limits, limits)
    }

    #[test]
    fn what_was_last_written_to_standard_error_is_known_even_when_the_log_is_full() {
        let mut log = log(100);
        log.write(LogLevel::Info, "x\n".repeat(1_000).as_bytes());
        assert_eq!(log.standard_error(), None);
        log.write(LogLevel::Error, b"Traceback\nKeyError: ");
        log.write(LogLevel::Error, b"'nope'\n");
        assert_eq!(log.standard_error().unwrap(), "Traceback\nKeyError: 'nope'");
    }

    #[test]
    fn of_much_on_standard_error_the_last_lines_are_shown_and_of_a_long_line_its_end() {
        let mut log = log(1 << 20);
        log.write(LogLevel::Error, "warning\n".repeat(1_000).as_bytes());
        log.write(LogLevel::Error, b"the end\n");
        let shown = log.standard_error().unwrap();
        assert!(shown.len() < SHOWN && shown.starts_with("warning\n") && shown.ends_with("\nthe end"), "{shown}");
        log.write(LogLevel::Error, "y".repeat(2 * SHOWN).as_bytes());
        assert_eq!(log.standard_error().unwrap(), "y".repeat(SHOWN));
    }
}
