//! Where an event comes from: the host, or a test.

use crate::bindings::tenterhook::webhook::types;

/// One value of the payload as it crosses from the host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what does not fit an `i64`.
    Uint(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// The JSON text of a map or a list.
    Json(String),
}

/// An event. `pointer` is a JSON Pointer (RFC 6901) into the payload, the empty text the payload itself.
pub(crate) trait Source {
    fn id(&self) -> String;
    fn kind(&self) -> String;
    fn session(&self) -> String;
    fn attempt(&self) -> u32;
    /// In microseconds since the Unix epoch.
    fn created_at(&self) -> i64;
    fn trigger(&self) -> String;
    fn redispatched_from(&self) -> Option<String>;
    /// None when it is missing; a null that is present is [`Content::Null`].
    fn get(&self, pointer: &str) -> Option<Content>;
    fn has(&self, pointer: &str) -> bool;
    /// The keys of a map, in order; none of anything else.
    fn keys(&self, pointer: &str) -> Vec<String>;
}

impl Source for types::Event {
    fn id(&self) -> String {
        self.id()
    }

    fn kind(&self) -> String {
        self.kind()
    }

    fn session(&self) -> String {
        self.session()
    }

    fn attempt(&self) -> u32 {
        self.attempt()
    }

    fn created_at(&self) -> i64 {
        self.created_at()
    }

    fn trigger(&self) -> String {
        self.trigger()
    }

    fn redispatched_from(&self) -> Option<String> {
        self.redispatched_from()
    }

    fn get(&self, pointer: &str) -> Option<Content> {
        // No field's value: a JSON text is never empty. So one call tells what is missing from what is null.
        let missing = types::Value::Json(String::new());
        match self.get(pointer, &missing) {
            types::Value::Json(text) if text.is_empty() => None,
            types::Value::Json(text) => Some(Content::Json(text)),
            types::Value::Null => Some(Content::Null),
            types::Value::Boolean(value) => Some(Content::Bool(value)),
            types::Value::Integer(value) => Some(Content::Int(value)),
            types::Value::Unsigned(value) => Some(i64::try_from(value).map_or(Content::Uint(value), Content::Int)),
            types::Value::Number(value) => Some(Content::Float(value)),
            types::Value::Text(text) => Some(Content::Text(text)),
            types::Value::Bytes(bytes) => Some(Content::Bytes(bytes)),
        }
    }

    fn has(&self, pointer: &str) -> bool {
        self.has(pointer)
    }

    fn keys(&self, pointer: &str) -> Vec<String> {
        self.keys(pointer)
    }
}
