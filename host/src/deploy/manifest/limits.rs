//! A trigger's `limits`: what its handler may take. Knows no host, and so not what it allows.

use super::fields::{Fields, Reader};
use super::tree::Node;
use super::{At, grammar, keys};
use crate::trigger::{Limit, Unit};

/// More than any sandbox has of anything that is counted.
pub(super) const MAX_COUNT: u32 = 1_000_000_000;

impl Reader<'_> {
    /// What the trigger says of its limits, in their order.
    pub(super) fn limits(&mut self, fields: &Fields<'_>) -> Vec<(Limit, At<u64>)> {
        let Some(fields) = fields.get("limits").and_then(|node| self.fields(node, &keys::LIMITS)) else {
            return Vec::new();
        };
        let read = Limit::ALL.iter().filter_map(|limit| {
            let node = fields.get(limit.key())?;
            let value = self.amount(node, *limit)?;
            Some((*limit, At { value, span: node.span }))
        });
        read.collect()
    }

    fn amount(&mut self, node: &Node, limit: Limit) -> Option<u64> {
        let key = limit.key();
        match limit.unit() {
            Unit::Count => self.whole(Some(node), key, 1..=MAX_COUNT).map(u64::from),
            Unit::Milliseconds => {
                let time = self.time(Some(node), key, &grammar::CPU_TIMES)?;
                Some(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
            }
            Unit::Bytes => self.size(node, key),
        }
    }

    /// A size, which YAML may take for a number when its unit is missing.
    fn size(&mut self, node: &Node, key: &str) -> Option<u64> {
        let Some(text) = node.scalar() else {
            self.text(Some(node), key);
            return None;
        };
        let text = At { value: text.to_owned(), span: node.span };
        self.checked(key, &text, grammar::size(&text))
    }
}
