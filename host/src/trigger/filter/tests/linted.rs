//! What compiles and is likely not what was meant.

use insta::assert_snapshot;

use super::super::{Filter, render_warnings};

fn warnings(source: &str) -> String {
    let filter = Filter::compile(source).unwrap_or_else(|error| panic!("{error}"));
    render_warnings(source, filter.warnings())
}

#[test]
fn likely_mistakes_are_warned_of() {
    let rows = [
        r#"data.url.path.matches("/foo")"#,
        r#"matches(data.url.raw_path, r'foo.*bar')"#,
        r#"data.headers["Content-Type"] == "application/json""#,
        r#"data.headers["content-type"] != 'text/plain'"#,
        r#""application/json" == data["headers"]["Content-Type"]"#,
        r#"data.headers["Content-Type"] in ["application/json", 'text/plain']"#,
        r#"event_type == "POST""#,
        r#"event_type in ["get", "Post"] || event_type.startsWith("P")"#,
        r#"data.method == "post" && data.method in ["GET", "put"]"#,
        r#"data.url.path == "/foo" || data.url.path.startsWith("/foo/")"#,
        r#"data.url.path.matches("^/foo/[0-9]+$")"#,
        r#"data.url.path == "/webhooks/*/foo""#,
        r#"data.url.path_suffix == "/foo""#,
        r#"data.url.fragment == "top""#,
        r#"data.headers["X-Token"] == null || data.url.query.page != null"#,
        r#"data.headers["Content-Length"] == "5""#,
        "true",
        "[1].all(data, data == 1)",
        "data.method == 'GET' &&\n  event_type == 'É'",
    ];
    assert_snapshot!(rows.map(warnings).join("\n"), @r#"
    WARNING: <input>:1:23: the pattern is found anywhere in the path: `^` and `$` hold it to the beginning and the end, did you mean '"/foo$"'?
     | data.url.path.matches("/foo")
     | ......................^
    WARNING: <input>:1:28: the pattern is found anywhere in the path: `^` and `$` hold it to the beginning and the end
     | matches(data.url.raw_path, r'foo.*bar')
     | ...........................^
    WARNING: <input>:1:1: a Content-Type may end with parameters, such as a charset, did you mean 'data.headers["Content-Type"].startsWith("application/json")'?
     | data.headers["Content-Type"] == "application/json"
     | ^
    WARNING: <input>:1:1: a Content-Type may end with parameters, such as a charset, did you mean '!data.headers["content-type"].startsWith('text/plain')'?
     | data.headers["content-type"] != 'text/plain'
     | ^
    WARNING: <input>:1:1: a Content-Type may end with parameters, such as a charset, did you mean 'data["headers"]["Content-Type"].startsWith("application/json")'?
     | "application/json" == data["headers"]["Content-Type"]
     | ^
    WARNING: <input>:1:1: a Content-Type may end with parameters, such as a charset, did you mean 'data.headers["Content-Type"].startsWith("application/json") || data.headers["Content-Type"].startsWith('text/plain')'?
     | data.headers["Content-Type"] in ["application/json", 'text/plain']
     | ^
    WARNING: <input>:1:15: event types are in lower case, so none is this, did you mean '"post"'?
     | event_type == "POST"
     | ..............^
    WARNING: <input>:1:23: event types are in lower case, so none is this, did you mean '"post"'?
     | event_type in ["get", "Post"] || event_type.startsWith("P")
     | ......................^
    WARNING: <input>:1:56: event types are in lower case, so none is this, did you mean '"p"'?
     | event_type in ["get", "Post"] || event_type.startsWith("P")
     | .......................................................^
    WARNING: <input>:1:16: methods are sent in upper case, did you mean '"POST"'?
     | data.method == "post" && data.method in ["GET", "put"]
     | ...............^
    WARNING: <input>:1:49: methods are sent in upper case, did you mean '"PUT"'?
     | data.method == "post" && data.method in ["GET", "put"]
     | ................................................^
    WARNING: <input>:1:18: every path begins with `/webhooks/`, so none with this; `data.url.path_suffix` is what follows the slug: `foo`
     | data.url.path == "/foo" || data.url.path.startsWith("/foo/")
     | .................^
    WARNING: <input>:1:53: every path begins with `/webhooks/`, so none with this; `data.url.path_suffix` is what follows the slug: `foo/`
     | data.url.path == "/foo" || data.url.path.startsWith("/foo/")
     | ....................................................^
    WARNING: <input>:1:23: every path begins with `/webhooks/`, so none with this; `data.url.path_suffix` is what follows the slug: `foo/`
     | data.url.path.matches("^/foo/[0-9]+$")
     | ......................^
    WARNING: <input>:1:18: this is compared as it stands: for a pattern there is `matches`
     | data.url.path == "/webhooks/*/foo"
     | .................^
    WARNING: <input>:1:25: `path_suffix` begins after the slash that follows the slug, did you mean '"foo"'?
     | data.url.path_suffix == "/foo"
     | ........................^
    WARNING: <input>:1:22: no request carries a fragment, so it is always ""
     | data.url.fragment == "top"
     | .....................^
    WARNING: <input>:1:1: a key that is missing is an error and not null, did you mean '!("X-Token" in data.headers)'?
     | data.headers["X-Token"] == null || data.url.query.page != null
     | ^
    WARNING: <input>:1:36: a key that is missing is an error and not null, did you mean '"page" in data.url.query'?
     | data.headers["X-Token"] == null || data.url.query.page != null
     | ...................................^
    WARNING: <input>:1:35: Content-Length is a number whenever it is valid, did you mean '5'?
     | data.headers["Content-Length"] == "5"
     | ..................................^
    WARNING: <input>:1:1: it reads neither `data` nor `event_type`, so it gives the same for every event
     | true
     | ^
    WARNING: <input>:1:1: it reads neither `data` nor `event_type`, so it gives the same for every event
     | [1].all(data, data == 1)
     | ^
    WARNING: <input>:2:17: event types are in lower case, so none is this, did you mean ''é''?
     |   event_type == 'É'
     | ................^
    "#);
}

#[test]
fn what_may_be_meant_is_not() {
    let rows = [
        r#"data.url.path.matches("^/webhooks/.*/foo$")"#,
        r#"data.url.path.matches("/foo$") && data.url.path.matches("^/web") && data.url.path.matches("^/w?x")"#,
        r#"data.url.path.matches("(?i)^/WEBHOOKS/foo/") && data.url.path.matches("(?s-m)^/webhooks/")"#,
        r#"data.url.path.matches("^(/webhooks)?/foo") && data.url.path.matches("^/foo|bar")"#,
        r#"data.headers["Content-Type"].startsWith("application/json")"#,
        r#"data.headers["Content-Type"] in ["text/plain; charset=utf-8"]"#,
        r#"data.headers["Content-Type"] == "text/plain; charset=utf-8""#,
        r#"data.headers["Content-Type"].matches("application/json(;.*)?")"#,
        r#"event_type == "post" && event_type in ["get"] && data.method == "POST""#,
        r#"data.url.path.startsWith("/web") && data.url.path == "/webhooks/slug/foo" && data.url.path.endsWith("/foo")"#,
        r#"data.url.path_suffix == "foo" && data.url.path_suffix.matches("^foo/[0-9]+$")"#,
        r#"data.body.json.a == null && data.body.form == null && "X" in data.headers"#,
        r#"data.headers["Content-Length"] == 5"#,
        r#"["POST"].exists(event_type, event_type == "POST") && data.method == "GET""#,
        r#"data.body.json.event_type == "POST" && data.body.text.matches("a")"#,
    ];
    for source in rows {
        assert_eq!(warnings(source), "", "{source}");
    }
}

#[test]
fn the_documents_examples_are_warned_of() {
    let page = include_str!("../../../../docs/filters.md");
    let (_, table) = page.split_once("| expression | warning |").unwrap();
    let rows =
        table.lines().skip(2).map_while(|row| row.strip_prefix("| `")).map(|row| row.split_once("` | ").unwrap().0);
    let expressions: Vec<&str> = rows.flat_map(|row| row.split("`, `")).collect();
    assert!(expressions.len() > 10, "{expressions:?}");
    for source in expressions {
        assert_ne!(warnings(source), "", "{source}");
    }
}
