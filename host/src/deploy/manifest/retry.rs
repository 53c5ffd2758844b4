//! A trigger's `retry`: how often a session is tried again, after what, and after how long.

use std::time::Duration;

use super::fields::{Fields, Reader};
use super::suggest::{did_you_mean, list};
use super::tree::Node;
use super::{grammar, keys};
use crate::trigger::{Backoff, Retry, RetryOn};

/// With the longest waits, three months.
pub(super) const MAX_ATTEMPTS: u32 = 100;

/// Waits that grow faster are at `max` after one or two.
pub(super) const MAX_FACTOR: f64 = 100.0;

/// What `on` may list.
pub(super) const OUTCOMES: [&str; 3] = ["fault", "timeout", "retry"];

impl Reader<'_> {
    /// A trigger's `retry`, of which every part has a default.
    pub(super) fn retry(&mut self, fields: &Fields<'_>, is_sync: Option<bool>) -> Retry {
        let Some(node) = fields.get("retry") else {
            return if is_sync == Some(true) { Retry::never() } else { Retry::default() };
        };
        if is_sync == Some(true) {
            let span = fields.key("retry").unwrap_or(node.span);
            let help = "remove it: the sender waits for the answer, so it is the sender who tries again";
            self.error(span, "a synchronous trigger is not tried again", help.to_owned());
        }
        let defaults = Retry::default();
        let Some(fields) = self.fields(node, &keys::RETRY) else { return defaults };
        let attempts = self.whole(fields.get("attempts"), "attempts", 1..=MAX_ATTEMPTS);
        let backoff = fields.get("backoff").and_then(|node| self.backoff(node));
        let on = fields.get("on").and_then(|node| self.on(node));
        Retry {
            attempts: attempts.unwrap_or(defaults.attempts),
            backoff: backoff.unwrap_or(defaults.backoff),
            on: on.unwrap_or(defaults.on),
        }
    }

    fn backoff(&mut self, node: &Node) -> Option<Backoff> {
        let fields = self.fields(node, &keys::BACKOFF)?;
        let initial = self.time(fields.get("initial"), "initial", &grammar::WAITS);
        let factor = self.number(fields.get("factor"), "factor", 1.0..=MAX_FACTOR);
        let max = self.time(fields.get("max"), "max", &grammar::WAITS);
        let jitter = self.number(fields.get("jitter"), "jitter", 0.0..=1.0);
        if let (Some(initial), Some(max), Some(node)) = (initial, max, fields.get("max"))
            && max < initial
        {
            let help = "`max` is the longest wait, and `initial` the first one".to_owned();
            self.error(node.span, "`max` is less than `initial`", help);
        }
        let defaults = Retry::default().backoff;
        Some(Backoff {
            // Whoever names one of the two means it: the other one's default gives way.
            initial: initial.unwrap_or_else(|| max.map_or(defaults.initial, |max: Duration| max.min(defaults.initial))),
            max: max.unwrap_or_else(|| initial.map_or(defaults.max, |initial| initial.max(defaults.max))),
            factor: factor.unwrap_or(defaults.factor),
            jitter: jitter.unwrap_or(defaults.jitter),
        })
    }

    /// The outcomes that are listed; none when there is a mistake among them.
    fn on(&mut self, node: &Node) -> Option<RetryOn> {
        let mut on = RetryOn { fault: false, timeout: false, retry: false };
        if !node.is_list() {
            let help = "write them in brackets: `on: [fault, timeout]`".to_owned();
            self.error(node.span, format!("`on` is a list, and this is {}", node.kind()), help);
            return None;
        }
        let items = self.items(Some(node), "on");
        if items.is_empty() {
            let help = format!("list some of {}, or write `attempts: 1`", list(OUTCOMES));
            self.error(node.span, "`on` lists nothing, so no session would be tried again", help);
        }
        for item in items {
            let Some(word) = self.text(Some(item), "on") else { continue };
            let place = match word.as_str() {
                "fault" => &mut on.fault,
                "timeout" => &mut on.timeout,
                "retry" => &mut on.retry,
                other => {
                    let help = did_you_mean(other, OUTCOMES).unwrap_or_else(|| format!("there are {}", list(OUTCOMES)));
                    self.error(word.span, format!("no session ends with `{other}`"), help);
                    continue;
                }
            };
            if std::mem::replace(place, true) {
                self.error(word.span, format!("`{}` is there twice", word.value), None);
            }
        }
        Some(on)
    }
}
