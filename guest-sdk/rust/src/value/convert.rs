//! Into a [`Value`], for defaults, and out of one, for JSON and comparisons.

use serde::{Serialize, Serializer};

use super::Value;
use crate::source::Content;

pub(super) fn scalar_to_json(content: Option<&Content>) -> serde_json::Value {
    match content {
        None | Some(Content::Null) => serde_json::Value::Null,
        Some(Content::Bool(value)) => (*value).into(),
        Some(Content::Int(value)) => (*value).into(),
        Some(Content::Uint(value)) => (*value).into(),
        Some(Content::Float(value)) => (*value).into(),
        Some(Content::Text(text) | Content::Json(text)) => text.as_str().into(),
        Some(Content::Bytes(bytes)) => bytes.as_slice().into(),
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.to_json().map_err(serde::ser::Error::custom)?;
        json.serialize(serializer)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::detached(Some(Content::Text(text)))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::detached(Some(Content::Bytes(bytes.to_owned())))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::detached(Some(Content::Bool(value)))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::detached(Some(Content::Float(value)))
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::detached(Some(i64::try_from(value).map_or(Content::Uint(value), Content::Int)))
    }
}

/// Null, as a default.
impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::detached(Some(Content::Null))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(|| Self::from(()), Into::into)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.content() == other.content()
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<[u8]> for Value {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_bytes() == Some(other)
    }
}

impl PartialEq<bool> for Value {
    fn eq(&self, other: &bool) -> bool {
        self.as_bool() == Some(*other)
    }
}

impl PartialEq<f64> for Value {
    fn eq(&self, other: &f64) -> bool {
        self.as_f64() == Some(*other)
    }
}

impl PartialEq<u64> for Value {
    fn eq(&self, other: &u64) -> bool {
        self.as_u64() == Some(*other)
    }
}

/// For the integers that always fit an `i64`.
macro_rules! integer {
    ($($integer:ty)*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Self {
                Self::detached(Some(Content::Int(value.into())))
            }
        }

        impl PartialEq<$integer> for Value {
            fn eq(&self, other: &$integer) -> bool {
                self.as_i64() == Some(i64::from(*other))
            }
        }
    )*};
}

integer!(i8 i16 i32 i64 u8 u16 u32);
