//! Asks each trigger of an endpoint about an event.

use std::cell::LazyCell;

use super::Trigger;
use super::filter::{Context, Judgement};
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
    let trigger_name = trigger.name.to_string();
    match (&trigger.event_type, &trigger.filter) {
        (Some(wanted), _) if *wanted != event.kind => {
            let detail = format!("the event's type is `{}`, the trigger's `{wanted}`", event.kind);
            let kind = VerdictKind::EventTypeDiffers;
            Verdict { trigger: trigger_name, kind, detail: Some(detail), explanation: None }
        }
        (_, Some(filter)) => {
            let Judgement { kind, detail, explanation } = filter.judge(context);
            Verdict { trigger: trigger_name, kind, detail, explanation }
        }
        (_, None) => Verdict { trigger: trigger_name, kind: VerdictKind::Matched, detail: None, explanation: None },
    }
}
