//! What is left of things of which only the metadata stays.

use std::sync::Arc;

use super::weight;
use crate::event::{Attempt, Data, Event, Headers, Raw, Verdict};

/// An event without anything that its sender chose but the method: no body, no header, no query, no path below the slug.
pub(super) fn event(event: &Event) -> Arc<Event> {
    let raw = Raw {
        method: event.data.raw().method.clone(),
        url: format!("/webhooks/{}", event.endpoint),
        headers: Headers::default(),
        trailers: Headers::default(),
        body: None,
    };
    Arc::new(Event { data: Arc::new(Data::new(raw)), ..event.clone() })
}

/// Verdicts without their reasons, which show the values that filters saw.
pub(super) fn verdicts(verdicts: &[Verdict]) -> Vec<Verdict> {
    // Each field is named, so that whoever adds one decides whether it stays.
    let stripped = |Verdict { trigger, kind, detail: _, explanation: _ }: &Verdict| Verdict {
        trigger: trigger.clone(),
        kind: *kind,
        detail: None,
        explanation: None,
    };
    verdicts.iter().map(stripped).collect()
}

/// An attempt without the handler's words and where its requests went. What it was that went wrong stays: `fault`.
pub(super) fn attempt(attempt: Attempt) -> Attempt {
    Attempt { error: None, requests: Vec::new(), ..attempt }
}

/// Of many attempts the last ones' requests stay, as their logs do. Gives the bytes of those that go.
pub(super) fn requests(attempts: &mut [Attempt]) -> u64 {
    let older = attempts.len().saturating_sub(super::LOGGED_ATTEMPTS as usize);
    let gone = attempts.iter_mut().take(older).map(|attempt| std::mem::take(&mut attempt.requests));
    gone.map(|requests| weight::requests(&requests)).sum()
}
