//! How many events an org may send: a token bucket for each. Knows no clock and no HTTP.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::event::{Org, Timestamp};
use crate::quota::Allowance;

/// Buckets that are full are forgotten when there are so many: a full one is as good as none.
const SWEEP: usize = 1024;

/// What an org may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Events a second in the long run; 0 is none at all.
    pub per_second: u32,
    /// Events at once after a pause; at least 1.
    pub burst: u32,
}

/// Whether an event may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and so many more at once after it.
    Admitted {
        /// How many.
        remaining: u32,
    },
    /// It may not before so much time has passed. An org that may send nothing is told an hour.
    Refused {
        /// How long.
        retry_after: Duration,
    },
}

impl Admission {
    /// As senders are told.
    pub fn allowance(&self, rate: Rate) -> Allowance {
        let quota = rate.burst.max(1);
        let window = Duration::from_secs(u64::from(quota).div_ceil(u64::from(rate.per_second.max(1))));
        let remaining = match self {
            Self::Admitted { remaining } => *remaining,
            Self::Refused { .. } => 0,
        };
        let reset = Duration::from_secs(u64::from(quota - remaining.min(quota))) / rate.per_second.max(1);
        Allowance { name: "events", quota, window, remaining, reset }
    }
}

/// All orgs' buckets. Asking takes a lock for a few nanoseconds.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    /// When each bucket will be full again, in nanoseconds since 1970. One that is not there is full.
    full_at: HashMap<Org, i128>,
    /// How many there may be before the full ones are looked for.
    sweep_at: usize,
}

impl Limiter {
    /// Takes an event out of an org's bucket, if it has one. `rate` is what holds now; a bucket that was filled at another
    /// rate holds as much time, not as many events.
    pub fn admit(&self, org: &Org, rate: Rate, now: Timestamp) -> Admission {
        let now = now.as_nanosecond();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = buckets.full_at.get(org).copied().unwrap_or(now);
        let (full_at, admission) = take(full_at, rate, now);
        buckets.keep(org, full_at, now);
        admission
    }
}

impl Buckets {
    fn keep(&mut self, org: &Org, full_at: i128, now: i128) {
        match self.full_at.get_mut(org) {
            Some(kept) => *kept = full_at,
            None => drop(self.full_at.insert(org.clone(), full_at)),
        }
        if self.full_at.len() > self.sweep_at.max(SWEEP) {
            self.full_at.retain(|_, full_at| *full_at > now);
            self.sweep_at = 2 * self.full_at.len();
        }
    }
}

/// When the bucket is full again after it has given an event, if it had one.
fn take(full_at: i128, rate: Rate, now: i128) -> (i128, Admission) {
    if rate.per_second == 0 {
        return (full_at, Admission::Refused { retry_after: Duration::from_secs(3600) });
    }
    let interval = 1_000_000_000 / i128::from(rate.per_second);
    let capacity = interval * i128::from(rate.burst.max(1));
    // A clock that went back, or a burst that became smaller, leaves the bucket empty at the worst.
    let full_at = full_at.clamp(now, now + capacity);
    let room = now + capacity - (full_at + interval);
    if room < 0 {
        let retry_after = Duration::from_nanos(u64::try_from(-room).unwrap_or(u64::MAX));
        return (full_at, Admission::Refused { retry_after });
    }
    (full_at + interval, Admission::Admitted { remaining: u32::try_from(room / interval).unwrap_or(u32::MAX) })
}
