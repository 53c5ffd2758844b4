//! When a session is tried again, and after how long. A function of its arguments: the dice are one of them.

use std::time::Duration;

/// A trigger's `retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How many attempts a session has at the most, the first included; at least 1.
    pub attempts: u32,
    /// How long it waits between two attempts.
    pub backoff: Backoff,
    /// After which outcomes.
    pub on: RetryOn,
}

/// A wait that grows with each attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    /// The wait after the first attempt.
    pub initial: Duration,
    /// What each wait is of the one before; at least 1.
    pub factor: f64,
    /// The longest wait.
    pub max: Duration,
    /// The part of a wait, from 0 to 1, by which the dice make it shorter or longer, so that sessions that failed
    /// together do not come back together.
    pub jitter: f64,
}

/// The outcomes after which a session is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// The handler trapped, or broke one of its limits other than its time.
    pub fault: bool,
    /// The handler did not end in time.
    pub timeout: bool,
    /// The handler asked for it.
    pub retry: bool,
}

impl Default for Retry {
    /// Five attempts within some seven minutes.
    fn default() -> Self {
        let backoff =
            Backoff { initial: Duration::from_secs(5), factor: 4.0, max: Duration::from_secs(60 * 60), jitter: 0.2 };
        Self { attempts: 5, backoff, on: RetryOn { fault: true, timeout: true, retry: true } }
    }
}

impl Retry {
    /// One attempt, for a trigger whose sender waits: the sender is the one who tries again.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }
}

impl Backoff {
    /// The wait after the attempt of this number, 1 for the first. `dice` is from 0 to 1.
    pub fn after(&self, attempt: u32, dice: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let max = self.max.as_secs_f64();
        let plain = (self.initial.as_secs_f64() * self.factor.powi(exponent)).min(max);
        let jittered = plain * (1.0 + self.jitter * (2.0 * dice - 1.0));
        Duration::from_secs_f64(jittered.clamp(0.0, max))
    }
}
