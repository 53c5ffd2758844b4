//! What each org takes of the processors, and whether that is more than it may. Knows no clock.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::{Org, Timestamp};

const MINUTE: i128 = 60;
const MICROS: i128 = 1_000_000;

/// What orgs have taken since the process began.
#[derive(Debug, Default)]
pub(super) struct Cpu(HashMap<Org, Taken>);

#[derive(Debug, Default)]
struct Taken {
    total: Duration,
    /// What is not given back yet, at `at`, in microseconds: a bucket that empties as fast as the quota says.
    owed: i128,
    at: Timestamp,
}

/// What an org takes of the processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CpuUse {
    /// Time on processors of its handlers since the server started, in milliseconds.
    pub cpu_ms: u64,
    /// Until then its sessions wait, since it has taken as much as it may; null when they do not.
    pub waits_until: Option<Timestamp>,
}

impl Cpu {
    /// An org has taken so much more.
    pub(super) fn charge(&mut self, org: &Org, cpu: Duration, quota: Option<u32>, now: Timestamp) {
        let taken = self.0.entry(org.clone()).or_insert(Taken { at: now, ..Taken::default() });
        taken.give_back(quota, now);
        taken.total = taken.total.saturating_add(cpu);
        // Without a quota nothing is owed, or a quota that is set later would find years of it.
        if quota.is_some() {
            taken.owed += i128::try_from(cpu.as_micros()).unwrap_or(i128::MAX);
        }
    }

    /// Until when an org begins nothing, at this quota in seconds a minute; none when it may.
    pub(super) fn waits_until(&mut self, org: &Org, quota: Option<u32>, now: Timestamp) -> Option<Timestamp> {
        let taken = self.0.get_mut(org)?;
        taken.give_back(quota, now);
        let quota = i128::from(quota?);
        let most = quota * MICROS;
        if taken.owed <= most {
            return None;
        }
        let micros = ((taken.owed - most) * MINUTE).checked_div(quota).unwrap_or(MINUTE * MICROS);
        let wait = Duration::from_micros(u64::try_from(micros.max(1)).unwrap_or(u64::MAX));
        Some(now.checked_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// What an org has taken in all.
    pub(super) fn total(&self, org: &Org) -> Duration {
        self.0.get(org).map(|taken| taken.total).unwrap_or_default()
    }
}

impl Taken {
    fn give_back(&mut self, quota: Option<u32>, now: Timestamp) {
        let passed = i128::from(now.as_microsecond()) - i128::from(self.at.as_microsecond());
        self.at = now;
        self.owed = match quota {
            // A clock that went back gives nothing.
            Some(quota) => (self.owed - passed.max(0) * i128::from(quota) / MINUTE).max(0),
            None => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn an_org_that_has_taken_a_minutes_worth_waits_for_what_it_took_beyond() {
        let (mut cpu, org, other) = (Cpu::default(), Org::from("a"), Org::from("b"));
        let quota = Some(6);
        assert_eq!(cpu.waits_until(&org, quota, at(0)), None);
        cpu.charge(&org, Duration::from_secs(6), quota, at(0));
        assert_eq!(cpu.waits_until(&org, quota, at(0)), None, "a minute's worth at once");
        cpu.charge(&org, Duration::from_secs(3), quota, at(0));
        assert_eq!(cpu.waits_until(&org, quota, at(0)), Some(at(30)));
        assert_eq!(cpu.waits_until(&other, quota, at(0)), None);
        assert_eq!(cpu.waits_until(&org, quota, at(10)), Some(at(30)));
        assert_eq!(cpu.waits_until(&org, quota, at(30)), None);
        assert_eq!(cpu.total(&org), Duration::from_secs(9));
        // What is not used for a minute is gone.
        cpu.charge(&org, Duration::from_secs(7), quota, at(500));
        assert_eq!(cpu.waits_until(&org, quota, at(500)), Some(at(510)));
    }

    #[test]
    fn another_quota_holds_at_once() {
        let (mut cpu, org) = (Cpu::default(), Org::from("a"));
        cpu.charge(&org, Duration::from_secs(1_000), None, at(0));
        assert_eq!(cpu.waits_until(&org, Some(1), at(0)), None, "what was free stays so");
        cpu.charge(&org, Duration::from_secs(20), Some(10), at(0));
        assert_eq!(cpu.waits_until(&org, Some(10), at(0)), Some(at(60)));
        assert_eq!(cpu.waits_until(&org, Some(20), at(0)), None);
        assert_eq!(cpu.waits_until(&org, Some(5), at(0)), Some(at(180)));
        assert_eq!(cpu.waits_until(&org, Some(0), at(0)), Some(at(60)), "none at all: it is looked at again");
        assert_eq!(cpu.waits_until(&org, None, at(0)), None);
    }
}
