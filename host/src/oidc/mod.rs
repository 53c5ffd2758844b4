//! Who somebody is, by the word of an issuer of OpenID Connect whom the operator trusts: its tokens are checked by the keys that it
//! publishes. Knows no orgs, and not what anybody may do.

mod issuer;
mod keys;
mod signature;
#[cfg(test)]
pub(crate) mod tests;
mod token;

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use reqwest::Url;
use serde::Deserialize;

pub use issuer::Issuer;

/// Whom is believed, and what of what they say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The issuer's name, which is a URL, and stands in its tokens as `iss`; empty for none.
    pub issuer: String,
    /// For whom tokens must be: one of these is in their `aud`.
    pub audience: Vec<String>,
    /// By which claims a member is found, `sub` or `email`; the first that finds one counts.
    pub claims: Vec<Claim>,
    /// By which algorithms tokens may be signed; none of them with a secret that two share.
    pub algorithms: Vec<String>,
    /// A file of certificates in PEM that the issuer's address is trusted by, and no others; empty for the system's.
    pub ca_file: PathBuf,
    /// By so much the clocks of the issuer and of this machine may differ, in milliseconds.
    pub leeway_ms: u64,
    /// Keys are read again when they are so old, in milliseconds.
    pub keys_ms: u64,
    /// They are good for so long when the issuer cannot be asked, in milliseconds.
    pub stale_ms: u64,
    /// The issuer is asked at the most so often, in milliseconds, however many tokens name keys that are not known.
    pub pause_ms: u64,
    /// How long it may take to answer, in milliseconds.
    pub timeout_ms: u64,
}

/// What a token says of somebody that a member is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// The issuer's own name for them.
    Sub,
    /// Their e-mail address, if the issuer has verified it.
    Email,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// The issuer's own name for them, which is never given to another.
    Subject {
        /// Who says so.
        issuer: String,
        /// The name.
        subject: String,
    },
    /// An e-mail address that the issuer has verified.
    Email(String),
}

/// Why a token says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no such token, or one that is not signed as it must be.
    #[error("the token {0}")]
    Invalid(String),
    /// Its key was not there when the issuer's keys were read last, which may have been a moment too early.
    #[error("the token is signed by a key that the issuer does not publish")]
    Unpublished,
    /// Its time is over.
    #[error("the token's time is over: get another one from the issuer")]
    Expired,
    /// Its time has not come.
    #[error("the token is not good yet: the clocks of its issuer and of this server may differ")]
    Early,
    /// It is for somebody else.
    #[error("the token is for another audience (`aud`)")]
    Audience,
    /// It is another issuer's.
    #[error("the token is from another issuer (`iss`)")]
    Issuer,
    /// It does not say who its holder is.
    #[error("the token does not say who you are: {0}")]
    Nameless(String),
    /// The issuer's keys are not to be had.
    #[error("the issuer's keys cannot be read: {reason}")]
    Unavailable {
        /// Why, for the log.
        reason: String,
        /// When they are asked for again.
        retry_after: Duration,
    },
}

impl Config {
    /// Whether there is an issuer.
    pub fn is_set(&self) -> bool {
        !self.issuer.is_empty()
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// A text that names the setting.
    pub fn check(&self) -> Result<(), String> {
        if !self.is_set() {
            return Ok(());
        }
        trusted(&self.issuer).map_err(|reason| format!("`api.oidc.issuer` {reason}"))?;
        if self.audience.is_empty() || self.audience.iter().any(String::is_empty) {
            return Err("`api.oidc.audience` is empty: name what the tokens for this server have as `aud`, or any \
                        token of the issuer would do"
                .to_owned());
        }
        if self.claims.is_empty() {
            return Err("`api.oidc.claims` is empty: give `sub`, `email` or both".to_owned());
        }
        if self.algorithms().map_err(|wrong| format!("`api.oidc.algorithms`: {wrong}"))?.is_empty() {
            return Err("`api.oidc.algorithms` is empty: give those that the issuer signs by".to_owned());
        }
        let at_least_one = [("keys_ms", self.keys_ms), ("pause_ms", self.pause_ms), ("timeout_ms", self.timeout_ms)];
        match at_least_one.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(format!("`api.oidc.{name}` is 0: it must be at least 1")),
            None => Ok(()),
        }
    }

    fn algorithms(&self) -> Result<Vec<Algorithm>, String> {
        let one = |name: &String| match Algorithm::from_str(name) {
            Ok(algorithm) if algorithm.family() != AlgorithmFamily::Hmac => Ok(algorithm),
            Ok(_) => Err(format!("`{name}` signs with a secret that this server would have to share: it is not taken")),
            Err(_) => Err(format!("`{name}` is not known: RS256, PS256, ES256, EdDSA and their longer ones are")),
        };
        self.algorithms.iter().map(one).collect()
    }
}

/// An address that nobody on the way can answer for: with TLS, or on this machine.
fn trusted(address: &str) -> Result<Url, String> {
    let url = Url::parse(address).map_err(|error| format!("is `{address}`, which is no URL: {error}"))?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(format!("is `{address}`: it begins with `https://`, or is on this machine")),
    }
}
