//! What follows from a request, field by field. More is in the raw-socket tests, which read it from a real server.

mod from_json;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Data, Explanation, Field, Raw, Verdict};

const FORM: &str = "application/x-www-form-urlencoded";

fn of_url(url: &str) -> Data {
    Data::new(Raw { method: "GET".to_owned(), url: url.to_owned(), ..Raw::default() })
}

fn of_headers(headers: &[(&str, &[u8])]) -> Data {
    Data::new(Raw { headers: headers.iter().copied().collect(), ..Raw::default() })
}

fn of_body(content_type: Option<&str>, body: &[u8]) -> Data {
    let headers = content_type.map(|value| ("content-type", value)).into_iter().collect();
    Data::new(Raw { method: "POST".to_owned(), headers, body: Some(Bytes::copy_from_slice(body)), ..Raw::default() })
}

/// The value at a pointer, as the API shows it; "missing" when there is none.
fn at(data: &Data, key: &str) -> Value {
    match data.get(key) {
        Some(Field::Text(text)) => json!(text),
        Some(Field::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
        Some(Field::Json(value)) => value.into_owned(),
        None => json!({"missing": true}),
    }
}

fn missing() -> Value {
    json!({"missing": true})
}

#[test]
fn the_specifications_example_has_its_shape() {
    let data = Data::new(Raw {
        method: "GET".to_owned(),
        url: "/webhooks/slug?key1=value1&key2=value2".to_owned(),
        headers: [("accept", "*/*"), ("content-length", "123"), ("content-type", "..."), ("user-agent", "curl/x.y.z")]
            .into_iter()
            .collect(),
        ..Raw::default()
    });
    let expected = json!({
        "method": "GET",
        "url": {
            "path": "/webhooks/slug",
            "query": {"key1": "value1", "key2": "value2"},
            "raw_query": "key1=value1&key2=value2",
            "fragment": "",
            "raw_fragment": "",
            "raw_path": "/webhooks/slug",
            "path_suffix": "",
            "query_all": [["key1", "value1"], ["key2", "value2"]],
        },
        "raw_url": "/webhooks/slug?key1=value1&key2=value2",
        "headers": {"Accept": "*/*", "Content-Length": 123, "Content-Type": "...", "User-Agent": "curl/x.y.z"},
        "headers_all": [["Accept", "*/*"], ["Content-Length", "123"], ["Content-Type", "..."], ["User-Agent", "curl/x.y.z"]],
        "trailers": {},
        "trailers_all": [],
        "body": {"bytes": null, "form": null, "json": null, "text": null, "json_value": null, "form_all": null},
    });
    assert_eq!(data.to_json(), expected);
}

#[test]
fn a_url_is_taken_apart_and_never_normalised() {
    let rows = [
        ("/webhooks/slug", "/url/path", json!("/webhooks/slug")),
        ("/webhooks/slug/a%2Fb", "/url/path", json!("/webhooks/slug/a/b")),
        ("/webhooks/slug/a%2Fb", "/url/raw_path", json!("/webhooks/slug/a%2Fb")),
        ("/webhooks/slug//a/../b", "/url/path", json!("/webhooks/slug//a/../b")),
        ("/webhooks/slug//a/../b", "/url/path_suffix", json!("/a/../b")),
        ("/webhooks/slug/%zz%4", "/url/path", json!("/webhooks/slug/%zz%4")),
        ("/webhooks/slug/%ff", "/url/path", json!("/webhooks/slug/\u{fffd}")),
        ("/webhooks/slug/a+b", "/url/path", json!("/webhooks/slug/a+b")),
        ("/webhooks/slug", "/url/path_suffix", json!("")),
        ("/webhooks/slug/", "/url/path_suffix", json!("")),
        ("/webhooks/slug/a%20b/c?d", "/url/path_suffix", json!("a b/c")),
        ("/elsewhere", "/url/path_suffix", json!("")),
        ("/webhooks/slug", "/url/raw_query", json!("")),
        ("/webhooks/slug?", "/url/raw_query", json!("")),
        ("/webhooks/slug?a=b?c", "/url/raw_query", json!("a=b?c")),
        ("/webhooks/slug?a=b", "/raw_url", json!("/webhooks/slug?a=b")),
        ("/webhooks/slug?a=b", "/url/fragment", json!("")),
        ("/webhooks/slug?a=b#c%20d", "/url/fragment", json!("c d")),
        ("/webhooks/slug?a=b#c%20d", "/url/raw_fragment", json!("c%20d")),
        ("/webhooks/slug?a=b#c", "/url/query", json!({"a": "b"})),
        ("/webhooks/slug#a?b", "/url/path", json!("/webhooks/slug")),
        ("/webhooks/slug#a?b", "/url/raw_query", json!("")),
        ("/webhooks/slug#a#b", "/url/raw_fragment", json!("a#b")),
    ];
    for (url, key, expected) in rows {
        assert_eq!(at(&of_url(url), key), expected, "{key} of {url}");
    }
}

#[test]
fn a_query_is_decoded_as_the_url_standard_says() {
    let rows = [
        ("a=b+c%20d%2B", json!({"a": "b c d+"}), json!([["a", "b c d+"]])),
        ("a=%zz&b=1;c=2", json!({"a": "%zz", "b": "1;c=2"}), json!([["a", "%zz"], ["b", "1;c=2"]])),
        ("a=1&b=2&a=3", json!({"a": "1, 3", "b": "2"}), json!([["a", "1"], ["b", "2"], ["a", "3"]])),
        ("a&=b&", json!({"a": "", "": "b"}), json!([["a", ""], ["", "b"]])),
        ("%C3%A9=%ff", json!({"é": "\u{fffd}"}), json!([["é", "\u{fffd}"]])),
        ("", json!({}), json!([])),
    ];
    for (query, joined, all) in rows {
        let data = of_url(&format!("/webhooks/slug?{query}"));
        assert_eq!(at(&data, "/url/query"), joined, "{query}");
        assert_eq!(at(&data, "/url/query_all"), all, "{query}");
    }
}

#[test]
fn headers_are_canonical_and_found_in_any_case() {
    let data = of_headers(&[
        ("x-github-event", b"push"),
        ("ETAG", b"1"),
        ("Host", b"example.com"),
        ("accept", b"a"),
        ("Accept", b"b"),
        ("cookie", b"a=1"),
        ("COOKIE", b"b=2"),
        ("x-latin", b"caf\xe9"),
        ("x-utf8", "café".as_bytes()),
        ("content-length", b"123"),
    ]);
    let joined = json!({
        "X-Github-Event": "push",
        "Etag": "1",
        "Host": "example.com",
        "Accept": "a, b",
        "Cookie": "a=1; b=2",
        "X-Latin": "café",
        "X-Utf8": "café",
        "Content-Length": 123,
    });
    assert_eq!(at(&data, "/headers"), joined);
    for name in ["/headers/cookie", "/headers/Cookie", "/headers/COOKIE"] {
        assert_eq!(at(&data, name), json!("a=1; b=2"), "{name}");
    }
    assert_eq!(at(&data, "/headers/content-length"), json!(123));
    assert_eq!(at(&data, "/headers_all/9"), json!(["Content-Length", "123"]));
    assert_eq!(at(&data, "/headers_all/3"), json!(["Accept", "a"]));
    assert_eq!(at(&data, "/headers/x-nope"), missing());
    assert_eq!(at(&of_headers(&[]), "/headers"), json!({}));
}

#[test]
fn trailers_are_read_as_headers_are() {
    let trailers = [("x-checksum", "1"), ("X-Checksum", "2")].into_iter().collect();
    let data = Data::new(Raw { trailers, ..Raw::default() });
    assert_eq!(at(&data, "/trailers"), json!({"X-Checksum": "1, 2"}));
    assert_eq!(at(&data, "/trailers/X-CHECKSUM"), json!("1, 2"));
    assert_eq!(at(&data, "/trailers_all"), json!([["X-Checksum", "1"], ["X-Checksum", "2"]]));
}

#[test]
fn a_body_is_bytes_and_text_when_it_is_utf8() {
    let rows: [(&[u8], Value, Value); 4] = [
        (b"", json!(null), json!(null)),
        (b"hi", json!("hi"), json!("hi")),
        (b"\xff\xfe", json!("\u{fffd}\u{fffd}"), json!(null)),
        ("\u{feff}é".as_bytes(), json!("\u{feff}é"), json!("\u{feff}é")),
    ];
    for (body, bytes, text) in rows {
        let data = of_body(None, body);
        assert_eq!(at(&data, "/body/bytes"), bytes, "{body:?}");
        assert_eq!(at(&data, "/body/text"), text, "{body:?}");
    }
}

#[test]
fn a_form_is_one_by_its_content_type_whatever_the_method() {
    let rows = [
        (Some(FORM), "a=1&a=2&b=%20+", json!({"a": "1, 2", "b": "  "})),
        (Some("Application/X-WWW-Form-URLEncoded; Charset=UTF-8"), "a=1", json!({"a": "1"})),
        (Some("application/x-www-form-urlencoded ;charset=utf-8"), "a=%zz;b", json!({"a": "%zz;b"})),
        (Some("application/x-www-form-urlencoded2"), "a=1", json!(null)),
        (Some("text/plain"), "a=1", json!(null)),
        (None, "a=1", json!(null)),
        (Some(FORM), "", json!(null)),
    ];
    for (content_type, body, form) in rows {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let raw = of_body(content_type, body.as_bytes()).raw().clone();
            let data = Data::new(Raw { method: method.to_owned(), ..raw });
            assert_eq!(at(&data, "/body/form"), form, "{method} {content_type:?} {body}");
        }
    }
    assert_eq!(at(&of_body(Some(FORM), b"a=1&a=2"), "/body/form_all"), json!([["a", "1"], ["a", "2"]]));
}

#[test]
fn json_is_the_whole_body_or_nothing() {
    let null = json!(null);
    let rows: [(&[u8], Value, Value); 21] = [
        (b"{\"a\":1}", json!({"a": 1}), json!({"a": 1})),
        (b" \r\n\t{\"a\":1} \n", json!({"a": 1}), json!({"a": 1})),
        (b"[1, 2]", null.clone(), json!([1, 2])),
        (b"\"text\"", null.clone(), json!("text")),
        (b"1", null.clone(), json!(1)),
        (b"null", null.clone(), json!(null)),
        (b"{} x", null.clone(), null.clone()),
        (b"{}{}", null.clone(), null.clone()),
        (b"{\"a\":1,}", null.clone(), null.clone()),
        (b"\xef\xbb\xbf{}", null.clone(), null.clone()),
        (b"{\"a\":\"\xff\"}", null.clone(), null.clone()),
        (br#"{"a":"\ud800"}"#, null.clone(), null.clone()),
        (br#"{"a":"\ud83d\ude00"}"#, json!({"a": "😀"}), json!({"a": "😀"})),
        (br#"{"a":1,"a":2}"#, json!({"a": 2}), json!({"a": 2})),
        (b"{\"a\":9223372036854775807}", json!({"a": i64::MAX}), json!({"a": i64::MAX})),
        (b"{\"a\":9223372036854775808}", json!({"a": 1_u64 << 63}), json!({"a": 1_u64 << 63})),
        (b"{\"a\":18446744073709551616}", json!({"a": 18446744073709551616.0}), json!({"a": 18446744073709551616.0})),
        (b"{\"a\":1.0}", json!({"a": 1.0}), json!({"a": 1.0})),
        // No double is that large, and no other number either: not JSON.
        (b"{\"a\":1e400}", null.clone(), null.clone()),
        (b"{\"a\":NaN}", null.clone(), null.clone()),
        (b"", null.clone(), null.clone()),
    ];
    for (body, object, value) in rows {
        for content_type in [None, Some("text/plain"), Some("application/json; charset=utf-8")] {
            let data = of_body(content_type, body);
            assert_eq!(at(&data, "/body/json"), object, "{}", String::from_utf8_lossy(body));
            assert_eq!(at(&data, "/body/json_value"), value, "{}", String::from_utf8_lossy(body));
        }
    }
}

#[test]
fn get_walks_pointers_and_tells_missing_from_null() {
    let body = br#"{"a/b":1,"c~d":2,"list":[10,20],"items":3,"keys":4,"get":5,"none":null,"e":{"f":{}},"":6}"#;
    let data = of_body(Some("text/plain"), body);
    let rows = [
        ("/body/json/a~1b", json!(1)),
        ("/body/json/c~0d", json!(2)),
        ("/body/json/list/1", json!(20)),
        ("/body/json/list/2", missing()),
        ("/body/json/list/x", missing()),
        ("/body/json/items", json!(3)),
        ("/body/json/keys", json!(4)),
        ("/body/json/get", json!(5)),
        ("/body/json/none", json!(null)),
        ("/body/json/none/below", missing()),
        ("/body/json/e/f", json!({})),
        ("/body/json/", json!(6)),
        ("/body/json/nope", missing()),
        ("/body/json_value/items", json!(3)),
        ("/body/form", json!(null)),
        ("/body/form/a", missing()),
        ("/body/nope", missing()),
        ("method", json!("POST")),
        ("/method", json!("POST")),
        ("/method/x", missing()),
        ("/nope", missing()),
        ("/url/nope", missing()),
        ("/url/query/a", missing()),
        ("/url/path/x", missing()),
    ];
    for (key, expected) in rows {
        assert_eq!(at(&data, key), expected, "{key}");
    }
    assert_eq!(at(&data, ""), data.to_json());
    for key in ["url", "headers", "body", "trailers", "/headers_all"] {
        assert_eq!(at(&data, key), data.to_json()[key.trim_start_matches('/')], "{key}");
    }
}

#[test]
fn query_and_form_are_read_by_key_at_every_depth() {
    let data = Data::new(Raw {
        url: "/webhooks/slug?items=1&a%2Fb=2&c~d=3".to_owned(),
        headers: [("content-type", FORM)].into_iter().collect(),
        body: Some(Bytes::from_static(b"keys=4")),
        ..Raw::default()
    });
    assert_eq!(at(&data, "/url/query/items"), json!("1"));
    assert_eq!(at(&data, "/url/query/a~1b"), json!("2"));
    assert_eq!(at(&data, "/url/query/c~0d"), json!("3"));
    assert_eq!(at(&data, "/body/form/keys"), json!("4"));
}

/// Any request, as the host receives it.
pub(super) fn any_raw() -> impl Strategy<Value = Raw> {
    let name = "[A-Za-z][A-Za-z0-9-]{0,12}";
    let value = prop_oneof!["[ -~]{0,20}".prop_map(String::into_bytes), vec(any::<u8>(), 0..20)];
    let fields =
        vec((prop_oneof![Just("Content-Type".to_owned()), Just("content-length".to_owned()), name], value), 0..6);
    let url = prop_oneof!["/webhooks/slug(/[a-z%/.+]{0,9})?([?][a-z=&+%;]{0,9})?(#[a-z]{0,3})?", ".{0,30}"];
    let json = r#"[{]"a":([0-9]{1,25}([.][0-9]{1,5})?|"[a-z]{0,5}"|null|true|\[\])[}]"#;
    let body = prop_oneof![
        vec(any::<u8>(), 0..40),
        json.prop_map(String::into_bytes),
        "[a-z=&+%]{0,20}".prop_map(String::into_bytes),
    ];
    ("[A-Z]{1,10}", url, fields.clone(), fields, proptest::option::of(body)).prop_map(
        |(method, url, headers, trailers, body)| Raw {
            method,
            url,
            headers: headers.into_iter().collect(),
            trailers: trailers.into_iter().collect(),
            body: body.map(Bytes::from),
        },
    )
}

proptest! {
    #[test]
    fn every_value_is_found_at_its_pointer(raw in any_raw()) {
        let data = Data::new(raw);
        let mut pending = vec![(String::new(), data.to_json())];
        while let Some((path, value)) = pending.pop() {
            if path != "/body/bytes" {
                prop_assert_eq!(at(&data, &path), value.clone(), "{}", path);
            }
            if let Value::Object(fields) = value {
                let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
                pending.extend(fields.into_iter().map(|(name, value)| (format!("{path}/{}", escape(&name)), value)));
            }
        }
    }
}

#[test]
fn verdicts_of_earlier_versions_can_be_read() {
    let verdict = |value: Value| serde_json::from_value::<Verdict>(value).unwrap();
    let old = verdict(json!({ "trigger": "a", "verdict": "filter_false", "detail": "data.method == 'GET'" }));
    assert_eq!((old.detail.as_deref(), &old.explanation), (Some("data.method == 'GET'"), &None));
    let written = json!({ "trigger": "a", "verdict": "matched", "detail": null });
    assert_eq!(serde_json::to_value(verdict(written.clone())).unwrap(), written);
    let part = json!({ "start": 0, "end": 11, "line": 1, "column": 1, "expression": "data.method", "type": "string", "value": "\"PUT\"" });
    let explained = json!({ "expression": "data.method == 'GET'", "parts": [part] });
    let explanation: Explanation = serde_json::from_value(explained.clone()).unwrap();
    assert_eq!(serde_json::to_value(&explanation).unwrap(), explained);
    assert_eq!(explanation.parts[0].to_string(), "data.method → \"PUT\"");
}
