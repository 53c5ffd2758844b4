//! What people write who know other languages, and what they are told.

use insta::assert_snapshot;

use super::{ask, json_post};

#[test]
fn what_other_languages_write_is_told_of() {
    let rows = [
        r#"data.url.path.matches("^/\d+$")"#,
        r"'\x4' == ''",
        r"'a\' == 'b",
        r"b'\u00ff' == data.body.bytes",
        r"'\ud800' == ''",
        "data.method = 'GET'",
        "data.method === 'GET'",
        "data.method == 'GET' & true",
        "data.method == 'GET' and event_type == 'get'",
        "true || not data.method == 'GET'",
        "data.method == “GET”",
        "has(data.headers['X-Event'])",
        "true ? false",
        "data.get('method') == 'GET'",
        "len(data.method) == 3",
        "data.method.toLowerCase() == 'get'",
    ];
    let report = rows.map(|source| ask(&json_post("{}"), source)).join("\n");
    assert_snapshot!(report, @r#"
    ERROR: <input>:1:26: '\d' is no escape: a backslash is written '\\', or stands in r"a raw text"
     | data.url.path.matches("^/\d+$")
     | .........................^
    ERROR: <input>:1:2: '\x' is no escape: a backslash is written '\\', or stands in r"a raw text"
     | '\x4' == ''
     | .^
    ERROR: <input>:1:10: Syntax error: extraneous input 'b' expecting <EOF>
     | 'a\' == 'b
     | .........^
    ERROR: <input>:1:1: invalid bytes literal: '\u' is no escape in it
     | b'\u00ff' == data.body.bytes
     | ^
    ERROR: <input>:1:1: invalid string literal: U+D800 is no character
     | '\ud800' == ''
     | ^
    ERROR: <input>:1:13: '=' is no operator, did you mean '=='?
     | data.method = 'GET'
     | ............^
    ERROR: <input>:1:13: '===' is no operator, did you mean '=='?
     | data.method === 'GET'
     | ............^
    ERROR: <input>:1:22: '&' is no operator, did you mean '&&'?
     | data.method == 'GET' & true
     | .....................^
    ERROR: <input>:1:22: 'and' is no operator, did you mean '&&'?
     | data.method == 'GET' and event_type == 'get'
     | .....................^
    ERROR: <input>:1:9: 'not' is no operator, did you mean '!'?
     | true || not data.method == 'GET'
     | ........^
    ERROR: <input>:1:16: quotes are straight: ' or "
     | data.method == “GET”
     | ...............^
    ERROR: <input>:1:17: has() takes a field, as in has(data.body.json.name): for a key in brackets there is "key" in map
     | has(data.headers['X-Event'])
     | ................^
    ERROR: <input>:1:13: the expression ends too early
     | true ? false
     | ............^
    ERROR: <input>:1:6: undeclared reference to the function 'get': a field is read as data["method"]
     | data.get('method') == 'GET'
     | .....^
    ERROR: <input>:1:1: undeclared reference to the function 'len', did you mean 'size'?
     | len(data.method) == 3
     | ^
    ERROR: <input>:1:13: undeclared reference to the function 'toLowerCase', did you mean 'lowerAscii'?
     | data.method.toLowerCase() == 'get'
     | ............^
    "#);
}

#[test]
fn of_a_long_line_a_part_is_shown() {
    let long = "data.method == 'GET' || ".repeat(20);
    let report = [format!("{long}dat.method == ''"), format!("dat.method == '' || {long}true")];
    assert_snapshot!(report.map(|source| ask(&json_post("{}"), &source)).join("\n"), @"
    ERROR: <input>:1:481: undeclared reference to 'dat', did you mean 'data'?
     | …== 'GET' || data.method == 'GET' || data.method == 'GET' || dat.method == ''
     | .............................................................^
    ERROR: <input>:1:1: undeclared reference to 'dat', did you mean 'data'?
     | dat.method == '' || data.method == 'GET' || data.method == 'GET' || data.method == 'GET' || data.method == 'GET' || data…
     | ^
    ");
}
