//! The keys that an issuer publishes (RFC 7517). A function of its arguments.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// An issuer has a few.
const MOST: usize = 100;

/// All of an issuer's keys that signatures can be checked by.
#[derive(Debug)]
pub(super) struct Keys(Vec<Key>);

#[derive(Debug)]
struct Key {
    id: Option<String>,
    /// The one algorithm that it is for; none for all of its kind.
    algorithm: Option<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl Keys {
    /// Those of a document. What is of a form that is not known, or for something else, is left out.
    ///
    /// # Errors
    /// It is no such document, or has no key to check signatures by; in words.
    pub(super) fn of(document: &[u8]) -> Result<Self, String> {
        let set: Set = serde_json::from_slice(document).map_err(|error| format!("is no set of keys: {error}"))?;
        let keys: Vec<Key> = set.keys.into_iter().take(MOST).filter_map(key).collect();
        if keys.is_empty() { Err("has no key that signatures can be checked by".to_owned()) } else { Ok(Self(keys)) }
    }

    /// The key by which a token says that it is signed. One that names none is signed by the only one that there is.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.0.iter().filter(|key| {
            let is_for = key.algorithm.is_none_or(|own| own == algorithm);
            is_for && key.key.family() == algorithm.family() && id.is_none_or(|id| key.id.as_deref() == Some(id))
        });
        let found = fitting.next()?;
        let is_only = fitting.next().is_none();
        (id.is_some() || is_only).then_some(&found.key)
    }
}

fn key(value: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let is_for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
    let algorithm = match jwk.common.key_algorithm {
        None => None,
        // For something else than signatures, or in a way that is not known.
        Some(algorithm) => Some(Algorithm::try_from(algorithm).ok()?),
    };
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| is_for_signatures)?;
    Some(Key { id: jwk.common.key_id, algorithm, key })
}
