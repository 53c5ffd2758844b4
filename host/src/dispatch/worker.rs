//! One session: from what is owed to what is settled.

use std::sync::Arc;
use std::time::Duration;

use super::ticket::Stub;
use super::{Inner, policy};
use crate::deploy::Deployment;
use crate::event::{Fault, FaultKind, Outcome};
use crate::guest::{Job, Module, Run};
use crate::observe::feed::{Notice, SessionNotice};
use crate::store::{Delivery, Next, Settlement};

/// Runs the delivery's handler.
pub(super) async fn run(inner: &Inner, deployment: &Deployment, delivery: &Delivery) -> Run {
    match job(deployment, delivery) {
        Some((module, job)) => inner.engine.run(module, job, &inner.clock).await,
        None => unavailable(inner, format!("its deployment has no trigger `{}`", delivery.trigger)),
    }
}

/// Tells who waits for the outcome, settles it, and tells who listens.
pub(super) async fn settle(inner: &Inner, delivery: &Delivery, run: Run, stub: Stub) {
    let settlement = policy::settle(delivery, &run);
    stub.answer(run.outcome);
    let notice = if inner.feed.has_listeners() { notice(delivery, &settlement) } else { None };
    inner.settle(settlement).await;
    if let Some(notice) = notice {
        inner.feed.publish(|| notice);
    }
}

/// Ends a session whose handler cannot be found any more.
pub(super) async fn abandon(inner: &Inner, delivery: &Delivery, reason: &str) {
    let run = unavailable(inner, reason.to_owned());
    inner.settle(policy::settle(delivery, &run)).await;
}

fn job<'d>(deployment: &'d Deployment, delivery: &Delivery) -> Option<(&'d Arc<Module>, Job)> {
    let (trigger, module) = deployment.target(&delivery.trigger)?;
    let job = Job {
        event: delivery.event.clone(),
        session: delivery.session,
        attempt: delivery.attempt,
        trigger: delivery.trigger.clone(),
        export: trigger.call.export(),
        vars: deployment.vars.clone(),
        timeout: trigger.timeout,
    };
    Some((module, job))
}

fn unavailable(inner: &Inner, message: String) -> Run {
    let now = inner.clock.now();
    let outcome = Outcome::Fault(Fault { kind: FaultKind::Unavailable, message });
    Run { outcome, logs: Vec::new(), started_at: now, ended_at: now, cpu: Duration::ZERO, peak_memory: 0 }
}

fn notice(delivery: &Delivery, settlement: &Settlement) -> Option<Notice> {
    let (Some(attempt), Next::Ended { state, .. }) = (&settlement.attempt, &settlement.next) else { return None };
    Some(Notice::Session(SessionNotice {
        id: delivery.session,
        event: delivery.event.id,
        trigger: delivery.trigger.to_string(),
        state: *state,
        ended_at: attempt.ended_at,
        elapsed: attempt.ended_at.duration_since(attempt.started_at).unsigned_abs(),
        cpu_us: attempt.cpu_us,
        error: attempt.error.as_deref().and_then(|error| error.lines().next()).map(str::to_owned),
        log_lines: settlement.logs.len(),
    }))
}
