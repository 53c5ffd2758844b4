//! Seals and opens for all orgs: finds each one's key in the store, and makes it when it is first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{DataKey, Error, KeyId, Label, MasterKeys};
use crate::event::Org;
use crate::store::Keyring;

/// Through which secrets are sealed and opened. Clones share it.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    masters: MasterKeys,
    keyring: Arc<dyn Keyring>,
    /// Keys that were needed before: opening a value then asks nobody.
    known: Mutex<HashMap<Org, DataKey>>,
}

impl Vault {
    /// A vault for what `keyring` has, by these master keys.
    pub fn new(masters: MasterKeys, keyring: Arc<dyn Keyring>) -> Self {
        Self(Arc::new(Inner { masters, keyring, known: Mutex::default() }))
    }

    /// Wraps all orgs' keys by the first of the master keys, all in one commit; says how many were wrapped by another.
    /// This is also where it is found that a master key is missing.
    ///
    /// # Errors
    /// [`Error::KeyMissing`] and [`Error::Broken`]; then nothing has changed.
    pub async fn rewrap(&self) -> Result<usize, Error> {
        let Inner { masters, keyring, .. } = &*self.0;
        let mut anew = Vec::new();
        for key in keyring.org_keys().await? {
            // The current ones are unwrapped too: it is better to find damage now than at a webhook.
            let data_key = masters.unwrap(&key)?;
            if !masters.is_current(&key) {
                anew.push(masters.wrap(&key.org, &data_key)?);
            }
        }
        let count = anew.len();
        if count > 0 {
            keyring.rewrap(anew).await?;
        }
        Ok(count)
    }

    /// Where what is sealed is kept.
    pub fn keyring(&self) -> &dyn Keyring {
        &*self.0.keyring
    }

    /// The master key that wraps.
    pub fn master(&self) -> KeyId {
        self.0.masters.first().id()
    }

    /// Seals a value by its org's key, which is made if the org has none. The same value is sealed differently every time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn seal(&self, label: Label<'_>, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.key(label.org).await?.seal(label, plain)
    }

    /// Opens a value that was sealed with the same label. It is wiped from memory when it is dropped.
    ///
    /// # Errors
    /// [`Error::Broken`] also when the org has no key, and the others.
    pub async fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.existing(label.org).await?;
        key.ok_or_else(|| Error::Broken(format!("a value of the org `{}`, which has no key,", label.org)))?
            .open(label, sealed)
    }

    /// As [`Vault::open`], for what was text.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn open_text(&self, label: Label<'_>, sealed: &[u8]) -> Result<Zeroizing<String>, Error> {
        let plain = self.open(label, sealed).await?;
        let text = std::str::from_utf8(&plain).map(str::to_owned);
        text.map(Zeroizing::new).map_err(|_| Error::Broken(format!("the text of `{}`", label.name)))
    }

    /// Forgets the key of an org whose key was removed: nothing is sealed by it any more, and what was does not open.
    pub fn forget(&self, org: &Org) {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).remove(org);
    }

    async fn key(&self, org: &Org) -> Result<DataKey, Error> {
        if let Some(key) = self.existing(org).await? {
            return Ok(key);
        }
        let Inner { masters, keyring, .. } = &*self.0;
        // Another may make one at the same time: the one that is kept is everybody's.
        let kept = keyring.keep_org_key(masters.wrap(org, &DataKey::generate()?)?).await?;
        let key = masters.unwrap(&kept)?;
        self.remember(org, &key);
        Ok(key)
    }

    async fn existing(&self, org: &Org) -> Result<Option<DataKey>, Error> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(kept) = self.0.keyring.org_key(org).await? else { return Ok(None) };
        let key = self.0.masters.unwrap(&kept)?;
        self.remember(org, &key);
        Ok(Some(key))
    }

    fn remember(&self, org: &Org, key: &DataKey) {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).insert(org.clone(), key.clone());
    }
}
