//! One of `triggers:`, from its mapping to its values. Compiles no filter and looks up no handler.

use super::fields::{Fields, Reader};
use super::suggest::{did_you_mean, list, nearest};
use super::tree::Node;
use super::{At, Call, TriggerSpec, grammar, keys};
use crate::event::{EventType, Keep};
use crate::trigger::Grants;

/// More sessions than any host runs at once.
pub(super) const MAX_CONCURRENCY: u32 = 10_000;

impl Reader<'_> {
    /// A trigger of a project that grants this; its name goes to `names` even if the rest of it is refused, so that doubles show.
    pub(super) fn trigger(
        &mut self,
        node: &Node,
        project: &Grants,
        names: &mut Vec<At<String>>,
    ) -> Option<TriggerSpec> {
        if self.foreign(node) {
            return None;
        }
        let fields = self.fields(node, &keys::TRIGGER)?;
        let name = self.required(&fields, "name", "the trigger", "name: my_trigger");
        let name = self.slug(name, "name");
        names.extend(name.clone());
        self.kind(&fields, name.as_ref());
        let endpoint = self.slug(fields.get("endpoint"), "endpoint");
        let event_type = self.event_type(fields.get("event_type"));
        let filter = self.text(fields.get("filter"), "filter").filter(|text| !text.trim().is_empty());
        let call = self.required(&fields, "call", "the trigger", "call: webhooks.py:on_http_get");
        let call = self.call(call);
        let is_sync = self.sync(&fields);
        self.durable(&fields);
        let timeout = self.time(fields.get("timeout"), "timeout", &grammar::TIMEOUTS);
        let limits = self.limits(&fields);
        let retry = self.retry(&fields, is_sync);
        let max_concurrency = self.whole(fields.get("max_concurrency"), "max_concurrency", 1..=MAX_CONCURRENCY);
        let ordered_by = self.text(fields.get("ordered_by"), "ordered_by").filter(|text| !text.trim().is_empty());
        let history = self.history(fields.get("history"), is_sync);
        let (grants, outbound) = self.grants(&fields, project);
        Some(TriggerSpec {
            name: name?,
            endpoint,
            event_type,
            filter,
            call: call?,
            is_sync: is_sync == Some(true),
            timeout,
            limits,
            retry,
            max_concurrency,
            ordered_by,
            history,
            grants,
            outbound,
        })
    }

    /// Whether it is a trigger of a type that is not here. That is said once, and nothing of its other keys.
    fn foreign(&mut self, node: &Node) -> bool {
        let Some(kind) = node.field("type") else { return self.foreign_by_key(node) };
        let (message, help) = match kind.scalar() {
            Some("schedule") => ("triggers of the type `schedule` do not run here", keys::SCHEDULE_HELP),
            Some("connection") => ("triggers of the type `connection` do not run here", keys::CONNECTION_HELP),
            _ => return false,
        };
        self.error(kind.span, message, help.to_owned());
        true
    }

    /// AutoKitteh needs no `type` where a key tells it.
    fn foreign_by_key(&mut self, node: &Node) -> bool {
        let foreign = ["connection", "schedule"].iter().find_map(|name| node.key(name));
        let refused =
            foreign.and_then(|key| keys::TRIGGER.refused.iter().find(|(name, ..)| key.scalar() == Some(*name)));
        let (Some(key), Some((_, message, help))) = (foreign, refused) else { return false };
        self.error(key.span, *message, (*help).to_owned());
        true
    }

    fn kind(&mut self, fields: &Fields<'_>, name: Option<&At<String>>) {
        const WEBHOOK: &str = "type: webhook";
        let Some(node) = fields.get("type") else {
            let span = fields.key("type").or(name.map(|name| name.span)).unwrap_or(fields.start);
            self.error(span, "the trigger has no `type`", format!("add `{WEBHOOK}`"));
            return;
        };
        let Some(text) = self.text(Some(node), "type") else { return };
        if text.value != "webhook" {
            let help = match nearest(&text, ["webhook"]) {
                Some(_) => "did you mean `webhook`?".to_owned(),
                None => format!("write `{WEBHOOK}`"),
            };
            self.error(text.span, format!("there are no triggers of the type `{}`", text.value), help);
        }
    }

    fn event_type(&mut self, node: Option<&Node>) -> Option<EventType> {
        let node = node?;
        if node.is_list() {
            let help = "a trigger takes one type or all: leave `event_type` out and write a filter, such as \
                        `filter: data.method in [\"GET\", \"POST\"]`";
            self.error(node.span, "`event_type` is text, and this is a list", help.to_owned());
            return None;
        }
        let text = self.text(Some(node), "event_type")?;
        let word = text.trim();
        if word.is_empty() || word == "*" {
            return None;
        }
        match EventType::parse(word) {
            Ok(kind) => Some(kind),
            Err(unknown) => {
                let help = match unknown.suggestion {
                    Some(method) => format!("did you mean `{method}`?"),
                    None => "an event's type is its HTTP method: `get`, `head`, `post`, `put`, `patch`, `delete`, `options`, \
                             `trace`, or one of WebDAV's; leave `event_type` out to take them all"
                        .to_owned(),
                };
                self.error(text.span, format!("no event has the type `{word}`"), help);
                None
            }
        }
    }

    fn call(&mut self, node: Option<&Node>) -> Option<At<Call>> {
        let text = self.text(node, "call")?;
        let call = self.checked("call", &text, grammar::call(&text))?;
        Some(At { value: call, span: text.span })
    }

    /// AutoKitteh's default is false, and what a handler of this host is anyhow; true is a promise that it cannot keep.
    fn durable(&mut self, fields: &Fields<'_>) {
        if self.flag(fields.get("is_durable"), "is_durable") == Some(true) {
            let span = fields.key("is_durable").unwrap_or(fields.start);
            let help =
                "remove it: every event is stored before it is answered and its handler is run again after a crash, \
                        from its first line"
                    .to_owned();
            self.error(span, "a handler does not go on in the middle after a crash", help);
        }
    }

    /// None when it cannot be known: what depends on it is not told then.
    fn sync(&mut self, fields: &Fields<'_>) -> Option<bool> {
        match fields.get("is_sync") {
            Some(node) => self.flag(Some(node), "is_sync"),
            None => Some(false),
        }
    }

    fn history(&mut self, node: Option<&Node>, is_sync: Option<bool>) -> Keep {
        let Some(text) = self.text(node, "history") else { return Keep::Full };
        let Ok(keep) = text.parse::<Keep>() else {
            let kinds = [Keep::Full, Keep::Metadata, Keep::None].map(Keep::as_str);
            let help = did_you_mean(&text, kinds).unwrap_or_else(|| format!("`history` is one of {}", list(kinds)));
            self.error(text.span, format!("there is no history of the kind `{}`", text.value), help);
            return Keep::Full;
        };
        if keep == Keep::None && is_sync == Some(false) {
            let help =
                "write `history: metadata`, which keeps no payload once the handler has ended, or add `is_sync: true`";
            let message = "`history: none` needs `is_sync: true`: what its sender does not wait for must be kept until it is handled";
            self.error(text.span, message, help.to_owned());
        }
        keep
    }
}
