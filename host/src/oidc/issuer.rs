//! The issuer and its keys: found by its discovery document, kept for a while, and read again when a token names one that is not known.

use std::sync::{Arc, Once};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonwebtoken::{Algorithm, DecodingKey};
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::sync::Mutex;
use tracing::warn;

use super::keys::Keys;
use super::token::{self, Signed};
use super::{Config, Error, Name, signature, trusted};
use crate::clock::Clock;
use crate::event::Timestamp;
use crate::tls;

/// Where an issuer says where its keys are.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The largest document, in bytes: those of large issuers have a few kilobytes.
const LARGEST: usize = 1 << 20;

/// An issuer whom the operator trusts.
pub struct Issuer {
    config: Config,
    algorithms: Vec<Algorithm>,
    http: reqwest::Client,
    clock: Clock,
    /// What was read last.
    known: ArcSwapOption<Known>,
    /// Who asks the issuer does so alone.
    asked: Mutex<Option<Asked>>,
}

struct Known {
    keys: Keys,
    at: Timestamp,
}

/// When it was asked last, and why in vain.
struct Asked {
    at: Timestamp,
    failed: Option<String>,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    /// One that is asked when the first of its tokens comes.
    ///
    /// # Errors
    /// A setting is wrong, or the file of its authorities cannot be read; in words.
    pub fn new(config: Config, clock: Clock) -> Result<Self, String> {
        config.check()?;
        static READY: Once = Once::new();
        READY.call_once(|| {
            tls::install();
            signature::install();
        });
        let timeout = Duration::from_millis(config.timeout_ms);
        let mut http = reqwest::Client::builder().redirect(Policy::none()).timeout(timeout).connect_timeout(timeout);
        if !config.ca_file.as_os_str().is_empty() {
            let unreadable = |error: &dyn std::fmt::Display| format!("`api.oidc.ca_file`: {error}");
            let authorities = tls::authorities(&config.ca_file).map_err(|error| unreadable(&error))?;
            let authorities = authorities.iter().map(|authority| reqwest::Certificate::from_der(authority));
            http = http.tls_certs_only(authorities.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(&error))?);
        } else if config.issuer.starts_with("http:") {
            // The system's are not looked for where none is needed: there may be none.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| format!("setting up what asks the issuer: {error}"))?;
        let algorithms = config.algorithms()?;
        let (known, asked) = (ArcSwapOption::empty(), Mutex::default());
        Ok(Self { config, algorithms, http, clock, known, asked })
    }

    /// Who the holder of a token is, by the claims that count, in their order.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn names(&self, token: &str) -> Result<Vec<Name>, Error> {
        let signed = token::signed(token, &self.algorithms)?;
        let key = self.key(&signed).await?;
        token::names(token, signed.algorithm, &key, &self.config, self.clock.now())
    }

    async fn key(&self, signed: &Signed) -> Result<DecodingKey, Error> {
        let known = self.known_key(signed);
        if let Some((key, age)) = known
            && (age < Duration::from_millis(self.config.keys_ms)
                || (age < self.stale() && self.asked.try_lock().is_err()))
        {
            // While another one asks, what is known is good enough: an issuer that hangs holds up one request and not all.
            return Ok(key);
        }
        let asked = self.ask().await;
        // What was read just now is good however long that took.
        if let Some((key, age)) = self.known_key(signed)
            && (asked.is_ok() || age < self.stale())
        {
            return Ok(key);
        }
        asked?;
        Err(Error::Unpublished)
    }

    /// The key that a token is signed by, if it was among those that were read last, and how long ago that was.
    fn known_key(&self, signed: &Signed) -> Option<(DecodingKey, Duration)> {
        let known = self.known.load();
        let known = known.as_ref()?;
        let key = known.keys.find(signed.key.as_deref(), signed.algorithm)?;
        Some((key.clone(), since(known.at, self.clock.now())))
    }

    /// How old keys may be when the issuer cannot be asked.
    fn stale(&self) -> Duration {
        Duration::from_millis(self.config.keys_ms.saturating_add(self.config.stale_ms))
    }

    /// Has the keys read, unless that was done or tried a moment ago: somebody who makes up names of keys must not have the issuer
    /// asked each time.
    async fn ask(&self) -> Result<(), Error> {
        let mut asked = self.asked.lock().await;
        let (now, pause) = (self.clock.now(), Duration::from_millis(self.config.pause_ms));
        if let Some(Asked { at, failed }) = &*asked
            && since(*at, now) < pause
        {
            let retry_after = pause.saturating_sub(since(*at, now));
            let failed = failed.clone().map(|reason| Error::Unavailable { reason, retry_after });
            return failed.map_or(Ok(()), Err);
        }
        let read = self.read().await;
        // The pause is between the end of one and the beginning of the next, however long the issuer takes.
        let ended = self.clock.now();
        let failed = read.as_ref().err().cloned();
        match read {
            Ok(keys) => self.known.store(Some(Arc::new(Known { keys, at: now }))),
            Err(reason) => warn!(issuer = self.config.issuer, reason, "failed to read the issuer's keys"),
        }
        *asked = Some(Asked { at: ended, failed: failed.clone() });
        failed.map_or(Ok(()), |reason| Err(Error::Unavailable { reason, retry_after: pause }))
    }

    async fn read(&self) -> Result<Keys, String> {
        let issuer = &self.config.issuer;
        let address = format!("{}{DISCOVERY}", issuer.trim_end_matches('/'));
        let found = self.get(&address).await?;
        let found: Discovered = serde_json::from_slice(&found)
            .map_err(|error| format!("`{address}` does not say where they are: {error}"))?;
        // One that answers for another would have its keys taken for the other's.
        if found.issuer != *issuer {
            return Err(format!("`{address}` is of `{}`, and not of `{issuer}`", found.issuer));
        }
        let keys = trusted(&found.jwks_uri).map_err(|reason| format!("their address (`jwks_uri`) {reason}"))?;
        Keys::of(&self.get(keys.as_str()).await?).map_err(|reason| format!("`{keys}` {reason}"))
    }

    /// A document of a bounded size.
    async fn get(&self, address: &str) -> Result<Vec<u8>, String> {
        let failed = |error: reqwest::Error| format!("asking `{address}`: {}", innermost(&error));
        let mut response = self.http.get(address).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(format!("`{address}` answers {}", response.status()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            document.extend_from_slice(&chunk);
            if document.len() > LARGEST {
                return Err(format!("`{address}` has more than {LARGEST} bytes"));
            }
        }
        Ok(document)
    }
}

fn since(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

/// The cause that says something: `Connection refused`.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
