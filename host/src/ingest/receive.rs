//! What happens to a request.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{Request, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::reply::{self, Awaited};
use super::{Intake, Parts, Rejection, body, endpoint, normalize};
use crate::deploy::Endpoint;
use crate::dispatch::Places;
use crate::event::{Data, Event, EventId, EventType, Keep, SessionId, Timestamp, VerdictKind};
use crate::observe::feed::{EventNotice, Notice};
use crate::store::{Delivery, NewEvent};
use crate::trigger::{self, Trigger};

/// From a request to its answer: a step a line.
pub(super) async fn receive(
    State(Intake(intake)): State<Intake>,
    request: Request<Body>,
) -> Result<Response<Body>, Rejection> {
    let endpoint = endpoint::find(&intake.deployed.load(), request.uri().path())?;
    let received = body::read(&intake, request).await?;
    let event = event(&intake, &endpoint, &received);
    let selected = select(event, &endpoint);
    let accepted = accept(&intake, &endpoint, selected, received.room).await?;
    let answer = reply::reply(&accepted.event.event, accepted.awaited).await;
    intake.feed.publish(|| notice(&accepted.event, answer.status(), intake.clock.now()));
    Ok(answer)
}

fn event(intake: &Parts, endpoint: &Endpoint, received: &body::Received) -> Arc<Event> {
    let now = intake.clock.now();
    Arc::new(Event {
        id: EventId::new(now),
        org: endpoint.deployment.org.clone(),
        endpoint: endpoint.slug.clone(),
        received_at: now,
        kind: EventType::of(received.head.method.as_str()),
        data: Arc::new(Data::new(normalize::normalize(received))),
        redispatched_from: None,
    })
}

/// The event with each trigger's verdict, and a delivery for each that matched.
fn select(event: Arc<Event>, endpoint: &Endpoint) -> NewEvent {
    let verdicts = trigger::select(&event, endpoint.triggers());
    let matched = endpoint.triggers().zip(&verdicts).filter(|(_, verdict)| verdict.kind == VerdictKind::Matched);
    let deliveries = matched.map(|(trigger, _)| delivery(&event, endpoint, trigger)).collect();
    NewEvent { event, key: None, keep: Keep::Full, verdicts, deliveries }
}

fn delivery(event: &Arc<Event>, endpoint: &Endpoint, trigger: &Trigger) -> Delivery {
    Delivery::new(event.clone(), SessionId::new(event.received_at), trigger.name.clone(), endpoint.deployment.id)
}

/// An event that is durable and whose sessions run.
struct Accepted {
    event: NewEvent,
    /// The session whose response the sender waits for.
    awaited: Option<Awaited>,
}

/// Makes the event durable, or refuses it with nothing kept, and starts its sessions. A task of its own: a sender that
/// breaks off must not leave an event accepted and not started.
async fn accept(
    intake: &Arc<Parts>,
    endpoint: &Arc<Endpoint>,
    event: NewEvent,
    room: Arc<OwnedSemaphorePermit>,
) -> Result<Accepted, Rejection> {
    let places = intake.dispatch.reserve(event.deliveries.len()).ok_or(Rejection::Backlogged)?;
    let (parts, endpoint) = (intake.clone(), endpoint.clone());
    let accepting = intake.tasks.spawn(async move {
        parts.ledger.accept(&parts.lease, event.clone()).await?;
        let awaited = run(&parts, &endpoint, &event, places, &room);
        Ok(Accepted { event, awaited })
    });
    accepting.await.map_err(|error| {
        tracing::error!(%error, "failed to accept an event");
        Rejection::Unavailable("the event was not accepted".to_owned())
    })?
}

/// Starts every session. The first synchronous trigger that matched is the one whose response the sender waits for.
fn run(
    intake: &Parts,
    endpoint: &Endpoint,
    event: &NewEvent,
    mut places: Places,
    room: &Arc<OwnedSemaphorePermit>,
) -> Option<Awaited> {
    let mut awaited = None;
    for delivery in &event.deliveries {
        let held = (places.take(), room.clone());
        let ticket = intake.dispatch.run(endpoint.deployment.clone(), delivery.clone(), held);
        let trigger = endpoint.triggers().find(|trigger| trigger.name == delivery.trigger);
        if let Some(trigger) = trigger.filter(|trigger| trigger.is_sync && awaited.is_none()) {
            awaited = Some(Awaited { ticket, trigger: trigger.name.clone(), timeout: trigger.timeout });
        }
    }
    awaited
}

fn notice(accepted: &NewEvent, status: StatusCode, now: Timestamp) -> Notice {
    let NewEvent { event, verdicts, deliveries, .. } = accepted;
    Notice::Event(EventNotice {
        id: event.id,
        kind: event.kind.clone(),
        method: event.data.method().to_owned(),
        raw_url: event.data.raw_url().to_owned(),
        endpoint: event.endpoint.to_string(),
        received_at: event.received_at,
        matched: deliveries.iter().map(|delivery| delivery.trigger.to_string()).collect(),
        not_matched: verdicts.len() - deliveries.len(),
        status: status.as_u16(),
        elapsed: now.duration_since(event.received_at).unsigned_abs(),
    })
}
