//! What a handler may take. A function of its arguments: nothing here counts, or knows a sandbox.

use std::time::Duration;

use serde::Deserialize;

/// What a handler may take; its trigger's `timeout` bounds how long it may take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory: u64,
    /// Time on a processor, in milliseconds.
    pub cpu_ms: u64,
    /// Elements of all its tables.
    pub table_elements: u64,
    /// Core instances: the parts that a component is linked of.
    pub instances: u64,
    /// Things of the host that it holds at once: streams, timers and the like.
    pub handles: u64,
    /// Text of the session's log, in bytes; what exceeds it is dropped and counted.
    pub log_bytes: u64,
    /// A response's body, in bytes.
    pub response_bytes: u64,
    /// A response's header fields.
    pub response_headers: u64,
    /// The names and values of a response's header fields together, in bytes.
    pub response_header_bytes: u64,
}

/// One of [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::cpu_ms`].
    Cpu,
    /// [`Limits::table_elements`].
    TableElements,
    /// [`Limits::instances`].
    Instances,
    /// [`Limits::handles`].
    Handles,
    /// [`Limits::log_bytes`].
    Log,
    /// [`Limits::response_bytes`].
    Response,
    /// [`Limits::response_headers`].
    ResponseHeaders,
    /// [`Limits::response_header_bytes`].
    ResponseHeaderBytes,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `128MiB`.
    Bytes,
    /// `5s`.
    Milliseconds,
    /// `100`.
    Count,
}

impl Limit {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Memory,
        Self::Cpu,
        Self::TableElements,
        Self::Instances,
        Self::Handles,
        Self::Log,
        Self::Response,
        Self::ResponseHeaders,
        Self::ResponseHeaderBytes,
    ];

    /// Its key under a trigger's `limits`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::TableElements => "table_elements",
            Self::Instances => "instances",
            Self::Handles => "handles",
            Self::Log => "log",
            Self::Response => "response",
            Self::ResponseHeaders => "response_headers",
            Self::ResponseHeaderBytes => "response_header_size",
        }
    }

    /// Its name among the settings, under `guest.limits` and `guest.ceilings`.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_ms",
            Self::Log => "log_bytes",
            Self::Response => "response_bytes",
            Self::ResponseHeaderBytes => "response_header_bytes",
            other => other.key(),
        }
    }

    /// What it counts.
    pub fn unit(self) -> Unit {
        match self {
            Self::Memory | Self::Log | Self::Response | Self::ResponseHeaderBytes => Unit::Bytes,
            Self::Cpu => Unit::Milliseconds,
            Self::TableElements | Self::Instances | Self::Handles | Self::ResponseHeaders => Unit::Count,
        }
    }

    /// A value of it, in words: `64 MiB`.
    pub fn show(self, value: u64) -> String {
        let (number, unit) = scaled(self.unit(), value);
        let word = match unit {
            "B" => "bytes",
            "m" => "min",
            other => other,
        };
        if word.is_empty() { number.to_string() } else { format!("{number} {word}") }
    }

    /// A value of it, as a manifest has it: `64MiB`.
    pub fn written(self, value: u64) -> String {
        let (number, unit) = scaled(self.unit(), value);
        format!("{number}{unit}")
    }

    /// What a session says that met this limit: its value, and who may raise it to what.
    pub fn exceeded(self, limits: &Limits, ceilings: &Limits) -> String {
        let (value, most, key, setting) = (limits.of(self), ceilings.of(self), self.key(), self.setting());
        let value_shown = self.show(value);
        if value < most {
            let most = self.show(most);
            format!(
                "more than the limit of {value_shown}; the trigger's `limits: {{{key}: …}}` raises it up to {most} (guest.ceilings.{setting})"
            )
        } else {
            format!(
                "more than the limit of {value_shown}, which is the most that this host allows (guest.ceilings.{setting})"
            )
        }
    }
}

impl Limits {
    /// The value of one of them.
    pub fn of(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Memory => self.memory,
            Limit::Cpu => self.cpu_ms,
            Limit::TableElements => self.table_elements,
            Limit::Instances => self.instances,
            Limit::Handles => self.handles,
            Limit::Log => self.log_bytes,
            Limit::Response => self.response_bytes,
            Limit::ResponseHeaders => self.response_headers,
            Limit::ResponseHeaderBytes => self.response_header_bytes,
        }
    }

    /// These, with another value of one of them.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        *match limit {
            Limit::Memory => &mut self.memory,
            Limit::Cpu => &mut self.cpu_ms,
            Limit::TableElements => &mut self.table_elements,
            Limit::Instances => &mut self.instances,
            Limit::Handles => &mut self.handles,
            Limit::Log => &mut self.log_bytes,
            Limit::Response => &mut self.response_bytes,
            Limit::ResponseHeaders => &mut self.response_headers,
            Limit::ResponseHeaderBytes => &mut self.response_header_bytes,
        } = value;
        self
    }

    /// These as far as `ceilings` allow: what was deployed under higher ones goes on under those of today.
    #[must_use]
    pub fn within(self, ceilings: &Self) -> Self {
        Limit::ALL.iter().fold(self, |limits, limit| limits.with(*limit, limits.of(*limit).min(ceilings.of(*limit))))
    }

    /// The time on a processor.
    pub fn cpu(&self) -> Duration {
        Duration::from_millis(self.cpu_ms)
    }
}

/// A number and its unit, the largest one that leaves it whole.
fn scaled(unit: Unit, value: u64) -> (u64, &'static str) {
    let units: &[(&'static str, u64)] = match unit {
        Unit::Bytes => &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)],
        Unit::Milliseconds => &[("m", 60_000), ("s", 1_000), ("ms", 1)],
        Unit::Count => &[("", 1)],
    };
    let smallest = units.last().copied().unwrap_or(("", 1));
    let fits = |(_, size): &&(&str, u64)| value > 0 && value.is_multiple_of(*size);
    let (unit, size) = units.iter().find(fits).copied().unwrap_or(smallest);
    (value / size, unit)
}
