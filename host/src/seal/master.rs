//! Master keys: they wrap orgs' keys, and nothing else. The first one wraps; the others still unwrap.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::cipher::{self, KEY};
use super::{DataKey, Error};
use crate::event::Org;
use crate::store::OrgKey;

/// As `openssl rand -base64 32` writes it; without padding it is the same key.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 32 bytes, wiped from memory when they are dropped.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY]>);

/// Tells a key from others and says nothing of what it is: the begin of its SHA-256 with a prefix, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

/// At least one key. Without [`MasterKeys::generate`] they come from an operator.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    first: MasterKey,
    others: Vec<MasterKey>,
}

/// Why a text is no list of keys. It does not repeat the text, which may be a key but for a letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Only blanks and comments.
    #[error("there is no key in it: make one with `openssl rand -base64 32`")]
    Empty,
    /// One of them is no key.
    #[error("key {number} is not 32 bytes in base64 or 64 hexadecimal digits: make one with `openssl rand -base64 32`")]
    Malformed {
        /// Which one, from 1.
        number: usize,
    },
    /// One of them is there twice.
    #[error("key {number} is there twice")]
    Twice {
        /// The later one, from 1.
        number: usize,
    },
    /// One of them is what an example would have.
    #[error("key {number} is the same byte 32 times: make one with `openssl rand -base64 32`")]
    Trivial {
        /// Which one, from 1.
        number: usize,
    },
}

impl MasterKey {
    /// A new key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self, Error> {
        cipher::random().map(Self)
    }

    /// What it is called.
    pub fn id(&self) -> KeyId {
        let digest = Sha256::new().chain_update(b"tenterhook master key\0").chain_update(self.0.as_slice()).finalize();
        KeyId(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    fn wrap(&self, org: &Org, key: &DataKey) -> Result<OrgKey, Error> {
        let (id, context) = (self.id(), wrapped(org));
        let wrapped = cipher::seal(&self.0, &context, key.0.as_slice())?;
        Ok(OrgKey { org: org.clone(), master: id.0, wrapped })
    }

    fn unwrap(&self, key: &OrgKey) -> Result<DataKey, Error> {
        let plain = cipher::open(&self.0, &wrapped(&key.org), &key.wrapped);
        let key_bytes = plain.and_then(|plain| <[u8; KEY]>::try_from(plain.as_slice()).ok());
        let broken = || Error::Broken(format!("the key of the org `{}`", key.org));
        key_bytes.map(|bytes| DataKey(Zeroizing::new(bytes))).ok_or_else(broken)
    }
}

fn wrapped(org: &Org) -> Vec<u8> {
    cipher::context("tenterhook org key", &[org.as_bytes()])
}

impl MasterKeys {
    /// One new key.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self, Error> {
        Ok(Self { first: MasterKey::generate()?, others: Vec::new() })
    }

    /// These keys after a new one, which wraps from now on.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn rotated(self) -> Result<Self, Error> {
        let mut others = vec![self.first];
        others.extend(self.others);
        Ok(Self { first: MasterKey::generate()?, others })
    }

    /// The first key alone.
    #[must_use]
    pub fn only_first(self) -> Self {
        Self { first: self.first, others: Vec::new() }
    }

    /// The one that wraps.
    pub fn first(&self) -> &MasterKey {
        &self.first
    }

    /// All of them, the first one first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.all().map(MasterKey::id).collect()
    }

    fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Wraps an org's key by the first of them.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn wrap(&self, org: &Org, key: &DataKey) -> Result<OrgKey, Error> {
        self.first.wrap(org, key)
    }

    /// Unwraps an org's key by the one that wrapped it.
    ///
    /// # Errors
    /// [`Error::KeyMissing`] when that one is not among them, [`Error::Broken`].
    pub fn unwrap(&self, key: &OrgKey) -> Result<DataKey, Error> {
        let master = self.all().find(|master| master.id().0 == key.master);
        let missing = || Error::KeyMissing { wanted: KeyId(key.master.clone()), there: self.ids() };
        master.ok_or_else(missing)?.unwrap(key)
    }

    /// Whether the first of them wrapped it.
    pub fn is_current(&self, key: &OrgKey) -> bool {
        self.first.id().0 == key.master
    }

    /// As a file has them.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str(
            "# Master keys of Tenterhook, one in each line. The first one seals; the others still open. Whoever has them can\n\
             # read all secrets of the data directory, and without them nobody can: keep a copy apart from its backups.\n",
        );
        for key in self.all() {
            let line = Zeroizing::new(BASE64.encode(key.0.as_slice()));
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// Keys between blanks, line ends or commas. What follows `#` in a line is a comment.
impl FromStr for MasterKeys {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let lines = text.lines().map(|line| line.split_once('#').map_or(line, |(before, _)| before));
        let words = lines.flat_map(|line| line.split(|c: char| c == ',' || c.is_whitespace()));
        let mut keys: Vec<MasterKey> = Vec::new();
        for word in words.filter(|word| !word.is_empty()) {
            let number = keys.len() + 1;
            let key = MasterKey(decode(word).ok_or(ParseError::Malformed { number })?);
            if key.0.iter().all(|byte| Some(byte) == key.0.first()) {
                return Err(ParseError::Trivial { number });
            }
            if keys.iter().any(|other| other.id() == key.id()) {
                return Err(ParseError::Twice { number });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(ParseError::Empty)?;
        Ok(Self { first, others: keys.collect() })
    }
}

fn decode(word: &str) -> Option<Zeroizing<[u8; KEY]>> {
    let bytes = match word.len() {
        64 => Zeroizing::new(hex(word)?),
        _ => Zeroizing::new(BASE64.decode(word).ok()?),
    };
    <[u8; KEY]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

fn hex(word: &str) -> Option<Vec<u8>> {
    let digits = word.as_bytes().chunks_exact(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}
