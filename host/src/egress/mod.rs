//! Where handlers' requests may go: what a manifest grants, within what the operator allows, to addresses that are checked after
//! names are resolved. Knows nothing of guests.

mod address;
mod client;
mod policy;
mod resolve;
mod rule;
mod secret;
mod tls;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

pub use address::{Kind, Network, kind};
pub use client::{Client, Config, Error, Exchange, Granted, Patience};
pub use policy::{Admitted, Policy, Refusal};
pub use resolve::{Resolve, System};
pub use rule::{Host, Mistake, RULE, Rule, WIDE};
pub use secret::{Secret, Secrets, Withheld, placeholder};

/// What a request is sent over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The port when a URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Where one request is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How.
    pub scheme: Scheme,
    /// To whom: a name in lower case, or an address.
    pub host: Name,
    /// On which port.
    pub port: u16,
}

/// Whom a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A name, in lower case, that is to be resolved.
    Domain(String),
    /// An address.
    Address(IpAddr),
}

impl Name {
    /// The host of a URL, an IPv6 address in brackets. It may still be nobody's.
    pub fn of(host: &str) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        bare.parse().map_or_else(|_| Self::Domain(host.to_ascii_lowercase()), Self::Address)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// As a rule would name it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}
