//! Makes an event durable and starts its sessions.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::reply::Awaited;
use super::select::Selected;
use super::{Parts, Rejection};
use crate::deploy::Endpoint;
use crate::dispatch::Places;
use crate::event::{EventId, Keep};
use crate::store;

/// What came of an event.
pub(super) enum Accepted {
    /// It is durable, unless nothing of it is to be kept, and its sessions run.
    New {
        /// The session whose response the sender waits for.
        awaited: Option<Awaited>,
    },
    /// Nothing of it is kept: its key names this event.
    Duplicate(EventId),
}

/// Makes the event durable, or refuses it with nothing kept, and starts its sessions. A task of its own: a sender that
/// breaks off must not leave an event accepted and not started.
///
/// Places are taken before the commit, since what is durable must have room. So a duplicate needs room for a moment too, and is
/// told to come back later when there is none: to look its key up before would cost every event a read.
pub(super) async fn accept(
    intake: &Arc<Parts>,
    endpoint: &Arc<Endpoint>,
    selected: Selected,
    room: Arc<OwnedSemaphorePermit>,
) -> Result<Accepted, Rejection> {
    if intake.tasks.is_stopping() {
        return Err(Rejection::Stopping);
    }
    let places = intake.dispatch.reserve(&selected.new.event.org, selected.new.deliveries.len())?;
    if selected.new.keep == Keep::None {
        // Nothing is durable, so there is nothing that a sender who breaks off could leave behind.
        return Ok(Accepted::New { awaited: run(intake, endpoint, &selected, places, &room) });
    }
    let (parts, endpoint) = (intake.clone(), endpoint.clone());
    let accepting = intake.tasks.spawn(async move {
        if let store::Accepted::Duplicate(first) = parts.ledger.accept(&parts.lease, selected.new.clone()).await? {
            return Ok(Accepted::Duplicate(first));
        }
        Ok(Accepted::New { awaited: run(&parts, &endpoint, &selected, places, &room) })
    });
    accepting.await.map_err(|error| {
        tracing::error!(%error, "failed to accept an event");
        Rejection::Unavailable("the event was not accepted".to_owned())
    })?
}

/// Starts every session, and gives the one that the sender waits for.
fn run(
    intake: &Parts,
    endpoint: &Endpoint,
    selected: &Selected,
    mut places: Places,
    room: &Arc<OwnedSemaphorePermit>,
) -> Option<Awaited> {
    let mut awaited = None;
    for delivery in &selected.new.deliveries {
        let held = (places.take(), room.clone());
        let (deployment, owed) = (endpoint.deployment.clone(), delivery.clone());
        let ticket = match selected.new.keep {
            Keep::None => intake.dispatch.run_unrecorded(deployment, owed, held),
            Keep::Metadata | Keep::Full => intake.dispatch.run(deployment, owed, held),
        };
        if selected.awaited == Some(delivery.session) {
            let trigger = endpoint.triggers().find(|trigger| trigger.name == delivery.trigger);
            awaited = trigger.map(|trigger| Awaited::new(ticket, trigger));
        }
    }
    awaited
}
