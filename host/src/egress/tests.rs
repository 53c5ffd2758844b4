//! What may be reached.

use std::net::IpAddr;

use http::{HeaderValue, Method};
use insta::assert_snapshot;

use super::*;

fn target(url: &str) -> Target {
    let (scheme, rest) = url.split_once("://").unwrap();
    let scheme = if scheme == "http" { Scheme::Http } else { Scheme::Https };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap()),
        _ => (rest, scheme.default_port()),
    };
    Target { scheme, host: Name::of(host), port }
}

fn rules(texts: &[&str]) -> Vec<Rule> {
    texts.iter().map(|text| Rule::parse_wide(text).unwrap()).collect()
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_rule_names_its_hosts() {
    let cases = [
        ("https://api.github.com", "https://api.github.com", true),
        ("https://API.GitHub.com/", "https://api.github.com", true),
        ("https://api.github.com", "https://API.GITHUB.COM", true),
        ("https://api.github.com:443", "https://api.github.com", true),
        ("https://api.github.com", "http://api.github.com", false),
        ("https://api.github.com", "https://api.github.com:8443", false),
        ("https://api.github.com", "https://api.github.com.evil.example", false),
        ("https://api.github.com", "https://evil.example", false),
        // The same to a resolver, not to a rule: a certificate and a log name it otherwise.
        ("https://api.github.com", "https://api.github.com.", false),
        ("https://*.slack.com", "https://hooks.slack.com", true),
        ("https://*.slack.com", "https://a.b.slack.com", true),
        ("https://*.slack.com", "https://slack.com", false),
        ("https://*.slack.com", "https://evilslack.com", false),
        ("https://*.slack.com", "https://.slack.com", false),
        ("http://10.1.2.3:8080", "http://10.1.2.3:8080", true),
        ("http://10.1.2.3:8080", "http://[::ffff:10.1.2.3]:8080", true),
        ("http://10.1.2.3:8080", "http://10.1.2.30:8080", false),
        ("http://[fd00::1]", "http://[fd00:0::1]", true),
        ("https://*", "https://anything.example", true),
        ("https://*", "https://10.1.2.3", true),
        ("https://*", "https://anything.example:8443", false),
        ("https://*:*", "https://anything.example:8443", true),
    ];
    for (rule, url, expected) in cases {
        assert_eq!(Rule::parse_wide(rule).unwrap().names(&target(url)), expected, "{rule} for {url}");
    }
}

#[test]
fn what_is_no_rule_says_why() {
    let all = [
        "",
        "api.github.com",
        "ftp://a.example",
        "https://",
        "https://a.example/path",
        "https://a.example?q",
        "https://u:p@a.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:http",
        "https://a..example",
        "https://-a.example",
        "https://a b",
        "https://é.example",
        "https://256.1.1.1",
        "https://1.2.3",
        "https://2130706433",
        "https://[::1",
        "https://[nope]",
        "https://*.1.2.3.4",
        "https://a*.example",
        "https://*",
        "https://a.example:*",
    ];
    let said = all.map(|text| match Rule::parse(text) {
        Ok(rule) => format!("{text}: it is the rule {rule}"),
        Err(Mistake { message, at, help }) => format!("{text:?} {message} {:?}: {help}", &text[at]),
    });
    assert_snapshot!(said.join("\n"), @r#"
    "" has no scheme "": write a scheme, a host and perhaps a port: `https://api.github.com`
    "api.github.com" has no scheme "api.github.com": write a scheme, a host and perhaps a port: `https://api.github.com`
    "ftp://a.example" has the scheme `ftp` "ftp": requests go over `https` or `http`
    "https://" has no host "": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://a.example/path" has a path "/path": write `https://a.example`: a rule is for all paths of a host
    "https://a.example?q" has a path "?q": write `https://a.example`: a rule is for all paths of a host
    "https://u:p@a.example" has credentials "u:p@": put credentials into a var with `secret: true`, and its value into a header
    "https://a.example:0" has a port that is none "0": a port is a number from 1 to 65535
    "https://a.example:65536" has a port that is none "65536": a port is a number from 1 to 65535
    "https://a.example:http" has a port that is none "http": a port is a number from 1 to 65535
    "https://a..example" has a host that is none "a..example": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://-a.example" has a host that is none "-a.example": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://a b" has a host that is none "a b": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://é.example" has a host that is none "é.example": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://256.1.1.1" has an address that is none "256.1.1.1": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://1.2.3" has an address that is none "1.2.3": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://2130706433" has an address that is none "2130706433": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://[::1" has an address that is none "[:": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://[nope]" has an address that is none "[nope]": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://*.1.2.3.4" has an address that is none "*.1.2.3.4": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://a*.example" has a host that is none "a*.example": write a scheme, a host and perhaps a port: `https://api.github.com`
    "https://*" is for every host "https://*": name each host, as in `https://api.github.com`, or those below a domain, as in `https://*.slack.com`
    "https://a.example:*" is for every port "https://a.example:*": name the port, or leave it to the scheme
    "#);
}

#[test]
fn the_schema_and_the_reader_take_the_same_rules() {
    let pattern = regex::Regex::new(RULE).unwrap();
    for sound in [
        "https://api.github.com",
        "https://*.slack.com:443",
        "http://10.1.2.3:8080",
        "http://[fd00::1]:80/",
        "http://localhost",
    ] {
        assert!(pattern.is_match(sound) && Rule::parse(sound).is_ok(), "{sound}");
    }
    for unsound in [
        "",
        "https://",
        "https://a.example/path",
        "https://u@a.example",
        "https://-a.example",
        "https://*",
        "https://a:*",
    ] {
        assert!(!pattern.is_match(unsound) && Rule::parse(unsound).is_err(), "{unsound}");
    }
}

#[test]
fn an_address_is_what_its_registry_says() {
    let cases = [
        (
            Kind::Public,
            "1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.0 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.255",
        ),
        (Kind::Public, "2606:4700::1111 2a00::1 64:ff9b::101:101 2002:101:101::1 ::ffff:8.8.8.8"),
        (
            Kind::Loopback,
            "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::1 ::ffff:0:127.0.0.1",
        ),
        (Kind::LinkLocal, "169.254.169.254 169.254.0.1 fe80::1 febf::1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"),
        (
            Kind::Private,
            "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12::1 fec0::1 ::ffff:10.0.0.1 64:ff9b::a00:1",
        ),
        (Kind::Shared, "100.64.0.1 100.127.255.255"),
        (Kind::Metadata, "100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254"),
        (
            Kind::Nobody,
            "0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255",
        ),
        (Kind::Nobody, ":: ff02::1 2001:db8::1 2001::1 3fff::1 64:ff9b:1::a00:1 100::1 4000::1 ::ffff:224.0.0.1"),
    ];
    for (expected, addresses) in cases {
        for text in addresses.split(' ') {
            assert_eq!(kind(address(text)), expected, "{text}");
        }
    }
}

#[test]
fn a_network_holds_those_that_begin_alike() {
    let cases = [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3", "10.1.2.4", false),
        ("0.0.0.0/0", "10.1.2.4", true),
        ("0.0.0.0/0", "::1", false),
        ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe00::1", false),
    ];
    for (network, text, expected) in cases {
        assert_eq!(network.parse::<Network>().unwrap().contains(address(text)), expected, "{network} and {text}");
    }
    let wrong = ["", "10.1.2", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.1/8", "fd00::/129", "name"];
    let said = wrong.map(|text| text.parse::<Network>().unwrap_err());
    assert_snapshot!(said.join("\n"), @r"
    `` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `10.1.2` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `10.0.0.0/33` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `10.0.0.0/` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `10.0.0.0/+8` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `10.0.0.1/8` names an address within the network: its bits after the first 8 are not 0
    `fd00::/129` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    `name` is not an address or a network: write `10.1.2.3` or `10.0.0.0/8`
    ");
}

/// What a request is told, if its name leads to `address`.
fn said(policy: &Policy, granted: &[Rule], method: &Method, url: &str, leads_to: &str) -> String {
    let target = target(url);
    let admitted = policy.admit(&target, method, granted);
    admitted
        .and_then(|admitted| admitted.check(address(leads_to)))
        .map_or_else(|refusal| refusal.to_string(), |()| "sent".to_owned())
}

#[test]
fn a_request_needs_both_rules_and_an_address_that_it_may_reach() {
    let policy = Policy {
        allow: rules(&["https://*", "http://10.1.2.3:8080"]),
        networks: vec!["192.168.0.0/16".parse().unwrap()],
    };
    let mut granted =
        rules(&["https://api.github.com", "https://wiki.example", "http://10.1.2.3:8080", "http://plain.example"]);
    granted.push(
        Rule::parse("https://nas.example")
            .unwrap()
            .with_networks(vec!["192.168.0.0/16".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]),
    );
    granted.push(Rule::parse("https://read.example").unwrap().with_methods(vec![Method::GET]));
    let cases = [
        ("GET", "https://api.github.com", "140.82.1.1"),
        ("GET", "https://evil.example", "140.82.1.1"),
        ("GET", "https://api.github.com:8443", "140.82.1.1"),
        ("GET", "http://plain.example", "140.82.1.1"),
        ("GET", "https://read.example", "140.82.1.1"),
        ("POST", "https://read.example", "140.82.1.1"),
        ("GET", "https://api.github.com", "169.254.169.254"),
        ("GET", "https://api.github.com", "::ffff:127.0.0.1"),
        ("GET", "https://api.github.com", "0.0.0.0"),
        ("GET", "https://wiki.example", "192.168.1.1"),
        ("GET", "https://nas.example", "192.168.1.1"),
        ("GET", "https://nas.example", "10.1.2.3"),
        ("GET", "http://10.1.2.3:8080", "10.1.2.3"),
    ];
    let said = cases.map(|(method, url, leads_to)| {
        let method: Method = method.parse().unwrap();
        format!("{method} {url} → {leads_to}: {}", said(&policy, &granted, &method, url, leads_to))
    });
    assert_snapshot!(said.join("\n"), @r#"
    GET https://api.github.com → 140.82.1.1: sent
    GET https://evil.example → 140.82.1.1: the manifest grants no request to it: add `https://evil.example` to `outbound`
    GET https://api.github.com:8443 → 140.82.1.1: the manifest grants no request to it: add `https://api.github.com:8443` to `outbound`
    GET http://plain.example → 140.82.1.1: the operator does not allow it: it needs `http://plain.example` in `guest.outbound.allow`
    GET https://read.example → 140.82.1.1: sent
    POST https://read.example → 140.82.1.1: the manifest's rule for `https://read.example` is not for POST: add POST to its `method`
    GET https://api.github.com → 169.254.169.254: `api.github.com` leads to 169.254.169.254, which is a link-local address, where clouds have their metadata: the manifest must name it, as in `{url: "https://api.github.com", addresses: ["169.254.169.254"]}`
    GET https://api.github.com → ::ffff:127.0.0.1: `api.github.com` leads to 127.0.0.1, which is an address of the host's own machine: the manifest must name it, as in `{url: "https://api.github.com", addresses: ["127.0.0.1"]}`
    GET https://api.github.com → 0.0.0.0: `api.github.com` leads to 0.0.0.0, which is no host's address
    GET https://wiki.example → 192.168.1.1: `wiki.example` leads to 192.168.1.1, which is a private address: the manifest must name it, as in `{url: "https://wiki.example", addresses: ["192.168.1.1"]}`
    GET https://nas.example → 192.168.1.1: sent
    GET https://nas.example → 10.1.2.3: `nas.example` leads to 10.1.2.3, which is a private address: it needs "10.1.2.3" in `guest.outbound.networks`
    GET http://10.1.2.3:8080 → 10.1.2.3: sent
    "#);
}

#[test]
fn a_secret_goes_to_its_hosts_alone() {
    let secret = |name: &str, value: &str, hosts: &[&str]| Secret {
        name: name.to_owned(),
        value: value.to_owned(),
        hosts: rules(hosts),
    };
    let secrets = Secrets(vec![
        secret("TOKEN", "s3cret", &["https://api.github.com", "https://*.slack.com"]),
        secret("OTHER", "more", &["https://api.github.com"]),
        secret("LINES", "a\nb", &["https://api.github.com"]),
    ]);
    let fill = |value: &str, url: &str| secrets.fill(&HeaderValue::from_str(value).unwrap(), &target(url));
    let github = "https://api.github.com";
    assert_eq!(fill("Bearer abc {{secret", github), Ok(None));
    assert_eq!(fill("Bearer {{secret:TOKEN}}", github).unwrap().unwrap(), "Bearer s3cret");
    assert_eq!(fill("{{secret:TOKEN}}-{{secret:OTHER}}!", github).unwrap().unwrap(), "s3cret-more!");
    assert!(fill("{{secret:TOKEN}}", github).unwrap().unwrap().is_sensitive());
    assert_eq!(fill(&placeholder("TOKEN"), "https://hooks.slack.com").unwrap().unwrap(), "s3cret");
    let said = [
        fill("{{secret:TOKEN}}", "https://evil.example"),
        fill("{{secret:TOKEN}}", "http://api.github.com"),
        fill("{{secret:TOKEN}} {{secret:OTHER}}", "https://hooks.slack.com"),
        fill("{{secret:TOKIN}}", github),
        fill("{{secret:LINES}}", github),
    ];
    let said = said.map(|filled| filled.unwrap_err().to_string());
    assert_snapshot!(said.join("\n"), @r"
    the secret `TOKEN` is not for it: add `https://evil.example` to the `hosts` of the var
    the secret `TOKEN` is not for it: add `http://api.github.com` to the `hosts` of the var
    the secret `OTHER` is not for it: add `https://hooks.slack.com` to the `hosts` of the var
    a header names the secret `TOKIN`, and no var with `hosts` has this name
    the value of the secret `LINES` has a character that no header may have
    ");
    assert!(!format!("{secrets:?}").contains("s3cret"));
}

#[test]
fn a_manifests_rule_that_no_operators_rule_meets_is_found() {
    let mut policy = Policy {
        allow: rules(&["https://*", "http://*.corp.example", "http://one.example:*", "https://10.9.9.9"]),
        networks: vec!["10.1.0.0/16".parse().unwrap()],
    };
    let cases = [
        ("https://api.github.com", true),
        ("https://*.slack.com", true),
        ("https://api.github.com:8443", false),
        ("http://api.github.com", false),
        ("http://a.corp.example", true),
        ("http://corp.example", false),
        ("http://*.corp.example", true),
        ("http://*.a.corp.example", true),
        ("http://*.example", true),
        ("http://*.other.example", false),
        ("http://one.example:8080", true),
        ("https://93.184.216.34", true),
        ("https://10.1.2.3", true),
        ("https://10.2.2.3", false),
        ("https://10.9.9.9", true),
        ("https://0.0.0.0", false),
    ];
    for (rule, expected) in cases {
        assert_eq!(policy.may_allow(&Rule::parse(rule).unwrap()), expected, "{rule}");
    }
    policy.allow = vec![Rule::parse_wide("https://*").unwrap().with_methods(vec![Method::GET])];
    let rule = Rule::parse("https://api.github.com").unwrap();
    assert!(policy.may_allow(&rule));
    assert!(policy.may_allow(&rule.clone().with_methods(vec![Method::POST, Method::GET])));
    assert!(!policy.may_allow(&rule.with_methods(vec![Method::POST])));
}
