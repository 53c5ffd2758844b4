//! What follows from an attempt's outcome. Functions of their arguments: the dice are one of them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use crate::event::{Attempt, AttemptOutcome, Fault, FaultKind, Outcome, Response, SessionId, SessionState, Timestamp};
use crate::guest::Run;
use crate::store::{Delivery, Next, Settlement, Told};
use crate::trigger::{Retry, RetryOn};

/// The longest wait that a handler may ask for.
const LONGEST_WISH: Duration = Duration::from_secs(24 * 60 * 60);

/// What a trigger says of the end of its sessions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'t> {
    /// Whether a sender waits: it is told how the session ended, and is the one who tries again.
    pub(super) is_sync: bool,
    /// When there is a further attempt, unless a sender waits.
    pub(super) retry: &'t Retry,
}

/// The attempt's record and what follows it. `dice` is from 0 to 1.
pub(super) fn settle(delivery: &Delivery, run: Run, terms: Terms<'_>, dice: f64) -> Settlement {
    let error = match &run.outcome {
        Some(outcome) => outcome.error(),
        None => Some("it was cancelled while its handler ran".to_owned()),
    };
    let next = match wait(delivery, run.outcome.as_ref(), terms, dice) {
        Some(wait) => Next::Again { due: after(run.ended_at, wait) },
        None => {
            let state = match &run.outcome {
                Some(Outcome::Answered(_)) => SessionState::Succeeded,
                Some(Outcome::Retry { .. } | Outcome::Rejected(_) | Outcome::Fault(_)) => failed(terms.is_sync),
                None => SessionState::Cancelled,
            };
            Next::Ended { state, reason: error.clone(), at: run.ended_at }
        }
    };
    let told = terms.is_sync.then(|| told(run.outcome.as_ref()));
    Settlement {
        org: delivery.event.org.clone(),
        session: delivery.session,
        attempt: Some(attempt(delivery.attempt, &run, error)),
        logs: run.logs,
        next,
        told,
    }
}

/// A session that ends without an attempt: its handler is gone, or it was interrupted too often.
pub(super) fn give_up(delivery: &Delivery, is_sync: bool, reason: String, now: Timestamp) -> Settlement {
    ended(delivery, failed(is_sync), reason, now)
}

/// A session that is cancelled while it waits.
pub(super) fn cancel(delivery: &Delivery, now: Timestamp) -> Settlement {
    ended(delivery, SessionState::Cancelled, "it was cancelled while it waited".to_owned(), now)
}

/// From 0 to 1, always the same for an attempt: what a test sees, an operator sees.
pub(super) fn dice(session: SessionId, attempt: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (session, attempt).hash(&mut hasher);
    // As many bits as a float has of precision.
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}

/// How long until a further attempt; none when there is none.
fn wait(delivery: &Delivery, outcome: Option<&Outcome>, terms: Terms<'_>, dice: f64) -> Option<Duration> {
    let Terms { is_sync, retry } = terms;
    let made = delivery.attempt.saturating_sub(delivery.first_attempt) + 1;
    if is_sync || made >= retry.attempts || !outcome.is_some_and(|outcome| is_tried_again(outcome, retry.on)) {
        return None;
    }
    let wish = match outcome {
        Some(Outcome::Retry { after: Some(after), .. }) => (*after).min(LONGEST_WISH),
        _ => Duration::ZERO,
    };
    Some(retry.backoff.after(made, dice).max(wish))
}

fn is_tried_again(outcome: &Outcome, on: RetryOn) -> bool {
    match outcome {
        Outcome::Answered(_) | Outcome::Rejected(_) => false,
        Outcome::Retry { .. } => on.retry,
        Outcome::Fault(Fault { kind, .. }) => match kind {
            FaultKind::Timeout => on.timeout,
            FaultKind::Trap
            | FaultKind::OutOfMemory
            | FaultKind::CpuTime
            | FaultKind::Limit
            | FaultKind::StackOverflow
            | FaultKind::BadResponse => on.fault,
            // It is the host that failed, of which the trigger says nothing.
            FaultKind::Unavailable => true,
        },
    }
}

fn attempt(number: u32, run: &Run, error: Option<String>) -> Attempt {
    let (outcome, status, fault) = match &run.outcome {
        Some(Outcome::Answered(response)) => {
            (AttemptOutcome::Succeeded, response.as_ref().map(|response| response.status), None)
        }
        Some(Outcome::Retry { .. }) => (AttemptOutcome::Retry, None, None),
        Some(Outcome::Rejected(_)) => (AttemptOutcome::Rejected, None, None),
        Some(Outcome::Fault(fault)) => (AttemptOutcome::Fault, None, Some(fault.kind)),
        None => (AttemptOutcome::Cancelled, None, None),
    };
    Attempt {
        number,
        started_at: run.started_at,
        ended_at: run.ended_at,
        cpu_us: u64::try_from(run.cpu.as_micros()).unwrap_or(u64::MAX),
        peak_memory: run.peak_memory,
        outcome,
        fault,
        error,
        status,
        used: run.used,
        requests: run.requests.clone(),
    }
}

/// What a sender hears; a handler that gave no response has let it down.
fn told(outcome: Option<&Outcome>) -> Told {
    let response: Option<&Response> = match outcome {
        Some(Outcome::Answered(response)) => response.as_ref(),
        Some(Outcome::Retry { .. } | Outcome::Rejected(_) | Outcome::Fault(_)) | None => None,
    };
    response.map_or(Told::Failure, |response| Told::Response(response.clone()))
}

fn failed(is_sync: bool) -> SessionState {
    if is_sync { SessionState::Failed } else { SessionState::Dead }
}

fn ended(delivery: &Delivery, state: SessionState, reason: String, at: Timestamp) -> Settlement {
    Settlement {
        org: delivery.event.org.clone(),
        session: delivery.session,
        attempt: None,
        logs: Vec::new(),
        next: Next::Ended { state, reason: Some(reason), at },
        // Of a session that nobody waits for the store does not keep it.
        told: Some(Told::Failure),
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
