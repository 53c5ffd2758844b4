//! Identifiers, a type for each, so that one is never taken for another.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use ulid::{Generator, Ulid};

/// A text that is not an identifier of the kind that was asked for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not {what}")]
pub struct IdError {
    text: String,
    what: &'static str,
}

/// Ids of one process increase even within a millisecond, so that their order is the order of receipt.
static GENERATOR: Mutex<Generator> = Mutex::new(Generator::new());

fn next(now: Timestamp) -> Ulid {
    let mut generator = GENERATOR.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let next = generator.generate_from_datetime(SystemTime::UNIX_EPOCH + Duration::from_millis(millis(now)));
    // 2^80 ids of one millisecond: the random part of the next one starts anew.
    next.unwrap_or_else(ulid::Overflow::commit_overflow_random)
}

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or(0)
}

/// How a text of this form is described to clients.
fn text_of(pattern: &str) -> utoipa::openapi::schema::Object {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).build()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// A new id; it sorts after those made before.
            pub fn new(now: Timestamp) -> Self {
                Self(next(now))
            }

            /// The least of all ids that are made at `at` or later.
            pub fn floor(at: Timestamp) -> Self {
                Self(Ulid::from_parts(millis(at), 0))
            }

            /// When it was made, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                let millis = i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buf = [0; ulid::ULID_LEN];
                let text = self.0.array_to_str(&mut buf);
                text.make_ascii_lowercase();
                write!(f, concat!($prefix, "{}"), text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.to_owned(), what: $what })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::ToSchema for $name {}

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                text_of(concat!("^", $prefix, "[0-7][0-9a-hjkmnp-tv-z]{25}$")).into()
            }
        }
    };
}

id! {
    /// An event: `evt_` and a ULID in lower case.
    EventId, "evt_", "an event id (`evt_…`)"
}
id! {
    /// A session: `ses_` and a ULID in lower case.
    SessionId, "ses_", "a session id (`ses_…`)"
}
id! {
    /// A deployment: `dep_` and a ULID in lower case.
    DeploymentId, "dep_", "a deployment id (`dep_…`)"
}
id! {
    /// An API token, not what its holder shows: `tok_` and a ULID in lower case.
    TokenId, "tok_", "a token id (`tok_…`)"
}
id! {
    /// A line of an audit log: `aud_` and a ULID in lower case.
    AuditId, "aud_", "the id of a line of an audit log (`aud_…`)"
}

/// A SHA-256, in hexadecimal: by its own a module is addressed, and by it a secret is known that is not kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest that was made elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError { text: text.to_owned(), what: "a SHA-256 (64 hexadecimal digits)" };
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(error());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| error())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| error())?;
        }
        Ok(Self(bytes))
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::ToSchema for Digest {}

impl utoipa::PartialSchema for Digest {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        text_of("^[0-9a-f]{64}$").into()
    }
}
