//! `endpoints:`: what holds for all triggers that listen on a slug.

use std::collections::BTreeSet;

use super::fields::{Fields, Reader};
use super::suggest::{did_you_mean, list, nearest};
use super::tree::Node;
use super::{At, DedupSpec, EndpointSpec, TriggerSpec, grammar, keys};
use crate::event::Keep;

/// The `dedup` of those who leave it to the headers that are well known.
const AUTO: &str = "auto";

impl Reader<'_> {
    pub(super) fn endpoints(&mut self, node: Option<&Node>) -> Vec<EndpointSpec> {
        let mut endpoints = Vec::new();
        for (slug, node) in node.and_then(|node| self.entries(node, "`endpoints`")).unwrap_or_default() {
            let spec = self.endpoint(&slug, node);
            if self.checked("endpoints", &slug, grammar::slug(&slug)).is_some() {
                endpoints.extend(spec.map(|dedup| EndpointSpec { slug, dedup: Some(dedup) }));
            }
        }
        endpoints
    }

    fn endpoint(&mut self, slug: &At<String>, node: &Node) -> Option<DedupSpec> {
        let before = self.mistakes();
        let fields = if node.is_null() { Fields::default() } else { self.fields(node, &keys::ENDPOINT)? };
        // Whoever wrote another key did not mean to say nothing, and has heard of it.
        if fields.says_nothing() && self.mistakes() == before {
            let help = "add `dedup: auto`, or remove it: endpoints need not be listed".to_owned();
            self.error(slug.span, format!("nothing is said of the endpoint `{}`", slug.value), help);
            return None;
        }
        self.dedup(fields.get("dedup")?)
    }

    fn dedup(&mut self, node: &Node) -> Option<DedupSpec> {
        match node.scalar() {
            Some(AUTO) => return Some(DedupSpec { key: None, window: None }),
            Some(other) => {
                let help = match nearest(other, [AUTO]) {
                    Some(_) => "did you mean `auto`?".to_owned(),
                    None => format!("write `dedup: auto`, or `dedup: {{ key: '{other}' }}`"),
                };
                let message = format!("`dedup` is `auto` or a mapping with a `key`, and this is {}", node.kind());
                self.error(node.span, message, help);
                return None;
            }
            None => {}
        }
        let fields = self.fields(node, &keys::DEDUP)?;
        let window = self.time(fields.get("window"), "window", &grammar::WINDOWS);
        let add = "key: auto";
        self.required(&fields, "key", "`dedup`", add)?;
        // No variable of expressions has this name.
        let key = self.filled(&fields, "key")?;
        Some(DedupSpec { key: Some(key).filter(|key| key.trim() != AUTO), window })
    }

    /// A trigger listens on each, and at least one keeps what a key is kept with.
    pub(super) fn listeners(&mut self, endpoints: &[EndpointSpec], triggers: &[TriggerSpec]) {
        for EndpointSpec { slug, dedup } in endpoints {
            let mut listeners = triggers.iter().filter(|trigger| trigger.slug() == slug.as_str()).peekable();
            if listeners.peek().is_none() {
                let slugs: BTreeSet<&str> = triggers.iter().map(TriggerSpec::slug).collect();
                let help = did_you_mean(slug, slugs.iter().copied()).unwrap_or_else(|| match slugs.is_empty() {
                    true => format!("give a trigger `endpoint: {}`, or remove it", slug.value),
                    false => format!("triggers listen on {}", list(slugs.iter().copied())),
                });
                self.error(slug.span, format!("no trigger listens on the endpoint `{}`", slug.value), help);
            } else if dedup.is_some() && listeners.all(|trigger| trigger.history == Keep::None) {
                let help = "remove its `dedup`, or write `history: metadata` in one of its triggers".to_owned();
                let message = format!("the endpoint `{}` keeps nothing by which it could tell duplicates", slug.value);
                self.error(slug.span, message, help);
            }
        }
    }
}
