//! What does not compile, and how that reads.

use insta::assert_snapshot;

use super::super::Filter;
use super::{ask, json_post};

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
    assert_snapshot!(report, @r#"
    ERROR: <input>:1:1: undeclared reference to 'undefined_var'
     | undefined_var == 1
     | ^
    ERROR: <input>:1:1: undeclared reference to 'dat', did you mean 'data'?
     | dat.method == 'GET'
     | ^
    ERROR: <input>:2:3: undeclared reference to 'evnt_type', did you mean 'event_type'?
     |   evnt_type == 'post'
     | ..^
    ERROR: <input>:1:7: undeclared reference to 'dat', did you mean 'data'?
     | 'é' + dat == ''
     | ......^
    ERROR: <input>:1:1: a filter gives true or false, this gives a string
     | event_type
     | ^
    ERROR: <input>:1:1: a filter gives true or false, this gives a map
     | data
     | ^
    ERROR: <input>:1:1: a filter gives true or false, this gives an int
     | 1 + 2
     | ^
    ERROR: <input>:1:1: a filter gives true or false, this gives a string
     | 'GET'
     | ^
    ERROR: <input>:1:13: undeclared reference to the function 'startWith', did you mean 'startsWith'?
     | data.method.startWith('G')
     | ............^
    ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'string.(string, string)'
     | data.method.startsWith('G', 'H')
     | ............^
    ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'string.(int)'
     | data.method.startsWith(1)
     | ............^
    ERROR: <input>:1:1: undeclared reference to the function 'nope'
     | nope(1)
     | ^
    ERROR: <input>:1:1: undeclared reference to the function 'math.nope'
     | math.nope(1) == 1
     | ^
    ERROR: <input>:1:1: undeclared reference to the function 'lists.rang', did you mean 'lists.range'?
     | lists.rang(3) == []
     | ^
    ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | event_type == 1
     | ...........^
    ERROR: <input>:1:11: a string has no field 'foo'
     | event_type.foo
     | ..........^
    ERROR: <input>:1:23: '(' is not a regular expression: unclosed group
     | data.url.path.matches('(')
     | ......................^
    ERROR: <input>:1:5: has() takes a field, as in has(data.body.json.name): for a key in brackets there is "key" in map
     | has(data)
     | ....^
    ERROR: <input>:1:16: 'exists' is called as list.exists(name, condition)
     | data.body.json.exists(x) == true
     | ...............^
    ERROR: <input>:1:23: undeclared reference to 'x'
     | data.body.json.exists(x) == true
     | ......................^
    ERROR: <input>:1:15: the expression ends too early
     | data.method ==
     | ..............^
    ERROR: <input>:1:22: Syntax error: extraneous input 'POST' expecting <EOF>
     | data.method == 'GET' POST
     | .....................^
    ERROR: <input>:1:5: unsupported syntax '.?'
     | data.?method == 'GET'
     | ....^
    ERROR: <input>:1:22: Syntax error: missing ')' at '<EOF>'
     | (data.method == 'GET'
     | .....................^
    ERROR: <input>:1:1: the text that begins here does not end
     | 'unterminated
     | ^
    ERROR: <input>:1:1: the expression is empty
     | 
     | ^
    ERROR: <input>:1:1: undeclared reference to 'Foo': there are no message types
     | Foo{a: 1} == 1
     | ^
    ERROR: <input>:1:9: an int cannot be iterated over
     | 1.exists(x, x == 1)
     | ........^
    ERROR: <input>:1:1: found no matching overload for '!_' applied to '(int)'
     | !data.method.size()
     | ^
    ERROR: <input>:1:1: found no matching overload for 'size' applied to '(int)'
     | size(1) == 2
     | ^
    "#);
}

#[test]
fn a_caret_stands_below_what_it_is_about() {
    // Letters of two columns, tabs, and what a terminal would obey.
    let rows = ["'日本' + dat == ''", "\ttrue && dat", "'\u{1b}[31m' == dat", "true &&\r\n  dat"];
    let report = rows.map(|source| ask(&json_post("{}"), source)).join("\n");
    assert_snapshot!(report, @"
    ERROR: <input>:1:8: undeclared reference to 'dat', did you mean 'data'?
     | '日本' + dat == ''
     | .........^
    ERROR: <input>:1:10: undeclared reference to 'dat', did you mean 'data'?
     |  true && dat
     | .........^
    ERROR: <input>:1:12: undeclared reference to 'dat', did you mean 'data'?
     | ' [31m' == dat
     | ...........^
    ERROR: <input>:2:3: undeclared reference to 'dat', did you mean 'data'?
     |   dat
     | ..^
    ");
}

#[test]
fn fields_that_no_payload_has_are_refused() {
    let rows = [
        "data.metod == 'GET'",
        "data.url.pth == '/'",
        "data.body.jsn.a == 1",
        "data['body'].jsn == 1",
        "data.url['pth'] == '/'",
        "has(data.bdy)",
        "has(data.body.xml.a)",
        "data .url . pth == ''",
        "data.headers.Content-Type == 'a'",
        "true || data.headers.X-GitHub-Event == 'push'",
        "[1].all(x, data.metod == 'GET')",
    ];
    let report = rows.map(|source| ask(&json_post("{}"), source)).join("\n");
    assert_snapshot!(report, @r#"
    ERROR: <input>:1:6: undefined field 'metod', did you mean 'method'?
     | data.metod == 'GET'
     | .....^
    ERROR: <input>:1:10: undefined field 'pth', did you mean 'path'?
     | data.url.pth == '/'
     | .........^
    ERROR: <input>:1:11: undefined field 'jsn', did you mean 'json'?
     | data.body.jsn.a == 1
     | ..........^
    ERROR: <input>:1:14: undefined field 'jsn', did you mean 'json'?
     | data['body'].jsn == 1
     | .............^
    ERROR: <input>:1:11: undefined field 'pth', did you mean 'path'?
     | data.url['pth'] == '/'
     | ..........^
    ERROR: <input>:1:10: undefined field 'bdy', did you mean 'body'?
     | has(data.bdy)
     | .........^
    ERROR: <input>:1:15: undefined field 'xml'; there are bytes, form, json, text, json_value, form_all
     | has(data.body.xml.a)
     | ..............^
    ERROR: <input>:1:13: undefined field 'pth', did you mean 'path'?
     | data .url . pth == ''
     | ............^
    ERROR: <input>:1:1: a name with a dash stands in brackets, did you mean 'data.headers["Content-Type"]'?
     | data.headers.Content-Type == 'a'
     | ^
    ERROR: <input>:1:9: a name with a dash stands in brackets, did you mean 'data.headers["X-GitHub-Event"]'?
     | true || data.headers.X-GitHub-Event == 'push'
     | ........^
    ERROR: <input>:1:17: undefined field 'metod', did you mean 'method'?
     | [1].all(x, data.metod == 'GET')
     | ................^
    "#);
}

#[test]
fn what_can_never_hold_is_refused() {
    let rows = [
        "data.method.foo == 'a'",
        "data.method.size() == 'x'",
        "data.method == 1",
        "data.url.query['page'] == 1",
        "data.url.query.page > 1",
        "data.headers['X-Count'] == 5 && data.headers['Content-Length'] == 5",
        "data.headers_all[0][1] == 2",
        "data.headers_all.exists(field, field[0] == 1)",
        "data.headers.exists(name, name == 1)",
        "data.body.form.a == true",
        "data.body.text == 1u",
        "data.body.bytes == 'text'",
        "data.body.json == 'text'",
        "event_type in [1, 2]",
        "1 in data.headers",
        "data.headers[0] == 'a'",
        "[1, 2].exists(x, x == 'a')",
        "cel.bind(url, data.url, url.pth == '/')",
        "(true ? data.method : event_type) == 1",
        "data.method && true",
        "data.url.path + 1 == ''",
        "!data.method",
        "data.method < 1",
        "data.url.query.map(name, name + 1) == []",
        "data.method.exists(c, c == 'P')",
        "event_type.matches(1)",
        "timestamp(data.body.json.at) > '2026'",
    ];
    let report = rows.map(|source| ask(&json_post("{}"), source)).join("\n");
    assert_snapshot!(report, @"
    ERROR: <input>:1:12: a string has no field 'foo'
     | data.method.foo == 'a'
     | ...........^
    ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(int, string)': an int never equals a string
     | data.method.size() == 'x'
     | ...................^
    ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.method == 1
     | ............^
    ERROR: <input>:1:24: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.url.query['page'] == 1
     | .......................^
    ERROR: <input>:1:21: found no matching overload for '_>_' applied to '(string, int)'
     | data.url.query.page > 1
     | ....................^
    ERROR: <input>:1:25: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.headers['X-Count'] == 5 && data.headers['Content-Length'] == 5
     | ........................^
    ERROR: <input>:1:24: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.headers_all[0][1] == 2
     | .......................^
    ERROR: <input>:1:41: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.headers_all.exists(field, field[0] == 1)
     | ........................................^
    ERROR: <input>:1:32: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | data.headers.exists(name, name == 1)
     | ...............................^
    ERROR: <input>:1:18: found no matching overload for '_==_' applied to '(string, bool)': a string never equals a bool
     | data.body.form.a == true
     | .................^
    ERROR: <input>:1:16: found no matching overload for '_==_' applied to '(string, uint)': a string never equals a uint
     | data.body.text == 1u
     | ...............^
    ERROR: <input>:1:17: found no matching overload for '_==_' applied to '(bytes, string)': a bytes never equals a string
     | data.body.bytes == 'text'
     | ................^
    ERROR: <input>:1:16: found no matching overload for '_==_' applied to '(map, string)': a map never equals a string
     | data.body.json == 'text'
     | ...............^
    ERROR: <input>:1:12: found no matching overload for 'in' applied to '(string, list(int))'
     | event_type in [1, 2]
     | ...........^
    ERROR: <input>:1:3: found no matching overload for 'in' applied to '(int, map(string, dyn))'
     | 1 in data.headers
     | ..^
    ERROR: <input>:1:13: found no matching overload for '_[_]' applied to '(map(string, dyn), int)'
     | data.headers[0] == 'a'
     | ............^
    ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(int, string)': an int never equals a string
     | [1, 2].exists(x, x == 'a')
     | ...................^
    ERROR: <input>:1:29: undefined field 'pth', did you mean 'path'?
     | cel.bind(url, data.url, url.pth == '/')
     | ............................^
    ERROR: <input>:1:35: found no matching overload for '_==_' applied to '(string, int)': a string never equals an int
     | (true ? data.method : event_type) == 1
     | ..................................^
    ERROR: <input>:1:13: found no matching overload for '_&&_' applied to '(string, bool)'
     | data.method && true
     | ............^
    ERROR: <input>:1:15: found no matching overload for '_+_' applied to '(string, int)'
     | data.url.path + 1 == ''
     | ..............^
    ERROR: <input>:1:1: found no matching overload for '!_' applied to '(string)'
     | !data.method
     | ^
    ERROR: <input>:1:13: found no matching overload for '_<_' applied to '(string, int)'
     | data.method < 1
     | ............^
    ERROR: <input>:1:31: found no matching overload for '_+_' applied to '(string, int)'
     | data.url.query.map(name, name + 1) == []
     | ..............................^
    ERROR: <input>:1:19: a string cannot be iterated over
     | data.method.exists(c, c == 'P')
     | ..................^
    ERROR: <input>:1:12: found no matching overload for 'matches' applied to 'string.(int)'
     | event_type.matches(1)
     | ...........^
    ERROR: <input>:1:30: found no matching overload for '_>_' applied to '(google.protobuf.Timestamp, string)'
     | timestamp(data.body.json.at) > '2026'
     | .............................^
    ");
}

#[test]
fn what_may_hold_is_not() {
    let rows = [
        "data.body.text == null || data.body.form == null || data.body.bytes != null || data.body.json == null",
        "data.headers['Content-Length'] == 2 || data.headers['content-length'] == '2'",
        "data.body.json.a == 1 || data.body.json['a'] == 'b' || data.body.json_value == 'c' || data.body.json_value == 1",
        "data.body.json.list.exists(x, x == 1 || x == 'a')",
        "[1, 2.0, 3u].exists(x, x == 2u) && 2.0 in [1, 2]",
        "[1, 'a'].exists(x, x == 'a') && 'a' in [1, 'a'] && 1 in {1: 'a'} && null in [1]",
        "dyn(data.method) == 1 || data[data.method] == 1",
        "(data.method == 'a' ? 1 : 'a') == 'a'",
        "[{'url': 1}].all(data, data.url == 1)",
        "data.url.query.all(name, data.url.query[name] != '')",
        "data.headers_all.all(field, size(field) == 2 && field[0].size() > 0)",
        "type(data.method) == string && type(data.body.text) == null_type",
        "int(data.url.query.page) > 1",
        "data.url.query.page.split(',').exists(page, page == '1')",
        "{'a': 1}.a == 1 && {1: 2}[1] == 2",
    ];
    for source in rows {
        assert!(Filter::compile(source).is_ok(), "{}", Filter::compile(source).unwrap_err());
    }
}

#[test]
fn positions_are_of_bytes_and_of_characters() {
    let source = "true &&\n  'é' == dat.x";
    let error = Filter::compile(source).unwrap_err();
    let [found] = error.diagnostics() else { panic!("{error}") };
    assert_eq!(source.get(found.span.clone()), Some("dat"));
    assert_eq!((found.line, found.column, found.suggestion.as_deref()), (2, 10, Some("data")));
    assert_eq!(error.source(), source);
}
