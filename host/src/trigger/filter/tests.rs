//! What filters answer, what they refuse, and that nothing hostile ends the process.

mod conformance;
mod explained;
mod hostile;
mod library;
mod linted;
mod misspelt;
mod refused;

use bytes::Bytes;
use insta::assert_snapshot;

use super::data::{BODY_FIELDS, FIELDS, URL_FIELDS};
use super::functions::{self, Type};
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

/// One request that has a bit of everything.
fn rich() -> Data {
    let body = r#"{"action":"opened","n":1,"big":9223372036854775808,"x":1.5,"none":null,"items":[1,"two",{"k":[]}]}"#;
    Data::new(Raw {
        method: "POST".to_owned(),
        url: "/webhooks/slug/a%2Fb?key=1&key=2&c+d=%zz#frag%20x".to_owned(),
        headers: [("content-type", "application/json"), ("x-github-event", "push"), ("content-length", "99")]
            .into_iter()
            .collect(),
        trailers: [("x-sum", "1"), ("X-Sum", "2")].into_iter().collect(),
        body: Some(Bytes::from_static(body.as_bytes())),
    })
}

#[test]
fn every_field_of_the_payload_is_there() {
    assert_holds(
        &rich(),
        &[
            r#"data.method == "POST" && event_type == "post""#,
            r#"data.url.path == "/webhooks/slug/a/b" && data.url.raw_path == "/webhooks/slug/a%2Fb""#,
            r#"data.url.path_suffix == "a/b""#,
            r#"data.url.query["key"] == "1, 2" && data.url.query["c d"] == "%zz""#,
            r#"data.url.query == {"c d": "%zz", "key": "1, 2"}"#,
            r#"data.url.query_all == [["key", "1"], ["key", "2"], ["c d", "%zz"]]"#,
            r#"data.url.raw_query == "key=1&key=2&c+d=%zz""#,
            r#"data.url.fragment == "frag x" && data.url.raw_fragment == "frag%20x""#,
            r#"data.raw_url == "/webhooks/slug/a%2Fb?key=1&key=2&c+d=%zz#frag%20x""#,
            r#"data.headers_all[2] == ["Content-Length", "99"]"#,
            r#"data.trailers["x-sum"] == "1, 2" && data.trailers_all.size() == 2"#,
            r#"data.body.text.startsWith("{") && data.body.bytes.size() == data.body.text.size()"#,
            r#"type(data.body.bytes) == bytes && type(data.body.json) == map && type(data.body.json.items) == list"#,
            r#"data.body.form == null && data.body.form_all == null"#,
            r#"data.body.json.action == "opened" && data.body.json == data.body.json_value"#,
            r#"data["body"]["json"]["items"][2]["k"] == []"#,
            r#"size(data) == 8 && size(data.url) == 8 && size(data.body) == 6"#,
            r#"data.map(k, k) == ["method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body"]"#,
        ],
    );
    let empty = request("GET", "/webhooks/slug", &[], "");
    assert_holds(
        &empty,
        &[
            "data.body.all(name, data.body[name] == null)",
            "has(data.body.json) && has(data.url.fragment) && !has(data.url.query.nope)",
            r#"data.url.query == {} && data.headers == {} && data.trailers == {} && data.headers_all == []"#,
            r#"data.url.path_suffix == "" && data.url.raw_query == """#,
        ],
    );
}

#[test]
fn header_names_are_found_in_any_case_and_listed_in_canonical_form() {
    assert_holds(
        &rich(),
        &[
            r#"data.headers["X-GitHub-Event"] == "push""#,
            r#"data.headers["x-github-event"] == "push""#,
            r#""CONTENT-TYPE" in data.headers && "content-type" in data.headers && !("Accept" in data.headers)"#,
            r#"has({"h": data.headers}.h)"#,
            r#"data.headers.exists(name, name == "X-Github-Event")"#,
            r#"data.headers.map(name, name) == ["Content-Type", "X-Github-Event", "Content-Length"]"#,
            r#"data.headers["content-length"] == 99 && type(data.headers["Content-Length"]) == int"#,
            r#"size(data.headers) == 3"#,
        ],
    );
    let simple = request("GET", "/webhooks/slug", &[("etag", "1"), ("HOST", "x")], "");
    assert_holds(
        &simple,
        &[
            "has(data.headers.etag) && has(data.headers.ETAG) && data.headers.eTag == '1' && data.headers.host == 'x'",
            "!has(data.headers.accept)",
            "data.headers == {'Etag': '1', 'Host': 'x'} && {'Etag': '1', 'Host': 'x'} == data.headers",
        ],
    );
    assert_eq!(ask(&simple, "data.headers['x-nope'] == '1'"), "filter error: no such key: x-nope");
}

#[test]
fn values_compare_as_cel_says_whatever_they_were_converted_from() {
    assert_holds(
        &rich(),
        &[
            "data == data && data.body == data.body",
            "data.body.json.n == 1 && data.body.json.n == 1.0 && data.body.json.n == 1u && 1 == data.body.json.n",
            "data.body.json.big == 9223372036854775808u && type(data.body.json.big) == uint",
            "data.body.json.x == 1.5 && data.body.json.x > data.body.json.n",
            "data.body.json.none == null && null == data.body.json.none",
            r#"data.body.json.items == [1, "two", {"k": []}] && [1, "two", {"k": []}] == data.body.json.items"#,
            r#"{"k": []} in data.body.json.items && 1.0 in data.body.json.items"#,
            r#"data.body.json.items[2] == {"k": []} && {"k": []} == data.body.json.items[2]"#,
            r#"data.url.query in [{"c d": "%zz", "key": "1, 2"}]"#,
            r#"data.body.json.items.map(x, x) == data.body.json.items"#,
            r#"(data.body.json.items + [3]).size() == 4"#,
            r#"[data.body.json][0].action == "opened""#,
            r#"data.body.json.items.reverse()[0].k.size() == 0"#,
        ],
    );
}

#[test]
fn a_failure_is_a_verdict_with_its_reason() {
    let rows = [
        r#"data.headers["X-Nope"] == "a""#,
        r#"data.url.query.nope == "a""#,
        r#"data.body.form.a == "a""#,
        r#"data.body.json.items[9] == 1"#,
        r#"data.body.json.items["a"] == 1"#,
        r#"data.body.json.n + "a" == "b""#,
        r#"data.body.json.action < 1"#,
        r#"data.body.json.n / 0 == 1"#,
        r#"data.body.json.action.size"#,
        r#"data.body.json.n.replace("a", "b") == "c""#,
        r#"data.body.json.items.join() == "c""#,
        r#""%d".format([data.body.json.action]) == "c""#,
        r#"1 in data.body.json.action"#,
        r#"data.body.json.action"#,
        r#"data.body.json.n"#,
        r#"data.body.json.none"#,
        r#"data.body.json[data.body.text] == 1"#,
        r#"data.method.matches(data.body.json.action + "[")"#,
        r#"data.url.query.nope == '1' || true"#,
        r#"true || data.url.query.nope == '1'"#,
        r#"data.url.query.nope == '1' && false"#,
        r#"data.url.query.nope == '1' || false"#,
        r#"["a"].exists(x, data[x] == 1)"#,
        r#"-9223372036854775808 - data.body.json.n == 0"#,
    ];
    let data = rich();
    let report = rows.map(|source| format!("{source}: {}", ask(&data, source))).join("\n");
    assert_snapshot!(report, @r#"
    data.headers["X-Nope"] == "a": filter error: no such key: X-Nope
    data.url.query.nope == "a": filter error: no such key: nope
    data.body.form.a == "a": filter error: null has no fields
    data.body.json.items[9] == 1: filter error: index out of bounds: 9
    data.body.json.items["a"] == 1: filter error: found no matching overload for '_[_]' applied to '(list, string)'
    data.body.json.n + "a" == "b": filter error: found no matching overload for '_+_' applied to '(int, string)'
    data.body.json.action < 1: filter error: found no matching overload for '_<_' applied to '(string, int)'
    data.body.json.n / 0 == 1: filter error: division by zero
    data.body.json.action.size: filter error: string has no fields
    data.body.json.n.replace("a", "b") == "c": filter error: found no matching overload for 'replace' applied to 'int.(string, string)'
    data.body.json.items.join() == "c": filter error: expected string, found int
    "%d".format([data.body.json.action]) == "c": filter error: format: error during formatting: decimal clause can only be used on ints, uints, and doubles, was given string
    1 in data.body.json.action: filter error: found no matching overload for 'in' applied to '(int, string)'
    data.body.json.action: filter error: the filter gave a string, not a bool
    data.body.json.n: filter error: the filter gave an int, not a bool
    data.body.json.none: filter error: the filter gave null, not a bool
    data.body.json[data.body.text] == 1: filter error: no such key: {"action":"opened","n":1,"big":9223372036854775808,"x":1.5,"none":null,"items":[1,"two",{"k":[]}]}
    data.method.matches(data.body.json.action + "["): filter error: matches: 'opened[' is not a regular expression: unclosed character class
    data.url.query.nope == '1' || true: matched
    true || data.url.query.nope == '1': matched
    data.url.query.nope == '1' && false: filter false
    data.url.query.nope == '1' || false: filter error: no such key: nope
    ["a"].exists(x, data[x] == 1): filter error: no such key: a
    -9223372036854775808 - data.body.json.n == 0: filter error: integer overflow
    "#);
}

#[test]
fn the_payloads_fields_are_known() {
    let known = ["data", "data.url", "data.body"].map(|path| format!("{path}.map(name, name)"));
    let listed = |fields: &[&str]| format!("{fields:?}");
    let expected = [listed(&FIELDS), listed(&URL_FIELDS), listed(&BODY_FIELDS)];
    for (fields, expected) in known.iter().zip(expected) {
        assert_holds(&rich(), &[&format!("{fields} == {expected}")]);
    }
    // Another variable of that name has its own fields.
    assert_holds(&rich(), &["[{'pth': 1}].all(data, data.pth == 1) && cel.bind(data, {'a': 1}, data.a == 1)"]);
}

#[test]
fn every_declared_function_is_there() {
    let sample = |kind: &Type| match kind {
        Type::Dyn | Type::Int => "1",
        Type::Bool => "true",
        Type::Uint => "1u",
        Type::Double => "1.0",
        Type::String => "'1'",
        Type::Bytes => "b'1'",
        Type::List => "['1']",
        Type::Map => "{'1': 1}",
        Type::Null => "null",
        Type::Kind => "int",
        Type::Duration => "duration('1s')",
        Type::Timestamp => "timestamp('2026-01-01T00:00:00Z')",
    };
    for known in functions::all().iter().filter(|known| !known.name.contains('@') && known.result != Type::Dyn) {
        let arguments = known.parameters.iter().map(sample).collect::<Vec<_>>().join(", ");
        let receiver = known.receiver.as_ref().map(|kind| format!("{}.", sample(kind))).unwrap_or_default();
        let call = format!("{receiver}{}({arguments})", known.name);
        let answer = ask(&rich(), &format!("type({call}) == {} || {call} == {call}", known.result.as_str()));
        let is_there = !answer.contains("overload") && !answer.contains("ndeclared");
        assert!(is_there, "{call}: {answer}");
    }
}

#[test]
fn what_no_filter_reads_is_not_parsed() {
    let data = rich();
    let kind = EventType::of("POST");
    let context = Context::new(&kind, &data);
    let is_parsed = |field: &str| !format!("{data:?}").contains(&format!("{field}: OnceLock(<uninit>)"));
    let ask = |source: &str| Filter::compile(source).unwrap().evaluate(&context).0;
    assert_eq!(ask("data.method == 'POST' && data.headers['content-length'] == 99"), VerdictKind::Matched);
    assert_eq!(ask("data.url.path.endsWith('/b') && data.body.text != ''"), VerdictKind::Matched);
    assert!(!is_parsed("json") && !is_parsed("form") && !is_parsed("query"));
    assert_eq!(ask("data.body.json.n == 1 && data.url.query.key == '1, 2'"), VerdictKind::Matched);
    assert!(is_parsed("json") && !is_parsed("form") && is_parsed("query"));
}
