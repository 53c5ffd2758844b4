//! Reads YAML into a tree whose every node knows where it stands. Knows YAML, and nothing of a manifest's keys.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Options, Spanned};

use super::diagnostic::{Diagnostic, Error};
use super::{Span, yaml_error};

/// A manifest larger than this is a mistake: a thousand triggers need a fifth of it.
const MAX_BYTES: usize = 1 << 20;
/// The most values, keys among them, that it may have.
pub(super) const MAX_VALUES: usize = 30_000;
/// How deep they may nest. A trigger's are five deep.
pub(super) const MAX_DEPTH: usize = 32;

/// A value and the bytes of the file that it was read from.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Span,
}

/// What YAML can say.
#[derive(Debug)]
pub(super) enum Value {
    /// One value, as the file writes it (but for quotes and escapes), and what YAML takes it for.
    Scalar(Scalar, String),
    List(Vec<Node>),
    /// In the order of the file, with every duplicate.
    Map(Vec<(Node, Node)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Number,
    Text,
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Scalar(Scalar::Null, _))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    /// A scalar's text, whatever YAML takes it for.
    pub(super) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(_, text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// A mapping's value, the first if there are several.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(key, _)| key.scalar() == Some(name)).map(|(_, value)| value)
    }

    /// The key of that name of a mapping, the first if there are several.
    pub(super) fn key(&self, name: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().map(|(key, _)| key).find(|key| key.scalar() == Some(name))
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Scalar(Scalar::Null, _) => "nothing",
            Value::Scalar(Scalar::Bool(_), _) => "a boolean",
            Value::Scalar(Scalar::Number, _) => "a number",
            Value::Scalar(Scalar::Text, _) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// The tree of the one document of `source`.
pub(super) fn read(source: &str) -> Result<Node, Error> {
    if source.len() > MAX_BYTES {
        let message = format!("the file is {} bytes long, and a manifest has at most {MAX_BYTES}", source.len());
        return Err(Diagnostic::error(source, Span::default(), message).into());
    }
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(source, options()) {
        Ok(root) => Ok(node(root, source)),
        Err(e) => Err(yaml_error::diagnostic(source, &e).into()),
    }
}

fn options() -> Options {
    serde_saphyr::options! {
        // A thousand triggers have half as many values. Whoever writes more attacks the reader.
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_VALUES,
            max_events: 4 * MAX_VALUES,
            max_anchors: 1_000,
            max_aliases: 1_000,
            max_merge_keys: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_VALUES, max_replay_stack_depth: 8 },
        emit_comments: false,
        // Reported with the other mistakes, rather than alone.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // `filter: !data.x` is a tag and an empty value to YAML.
        reject_unsupported_tags: true,
        // `1e400` is a number too large for a float: its text is taken from the source.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // `yes`, `on` and `n` are words.
        strict_booleans: true,
        with_snippet: false,
    }
}

fn node(raw: Spanned<Raw>, source: &str) -> Node {
    let span = span(raw.defined);
    let written = || source.get(span.start..span.end).unwrap_or_default().to_owned();
    let value = match raw.value {
        Raw::Null => Value::Scalar(Scalar::Null, String::new()),
        Raw::Bool(value) => Value::Scalar(Scalar::Bool(value), written()),
        Raw::Number => Value::Scalar(Scalar::Number, written()),
        Raw::Text(text) => Value::Scalar(Scalar::Text, text),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, source)).collect()),
        Raw::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (node(key, source), node(value, source))).collect())
        }
    };
    Node { value, span }
}

fn span(location: Location) -> Span {
    let at = location.span();
    let offset = |bytes: Option<u64>| usize::try_from(bytes.unwrap_or(0)).unwrap_or(0);
    let start = offset(at.byte_offset());
    Span { start, end: start + offset(at.byte_len()) }
}

/// What the YAML reader says, before its text is looked up in the source.
enum Raw {
    Null,
    Bool(bool),
    Number,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Err(E::custom("`!!binary` values are not taken: write text"))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
