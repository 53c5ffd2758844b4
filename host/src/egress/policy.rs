//! Whether a request may go where it wants. Functions of their arguments.

use std::net::IpAddr;

use http::Method;

use super::{Kind, Name, Network, Rule, Target, kind};

/// What the operator allows: what manifests may grant.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Where requests may go.
    pub allow: Vec<Rule>,
    /// Which addresses that are not public may be reached, by manifests that name them too.
    pub networks: Vec<Network>,
}

/// A request that a manifest grants and the operator allows, as far as its name says. Its address is to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Admitted<'p> {
    target: &'p Target,
    policy: &'p Policy,
    granted: &'p [Rule],
    method: &'p Method,
}

/// Why a request is not made, and which rule would let it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No rule of the manifest names its target.
    #[error("the manifest grants no request to it: add `{0}` to `outbound`")]
    NotGranted(String),
    /// The rules that name its target are not for its method.
    #[error("the manifest's rule for `{target}` is not for {method}: add {method} to its `method`")]
    MethodNotGranted {
        /// The target.
        target: String,
        /// The method.
        method: Method,
    },
    /// No rule of the operator names its target.
    #[error("the operator does not allow it: it needs `{0}` in `guest.outbound.allow`")]
    NotAllowed(String),
    /// Where its name leads is nobody's, ever.
    #[error("`{name}` leads to {address}, which is {kind}")]
    NoHost {
        /// The name.
        name: String,
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: Kind,
    },
    /// Where its name leads is not public, and the manifest does not name it.
    #[error(
        "`{name}` leads to {address}, which is {kind}: the manifest must name it, as in `{{url: \"{target}\", addresses: [\"{address}\"]}}`"
    )]
    AddressNotGranted {
        /// The name.
        name: String,
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: Kind,
        /// The target.
        target: String,
    },
    /// Where its name leads is not public, and the operator does not name it.
    #[error("`{name}` leads to {address}, which is {kind}: it needs \"{address}\" in `guest.outbound.networks`")]
    AddressNotAllowed {
        /// The name.
        name: String,
        /// The address.
        address: IpAddr,
        /// What it is.
        kind: Kind,
    },
}

impl Policy {
    /// Whether there is any request that a manifest's rule grants and this allows, as far as names say.
    pub fn may_allow(&self, granted: &Rule) -> bool {
        let mut meeting = self.allow.iter().filter(|rule| rule.meets(granted)).peekable();
        if meeting.peek().is_none() {
            return false;
        }
        let Some(address) = granted.address() else { return true };
        match kind(address) {
            Kind::Public => true,
            Kind::Nobody => false,
            Kind::Loopback | Kind::LinkLocal | Kind::Private | Kind::Shared | Kind::Metadata => {
                let is_listed = self.networks.iter().any(|network| network.contains(address));
                is_listed || meeting.any(|rule| rule.names_address(address))
            }
        }
    }

    /// Whether a request may go, as far as its target's name says.
    ///
    /// # Errors
    /// It may not.
    pub fn admit<'p>(
        &'p self,
        target: &'p Target,
        method: &'p Method,
        granted: &'p [Rule],
    ) -> Result<Admitted<'p>, Refusal> {
        let mut naming = granted.iter().filter(|rule| rule.names(target)).peekable();
        if naming.peek().is_none() {
            return Err(Refusal::NotGranted(target.to_string()));
        }
        if !naming.any(|rule| rule.takes(method)) {
            return Err(Refusal::MethodNotGranted { target: target.to_string(), method: method.clone() });
        }
        if !self.allow.iter().any(|rule| rule.names(target) && rule.takes(method)) {
            return Err(Refusal::NotAllowed(target.to_string()));
        }
        Ok(Admitted { target, policy: self, granted, method })
    }
}

impl Admitted<'_> {
    /// Whether the request may go to this address, to which its target's name leads now.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let Self { target, policy, granted, method } = self;
        let (name, address) = (target.host.to_string(), address.to_canonical());
        let kind = kind(address);
        match kind {
            Kind::Public => return Ok(()),
            Kind::Nobody => return Err(Refusal::NoHost { name, address, kind }),
            Kind::Loopback | Kind::LinkLocal | Kind::Private | Kind::Shared | Kind::Metadata => {}
        }
        let names = |rule: &Rule| rule.names(target) && rule.takes(method) && rule.names_address(address);
        if !granted.iter().any(names) {
            let target = target.to_string();
            return Err(Refusal::AddressNotGranted { name, address, kind, target });
        }
        let is_listed = policy.networks.iter().any(|network| network.contains(address));
        if !is_listed && !policy.allow.iter().any(names) {
            return Err(Refusal::AddressNotAllowed { name, address, kind });
        }
        Ok(())
    }

    /// Where it is to go.
    pub fn host(&self) -> &Name {
        &self.target.host
    }
}
