//! Which sessions an event becomes, by what it is told from others, and how much of it stays. Functions of their arguments.

use std::sync::Arc;

use crate::deploy::Endpoint;
use crate::event::{Event, Keep, SessionId, Timestamp, Verdict, VerdictKind};
use crate::store::{DedupKey, Delivery, NewEvent};
use crate::trigger::{Asked, Dedup, Trigger};

/// What is to be made durable and run.
#[derive(Clone)]
pub(super) struct Selected {
    /// Its `keep` is [`Keep::None`] when nothing of it is to be made durable at all.
    pub(super) new: NewEvent,
    /// The session of the first synchronous trigger that matched: its response is the sender's.
    pub(super) awaited: Option<SessionId>,
    /// What the manifest's author should know of it that no verdict says.
    pub(super) note: Option<String>,
}

/// Asks an endpoint's expressions about an event: its key first, since what filters take of the budget must not make a new
/// event of one that was sent before.
pub(super) fn select(event: &Arc<Event>, endpoint: &Endpoint) -> Selected {
    let asked = Asked::new(event);
    let (key, note) = match endpoint.dedup().map(|dedup| (dedup, asked.dedup_key(dedup))) {
        None | Some((_, Ok(None))) => (None, None),
        Some((dedup, Ok(Some(key)))) => (Some((dedup, key)), None),
        Some((_, Err(reason))) => (None, Some(format!("taken for a new event, having no key: {reason}"))),
    };
    let mut selected = ask(event, endpoint, endpoint.triggers(), &asked);
    selected.note = note;
    if selected.new.keep > Keep::None {
        selected.new.key = key.map(|(dedup, key)| dedup_key(event, dedup, key, selected.awaited));
    }
    selected
}

/// Asks some of an endpoint's triggers.
pub(super) fn ask<'t>(
    event: &Arc<Event>,
    endpoint: &Endpoint,
    triggers: impl Iterator<Item = &'t Trigger>,
    asked: &Asked<'_>,
) -> Selected {
    let mut answers: Vec<(&Trigger, Verdict)> = triggers.map(|trigger| (trigger, asked.verdict(trigger))).collect();
    let (mut deliveries, mut awaited) = (Vec::new(), None);
    for (trigger, verdict) in answers.iter_mut().filter(|(_, verdict)| verdict.kind == VerdictKind::Matched) {
        let delivery = delivery(event, endpoint, trigger, verdict, asked);
        if trigger.is_sync && awaited.is_none() {
            awaited = Some(delivery.session);
        }
        deliveries.push(delivery);
    }
    let keep = keep(&answers);
    let verdicts = answers.into_iter().map(|(_, verdict)| verdict).collect();
    Selected { new: NewEvent { event: event.clone(), key: None, keep, verdicts, deliveries }, awaited, note: None }
}

/// A session of a trigger that matched. One whose lane cannot be known is not held up: order is lost, and no event.
pub(super) fn delivery(
    event: &Arc<Event>,
    endpoint: &Endpoint,
    trigger: &Trigger,
    verdict: &mut Verdict,
    asked: &Asked<'_>,
) -> Delivery {
    let lane = match trigger.ordered_by.as_ref().map(|ordered_by| asked.lane(ordered_by)) {
        None => None,
        Some(Ok(lane)) => Some(lane),
        Some(Err(reason)) => {
            verdict.detail = Some(format!("handled in no order, `ordered_by` having given no lane: {reason}"));
            None
        }
    };
    let session = SessionId::new(event.received_at);
    Delivery {
        lane,
        // Of an event that is kept at all, so is that it was handled.
        keep: trigger.history.max(Keep::Metadata),
        ..Delivery::new(event.clone(), session, trigger.name.clone(), endpoint.deployment.id)
    }
}

/// As much as the one that keeps most of the triggers that matched; when none did, of all that were asked.
pub(super) fn keep(answers: &[(&Trigger, Verdict)]) -> Keep {
    let matched = answers.iter().filter(|(_, verdict)| verdict.kind == VerdictKind::Matched);
    let greatest = matched.map(|(trigger, _)| trigger.history).max();
    greatest.or_else(|| answers.iter().map(|(trigger, _)| trigger.history).max()).unwrap_or_default()
}

fn dedup_key(event: &Event, dedup: &Dedup, key: Arc<str>, awaited: Option<SessionId>) -> DedupKey {
    let expires_at = event.received_at.checked_add(dedup.window).unwrap_or(Timestamp::MAX);
    DedupKey { key, expires_at, awaited }
}
