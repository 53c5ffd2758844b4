//! Payloads read back from JSON, and payloads written by hand.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Data, Headers, Raw};
use super::any_raw;

proptest! {
    #[test]
    fn what_to_json_gives_is_read_back(raw in any_raw()) {
        let data = Data::new(raw);
        prop_assert_eq!(Data::from_json(&data.to_json()), Ok(data.clone()));
        let event = json!({"id": "evt_1", "type": data.method().to_ascii_lowercase(), "data": data.to_json()});
        prop_assert_eq!(Data::from_json(&event), Ok(data));
    }
}

fn raw(value: Value) -> Raw {
    Data::from_json(&value).unwrap().raw().clone()
}

#[test]
fn what_is_not_said_has_a_default() {
    let plain = Raw { method: "GET".to_owned(), url: "/webhooks/slug".to_owned(), ..Raw::default() };
    for value in [json!({}), json!({"url": {}, "body": null, "method": null}), json!({"data": {}})] {
        assert_eq!(raw(value), plain);
    }
    assert_eq!(raw(json!({"type": "post", "data": {}})).method, "POST");
    assert_eq!(raw(json!({"method": "PoSt"})).method, "PoSt");
}

#[test]
fn a_url_is_put_together() {
    let rows = [
        (json!({"raw_url": "/x?a=%zz#f"}), "/x?a=%zz#f"),
        (json!({"url": {"path": "/webhooks/a b/é%"}}), "/webhooks/a%20b/%C3%A9%25"),
        (json!({"url": {"raw_path": "/a%2Fb", "path": "/a/b"}}), "/a%2Fb"),
        (json!({"url": {"path_suffix": "foo/bar"}}), "/webhooks/slug/foo/bar"),
        (json!({"url": {"query": {"a": "1 2", "b": "ü"}}}), "/webhooks/slug?a=1+2&b=%C3%BC"),
        (json!({"url": {"query_all": [["a", "1"], ["a", "2"]], "query": {"a": "1, 2"}}}), "/webhooks/slug?a=1&a=2"),
        (json!({"url": {"path": "/x", "raw_query": "a=b"}}), "/x?a=b"),
        (json!({"url": {"fragment": "x y"}}), "/webhooks/slug#x%20y"),
    ];
    for (value, url) in rows {
        assert_eq!(raw(value.clone()).url, url, "{value}");
    }
}

#[test]
fn headers_are_taken_in_any_case_and_with_numbers() {
    let expected: Headers = [("Content-Type", "text/plain"), ("Content-Length", "5")].into_iter().collect();
    let rows = [
        json!({"headers": {"content-type": "text/plain", "CONTENT-LENGTH": 5}}),
        json!({"headers": {"Content-Type": "text/plain", "Content-Length": "5"}}),
        json!({"headers_all": [["content-type", "text/plain"], ["content-length", "5"]]}),
        json!({"headers_all": [["content-type", "text/plain"], ["content-length", "5"]], "headers": {"content-length": 5}}),
    ];
    for value in rows {
        assert_eq!(raw(value.clone()).headers, expected, "{value}");
    }
    assert_eq!(raw(json!({"trailers": {"x-sum": "1"}})).trailers, [("X-Sum", "1")].into_iter().collect());
}

#[test]
fn a_body_is_what_says_the_most() {
    let form: Headers = [("Content-Type", "application/x-www-form-urlencoded")].into_iter().collect();
    let rows = [
        (json!({"bytes": "aGk=", "text": "hi"}), Some("hi"), None),
        (json!({"bytes": ""}), None, None),
        (json!({"text": "{\"a\": 1}", "json": {"a": 1}}), Some("{\"a\": 1}"), None),
        (json!({"json": {"a": [1.5, null]}}), Some("{\"a\":[1.5,null]}"), None),
        (json!({"json_value": [1]}), Some("[1]"), None),
        (json!({"form": {"a": "1 2"}}), Some("a=1+2"), Some(&form)),
        (json!({"form_all": [["a", "1"], ["a", "2"]]}), Some("a=1&a=2"), Some(&form)),
        (json!({"text": "a=1", "form": {"a": "1"}}), Some("a=1"), Some(&form)),
    ];
    for (body, bytes, headers) in rows {
        let raw = raw(json!({"body": body}));
        assert_eq!(raw.body.as_deref(), bytes.map(str::as_bytes), "{body}");
        assert_eq!(raw.headers, headers.cloned().unwrap_or_default(), "{body}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let rows = [
        json!([1]),
        json!({"data": 1}),
        json!({"dat": {}}),
        json!({"metod": "GET"}),
        json!({"method": 1}),
        json!({"something": 1}),
        json!({"url": "/x"}),
        json!({"url": {"pth": "/x"}}),
        json!({"url": {"path": "/a"}, "raw_url": "/b"}),
        json!({"url": {"raw_path": "/a%2Fb", "path": "/a"}}),
        json!({"url": {"query": {"a": 1}}}),
        json!({"url": {"query": {"a": "1"}, "raw_query": "a=2"}}),
        json!({"url": {"query_all": [["a"]]}}),
        json!({"headers": {"X-A": true}}),
        json!({"headers": {"x-a": "1"}, "headers_all": [["X-A", "2"]]}),
        json!({"headers": {"x-b": "1"}, "headers_all": [["X-A", "2"]]}),
        json!({"body": {"bytes": "%"}}),
        json!({"body": {"bytes": "aGk=", "text": "ho"}}),
        json!({"body": {"json": [1]}}),
        json!({"body": {"json": {"a": 1}, "text": "no"}}),
        json!({"body": {"text": "a=1", "form": {"a": "1"}}, "headers": {"content-type": "text/plain"}}),
        json!({"body": {"form": {"a": "1"}}, "headers": {"Content-Type": "text/plain"}}),
        json!({"body": {"form_all": [["a", "1"]]}, "headers_all": []}),
        json!({"body": {"form": {}}}),
        json!({"headers": {"x": "a", "X": "b"}}),
        json!({"type": "get", "data": {"method": "POST"}}),
    ];
    let report = rows.map(|value| Data::from_json(&value).unwrap_err().to_string()).join("\n");
    insta::assert_snapshot!(report, @r#"
    a payload is an object, not a list
    `data` must be an object, not a number
    `dat` is no field of a payload; did you mean `data`?
    `metod` is no field of a payload; did you mean `method`?
    `method` must be a string, not a number
    `something` is no field of a payload; the fields here are method, url, raw_url, headers, headers_all, trailers, trailers_all, body
    `url` must be an object, not a string
    `url.pth` is no field of a payload; did you mean `url.path`?
    `url.path` says "/a", but follows from `raw_url` as "/b"
    `url.path` says "/a", but follows from the other fields of `url` as "/a/b"
    `url.query.a` must be a string, not a number
    `url.query` says {"a":"1"}, but follows from the other fields of `url` as {"a":"2"}
    `url.query_all` must be a list of pairs of strings: [["name", "value"]]
    `headers.X-A` must be a string, not a bool
    `headers.x-a` says "1", but follows from `headers_all` as "2"
    `headers.x-b` says "1", but follows from `headers_all` as null
    `body.bytes` must be in base64
    `body.text` says "ho", but follows from `body.bytes` as "hi"
    `body.json` must be an object, not a list
    `body.json` says {"a":1}, but follows from `body.text` as null
    `body.form` needs the Content-Type "application/x-www-form-urlencoded", not "text/plain"
    `body.form` needs the Content-Type "application/x-www-form-urlencoded", not "text/plain"
    `body.form_all` needs the Content-Type "application/x-www-form-urlencoded"
    `body.form` must be left out: a body with no fields is no body, and has no form
    `headers.X` is given twice, since names are the same in any case; list both in `headers_all`
    `type` says "get", but `data.method` is "POST"
    "#);
}
