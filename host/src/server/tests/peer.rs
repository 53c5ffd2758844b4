//! Who asks.

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use insta::assert_snapshot;

use crate::server::{ForwardedHeader, Network, Peer};

/// What is known of a request of `connected` with these header fields, when `10.0.0.0/8` and `::1` are trusted.
fn peer(header: ForwardedHeader, connected: &str, fields: &[(&str, &str)]) -> Peer {
    let proxies: Vec<Network> = ["10.0.0.0/8", "::1", "fd00::/8"].iter().map(|text| text.parse().unwrap()).collect();
    let mut headers = HeaderMap::new();
    headers.append("host", HeaderValue::from_static("inner:8080"));
    for (name, value) in fields {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    Peer::of(connected.parse().unwrap(), false, &Uri::from_static("/webhooks/a"), &headers, &proxies, header)
}

fn shown(peer: &Peer) -> String {
    let client = peer.client.map_or("?".to_owned(), |client| client.to_string());
    let scheme = if peer.is_https { "https" } else { "http" };
    format!("{client} {scheme} {}", peer.host.as_deref().unwrap_or("-"))
}

fn x_forwarded(connected: &str, fields: &[(&str, &str)]) -> String {
    shown(&peer(ForwardedHeader::XForwarded, connected, fields))
}

fn forwarded(connected: &str, value: &str) -> String {
    shown(&peer(ForwardedHeader::Forwarded, connected, &[("forwarded", value)]))
}

const SPOOFED: [(&str, &str); 4] = [
    ("x-forwarded-for", "127.0.0.1"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "localhost"),
    ("forwarded", "for=127.0.0.1;proto=https;host=localhost"),
];

#[test]
fn a_stranger_is_who_is_connected_whatever_it_says() {
    for header in [ForwardedHeader::XForwarded, ForwardedHeader::Forwarded] {
        let stranger = peer(header, "192.0.2.9:1", &SPOOFED);
        assert_eq!(shown(&stranger), "192.0.2.9 http inner:8080");
        assert!(!stranger.is_proxied);
    }
    assert_snapshot!(x_forwarded("[::ffff:192.0.2.9]:1", &SPOOFED), @"192.0.2.9 http inner:8080");
}

#[test]
fn a_proxy_is_believed() {
    let fields =
        [("x-forwarded-for", "192.0.2.9"), ("x-forwarded-proto", "HTTPS"), ("x-forwarded-host", "hooks.example")];
    for connected in ["10.1.2.3:1", "[::1]:1", "[::ffff:10.1.2.3]:1", "[fd00::7]:1"] {
        assert_eq!(x_forwarded(connected, &fields), "192.0.2.9 https hooks.example", "{connected}");
    }
    assert_snapshot!(forwarded("10.1.2.3:1", "for=192.0.2.9;proto=https;host=hooks.example"), @"192.0.2.9 https hooks.example");
    // It is the fields that the operator named; the others are what a client wrote.
    assert_snapshot!(x_forwarded("10.1.2.3:1", &SPOOFED[3..]), @"10.1.2.3 http inner:8080");
    assert!(!peer(ForwardedHeader::XForwarded, "10.1.2.3:1", &SPOOFED[3..]).is_proxied);
}

#[test]
fn a_client_cannot_put_words_before_a_proxys() {
    let claims = |value| x_forwarded("10.1.2.3:1", &[("x-forwarded-for", value)]);
    assert_snapshot!(claims("127.0.0.1, 192.0.2.9"), @"192.0.2.9 http inner:8080");
    assert_snapshot!(claims("127.0.0.1, 192.0.2.9, 10.9.9.9"), @"192.0.2.9 http inner:8080");
    assert_snapshot!(claims("10.5.5.5, 10.9.9.9"), @"10.5.5.5 http inner:8080");
    let lines = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "192.0.2.9")];
    assert_snapshot!(x_forwarded("10.1.2.3:1", &lines), @"192.0.2.9 http inner:8080");
    assert_snapshot!(forwarded("10.1.2.3:1", "for=127.0.0.1;host=localhost, for=192.0.2.9;host=b.example"), @"192.0.2.9 http b.example");
    assert_snapshot!(forwarded("10.1.2.3:1", r#"for="127.0.0.1, for=10.1.1.1", for=192.0.2.9"#), @"192.0.2.9 http inner:8080");
    assert_snapshot!(forwarded("10.1.2.3:1", "for=192.0.2.9;proto=https;host=a.example, for=10.2.2.2;proto=http;host=b"), @"192.0.2.9 https a.example");
    // Of several schemes the last one is the proxy's.
    let fields = [
        ("x-forwarded-for", "192.0.2.9"),
        ("x-forwarded-proto", "https, http"),
        ("x-forwarded-host", "evil@x, ok.example"),
    ];
    assert_snapshot!(x_forwarded("10.1.2.3:1", &fields), @"192.0.2.9 http ok.example");
}

#[test]
fn what_is_no_address_is_nobody() {
    for value in ["unknown", "_hidden", "", "192.0.2", "192.0.2.9:99999", "[::1", "localhost", "1"] {
        assert_eq!(x_forwarded("10.1.2.3:1", &[("x-forwarded-for", value)]), "? http inner:8080", "{value}");
        assert_eq!(forwarded("10.1.2.3:1", &format!("for=\"{value}\"")), "? http inner:8080", "{value}");
    }
    assert_snapshot!(forwarded("10.1.2.3:1", "proto=https"), @"? https inner:8080");
    assert_snapshot!(x_forwarded("10.1.2.3:1", &[("x-forwarded-proto", "https")]), @"? https inner:8080");
    assert_snapshot!(forwarded("10.1.2.3:1", "for=\"unfinished"), @"? http inner:8080");
}

#[test]
fn addresses_are_read_as_proxies_write_them() {
    for node in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"] {
        assert_eq!(x_forwarded("10.1.2.3:1", &[("x-forwarded-for", node)]), "2001:db8::1 http inner:8080", "{node}");
        assert_eq!(forwarded("10.1.2.3:1", &format!("For=\"{node}\"")), "2001:db8::1 http inner:8080", "{node}");
    }
    for node in ["192.0.2.9:4711", "::ffff:192.0.2.9", "[::ffff:192.0.2.9]:1"] {
        assert_eq!(x_forwarded("10.1.2.3:1", &[("x-forwarded-for", node)]), "192.0.2.9 http inner:8080", "{node}");
    }
    let bytes = HeaderValue::from_bytes(b"for=\"1.2.3.4\xff\"").unwrap();
    let headers = HeaderMap::from_iter([(http::header::FORWARDED, bytes)]);
    let proxies = ["10.0.0.1".parse().unwrap()];
    let found = Peer::of(
        "10.0.0.1:1".parse().unwrap(),
        true,
        &Uri::from_static("https://a.example/"),
        &headers,
        &proxies,
        ForwardedHeader::Forwarded,
    );
    assert_snapshot!(shown(&found), @"? https a.example");
}
