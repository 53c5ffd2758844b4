//! Who may ask where there are no tokens: `tenterhook up` answers to its own machine alone.
//!
//! Four ways in are closed: another machine (the peer's address), a web page that has its own name resolve to
//! 127.0.0.1 (the host name), a tunnel to the webhooks that ends on this machine (what proxies add to a request), and a web
//! page of another site that would change something (where browsers say it is from).

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};

use super::{Code, Problem};
use crate::server::Peer;

/// Header fields that a proxy or a tunnel adds and that a client on this machine has no use for.
const PROXIED: [&str; 7] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "cf-connecting-ip"];

/// Lets requests of this machine through.
pub(super) fn local_only(peer: Option<IpAddr>, request: &Request) -> Result<(), Problem> {
    check(peer, request.uri(), request.headers())?;
    let is_https = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_https);
    own_origin(request.method(), if is_https { "https://" } else { "http://" }, request.headers())
}

/// Whether a request comes straight from this machine and is for it. A peer that is not known is not this machine.
fn check(peer: Option<IpAddr>, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    // An IPv4 peer of a socket that listens on `::` has an address like `::ffff:127.0.0.1`.
    if !peer.is_some_and(|peer| peer.to_canonical().is_loopback()) {
        let detail = "without tokens the API answers only to the machine that it runs on; `tenterhook serve` has them";
        return Err(Problem::new(Code::NotLocal, detail));
    }
    if let Some(name) = PROXIED.into_iter().find(|name| headers.contains_key(*name)) {
        let detail = format!("the request came through a proxy or a tunnel: it has the header `{name}`");
        return Err(Problem::new(Code::NotLocal, detail));
    }
    // HTTP/2 and the absolute form name the host in the target, HTTP/1.1 in Host; whoever gives both must mean one.
    let hosts = headers.get_all(header::HOST).into_iter().map(|host| authority(host.as_bytes()));
    let mut hosts = hosts.chain(uri.authority().cloned().map(Some)).peekable();
    if hosts.peek().is_none() || !hosts.all(|host| host.is_some_and(|host| is_local(&host))) {
        let detail = "ask for it by `localhost`, `127.0.0.1` or `[::1]`: a page of another site may have given this \
                      address a name of its own";
        return Err(Problem::new(Code::ForeignHost, detail));
    }
    Ok(())
}

/// Whether a request that does something comes from a program, or from a page of this very server. Browsers say where a page
/// is from; that it cannot read the answer would not undo what it did.
fn own_origin(method: &Method, scheme: &str, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let host = headers.get(header::HOST).and_then(|host| authority(host.as_bytes()));
    let is_own = |origin: &HeaderValue| {
        let origin = origin.as_bytes().strip_prefix(scheme.as_bytes()).and_then(authority);
        origin.is_some_and(|origin| Some(origin) == host)
    };
    let is_own_site = |site: &HeaderValue| matches!(site.as_bytes(), b"same-origin" | b"none");
    let own =
        headers.get_all(header::ORIGIN).iter().all(is_own) && headers.get_all("sec-fetch-site").iter().all(is_own_site);
    if own {
        return Ok(());
    }
    let detail = "a web page of another site asks: only programs and pages of this server may change anything";
    Err(Problem::new(Code::ForeignOrigin, detail))
}

fn authority(host: &[u8]) -> Option<Authority> {
    Authority::try_from(host).ok().filter(|authority| !authority.as_str().contains('@'))
}

fn is_local(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(peer: &str, target: &str, headers: &[(&'static str, &'static str)]) -> Option<Code> {
        let headers: Vec<_> = headers.iter().map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_static(v))).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append::<axum::http::HeaderName>(name, value);
        }
        let result = check(peer.parse().ok(), &target.parse().unwrap(), &map);
        result.err().map(|problem| problem.code)
    }

    #[test]
    fn the_peer_is_this_machine() {
        for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(refused(peer, "/events", &[("host", "localhost")]), None, "{peer}");
        }
        for peer in ["10.0.0.1", "192.168.1.2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0", "::", "not known"] {
            assert_eq!(refused(peer, "/events", &[("host", "localhost")]), Some(Code::NotLocal), "{peer}");
        }
    }

    #[test]
    fn the_host_is_this_machine() {
        for host in ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "127.1.2.3:1", "[::1]", "[::1]:8080"] {
            assert_eq!(refused("127.0.0.1", "/events", &[("host", host)]), None, "{host}");
        }
        let foreign = [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8080",
            "localhost.",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "2130706433",
            "localhost@evil.example",
            "evil.example@localhost",
            "local host",
            "",
        ];
        for host in foreign {
            assert_eq!(refused("127.0.0.1", "/events", &[("host", host)]), Some(Code::ForeignHost), "{host}");
        }
    }

    #[test]
    fn every_host_that_is_named_counts() {
        let local = ("host", "localhost");
        assert_eq!(refused("::1", "/events", &[]), Some(Code::ForeignHost));
        assert_eq!(refused("::1", "http://localhost/events", &[]), None);
        assert_eq!(refused("::1", "http://evil.example/events", &[local]), Some(Code::ForeignHost));
        assert_eq!(refused("::1", "http://localhost/events", &[("host", "evil.example")]), Some(Code::ForeignHost));
        assert_eq!(refused("::1", "/events", &[local, ("host", "evil.example")]), Some(Code::ForeignHost));
    }

    #[test]
    fn a_page_of_another_site_changes_nothing() {
        let allowed = |method: Method, headers: &[(&'static str, &'static str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_static(value));
            }
            own_origin(&method, "http://", &map).is_ok()
        };
        let host = ("host", "localhost:8080");
        assert!(allowed(Method::POST, &[host]));
        assert!(allowed(Method::POST, &[host, ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")]));
        assert!(allowed(Method::POST, &[host, ("sec-fetch-site", "none")]));
        assert!(allowed(Method::GET, &[host, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]));
        let foreign = [
            ("origin", "https://evil.example"),
            ("origin", "http://localhost:9090"),
            ("origin", "http://127.0.0.1:8080"),
            ("origin", "https://localhost:8080"),
            ("origin", "http://localhost:8080.evil.example"),
            ("origin", "http://x@localhost:8080"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ];
        for header in foreign {
            assert!(!allowed(Method::POST, &[host, header]), "{header:?}");
            assert!(!allowed(Method::DELETE, &[host, ("origin", "http://localhost:8080"), header]), "{header:?}");
        }
        assert!(!allowed(Method::POST, &[("origin", "http://localhost")]), "a host is named");
    }

    #[test]
    fn a_tunnel_is_not_this_machine() {
        for name in PROXIED {
            assert_eq!(refused("127.0.0.1", "/events", &[("host", "localhost"), (name, "x")]), Some(Code::NotLocal));
        }
    }
}
