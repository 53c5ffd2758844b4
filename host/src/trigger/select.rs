//! Asks each trigger of an endpoint about an event.

use std::cell::OnceCell;
use std::sync::Arc;

use super::filter::{Context, Judgement, Key};
use super::{Dedup, Trigger};
use crate::event::{Event, Verdict, VerdictKind};

/// One verdict for each trigger, in order.
pub fn select<'t>(event: &Event, triggers: impl IntoIterator<Item = &'t Trigger>) -> Vec<Verdict> {
    let asked = Asked::new(event);
    triggers.into_iter().map(|trigger| asked.verdict(trigger)).collect()
}

/// An event that expressions are asked about. They share one [`Context`], so what one of them reads is converted once, and
/// one budget: those that must not fail for what others took are asked first.
pub struct Asked<'e> {
    event: &'e Event,
    context: OnceCell<Context<'e>>,
}

impl<'e> Asked<'e> {
    /// Nothing is converted yet.
    pub fn new(event: &'e Event) -> Self {
        Self { event, context: OnceCell::new() }
    }

    /// Whether a trigger takes the event.
    pub fn verdict(&self, trigger: &Trigger) -> Verdict {
        let event = self.event;
        let judgement = match (&trigger.event_type, &trigger.filter) {
            (Some(wanted), _) if *wanted != event.kind => {
                let detail = format!("the event's type is `{}`, the trigger's `{wanted}`", event.kind);
                Judgement { kind: VerdictKind::EventTypeDiffers, detail: Some(detail), explanation: None }
            }
            (_, Some(filter)) => filter.judge(self.context()),
            (_, None) => Judgement { kind: VerdictKind::Matched, detail: None, explanation: None },
        };
        let Judgement { kind, detail, explanation } = judgement;
        Verdict { trigger: trigger.name.to_string(), kind, detail, explanation }
    }

    /// By what an endpoint tells the event from others; none when the event has nothing of the kind.
    ///
    /// # Errors
    /// The endpoint's own expression gave no key: why, in words.
    pub fn dedup_key(&self, dedup: &Dedup) -> Result<Option<Arc<str>>, String> {
        match dedup {
            Dedup { key: Some(key), .. } => key.evaluate(self.context()).map(Some),
            Dedup { key: None, .. } => Ok(super::dedup::well_known(self.event.data.headers())),
        }
    }

    /// The lane in which a trigger handles the event.
    ///
    /// # Errors
    /// The expression gave none: why, in words.
    pub fn lane(&self, ordered_by: &Key) -> Result<Arc<str>, String> {
        ordered_by.evaluate(self.context())
    }

    fn context(&self) -> &Context<'e> {
        self.context.get_or_init(|| Context::new(&self.event.kind, &self.event.data))
    }
}
