//! Orgs that begin nothing for a while: they have taken as much of the processors as they may, or are suspended. What they have waits.

use std::time::Duration;

use super::cpu::{Cpu, CpuUse};
use super::{Handle, Inner, State};
use crate::event::{Org, SessionId, Timestamp};
use crate::quota::Limits;

/// Those that are held are looked at so often: an operator may have changed what they may take.
const LOOK: Duration = Duration::from_secs(1);

impl Handle {
    /// What an org takes of the processors.
    pub fn cpu(&self, org: &Org) -> CpuUse {
        let Self(inner) = self;
        let (quota, now) = (inner.limits_of(org).cpu_seconds_per_minute, inner.clock.now());
        let mut state = inner.state();
        let waits_until = state.cpu.waits_until(org, quota, now);
        CpuUse { cpu_ms: u64::try_from(state.cpu.total(org).as_millis()).unwrap_or(u64::MAX), waits_until }
    }
}

impl Inner {
    /// What an org may take.
    pub(super) fn limits_of(&self, org: &Org) -> Limits {
        self.quotas.with(&self.registry.deployed().load().quotas(org))
    }

    /// Until when an org begins nothing, or is to be looked at again; none when it may.
    pub(super) fn held(&self, cpu: &mut Cpu, org: &Org, now: Timestamp) -> Option<Timestamp> {
        let look = now.checked_add(LOOK).unwrap_or(Timestamp::MAX);
        if self.registry.deployed().load().is_suspended(org) {
            return Some(look);
        }
        let until = cpu.waits_until(org, self.limits_of(org).cpu_seconds_per_minute, now)?;
        Some(until.min(look))
    }

    /// A session has taken so much of a processor.
    pub(super) fn charge(&self, state: &mut State, session: SessionId, cpu: Duration, now: Timestamp) {
        let Some(org) = state.scheduler.org_of(session).filter(|_| !cpu.is_zero()).cloned() else { return };
        state.cpu.charge(&org, cpu, self.limits_of(&org).cpu_seconds_per_minute, now);
        if let Some(until) = self.held(&mut state.cpu, &org, now) {
            state.scheduler.hold(&org, Some(until));
        }
    }

    /// Lets those go on that may.
    pub(super) fn look_at_held(&self, state: &mut State, now: Timestamp) {
        while let Some(org) = state.scheduler.held_until(now) {
            let until = self.held(&mut state.cpu, &org, now);
            state.scheduler.hold(&org, until);
        }
    }
}
