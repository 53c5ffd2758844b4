//! What follows from an attempt's outcome. A function of its arguments.

use crate::event::{Attempt, AttemptOutcome, Outcome, SessionState};
use crate::guest::Run;
use crate::store::{Delivery, Next, Settlement, Told};

/// The attempt's record and the session's final state: one attempt is all that a session has yet.
pub(super) fn settle(delivery: &Delivery, run: &Run) -> Settlement {
    let (state, outcome, status, fault) = match &run.outcome {
        Outcome::Answered(response) => {
            let status = response.as_ref().map(|response| response.status);
            (SessionState::Succeeded, AttemptOutcome::Succeeded, status, None)
        }
        Outcome::Retry { .. } => (SessionState::Failed, AttemptOutcome::Retry, None, None),
        Outcome::Rejected(_) => (SessionState::Failed, AttemptOutcome::Rejected, None, None),
        Outcome::Fault(fault) => (SessionState::Failed, AttemptOutcome::Fault, None, Some(fault.kind)),
    };
    let attempt = Attempt {
        number: delivery.attempt,
        started_at: run.started_at,
        ended_at: run.ended_at,
        cpu_us: u64::try_from(run.cpu.as_micros()).unwrap_or(u64::MAX),
        peak_memory: run.peak_memory,
        outcome,
        fault,
        error: run.outcome.error(),
        status,
    };
    let next = Next::Ended { state, reason: run.outcome.error(), at: run.ended_at };
    let (org, logs) = (delivery.event.org.clone(), run.logs.clone());
    let told = match &run.outcome {
        Outcome::Answered(Some(response)) => Told::Response(response.clone()),
        Outcome::Answered(None) | Outcome::Retry { .. } | Outcome::Rejected(_) | Outcome::Fault(_) => Told::Failure,
    };
    Settlement { org, session: delivery.session, attempt: Some(attempt), logs, next, told: Some(told) }
}
