//! The payload of requests as they come over a socket: a table for each part, read back through the API.

use serde_json::{Value, json};

use crate::harness::host::Host;

const MANIFEST: &str = "
version: v1
project:
  name: payload
  triggers:
    - name: hook
      type: webhook
      call: hello.wat:handle
";

/// One request and what must stand at some places of its payload.
struct Case {
    name: &'static str,
    request: Vec<u8>,
    expected: Vec<(&'static str, Value)>,
}

fn case(name: &'static str, request: impl Into<Vec<u8>>, expected: Vec<(&'static str, Value)>) -> Case {
    Case { name, request: request.into(), expected }
}

/// A GET of this target.
fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// A POST with these header lines and this body, framed by Content-Length.
fn post(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    request("POST", headers, body)
}

fn request(method: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head =
        format!("{method} /webhooks/hook HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

async fn check(cases: Vec<Case>) {
    let host = Host::start(MANIFEST).await;
    let mut wrong = Vec::new();
    for case in cases {
        let event = host.event(&case.request).await;
        for (place, expected) in case.expected {
            let found = event.pointer(place).cloned().unwrap_or_else(|| json!("(missing)"));
            if found != expected {
                wrong.push(format!("{}: {place} is {found}, expected {expected}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn methods() {
    let mut cases = Vec::new();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE"] {
        let request = format!("{method} /webhooks/hook HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        let expected = vec![("/data/method", json!(method)), ("/type", json!(method.to_lowercase()))];
        cases.push(case("method", request, expected));
    }
    let head = "HEAD /webhooks/hook HTTP/1.1\r\nHost: h\r\n\r\n";
    cases.push(case("HEAD", head, vec![("/data/method", json!("HEAD")), ("/type", json!("head"))]));
    check(cases).await;
}

#[tokio::test]
async fn urls() {
    check(vec![
        case(
            "every part",
            get("/webhooks/hook/a%20b/c?key1=value1&key2=value2"),
            vec![
                ("/data/raw_url", json!("/webhooks/hook/a%20b/c?key1=value1&key2=value2")),
                ("/data/url/path", json!("/webhooks/hook/a b/c")),
                ("/data/url/raw_path", json!("/webhooks/hook/a%20b/c")),
                ("/data/url/path_suffix", json!("a b/c")),
                ("/data/url/query", json!({"key1": "value1", "key2": "value2"})),
                ("/data/url/raw_query", json!("key1=value1&key2=value2")),
                ("/data/url/fragment", json!("")),
                ("/data/url/raw_fragment", json!("")),
            ],
        ),
        case(
            "no suffix",
            get("/webhooks/hook"),
            vec![
                ("/data/url/path_suffix", json!("")),
                ("/data/url/query", json!({})),
                ("/data/url/raw_query", json!("")),
            ],
        ),
        case(
            "a slash and no suffix",
            get("/webhooks/hook/"),
            vec![("/data/url/path", json!("/webhooks/hook/")), ("/data/url/path_suffix", json!(""))],
        ),
        case(
            "an encoded slash, two slashes and dots are kept",
            get("/webhooks/hook//a%2Fb/../c"),
            vec![
                ("/data/url/path", json!("/webhooks/hook//a/b/../c")),
                ("/data/url/raw_path", json!("/webhooks/hook//a%2Fb/../c")),
                ("/data/url/path_suffix", json!("/a/b/../c")),
            ],
        ),
        case(
            "a path that is not UTF-8 when decoded",
            get("/webhooks/hook/%ff%zz"),
            vec![
                ("/data/url/path", json!("/webhooks/hook/\u{fffd}%zz")),
                ("/data/url/raw_path", json!("/webhooks/hook/%ff%zz")),
            ],
        ),
        case(
            "repeated keys, a plus, a semicolon and malformed escapes",
            get("/webhooks/hook?a=1&b=x+y%20z&a=2&c=1;2&d=%zz&e&=f&g=%C3%A9"),
            vec![
                (
                    "/data/url/query",
                    json!({"a": "1, 2", "b": "x y z", "c": "1;2", "d": "%zz", "e": "", "": "f", "g": "é"}),
                ),
                (
                    "/data/url/query_all",
                    json!([
                        ["a", "1"],
                        ["b", "x y z"],
                        ["a", "2"],
                        ["c", "1;2"],
                        ["d", "%zz"],
                        ["e", ""],
                        ["", "f"],
                        ["g", "é"]
                    ]),
                ),
            ],
        ),
        case(
            "a second question mark belongs to the query",
            get("/webhooks/hook?a=b?c"),
            vec![("/data/url/raw_query", json!("a=b?c")), ("/data/url/query", json!({"a": "b?c"}))],
        ),
        case(
            "absolute form",
            get("http://example.com:8080/webhooks/hook/x?a=1"),
            vec![
                ("/data/raw_url", json!("/webhooks/hook/x?a=1")),
                ("/data/url/path", json!("/webhooks/hook/x")),
                ("/data/headers/Host", json!("h")),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn headers() {
    let latin = b"GET /webhooks/hook HTTP/1.1\r\nHost: h\r\nX-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\n\r\n";
    check(vec![
        case(
            "names are canonical, repeated ones joined, Cookie by a semicolon",
            "GET /webhooks/hook HTTP/1.1\r\nhOST: h\r\nx-GITHUB-event: push\r\nETAG: e\r\nX-A: 1\r\nCookie: a=1\r\n\
             x-a: 2\r\ncookie: b=2\r\n\r\n",
            vec![
                ("/data/headers/Host", json!("h")),
                ("/data/headers/X-Github-Event", json!("push")),
                ("/data/headers/Etag", json!("e")),
                ("/data/headers/X-A", json!("1, 2")),
                ("/data/headers/Cookie", json!("a=1; b=2")),
            ],
        ),
        case(
            "bytes that are not UTF-8 are Latin-1",
            latin.to_vec(),
            vec![("/data/headers/X-Latin", json!("café")), ("/data/headers/X-Utf", json!("café"))],
        ),
        case(
            "Content-Length is an integer",
            post("", "123"),
            vec![("/data/headers/Content-Length", json!(3)), ("/data/trailers", json!({}))],
        ),
        case(
            "a chunked body has no Content-Length, and may have trailers",
            "POST /webhooks/hook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
             3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n",
            vec![
                ("/data/headers/Content-Length", json!("(missing)")),
                ("/data/body/text", json!("abcde")),
                ("/data/trailers", json!({"X-Sum": "5"})),
                ("/data/trailers_all", json!([["X-Sum", "5"]])),
            ],
        ),
        case(
            "the lists keep each value",
            "GET /webhooks/hook HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n\r\n",
            vec![("/data/headers_all", json!([["Host", "h"], ["X-A", "1"], ["X-A", "2"]]))],
        ),
    ])
    .await;
}

#[tokio::test]
async fn forms() {
    let mut cases = Vec::new();
    for method in ["POST", "PUT", "PATCH", "DELETE", "GET"] {
        let request = request(method, FORM, "a=1&b=x+y&a=2");
        cases.push(case(
            "a form, whatever the method",
            request,
            vec![
                ("/data/body/form", json!({"a": "1, 2", "b": "x y"})),
                ("/data/body/form_all", json!([["a", "1"], ["b", "x y"], ["a", "2"]])),
                ("/data/body/json", json!(null)),
                ("/data/body/text", json!("a=1&b=x+y&a=2")),
            ],
        ));
    }
    let parameters = "Content-Type: Application/X-WWW-Form-Urlencoded; charset=UTF-8\r\n";
    cases.push(case(
        "a parameter and other case",
        post(parameters, "a=1"),
        vec![("/data/body/form", json!({"a": "1"}))],
    ));
    cases.push(case(
        "another type is no form",
        post("Content-Type: text/plain\r\n", "a=1"),
        vec![("/data/body/form", json!(null)), ("/data/body/form_all", json!(null))],
    ));
    cases.push(case("no body is no form", post(FORM, ""), vec![("/data/body/form", json!(null))]));
    check(cases).await;
}

#[tokio::test]
async fn json_bodies() {
    let object = |text: &'static str, expected: Value| {
        let expected = vec![("/data/body/json", expected.clone()), ("/data/body/json_value", expected)];
        case(text, post(JSON, text), expected)
    };
    let other = |text: &'static str, expected: Value| {
        case(text, post(JSON, text), vec![("/data/body/json", json!(null)), ("/data/body/json_value", expected)])
    };
    let not = |name: &'static str, body: &[u8]| {
        case(name, post(JSON, body), vec![("/data/body/json", json!(null)), ("/data/body/json_value", json!(null))])
    };
    check(vec![
        object(r#"{"a": 1}"#, json!({"a": 1})),
        object(" \r\n\t{\"a\": [true, null]} \n", json!({"a": [true, null]})),
        object(r#"{"a": 1, "a": 2}"#, json!({"a": 2})),
        object(
            r#"{"a": 9223372036854775808, "b": -9223372036854775808}"#,
            json!({"a": 9223372036854775808_u64, "b": i64::MIN}),
        ),
        object(r#"{"a": 18446744073709551616, "b": 1.5}"#, json!({"a": 18446744073709551616.0, "b": 1.5})),
        object(r#"{"a": "\ud83d\ude00"}"#, json!({"a": "😀"})),
        other("[1, 2]", json!([1, 2])),
        other("\"text\"", json!("text")),
        other("12", json!(12)),
        not("trailing bytes", b"{\"a\": 1} x"),
        not("a byte-order mark", b"\xef\xbb\xbf{}"),
        not("a lone surrogate", br#"{"a": "\ud83d"}"#),
        not("invalid UTF-8", b"{\"a\": \"\xff\"}"),
        not("no double can be it", br#"{"a": 1e400}"#),
        not("not JSON at all", b"{a: 1}"),
        case(
            "JSON whatever Content-Type says",
            post("Content-Type: text/plain\r\n", "{}"),
            vec![("/data/body/json", json!({}))],
        ),
    ])
    .await;
}

#[tokio::test]
async fn bodies() {
    check(vec![
        case(
            "none",
            get("/webhooks/hook"),
            vec![(
                "/data/body",
                json!({"bytes": null, "form": null, "json": null, "text": null, "json_value": null, "form_all": null}),
            )],
        ),
        case("an empty one is none", post("", ""), vec![("/data/body/bytes", json!(null))]),
        case("text", post("", "é"), vec![("/data/body/bytes", json!("w6k=")), ("/data/body/text", json!("é"))]),
        case(
            "binary",
            post("", b"\x00\xff\xfe"),
            vec![("/data/body/bytes", json!("AP/+")), ("/data/body/text", json!(null))],
        ),
        case(
            "gzip stays as it is",
            post("Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00"),
            vec![("/data/body/bytes", json!("H4sIAA==")), ("/data/headers/Content-Encoding", json!("gzip"))],
        ),
        case(
            "Expect: 100-continue",
            post("Expect: 100-continue\r\n", "abc"),
            vec![("/data/body/text", json!("abc")), ("/data/headers/Expect", json!("100-continue"))],
        ),
    ])
    .await;
}
