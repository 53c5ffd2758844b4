//! One session: from what is owed to what is settled.

use std::sync::Arc;
use std::time::Duration;

use super::ticket::Stub;
use super::{Inner, policy};
use crate::deploy::Deployment;
use crate::event::{Fault, FaultKind, Outcome};
use crate::guest::{Job, Module, Run};
use crate::observe::feed::{Notice, SessionNotice};
use crate::store::{Delivery, Settlement};

/// Runs the delivery's handler, tells who waits for it, and settles.
pub(super) async fn step(inner: &Inner, deployment: &Deployment, delivery: &Delivery, stub: Stub) {
    let run = match job(deployment, delivery) {
        Some((module, job)) => inner.engine.run(module, job, &inner.clock).await,
        None => unavailable(inner, format!("its deployment has no trigger `{}`", delivery.trigger)),
    };
    if stub.is_awaited() {
        stub.answer(run.outcome.clone());
    }
    let settlement = policy::settle(delivery, &run);
    inner.feed.publish(|| notice(delivery, &settlement));
    inner.settle(settlement).await;
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

fn notice(delivery: &Delivery, settlement: &Settlement) -> Notice {
    let attempt = &settlement.attempt;
    Notice::Session(SessionNotice {
        id: delivery.session,
        event: delivery.event.id,
        trigger: delivery.trigger.to_string(),
        state: settlement.state,
        ended_at: attempt.ended_at,
        elapsed: attempt.ended_at.duration_since(attempt.started_at).unsigned_abs(),
        cpu_us: attempt.cpu_us,
        error: attempt.error.as_deref().and_then(|error| error.lines().next()).map(str::to_owned),
        log_lines: settlement.logs.len(),
    })
}
