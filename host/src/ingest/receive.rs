//! What happens to a request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};

use super::accept::{self, Accepted};
use super::select::{self, Selected};
use super::{Admission, Intake, Parts, Rate, Rejection, body, duplicate, endpoint, normalize, reply};
use crate::deploy::{Route, Snapshot};
use crate::event::{Data, Event, EventId, EventType, Keep, Org, Timestamp};
use crate::observe::feed::{EventNotice, Notice};
use crate::quota::Allowance;

/// From a request to its answer: a step a line.
pub(super) async fn receive(
    State(Intake(intake)): State<Intake>,
    request: Request<Body>,
) -> Result<Response<Body>, Rejection> {
    let deployed = intake.deployed.load();
    let target = endpoint::find(&deployed, request.uri().path(), request.headers())?;
    let allowance = admit(&intake, &target.route.org, &deployed)?;
    drop(deployed);
    let received = body::read(&intake, request).await?;
    let event = event(&intake, &target.route, &received);
    let endpoint = target.endpoint(&event)?;
    // It may have gone while the body came.
    if intake.deployed.load().is_leaving(&event.org, &endpoint.deployment.project) {
        return Err(Rejection::NotFound);
    }
    let selected = select::select(&event, &endpoint);
    let notice = notice(&selected);
    let (notice, mut answer) = match accept::accept(&intake, &endpoint, selected, received.room.clone()).await? {
        Accepted::New { awaited } => (notice, reply::reply(&event, awaited).await),
        Accepted::Duplicate(first) => {
            let patience = duplicate::patience(&endpoint);
            (of_duplicate(notice, first), duplicate::reply(&intake, &event.org, first, patience).await?)
        }
    };
    intake.feed.publish(|| answered(notice, answer.status(), intake.clock.now()));
    if let Some(allowance) = allowance {
        allowance.tell(answer.headers_mut());
    }
    Ok(answer)
}

/// Whether the org may have a further event now, and what is left, if it has a quota. It is asked before the body is read: what is refused must cost little.
fn admit(intake: &Parts, org: &Org, deployed: &Snapshot) -> Result<Option<Allowance>, Rejection> {
    if deployed.is_suspended(org) {
        return Err(Rejection::Suspended);
    }
    let limits = intake.quotas.with(&deployed.quotas(org));
    let Some(per_second) = limits.events_per_second else { return Ok(None) };
    let rate = Rate { per_second, burst: limits.burst };
    let admission = intake.limiter.admit(org, rate, intake.clock.now());
    let allowance = admission.allowance(rate);
    match admission {
        Admission::Admitted { .. } => Ok(Some(allowance)),
        Admission::Refused { retry_after } => Err(Rejection::TooMany { retry_after, allowance }),
    }
}

fn event(intake: &Parts, route: &Route, received: &body::Received) -> Arc<Event> {
    let now = intake.clock.now();
    Arc::new(Event {
        id: EventId::new(now),
        org: route.org.clone(),
        endpoint: route.slug.clone(),
        received_at: now,
        kind: EventType::of(received.head.method.as_str()),
        data: Arc::new(Data::new(normalize::normalize(received))),
        redispatched_from: None,
    })
}

/// What listeners are told of an event, but for its answer.
pub(super) fn notice(selected: &Selected) -> EventNotice {
    let Selected { new, note, .. } = selected;
    let event = &new.event;
    if let Some(note) = note {
        tracing::info!(event.id = %event.id, endpoint = %event.endpoint, note, "an event has no key");
    }
    EventNotice {
        id: event.id,
        kind: event.kind.clone(),
        method: event.data.method().to_owned(),
        // Listeners print it: what is not kept is not told either.
        raw_url: match new.keep {
            Keep::Full => event.data.raw_url().to_owned(),
            Keep::Metadata | Keep::None => format!("/webhooks/{}", event.endpoint),
        },
        endpoint: event.endpoint.to_string(),
        received_at: event.received_at,
        matched: new.deliveries.iter().map(|delivery| delivery.trigger.to_string()).collect(),
        not_matched: new.verdicts.len() - new.deliveries.len(),
        note: note.clone(),
        status: 0,
        elapsed: std::time::Duration::ZERO,
    }
}

/// A duplicate is no event and has no sessions.
fn of_duplicate(notice: EventNotice, first: EventId) -> EventNotice {
    let note = Some("sent before".to_owned());
    EventNotice { id: first, matched: Vec::new(), not_matched: 0, note, ..notice }
}

pub(super) fn answered(notice: EventNotice, status: StatusCode, now: Timestamp) -> Notice {
    let elapsed = now.duration_since(notice.received_at).unsigned_abs();
    Notice::Event(EventNotice { status: status.as_u16(), elapsed, ..notice })
}
