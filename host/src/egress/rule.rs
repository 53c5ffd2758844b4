//! One rule, as a manifest or an operator writes it: `https://api.github.com`, `https://*.slack.com:443`, `http://10.1.2.3:8080`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use http::Method;

use super::{Name, Network, Scheme, Target};

/// The form of a manifest's rule, for schemas.
pub const RULE: &str = r"^https?://(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?/?$";

/// What stands for every host, or every port, in an operator's rule.
pub const WIDE: &str = "*";

/// The longest name of a host: RFC 1035.
const LONGEST: usize = 253;

/// Where requests may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    scheme: Scheme,
    host: Host,
    /// None for every port.
    port: Option<u16>,
    /// With which methods; empty for all.
    methods: Vec<Method>,
    /// To which addresses beside the public ones its name may lead.
    networks: Vec<Network>,
}

/// Whom a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Everybody.
    All,
    /// A name, in lower case.
    Domain(String),
    /// Every name below this one, in lower case, but not itself.
    Below(String),
    /// An address.
    Address(IpAddr),
}

/// What is wrong with a rule, the bytes of it that are wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub at: Range<usize>,
    /// What to do.
    pub help: String,
}

impl Rule {
    /// A manifest's rule.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let rule = Self::parse_wide(text)?;
        let help =
            "name each host, as in `https://api.github.com`, or those below a domain, as in `https://*.slack.com`";
        if rule.host == Host::All {
            return Err(mistake("is for every host", 0..text.len(), help));
        }
        if rule.port.is_none() {
            return Err(mistake("is for every port", 0..text.len(), "name the port, or leave it to the scheme"));
        }
        Ok(rule)
    }

    /// An operator's rule, which may be for every host or every port: `https://*`, `http://internal.example:*`.
    ///
    /// # Errors
    /// It is none.
    pub fn parse_wide(text: &str) -> Result<Self, Mistake> {
        const HELP: &str = "write a scheme, a host and perhaps a port: `https://api.github.com`";
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(mistake("has no scheme", 0..text.len(), HELP));
        };
        let start = scheme.len() + 3;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => {
                let message = format!("has the scheme `{other}`");
                return Err(mistake(&message, 0..other.len(), "requests go over `https` or `http`"));
            }
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(end) = authority.find(['/', '?', '#']) {
            let help =
                format!("write `{scheme}://{}`: a rule is for all paths of a host", authority.get(..end).unwrap_or(""));
            return Err(mistake("has a path", start + end..text.len(), &help));
        }
        if let Some(end) = authority.find('@') {
            let help = "put credentials into a var with `secret: true`, and its value into a header";
            return Err(mistake("has credentials", start..start + end + 1, help));
        }
        let (host, port) = split(authority);
        let at = start..start + host.len();
        let host = parse_host(host).map_err(|message| mistake(&message, at, HELP))?;
        let port = match port {
            None => Some(scheme.default_port()),
            Some(WIDE) => None,
            Some(digits) => Some(parse_port(digits).ok_or_else(|| {
                let at = start + authority.len() - digits.len()..start + authority.len();
                mistake("has a port that is none", at, "a port is a number from 1 to 65535")
            })?),
        };
        Ok(Self { scheme, host, port, methods: Vec::new(), networks: Vec::new() })
    }

    /// The rule for these methods only; for all if there are none.
    #[must_use]
    pub fn with_methods(self, methods: Vec<Method>) -> Self {
        Self { methods, ..self }
    }

    /// The rule, whose name may lead to these addresses too.
    #[must_use]
    pub fn with_networks(self, networks: Vec<Network>) -> Self {
        Self { networks, ..self }
    }

    /// Whether it is for exactly one host.
    pub fn is_exact(&self) -> bool {
        matches!(self.host, Host::Domain(_) | Host::Address(_))
    }

    /// What its requests are sent over.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether it is for this target, whatever the method.
    pub fn names(&self, target: &Target) -> bool {
        let host = match (&self.host, &target.host) {
            (Host::All, _) => true,
            (Host::Domain(own), Name::Domain(name)) => own == name,
            (Host::Below(own), Name::Domain(name)) => is_below(name, own),
            (Host::Address(own), Name::Address(address)) => own.to_canonical() == address.to_canonical(),
            (Host::Domain(_) | Host::Below(_), Name::Address(_)) | (Host::Address(_), Name::Domain(_)) => false,
        };
        host && self.scheme == target.scheme && self.port.is_none_or(|port| port == target.port)
    }

    /// Whether there is a request that both are for.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let hosts = match (&self.host, &other.host) {
            (Host::All, _) | (_, Host::All) => true,
            (Host::Domain(a), Host::Domain(b)) => a == b,
            (Host::Below(a), Host::Below(b)) => a == b || is_below(a, b) || is_below(b, a),
            (Host::Below(domain), Host::Domain(name)) | (Host::Domain(name), Host::Below(domain)) => {
                is_below(name, domain)
            }
            (Host::Address(a), Host::Address(b)) => a.to_canonical() == b.to_canonical(),
            (Host::Address(_), Host::Domain(_) | Host::Below(_))
            | (Host::Domain(_) | Host::Below(_), Host::Address(_)) => false,
        };
        let ports = self.port.is_none() || other.port.is_none() || self.port == other.port;
        let methods = other.methods.is_empty() || other.methods.iter().any(|method| self.takes(method));
        hosts && ports && methods && self.scheme == other.scheme
    }

    /// Its host, if that is an address.
    pub(super) fn address(&self) -> Option<IpAddr> {
        match self.host {
            Host::Address(address) => Some(address.to_canonical()),
            Host::All | Host::Domain(_) | Host::Below(_) => None,
        }
    }

    /// Whether it is for this method.
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }

    /// Whether it names this address: as its host, or as one that its name may lead to.
    pub fn names_address(&self, address: IpAddr) -> bool {
        let own = matches!(self.host, Host::Address(own) if own.to_canonical() == address.to_canonical());
        own || self.networks.iter().any(|network| network.contains(address))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            Host::All => f.write_str(WIDE)?,
            Host::Domain(name) => f.write_str(name)?,
            Host::Below(name) => write!(f, "*.{name}")?,
            Host::Address(address) => Name::Address(*address).fmt(f)?,
        }
        match self.port {
            None => f.write_str(":*"),
            Some(port) if port == self.scheme.default_port() => Ok(()),
            Some(port) => write!(f, ":{port}"),
        }
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    let rest = name.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.'));
    rest.is_some_and(|rest| !rest.is_empty())
}

fn mistake(message: &str, at: Range<usize>, help: &str) -> Mistake {
    Mistake { message: message.to_owned(), at, help: help.to_owned() }
}

/// A host, an address of IPv6 in brackets, and a port.
fn split(authority: &str) -> (&str, Option<&str>) {
    let start = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority.get(start..).and_then(|rest| rest.rfind(':')) {
        Some(colon) => {
            let (host, port) = authority.split_at(start + colon);
            (host, port.get(1..))
        }
        None => (authority, None),
    }
}

fn parse_host(host: &str) -> Result<Host, String> {
    if host == WIDE {
        return Ok(Host::All);
    }
    if let Some(bare) = host.strip_prefix('[') {
        let address = bare.strip_suffix(']').and_then(|bare| bare.parse::<Ipv6Addr>().ok());
        return address
            .map(|address| Host::Address(address.into()))
            .ok_or_else(|| "has an address that is none".to_owned());
    }
    let (below, name) = host.strip_prefix("*.").map_or((false, host), |name| (true, name));
    let name = name.to_ascii_lowercase();
    if name.is_empty() {
        return Err("has no host".to_owned());
    }
    // A name that ends in a number is an address to those who resolve it, of whatever form.
    if name.rsplit('.').next().is_some_and(|last| !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())) {
        return match name.parse::<Ipv4Addr>() {
            Ok(address) if !below => Ok(Host::Address(address.into())),
            _ => Err("has an address that is none".to_owned()),
        };
    }
    if name.len() > LONGEST || !name.split('.').all(is_label) {
        return Err("has a host that is none".to_owned());
    }
    Ok(if below { Host::Below(name) } else { Host::Domain(name) })
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let ends = label.bytes().next().is_some_and(inner) && label.bytes().last().is_some_and(inner);
    ends && label.len() <= 63 && label.bytes().all(|byte| inner(byte) || byte == b'-')
}

fn parse_port(digits: &str) -> Option<u16> {
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}
