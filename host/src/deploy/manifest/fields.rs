//! Takes a tree's mappings apart, and keeps what it finds wrong. Knows which keys there are, not what they mean.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use indexmap::IndexMap;

use super::diagnostic::{self, Diagnostic, Error};
use super::grammar::{self, Mistake, Times};
use super::keys::Keys;
use super::suggest::{list, nearest};
use super::tree::{Node, Scalar, Value};
use super::{At, Span};

/// A mapping of known keys.
#[derive(Default)]
pub(super) struct Fields<'n> {
    values: HashMap<&'n str, (Span, &'n Node)>,
    /// Keys that are misspelt, and so reported already.
    misspelt: Vec<&'static str>,
    /// Where the mapping begins.
    pub(super) start: Span,
}

impl<'n> Fields<'n> {
    /// The value of `key`; none if it is absent or null.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.values.get(key).map(|(_, node)| *node).filter(|node| !node.is_null())
    }

    /// Whether no key has a value; a key that is misspelt may have meant one.
    pub(super) fn says_nothing(&self) -> bool {
        self.misspelt.is_empty() && self.values.values().all(|(_, node)| node.is_null())
    }

    /// Where `key` itself is written.
    pub(super) fn key(&self, key: &str) -> Option<Span> {
        self.values.get(key).map(|(span, _)| *span)
    }
}

/// Collects mistakes, so that one does not hide the next.
pub(super) struct Reader<'s> {
    source: &'s str,
    found: Vec<Diagnostic>,
    omitted: usize,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, found: Vec::new(), omitted: 0 }
    }

    pub(super) fn found_nothing(&self) -> bool {
        self.found.is_empty()
    }

    /// How many mistakes there are by now.
    pub(super) fn mistakes(&self) -> usize {
        self.found.len() + self.omitted
    }

    pub(super) fn into_error(self) -> Error {
        Error { omitted: self.omitted, ..Error::from(self.found) }
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.report(|source| Diagnostic::error(source, span, message).help(help));
    }

    /// Beyond the number that is shown, mistakes are only counted: finding the line of each takes its time.
    fn report(&mut self, diagnostic: impl FnOnce(&str) -> Diagnostic) {
        if self.found.len() < diagnostic::MOST {
            self.found.push(diagnostic(self.source));
        } else {
            self.omitted += 1;
        }
    }

    /// The fields of `node`; none if it is no mapping.
    pub(super) fn fields<'n>(&mut self, node: &'n Node, keys: &Keys) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            let help = format!("{} has the keys {}", keys.of, list(keys.known.iter().copied()));
            self.error(node.span, format!("{} is a mapping, and this is {}", keys.of, node.kind()), help);
            return None;
        };
        let start = entries.first().map_or(node.span, |(key, _)| key.span);
        let mut values = HashMap::new();
        let mut misspelt = Vec::new();
        for (key, value) in entries {
            let Some(name) = self.key(key) else { continue };
            if let Some((first, _)) = values.get(name) {
                self.duplicate(format!("the key `{name}` is there twice"), key.span, *first);
            } else if keys.known.contains(&name) {
                values.insert(name, (key.span, value));
            } else {
                misspelt.extend(self.unknown(name, key.span, keys));
            }
        }
        Some(Fields { values, misspelt, start })
    }

    /// A mapping's entries by names of the user's own; none if it is no mapping.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, of: &str) -> Option<Vec<(At<String>, &'n Node)>> {
        let Value::Map(entries) = &node.value else {
            self.error(node.span, format!("{of} is a mapping, and this is {}", node.kind()), None);
            return None;
        };
        let mut named = IndexMap::new();
        for (key, value) in entries {
            let Some(name) = self.key(key) else { continue };
            if let Some((first, _)) = named.get(name) {
                self.duplicate(format!("the key `{name}` is there twice"), key.span, *first);
            } else {
                named.insert(name, (key.span, value));
            }
        }
        let named = named.into_iter().map(|(name, (span, value))| (At { value: name.to_owned(), span }, value));
        Some(named.collect())
    }

    /// The items of a list; none if it is no list.
    pub(super) fn items<'n>(&mut self, node: Option<&'n Node>, of: &str) -> &'n [Node] {
        match node.map(|node| (&node.value, node)) {
            Some((Value::List(items), _)) => items,
            Some((_, node)) => {
                let help = "begin each item with `- `".to_owned();
                self.error(node.span, format!("`{of}` is a list, and this is {}", node.kind()), help);
                &[]
            }
            None => &[],
        }
    }

    /// The text of a scalar that YAML takes for text.
    pub(super) fn text(&mut self, node: Option<&Node>, key: &str) -> Option<At<String>> {
        let node = node?;
        match &node.value {
            Value::Scalar(Scalar::Text, text) => Some(At { value: text.clone(), span: node.span }),
            Value::Scalar(_, text) => {
                let help = format!("put it in quotes: `{key}: \"{text}\"`");
                self.error(node.span, format!("`{key}` is text, and YAML takes this for {}", node.kind()), help);
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.error(node.span, format!("`{key}` is text, and this is {}", node.kind()), None);
                None
            }
        }
    }

    pub(super) fn flag(&mut self, node: Option<&Node>, key: &str) -> Option<bool> {
        let node = node?;
        if let Value::Scalar(Scalar::Bool(flag), _) = node.value {
            return Some(flag);
        }
        let help = format!("write `{key}: true` or `{key}: false`");
        self.error(node.span, format!("`{key}` is `true` or `false`, and this is {}", node.kind()), help);
        None
    }

    /// A time, which YAML may take for a number when its unit is missing.
    pub(super) fn time(&mut self, node: Option<&Node>, key: &str, times: &Times) -> Option<Duration> {
        let node = node?;
        let Some(text) = node.scalar() else {
            self.text(Some(node), key);
            return None;
        };
        let text = At { value: text.to_owned(), span: node.span };
        self.checked(key, &text, grammar::time(&text, times))
    }

    /// A whole number of a range.
    pub(super) fn whole(&mut self, node: Option<&Node>, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = node?;
        let (least, most) = (range.start(), range.end());
        let digits = node.scalar().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        match (&node.value, digits.and_then(|text| text.parse().ok())) {
            (Value::Scalar(Scalar::Number, _), Some(number)) if range.contains(&number) => return Some(number),
            (Value::Scalar(Scalar::Number, text), _) => {
                let message = format!("`{key}: {text}` is not a whole number from {least} to {most}");
                self.error(node.span, message, None);
            }
            _ => {
                let help = format!("write `{key}: {least}`, or another one up to {most}");
                self.error(node.span, format!("`{key}` is a whole number, and this is {}", node.kind()), help);
            }
        }
        None
    }

    /// A number of a range, with or without a fraction.
    pub(super) fn number(&mut self, node: Option<&Node>, key: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let node = node?;
        let (least, most) = (range.start(), range.end());
        match (&node.value, node.scalar().and_then(|text| text.parse().ok())) {
            (Value::Scalar(Scalar::Number, _), Some(number)) if range.contains(&number) => return Some(number),
            (Value::Scalar(Scalar::Number, text), _) => {
                self.error(node.span, format!("`{key}: {text}` is not a number from {least} to {most}"), None);
            }
            _ => {
                let help = format!("write `{key}: {most}`, or another one from {least} to {most}");
                self.error(node.span, format!("`{key}` is a number, and this is {}", node.kind()), help);
            }
        }
        None
    }

    /// A value that must be there.
    pub(super) fn required<'n>(&mut self, fields: &Fields<'n>, key: &str, of: &str, add: &str) -> Option<&'n Node> {
        let value = fields.get(key);
        if value.is_none() && !fields.misspelt.contains(&key) {
            let span = fields.key(key).unwrap_or(fields.start);
            self.error(span, format!("{of} has no `{key}`"), format!("add `{add}`"));
        }
        value
    }

    /// What a grammar made of a scalar; none, and a mistake noted, if it refused it.
    pub(super) fn checked<T>(&mut self, key: &str, text: &At<String>, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.mistake(key, text, mistake)).ok()
    }

    fn mistake(&mut self, key: &str, text: &At<String>, mistake: Mistake) {
        let Mistake { message, at, help } = mistake;
        let message =
            if text.is_empty() { format!("`{key}` {message}") } else { format!("`{key}: {}` {message}", text.value) };
        self.inside(text, at, message, help);
    }

    pub(super) fn inside(&mut self, text: &At<String>, part: Range<usize>, message: String, help: Option<String>) {
        self.report(|source| {
            let found = match part.is_empty() {
                true => Diagnostic::error(source, text.span, message),
                false => Diagnostic::inside(source, text, part, message),
            };
            found.help(help)
        });
    }

    pub(super) fn duplicate(&mut self, message: String, second: Span, first: Span) {
        self.report(|source| Diagnostic::error(source, second, message).note(first, "first here"));
    }

    fn key<'n>(&mut self, key: &'n Node) -> Option<&'n str> {
        match &key.value {
            Value::Scalar(Scalar::Null, _) | Value::List(_) | Value::Map(_) => {
                self.error(key.span, format!("a key is a word, and this is {}", key.kind()), None);
                None
            }
            Value::Scalar(_, text) => Some(text),
        }
    }

    /// The known key that was meant, if it is plain which.
    fn unknown(&mut self, name: &str, span: Span, keys: &Keys) -> Option<&'static str> {
        if let Some((_, message, help)) = keys.refused.iter().find(|(refused, ..)| *refused == name) {
            self.error(span, *message, (*help).to_owned());
            return None;
        }
        if let Some((below, help)) = keys.below.iter().find(|(below, _)| below.known.contains(&name)) {
            self.error(span, format!("`{name}` is a key of {}, not of {}", below.of, keys.of), (*help).to_owned());
            return None;
        }
        let meant = nearest(name, keys.known.iter().copied());
        let help = match meant {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("{} has the keys {}", keys.of, list(keys.known.iter().copied())),
        };
        self.error(span, format!("{} has no key `{name}`", keys.of), help);
        meant
    }
}
