//! What follows from an attempt's outcome. A function of its arguments.

use crate::event::{Attempt, Outcome, SessionState};
use crate::guest::Run;
use crate::store::{Delivery, Settlement};

/// The attempt's record and the session's final state: one attempt is all that a session has yet.
pub(super) fn settle(delivery: &Delivery, run: &Run) -> Settlement {
    let (state, status, fault) = match &run.outcome {
        Outcome::Answered(response) => {
            (SessionState::Succeeded, response.as_ref().map(|response| response.status), None)
        }
        Outcome::Retry { .. } | Outcome::Rejected(_) => (SessionState::Failed, None, None),
        Outcome::Fault(fault) => (SessionState::Failed, None, Some(fault.kind)),
    };
    let attempt = Attempt {
        number: delivery.attempt,
        started_at: run.started_at,
        ended_at: run.ended_at,
        cpu_us: u64::try_from(run.cpu.as_micros()).unwrap_or(u64::MAX),
        peak_memory: run.peak_memory,
        fault,
        error: run.outcome.error(),
        status,
    };
    Settlement { org: delivery.event.org.clone(), session: delivery.session, attempt, logs: run.logs.clone(), state }
}
