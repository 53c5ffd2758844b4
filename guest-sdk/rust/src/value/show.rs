//! How a [`Value`] prints.

use std::fmt;

use super::Value;
use crate::source::Content;

/// As what it is: a text without quotes, bytes as `b"…"`, a map or a list as JSON, what is missing as `null`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.content() {
            None | Some(Content::Null) => f.pad("null"),
            Some(Content::Bool(value)) => value.fmt(f),
            Some(Content::Int(value)) => value.fmt(f),
            Some(Content::Uint(value)) => value.fmt(f),
            Some(Content::Float(value)) => value.fmt(f),
            Some(Content::Text(text) | Content::Json(text)) => f.pad(text),
            Some(Content::Bytes(bytes)) => write!(f, "b\"{}\"", bytes.escape_ascii()),
        }
    }
}

/// As printed, but a text has quotes.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => fmt::Debug::fmt(text, f),
            None => fmt::Display::fmt(self, f),
        }
    }
}
