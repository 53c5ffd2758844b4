//! What the functions answer, as cel-go and RE2 do.

use super::{ask, assert_holds, json_post, request, rich};

#[test]
fn the_extensions_are_there() {
    assert_holds(
        &rich(),
        &[
            r#"data.method.lowerAscii() == event_type && "a,b".split(",") == ["a", "b"] && " a ".trim() == "a""#,
            r#""%s-%d".format(["a", 1]) == "a-1" && "abc".replace("b", "") == "ac" && ["a", "b"].join("+") == "a+b""#,
            r#"base64.decode("aGk=") == b"hi" && base64.encode(b"hi") == "aGk=""#,
            "math.greatest(1, 2, 3) == 3 && math.least([1, 2]) == 1 && math.abs(-1) == 1",
            "[3, 1, 2].sort() == [1, 2, 3] && [1, 1].distinct() == [1] && lists.range(2) == [0, 1]",
            "[[1], [2]].flatten() == [1, 2] && [1, 2, 3].slice(0, 1) == [1] && ['b', 'a'].sortBy(x, x) == ['a', 'b']",
            "sets.contains([1, 2], [1.0]) && !sets.contains([1], [2]) && sets.intersects([1, 2], [2, 3])",
            "sets.equivalent([1, 1, 2], [2, 1]) && !sets.equivalent([1], [1, 2]) && !sets.intersects([1], [2])",
            "cel.bind(j, data.body.json, j.n == 1 && j.action == 'opened')",
            "cel.bind(x, 1, cel.bind(y, x + 1, y == 2))",
            r#"["abc"].exists(strings, strings.startsWith("a")) && cel.bind(strings, "abc", strings.contains("b"))"#,
            r#"cel.bind(sets, "abc", sets.size() == 3) && cel.bind(math, 5, math.abs(-1) == 1)"#,
            r#"cel.bind(strings, "abc", strings.replace("b", "").indexOf("c") == 1)"#,
            "timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z') && duration('1h').getMinutes() == 60",
            "has(data.body.json.n) ? data.body.json.n == 1 : false",
            "type(data) == map && type(1u) == uint && type(null) == null_type",
        ],
    );
}

/// The rows of cel-go's own tests.
#[test]
fn searching_and_splitting_is_as_in_cel_go() {
    assert_holds(
        &rich(),
        &[
            "'hello mellow'.indexOf('') == 0 && 'hello mellow'.indexOf('ello') == 1 && 'hello'.indexOf('jello') == -1",
            "'hello mellow'.indexOf('', 2) == 2 && 'hello mellow'.indexOf('ello', 2) == 7 && 'abc'.indexOf('', 20) == 3",
            "'ta©o©αT'.indexOf('©') == 2 && 'ta©o©αT'.indexOf('©', 3) == 4 && 'ta©o©αT'.indexOf('©αT', 3) == 4",
            "'ta©o©αT'.indexOf('©α', 5) == -1 && ''.indexOf('a') == -1",
            "'hello mellow'.lastIndexOf('') == 12 && 'hello mellow'.lastIndexOf('ello') == 7",
            "'hello mellow'.lastIndexOf('ello', 6) == 1 && 'hello mellow'.lastIndexOf('ello', -0) == -1",
            "'ta©o©αT'.lastIndexOf('©') == 4 && 'ta©o©αT'.lastIndexOf('©', 3) == 2 && 'ta©o©αT'.lastIndexOf('©α', 4) == 4",
            "'aαα'.lastIndexOf('a', 1) == 0 && 'aαα'.lastIndexOf('αα', 2) == 1 && 'ααα'.lastIndexOf('α', 1) == 1",
            "'bananananana'.lastIndexOf('nana', 7) == 6 && ''.lastIndexOf('@@') == -1 && 'abc'.lastIndexOf('', 20) == 3",
            "'a b c'.split(' ') == ['a', 'b', 'c'] && 'a b c'.split(' ', 0) == [] && 'a b'.split(' ', 1) == ['a b']",
            "'a b c'.split(' ', 2) == ['a', 'b c'] && 'a b c'.split(' ', -1) == ['a', 'b', 'c'] && ''.split(',') == ['']",
            "'a©c'.split('') == ['a', '©', 'c'] && 'a©c'.split('', 2) == ['a', '©c'] && ''.split('') == []",
            "[1, [2, [3, [4]]]].flatten() == [1, 2, [3, [4]]] && [1, [2, [3, [4]]]].flatten(2) == [1, 2, 3, [4]]",
            "[1, [2]].flatten(0) == [1, [2]] && [{'a': 1}, [{'b': 2}]].flatten() == [{'a': 1}, {'b': 2}]",
            "[data.body.json.items, [3]].flatten().size() == 4",
        ],
    );
    let rows = [
        ("'abc'.indexOf('a', 20) == 1", "filter error: indexOf: index out of range: 20"),
        ("'abc'.indexOf('', -1) == 1", "filter error: indexOf: index out of range: -1"),
        ("'abc'.lastIndexOf('a', 3) == 1", "filter error: lastIndexOf: index out of range: 3"),
        ("[1].flatten(-1) == []", "filter error: flatten: level must be non-negative"),
        (
            "data.body.json.n.indexOf('a') == 1",
            "filter error: found no matching overload for 'indexOf' applied to 'int.(string)'",
        ),
    ];
    for (source, expected) in rows {
        assert_eq!(ask(&rich(), source), expected, "{source}");
    }
}

#[test]
fn matches_is_unanchored_and_speaks_of_ascii() {
    let data = request("POST", "/webhooks/slug", &[], r"b+");
    assert_holds(
        &data,
        &[
            r#""abc".matches("b") && !"abc".matches("^b$") && matches("abc", "c$")"#,
            r#"!"é".matches("^\\w$") && "é".matches("^.$") && "é".matches("^\\W$")"#,
            r#"!"٣".matches("\\d") && "3".matches("\\d") && "a-1".matches("^[\\w-]+$")"#,
            r#""a\tb".matches("a\\sb") && !"a\u00a0b".matches("a\\sb")"#,
            r#""aé".matches("a\\b") && !"ab".matches("a\\b")"#,
            r#""[\\d]".matches("\\[\\\\d\\]")"#,
            r#""abbb".matches(data.body.text) && data.body.text.matches("b." + "")"#,
            r#"["a", "b"].exists(x, "b".matches("^" + x + "$"))"#,
        ],
    );
    let cases = [
        (
            r#""a".matches("(" + data.body.text)"#,
            "filter error: matches: '(b+' is not a regular expression: unclosed group",
        ),
        (
            r#"data.body.json_value.matches("a")"#,
            "filter error: found no matching overload for 'matches' applied to 'null_type.(string)'",
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(ask(&data, source), expected, "{source}");
    }
}

#[test]
fn regular_expressions_are_re2s() {
    let rows = [
        (r"^\<b\>$", "<b>", true),
        (r"\<b", "b", false),
        (r"^[a&&b]+$", "a&b", true),
        (r"^[+--]+$", ",-+", true),
        (r"^[a~~b]+$", "~ab", true),
        (r"^[a-c-e]+$", "-eb", true),
        (r"^[]a]+$", "]a", true),
        (r"^[^]a]$", "]", false),
        (r"^[[]$", "[", true),
        (r"^[[:digit:]x]+$", "1x", true),
        (r"^[[:^digit:]]$", "1", false),
        (r"^[[:x]+$", "[:x", true),
        (r"^[\d\-\]^]+$", "1-]^", true),
        (r"^[^\W]$", "é", false),
        (r"^[\x41-\x{43}]+$", "ABC", true),
        (r#"{"action""#, r#"{"action": 1}"#, true),
        (r"^a{,5}$", "a{,5}", true),
        (r"^a{2,}b{1}c{0,1}$", "aaab", true),
        (r"^a{}{x}$", "a{}{x}", true),
        (r"^\Qa.b\E+$", "a.bb", true),
        (r"\Qa.b", "a.b", true),
        (r"\Qa.b", "axb", false),
        (r"a\Bé", "aé", false),
        (r"^\_\-\/\@\ $", "_-/@ ", true),
        (r"^\101\0$", "A\0", true),
        (r"^\p{Greek}\P{Greek}\p{^Greek}\pL$", "αaaa", true),
        (r"(?i)^[A-C]+$", "aBc", true),
        (r"^(?P<name>a|b)}$", "a}", true),
        (r"\b{start}", "a{start}", true),
    ];
    for (pattern, text, expected) in rows {
        let body = serde_json::json!([pattern, text]).to_string();
        let answer = ask(&json_post(&body), "data.body.json_value[1].matches(data.body.json_value[0])");
        assert_eq!(answer, if expected { "matched" } else { "filter false" }, "{pattern} on {text}");
    }
    for pattern in [
        "[",
        "[a",
        "[]",
        "[b-a]",
        "[a--]",
        r"\",
        r"\u0041",
        r"\1",
        r"[\b]",
        r"[a-\d]",
        r"\x{110000}",
        r"\x+1",
        r"\p{",
        "a**(",
    ] {
        let answer = ask(&json_post(&serde_json::json!([pattern]).to_string()), "'a'.matches(data.body.json_value[0])");
        assert!(answer.contains("is not a regular expression: "), "{pattern} gave {answer}");
    }
}
