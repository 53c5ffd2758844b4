//! What hurts by what the sender sends: failing operators, long texts, regular expressions, JSON of many parts.

use super::super::bodies;
use super::{ANY, Case, OVER, case, letters, none};

/// What fails names its operands, and must not copy them for that.
pub(super) fn of_failing() -> Vec<Case> {
    let repeated = |read: &str| format!("cel.bind(q, dyn(lists.range(9000).map(i, data.body.json_value)), {read})");
    let often = |failing: &str| format!("lists.range(9999).all(i, {failing} == 1 || true)");
    let mut cases: Vec<Case> = [
        "1 + q",
        "q + 1",
        "q - 1",
        "1 * q",
        "1 / q",
        "q % q",
        "-q",
        "1 < q",
        "q >= 'a'",
        "[1][q]",
        "{1: 1}[q]",
        "{q: 1}",
        "q.a",
        "q ? 1 : 2",
        "int(q)",
        "q.size().a",
        "'a'.matches(q)",
        "duration('1s') + q",
        "[1].sortBy(i, q)",
        "q.sort()",
    ]
    .into_iter()
    .map(|failing| {
        case(&format!("{failing}, of 9,000 bodies"), repeated(&format!("dyn({failing}) == 1")), ANY, bodies::numbers)
    })
    .collect();
    cases.push(case("!q, of 9,000 bodies", repeated("!q"), ANY, bodies::numbers));
    cases.push(case("q || false, of 9,000 bodies", repeated("q || false"), ANY, bodies::numbers));
    cases.push(case("q && true, of 9,000 bodies", repeated("q && true"), ANY, bodies::numbers));
    cases.push(case("9,000 bodies as the answer", repeated("q"), ANY, bodies::numbers));
    cases.push(case("1 + the body, in a loop", often("dyn(1) + data.body.json_value"), ANY, bodies::numbers));
    cases.push(case("the body - 1, in a loop", often("data.body.json_value - 1"), ANY, bodies::members));
    cases.push(case("1 < the body, in a loop", often("(1 < data.body.json_value ? 1 : 2)"), ANY, bodies::members));
    cases.push(case("the body as a key, in a loop", often("{data.body.json_value: 1}.a"), ANY, bodies::members));
    cases.push(case("the body as an index, in a loop", often("{1: 1}[data.body.json_value]"), ANY, bodies::members));
    cases
}

pub(super) fn of_text() -> Vec<Case> {
    let half = "data.body.text.substring(0, 260000)";
    vec![
        case(
            "a needle of 256 KiB in 512 KiB",
            format!("data.body.text.indexOf({half} + 'b') == -1"),
            "matched",
            letters,
        ),
        case(
            "the last of 256 KiB in 512 KiB",
            format!("data.body.text.lastIndexOf('b' + {half}) == -1"),
            "matched",
            letters,
        ),
        case("512 KiB contains 256 KiB", format!("!data.body.text.contains({half} + 'b')"), "matched", letters),
        case("contains in a loop", "lists.range(9999).all(x, !data.body.text.contains('b'))", OVER, letters),
        case("indexOf in a loop", "lists.range(9999).all(x, data.body.text.indexOf('b', x) == -1)", OVER, letters),
        case("charAt in a loop", "lists.range(9999).all(x, data.body.text.charAt(500000 - x) == 'a')", OVER, letters),
        case(
            "substring in a loop",
            "lists.range(9999).all(x, data.body.text.substring(500000, 500001) == 'a')",
            OVER,
            letters,
        ),
        case("size in a loop", "lists.range(9999).all(x, data.body.text.size() == 524288)", OVER, letters),
        case("endsWith in a loop", "lists.range(9999).all(x, data.body.text.endsWith(data.body.text))", ANY, letters),
        case("trim in a loop", "lists.range(9999).all(x, data.body.text.trim() == '')", OVER, || bodies::text(" ")),
        case("reverse in a loop", "lists.range(9999).all(x, data.body.text.reverse() != '')", OVER, letters),
        case(
            "int() of 512 KiB of digits, in a loop",
            "lists.range(9999).all(x, dyn(int(data.body.text)) == 1 || true)",
            OVER,
            || bodies::text("0"),
        ),
        case(
            "double() of 512 KiB of digits, in a loop",
            "lists.range(9999).all(x, dyn(double(data.body.text)) == 1.0 || true)",
            ANY,
            || bodies::text("7"),
        ),
        case(
            "timestamp() of 512 KiB, in a loop",
            "lists.range(9999).all(x, timestamp(data.body.text) == timestamp(0) || true)",
            ANY,
            || bodies::text("2026-01-01T00:00:00.0"),
        ),
        case(
            "duration() of 512 KiB, in a loop",
            "lists.range(9999).all(x, duration(data.body.text) == duration('1s') || true)",
            ANY,
            || bodies::text("0h"),
        ),
        case(
            "duration() of 512 KiB, 90 times",
            format!("{}true", "duration(data.body.text) == null || ".repeat(90)),
            OVER,
            || bodies::text("1h"),
        ),
        case(
            "int() of 512 KiB of digits, 110 times",
            format!("{}true", "int(data.body.text) == 1 || ".repeat(110)),
            ANY,
            || bodies::text("0"),
        ),
        case(
            "a header of 512 KiB looked for, 95 times",
            format!("{}true", "data.headers[data.body.text] == '' || ".repeat(95)),
            ANY,
            letters,
        ),
        case(
            "bytes() and string() in a loop",
            "lists.range(9999).all(x, string(bytes(data.body.text)) != '')",
            OVER,
            letters,
        ),
        case(
            "a time zone of 512 KiB, in a loop",
            "lists.range(9999).all(x, timestamp(0).getHours(data.body.text) == 1 || true)",
            ANY,
            letters,
        ),
        case(
            "a format of 512 KiB, in a loop",
            "lists.range(9999).all(x, data.body.text.format([1]) != '' || true)",
            OVER,
            || bodies::text("%"),
        ),
        case(
            "a lookup of a text of 512 KiB, in a loop",
            "lists.range(9999).all(x, data.body.json[data.body.text] == 1 || true)",
            ANY,
            bodies::members,
        ),
    ]
}

pub(super) fn of_patterns() -> Vec<Case> {
    let ask = |pattern: &str| format!("data.body.text.matches('{pattern}')");
    vec![
        case("^(a|aa)+$", ask("^(a|aa)+$"), "matched", letters),
        case("[ab]*a[ab]{200}c", ask("[ab]*a[ab]{200}c"), ANY, letters),
        case("^(a?){500}(b?){500}$", ask("^(a?){500}(b?){500}$"), ANY, letters),
        case("(.*)(.*)(.*)(.*)(.*)b", ask("(.*)(.*)(.*)(.*)(.*)b"), ANY, letters),
        case("classes of all letters, not ASCII", ask(r"^[\\pL\\pN]{200}[^\\p{Greek}]+$"), ANY, || bodies::text("é")),
        case("(?i) of classes of all letters", ask(r"(?i)(\\pL+\\pM*)+ß$"), ANY, || bodies::text("éß")),
        case("word boundaries over letters, not ASCII", ask(r"\\b(\\w+\\b\\W*)+$"), ANY, || bodies::text("é a")),
        case("a pattern from the body, of 512 KiB", "'a'.matches(data.body.text)", "may have 1024", letters),
        case(
            "9,999 patterns that are made in a loop",
            "lists.range(9999).all(x, !'a'.matches('b' + string(x)))",
            OVER,
            none,
        ),
        case(
            "large patterns that are made in a loop",
            r"lists.range(9999).all(x, !'a'.matches('(?i)\\pL{20}' + string(x)))",
            OVER,
            none,
        ),
        case(
            "a pattern in a loop over the body",
            "lists.range(9999).all(x, data.body.text.matches('a{50}$'))",
            OVER,
            letters,
        ),
        case(
            "60 patterns that are too large",
            r"data.method.matches('\\pL{30}') || ".repeat(60) + "true",
            "bytes when compiled",
            none,
        ),
        case("x{0}{0}… 1,000 times", format!("'a'.matches('x{}')", "{0}".repeat(1_000)), ANY, none),
        case(
            "1,000 nested groups",
            format!("'a'.matches('{}{}')", "(".repeat(1_000), ")".repeat(1_000)),
            "is not a regular expression",
            none,
        ),
    ]
}

pub(super) fn of_bodies() -> Vec<Case> {
    vec![
        case("262,000 numbers", "2 in data.body.json_value", "more than 50,000", || bodies::longest_list("1")),
        case("170,000 empty objects", "data.body.json_value == []", "more than 50,000", || bodies::longest_list("{}")),
        case("262,000 fields of a form", "data.body.form == null", "more than 50,000", || bodies::text("a&")),
        case(
            "49,000 numbers, read to the end",
            "data.body.json_value.size() > 0 && 2 in data.body.json_value",
            "false",
            || bodies::list("1"),
        ),
        case("24,500 empty objects, each read", "data.body.json_value.all(x, x == {})", "matched", || {
            bodies::list("{}")
        }),
        case("24,500 empty lists, each read", "data.body.json_value.all(x, x == [])", "matched", || bodies::list("[]")),
        case("24,500 empty lists, flattened", "data.body.json_value.flatten() == []", ANY, || bodies::list("[]")),
        case("24,500 objects, each read", "data.body.json_value.all(x, x.a == 1)", ANY, || bodies::list("{\"a\":1}")),
        case("24,500 objects compared", "data.body.json_value == data.body.json_value", ANY, || {
            bodies::list("{\"a\":1}")
        }),
        case("40,000 members, each read", "data.body.json.all(k, k != 'x')", ANY, bodies::members),
        case("49,000 fields of a form, each read", "data.body.form_all.all(p, p.size() == 2)", ANY, || {
            "name=val&".repeat(49_000)
        }),
        case("800 lists 60 deep, flattened", "data.body.json_value.flatten(200) == []", ANY, bodies::deep),
        case("JSON that is too deep", "data.body.json_value == null", "matched", || "[".repeat(500_000)),
    ]
}
