//! What filters answer, what they refuse, and that nothing hostile ends the process.

use std::time::{Duration, Instant};

use bytes::Bytes;
use insta::assert_snapshot;

use super::{Context, Filter};
use crate::event::{Data, EventType, Raw, VerdictKind};

fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Data {
    Data::new(Raw {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().copied().collect(),
        trailers: Default::default(),
        body: Some(Bytes::copy_from_slice(body.as_bytes())),
    })
}

fn json_post(body: &str) -> Data {
    request("POST", "/webhooks/slug", &[("content-type", "application/json")], body)
}

/// The verdict in words, or the errors.
fn ask(data: &Data, source: &str) -> String {
    let kind = EventType::of(data.method());
    match Filter::compile(source) {
        Ok(filter) => match filter.evaluate(&Context::new(&kind, data)) {
            (kind, None) => kind.to_string(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
        },
        Err(error) => error.to_string(),
    }
}

fn assert_holds(data: &Data, sources: &[&str]) {
    for source in sources {
        assert_eq!(ask(data, source), "matched", "{source}");
    }
}

#[test]
fn the_specifications_filters_give_what_it_says() {
    let get_foo = request("GET", "/webhooks/slug/foo", &[], "");
    let get_bar = request("GET", "/webhooks/slug/foo/bar", &[], "");
    let post = json_post("{}");
    let put = request("PUT", "/webhooks/slug", &[], "");
    let charset = request("POST", "/webhooks/slug", &[("Content-Type", "application/json; charset=utf-8")], "{}");
    let form = request("POST", "/webhooks/slug", &[("Content-Type", "application/x-www-form-urlencoded")], "a=b");
    let get_or_post = r#"data.method == "GET" || data.method == "POST""#;
    let in_get_post = r#"data.method in ["GET", "POST"]"#;
    let ends = r#"data.url.path.endsWith("/foo")"#;
    let regex = r#"data.url.path.matches("^/webhooks/.*/foo$")"#;
    let exact = r#"data.headers["Content-Type"] == "application/json""#;
    let prefix = r#"data.headers["Content-Type"].startsWith("application/json")"#;
    let optional = r#"data.headers["Content-Type"].matches("application/json(;.*)?")"#;
    let rows = [
        (get_or_post, &get_foo, "matched"),
        (get_or_post, &post, "matched"),
        (get_or_post, &put, "filter false"),
        (in_get_post, &get_foo, "matched"),
        (in_get_post, &post, "matched"),
        (in_get_post, &put, "filter false"),
        (ends, &get_foo, "matched"),
        (ends, &get_bar, "filter false"),
        (regex, &get_foo, "matched"),
        (regex, &get_bar, "filter false"),
        (exact, &post, "matched"),
        (exact, &charset, "filter false"),
        (exact, &form, "filter false"),
        (exact, &put, "filter error: no such key: Content-Type"),
        (prefix, &post, "matched"),
        (prefix, &charset, "matched"),
        (prefix, &form, "filter false"),
        (optional, &post, "matched"),
        (optional, &charset, "matched"),
        (optional, &form, "filter false"),
        (optional, &put, "filter error: no such key: Content-Type"),
    ];
    for (source, data, expected) in rows {
        assert_eq!(ask(data, source), expected, "{source}");
    }
}

#[test]
fn errors_read_as_in_cel_go() {
    let rows = [
        "undefined_var == 1",
        "dat.method == 'GET'",
        "data.method == 'GET' &&\n  evnt_type == 'post'",
        "'é' + dat == ''",
        "event_type",
        "data",
        "1 + 2",
        "'GET'",
        "data.method.startWith('G')",
        "data.method.startsWith('G', 'H')",
        "data.method.startsWith(1)",
        "nope(1)",
        "math.nope(1) == 1",
        "lists.rang(3) == []",
        "event_type == 1",
        "event_type.foo",
        "data.url.path.matches('(')",
        "has(data)",
        "data.body.json.exists(x) == true",
        "data.method ==",
        "data.method == 'GET' POST",
        "data.?method == 'GET'",
        "(data.method == 'GET'",
        "'unterminated",
        "",
        "Foo{a: 1} == 1",
        "1.exists(x, x == 1)",
        "!data.method.size()",
        "size(1) == 2",
    ];
    let report = rows.map(|source| ask(&json_post("{}"), source)).join("\n");
    assert_snapshot!(report, @"");
}
