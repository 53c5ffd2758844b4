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
    assert_snapshot!(report, @r"
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
    ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'dyn.(string, string)'
     | data.method.startsWith('G', 'H')
     | ............^
    ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'dyn.(int)'
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
    ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(string, int)'
     | event_type == 1
     | ...........^
    ERROR: <input>:1:11: a string has no field 'foo'
     | event_type.foo
     | ..........^
    ERROR: <input>:1:23: '(' is not a regular expression: unclosed group
     | data.url.path.matches('(')
     | ......................^
    ERROR: <input>:1:5: invalid argument to has() macro
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
    ERROR: <input>:1:1: Syntax error: token recognition error at: ''unterminated'
     | 'unterminated
     | ^
    ERROR: <input>:1:14: the expression ends too early
     | 'unterminated
     | .............^
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
fn positions_are_of_bytes_and_of_characters() {
    let source = "true &&\n  'é' == dat.x";
    let error = Filter::compile(source).unwrap_err();
    let [found] = error.diagnostics() else { panic!("{error}") };
    assert_eq!(source.get(found.span.clone()), Some("dat"));
    assert_eq!((found.line, found.column, found.suggestion.as_deref()), (2, 10, Some("data")));
    assert_eq!(error.source(), source);
}
