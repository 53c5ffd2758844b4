//! What kinds of addresses there are: the registries of special-purpose addresses (RFC 6890 and its successors), and which
//! addresses of IPv6 stand for one of IPv4.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// What an address is, to one who must not reach everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of the public internet.
    Public,
    /// Of this machine.
    Loopback,
    /// Of this link; the metadata of clouds is there.
    LinkLocal,
    /// Of a private network: RFC 1918, RFC 4193.
    Private,
    /// Shared with a carrier's other customers: RFC 6598.
    Shared,
    /// A cloud's metadata that is not on the link.
    Metadata,
    /// Of no host: unspecified, multicast, broadcast, or set aside.
    Nobody,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Loopback => "an address of the host's own machine",
            Self::LinkLocal => "a link-local address, where clouds have their metadata",
            Self::Private => "a private address",
            Self::Shared => "an address that a carrier shares (100.64.0.0/10)",
            Self::Metadata => "an address of a cloud's metadata",
            Self::Nobody => "no host's address",
        })
    }
}

/// What an address is. One of IPv6 that stands for one of IPv4 is what that one is.
pub fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => embedded(address).map_or_else(|| kind_of_v6(address), kind_of_v4),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        [169, 254, ..] => Kind::LinkLocal,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Kind::Private,
        // Alibaba's metadata.
        [100, 100, 100, 200] => Kind::Metadata,
        [100, 64..=127, ..] => Kind::Shared,
        // Azure's, and Oracle's.
        [168, 63, 129, 16] | [192, 0, 0, 192] => Kind::Metadata,
        // This network; protocol assignments; the three networks of documentation; 6to4's relays; benchmarks; multicast and what
        // is beyond it.
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [224..=255, ..] => Kind::Nobody,
        _ => Kind::Public,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // Amazon's metadata.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Kind::Metadata,
        [0xfc00..=0xfdff, ..] => Kind::Private,
        // Site-local addresses are deprecated, and routed where they are still used.
        [0xfec0..=0xfeff, ..] => Kind::Private,
        [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        // Protocol assignments with Teredo's tunnels, documentation.
        [0x2001, 0x0000..=0x01ff | 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => Kind::Nobody,
        // What is assigned to hosts: RFC 4291, section 2.4.
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Nobody,
    }
}

/// The address of IPv4 that one of IPv6 leads to: mapped, compatible, translated (RFC 2765, RFC 6052, RFC 8215), 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        // A network chooses where in its own prefix the address stands: whatever it is, it is not the public internet's.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::UNSPECIFIED),
        _ => None,
    }
}

/// An address, or all that begin alike: `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits are the network's.
    bits: u8,
}

impl Network {
    /// The network of one address.
    pub fn of(address: IpAddr) -> Self {
        Self { address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether an address is in it. One of IPv6 that maps one of IPv4 is that one.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (u32::from(network) ^ u32::from(address)).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (u128::from(network) ^ u128::from(address)).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::of(self.address) { self.address.fmt(f) } else { write!(f, "{}/{}", self.address, self.bits) }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let whole = Self::of(address.parse().map_err(|_| wrong())?);
        let Some(bits) = bits else { return Ok(whole) };
        let is_number = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u8 = bits.parse().ok().filter(|bits| is_number && *bits <= whole.bits).ok_or_else(wrong)?;
        let network = Self { bits, ..whole };
        // What stands behind the network's bits was meant for something.
        let behind = match whole.address {
            IpAddr::V4(address) => u32::from(address).checked_shl(u32::from(bits)).unwrap_or(0) != 0,
            IpAddr::V6(address) => u128::from(address).checked_shl(u32::from(bits)).unwrap_or(0) != 0,
        };
        if behind {
            return Err(format!(
                "`{text}` names an address within the network: its bits after the first {bits} are not 0"
            ));
        }
        Ok(network)
    }
}
