//! Who asks, and what for: what the connection says, or what a proxy says that the operator trusts. Functions of their arguments.
//!
//! Header fields are only read here. What an event keeps of them is what was sent.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use ipnet::IpNet;
use serde::de::{Deserialize, Deserializer, Error as _};

/// Where a request comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection.
    pub connected: SocketAddr,
    /// Who asks: the other end, or whom a trusted proxy names. None when a trusted proxy says something else than an address.
    pub client: Option<IpAddr>,
    /// Whether the client's own connection is TLS, as far as it is known.
    pub is_https: bool,
    /// For what host it asks.
    pub host: Option<String>,
    /// Whether a trusted proxy had a word in this.
    pub is_proxied: bool,
}

/// Addresses that begin alike: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// In which header fields proxies say for whom they ask. A proxy sets one of the two and passes the other one on as a client
/// wrote it, so both cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    XForwarded,
    /// `Forwarded`, as RFC 7239 has it.
    Forwarded,
}

/// What a proxy said of one step of a request's way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// None when it is no address.
    client: Option<IpAddr>,
    proto: Option<String>,
    host: Option<String>,
}

impl Peer {
    /// Who asks, of a request with this target and these header fields.
    pub(super) fn of(
        connected: SocketAddr,
        is_tls: bool,
        uri: &Uri,
        headers: &HeaderMap,
        proxies: &[Network],
        header: ForwardedHeader,
    ) -> Self {
        let address = connected.ip().to_canonical();
        let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).or_else(host);
        let direct = Self { connected, client: Some(address), is_https: is_tls, host, is_proxied: false };
        let is_trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
        if !is_trusted(address) {
            return direct;
        }
        let hops = match header {
            ForwardedHeader::XForwarded => x_forwarded(headers),
            ForwardedHeader::Forwarded => forwarded(headers),
        };
        // The last one is the word of the proxy that is connected, the one before it that of the proxy which that one names.
        let mut peer = direct;
        for hop in hops.into_iter().rev() {
            peer.is_proxied = true;
            peer.client = hop.client;
            peer.is_https = match hop.proto.as_deref() {
                Some("https" | "wss") => true,
                Some("http" | "ws") => false,
                _ => peer.is_https,
            };
            peer.host = hop.host.or(peer.host);
            if !hop.client.is_some_and(&is_trusted) {
                break;
            }
        }
        peer
    }
}

/// The hops of `X-Forwarded-For`, the client's own first. What the other two fields say last is the word of the proxy that is
/// connected, which passes on what it was told or says what it saw.
fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let last = |name: &str| {
        let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next().map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let (proto, host) = (last("x-forwarded-proto"), last("x-forwarded-host").filter(|host| is_host(host)));
    let proto = proto.map(|proto| proto.to_ascii_lowercase());
    let mut hops: Vec<Hop> = Vec::new();
    for value in headers.get_all("x-forwarded-for") {
        let Ok(text) = value.to_str() else {
            hops.push(Hop::default());
            continue;
        };
        hops.extend(text.split(',').map(|node| Hop { client: node_address(node.trim()), ..Hop::default() }));
    }
    if hops.is_empty() && (proto.is_some() || host.is_some()) {
        hops.push(Hop::default());
    }
    if let Some(last) = hops.last_mut() {
        (last.proto, last.host) = (proto, host);
    }
    hops
}

/// The elements of `Forwarded`, the client's own first.
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops = Vec::new();
    for value in headers.get_all(header::FORWARDED) {
        match value.to_str() {
            Ok(text) => hops.extend(split_outside_quotes(text, ',').into_iter().map(element)),
            Err(_) => hops.push(Hop::default()),
        }
    }
    hops
}

fn element(text: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split_outside_quotes(text, ';') {
        let Some((name, value)) = pair.trim().split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.client = node_address(&value),
            "proto" => hop.proto = Some(value.to_ascii_lowercase()),
            "host" => hop.host = Some(value).filter(|host| is_host(host)),
            _ => {}
        }
    }
    hop
}

/// An address with or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn node_address(node: &str) -> Option<IpAddr> {
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let address = bracketed.and_then(|address| address.parse().ok().map(IpAddr::V6)).or_else(|| node.parse().ok());
    let with_port = || node.parse::<SocketAddr>().ok().map(|address| address.ip());
    address.or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn is_host(text: &str) -> bool {
    Authority::from_str(text).is_ok_and(|authority| !authority.as_str().contains('@'))
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if c == separator && !is_quoted => {
                parts.extend(text.get(start..at));
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.to_owned() };
    let mut text = String::with_capacity(inner.len());
    let mut is_escaped = false;
    for c in inner.chars() {
        if c == '\\' && !is_escaped {
            is_escaped = true;
        } else {
            text.push(c);
            is_escaped = false;
        }
    }
    text
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = || text.parse::<IpAddr>().ok().map(|address| IpNet::from(address.to_canonical()));
        let network = text.parse::<IpNet>().ok().or_else(one);
        network
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not a network: write `10.0.0.0/8`, `2001:db8::/32` or an address"))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// An address and a port, or an empty text for none.
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let wrong =
        |_| D::Error::custom(format!("`{text}` is not where one can listen: write `127.0.0.1:9000` or `[::]:9000`"));
    text.parse().map(Some).map_err(wrong)
}
