//! Asks each trigger of an endpoint about an event.

use std::cell::LazyCell;

use super::Trigger;
use super::filter::Context;
use crate::event::{Event, Verdict, VerdictKind};

/// One verdict for each trigger, in order. All filters share one [`Context`], so what one of them reads is converted once.
pub fn select<'t>(event: &Event, triggers: impl IntoIterator<Item = &'t Trigger>) -> Vec<Verdict> {
    let context = LazyCell::new(|| Context::new(&event.kind, &event.data));
    triggers.into_iter().map(|trigger| verdict(event, trigger, &context)).collect()
}

fn verdict<'e>(
    event: &'e Event,
    trigger: &Trigger,
    context: &LazyCell<Context<'e>, impl FnOnce() -> Context<'e>>,
) -> Verdict {
    let (kind, detail) = match (&trigger.event_type, &trigger.filter) {
        (Some(wanted), _) if *wanted != event.kind => {
            let detail = format!("the event's type is `{}`, the trigger's `{wanted}`", event.kind);
            (VerdictKind::EventTypeDiffers, Some(detail))
        }
        (_, Some(filter)) => match filter.evaluate(context) {
            // The expression as it was: the trigger may have another one by the time somebody asks.
            (VerdictKind::FilterFalse, None) => (VerdictKind::FilterFalse, Some(filter.source().to_owned())),
            answer => answer,
        },
        (_, None) => (VerdictKind::Matched, None),
    };
    Verdict { trigger: trigger.name.to_string(), kind, detail }
}
