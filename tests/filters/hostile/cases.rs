//! The filters. Those of the design come first; then others that seemed to promise harm.

use tenterhook_host::event::Data;

use super::bodies;
use crate::push;

pub(super) struct Case {
    pub(super) name: String,
    pub(super) filter: String,
    /// What the answer has in it.
    pub(super) expected: &'static str,
    body: fn() -> String,
}

impl Case {
    pub(super) fn request(&self) -> Data {
        let mut request = push::post((self.body)());
        if self.filter.contains(".form") {
            request.headers = [("Content-Type", "application/x-www-form-urlencoded")].into_iter().collect();
        }
        Data::new(request)
    }
}

fn none() -> String {
    String::new()
}

fn letters() -> String {
    bodies::text("a")
}

const OVER: &str = "over budget";
const DEEP: &str = "more than 100 levels deep";
const LONG: &str = "more than 4096";
const PARTS: &str = "more than 1000";
/// Whatever it is.
const ANY: &str = "";

pub(super) fn all() -> Vec<Case> {
    [of_the_design(), of_the_parser(), of_growth(), of_comparing(), of_failing(), of_text(), of_patterns(), of_bodies()]
        .into_iter()
        .flatten()
        .collect()
}

fn case(name: &str, filter: impl Into<String>, expected: &'static str, body: fn() -> String) -> Case {
    Case { name: name.to_owned(), filter: filter.into(), expected, body }
}

/// `form` around itself, with the level's number.
fn nest(depth: usize, seed: &str, form: impl Fn(usize, String) -> String) -> String {
    (0..depth).fold(seed.to_owned(), |inner, level| form(level, inner))
}

const TEN: &str = "[1,2,3,4,5,6,7,8,9,10]";

fn of_the_design() -> Vec<Case> {
    let maps = nest(7, "1", |level, inner| format!("{TEN}.map(x{level}, {inner})"));
    let doubled = nest(20, "'xxxxxxxxxx'", |level, inner| format!("[{inner}].map(v{level}, v{level}+v{level})[0]"));
    vec![
        case("10,000 nested parentheses", "(".repeat(10_000) + "true" + &")".repeat(10_000), LONG, none),
        case("2,000 nested parentheses", "(".repeat(2_000) + "true" + &")".repeat(2_000), DEEP, none),
        case("5,000 links of +", "1".to_owned() + &"+1".repeat(5_000), LONG, none),
        case("2,000 links of +", "1".to_owned() + &"+1".repeat(2_000) + "==1", DEEP, none),
        case("580 links of .trim()", "'a'".to_owned() + &".trim()".repeat(580) + "==''", DEEP, none),
        case("1,300 links of [0]", "data".to_owned() + &"[0]".repeat(1_300), DEEP, none),
        case("maps of 10 elements, seven deep", maps + " == []", OVER, none),
        case("a text doubled by 20 nested maps", doubled + " == ''", OVER, none),
        case("replace('', 512 KiB) in 512 KiB", "data.body.text.replace('', data.body.text) == ''", OVER, letters),
        case("a{1000}{1000}", "'a'.matches('a{1000}{1000}')", "bytes when compiled", none),
        case("(a+)+$ on 512 KiB", "data.body.text.matches('(a+)+$')", "matched", letters),
        case("a list literal of 100,000 elements", format!("[{}1] == []", "1,".repeat(100_000)), LONG, none),
        case("a list literal of 2,000 elements", format!("[{}1] == []", "1,".repeat(2_000)), PARTS, none),
        case(
            "all of 10 elements, seven deep",
            nest(7, "true", |i, inner| format!("{TEN}.all(x{i}, {inner})")),
            OVER,
            none,
        ),
    ]
}

fn of_the_parser() -> Vec<Case> {
    vec![
        case("4,000 opening brackets", "[".repeat(4_000), DEEP, none),
        case("1,300 opening braces", "{1:".repeat(1_300), DEEP, none),
        case("4,000 times !", "!".repeat(4_000) + "true", ANY, none),
        case("4,000 times -", "-".repeat(4_000) + "1 == 1", ANY, none),
        case("400 conditions one in the other", "true?true:".repeat(400) + "true", DEEP, none),
        case("680 times &&", "true".to_owned() + &"&&true".repeat(680), PARTS, none),
        case("2,000 fields", "data".to_owned() + &".a".repeat(2_000), DEEP, none),
        case("120 maps one after the other", "[1]".to_owned() + &".map(x, x)".repeat(120) + " == []", DEEP, none),
        case("an exists in itself, 40 deep", nest(40, "true", |_, inner| format!("[1].exists(x, {inner})")), ANY, none),
        case("4,000 bytes of no token", "@#$%^&*~`".repeat(440), "token recognition error", none),
        case("a text that does not end", "'".to_owned() + &"a".repeat(4_000), "error", none),
        case("4,000 bytes of \\0", "\0".repeat(4_000), "token recognition error", none),
        case("500 undeclared names", "x||".repeat(499) + "x", "undeclared", none),
        case("200 patterns", format!("{}true", "'a'.matches('a')||".repeat(200)), ANY, none),
        case("60 patterns of all letters", format!("{}true", r"'a'.matches('(?i)\\pL{9}')||".repeat(60)), ANY, none),
    ]
}

fn of_growth() -> Vec<Case> {
    let bound = |depth: usize, seed: &str, made: &str, read: &str| {
        (0..depth).rev().fold(read.replace('#', &format!("b{}", depth - 1)), |inner, level: usize| {
            let below = if level == 0 { seed.to_owned() } else { format!("b{}", level - 1) };
            format!("cel.bind(b{level}, {}, {inner})", made.replace('#', &below))
        })
    };
    vec![
        case("a list doubled by 20 nested cel.bind", bound(20, "[1]", "[#, #]", "# == []"), OVER, none),
        case("a list joined to itself by 30 nested cel.bind", bound(30, "[1]", "# + #", "# == []"), OVER, none),
        case("a text joined to itself by 30 nested cel.bind", bound(30, "'a'", "# + #", "# == ''"), OVER, none),
        case(
            "a map of itself by 20 nested cel.bind",
            bound(20, "1", "{'a': #, 'b': #, 'c': #}", "# == {}"),
            OVER,
            none,
        ),
        case("the payload doubled by 14 nested cel.bind", bound(14, "data", "[#, #]", "# == #"), OVER, letters),
        case(
            "the payload printed by 12 nested cel.bind",
            bound(12, "data", "[#, #]", "'%s'.format([#]) == ''"),
            OVER,
            letters,
        ),
        case(
            "a map over a map over a map",
            "lists.range(300).map(x, lists.range(300).map(y, lists.range(300).map(z, x))) == []",
            OVER,
            none,
        ),
        case("lists.range of all numbers", "lists.range(9223372036854775807) == []", OVER, none),
        case(
            "a list of 8,000 bodies flattened",
            "lists.range(8000).map(x, data.body.json_value).flatten() == []",
            OVER,
            bodies::numbers,
        ),
        case("512 KiB split into characters", "data.body.text.split('') == []", OVER, letters),
        case("512 KiB split at each comma", "data.body.text.split(',') == []", OVER, || bodies::text(",")),
        case("100 MiB of %.99999999f", "'%.99999999f'.format([1.0]) == ''", "precision", none),
        case(
            "4,000 bytes of %.100e",
            format!("'{}'.format(lists.range(600).map(x, 1e308)) == ''", "%.100e".repeat(600)),
            ANY,
            none,
        ),
        case(
            "1e308 in full, 500 times",
            format!("'{}'.format(lists.range(500).map(x, 1e308)) == ''", "%.99f".repeat(500)),
            ANY,
            none,
        ),
        case(
            "the body joined to itself in a loop",
            "lists.range(99).map(x, data.body.text + data.body.text) == []",
            OVER,
            letters,
        ),
        case(
            "base64 of the body, 40 times",
            nest(40, "data.body.text", |_, inner| format!("base64.encode(bytes({inner}))")) + " == ''",
            OVER,
            letters,
        ),
        case(
            "the body quoted, 40 times",
            nest(40, "data.body.text", |_, inner| format!("strings.quote({inner})")) + " == ''",
            OVER,
            || bodies::text("\""),
        ),
    ]
}

fn of_comparing() -> Vec<Case> {
    vec![
        case("distinct of 70,000 numbers", "data.body.json_value.distinct() == []", OVER, bodies::numbers),
        case("sort of 70,000 numbers", "data.body.json_value.sort() == []", ANY, bodies::numbers),
        case("sort of 170,000 texts", "data.body.json_value.sort() == []", ANY, || bodies::list("\"\"")),
        case("sort of copies of the body", "lists.range(9000).map(x, data.body.text).sort() == []", OVER, letters),
        case("sortBy copies of the body", "lists.range(9000).sortBy(x, data.body.text) == []", OVER, letters),
        case(
            "a set of 70,000 numbers and itself",
            "sets.equivalent(data.body.json_value, data.body.json_value)",
            OVER,
            bodies::numbers,
        ),
        case(
            "each of 70,000 numbers in them",
            "data.body.json_value.all(x, x in data.body.json_value)",
            OVER,
            bodies::numbers,
        ),
        case(
            "70,000 numbers compared with themselves",
            "data.body.json_value == data.body.json_value",
            "matched",
            bodies::numbers,
        ),
        case(
            "the same in a loop",
            "lists.range(9999).all(x, data.body.json_value == data.body.json_value)",
            OVER,
            bodies::numbers,
        ),
        case(
            "the same among literals",
            "data.body.json_value in [[1], [2], data.body.json_value, [3]]",
            "matched",
            bodies::numbers,
        ),
        case(
            "4,000 lists 120 deep compared",
            "data.body.json_value == data.body.json_value.map(x, x)",
            ANY,
            bodies::deep,
        ),
        case(
            "900 objects 100 deep compared",
            "data.body.json_value == data.body.json_value.map(x, x)",
            ANY,
            bodies::deep_objects,
        ),
        case(
            "an object of 40,000 members and itself",
            "data.body.json == data.body.json && data.body.json in [data.body.json]",
            "matched",
            bodies::members,
        ),
        case(
            "a map in a list of maps, in a loop",
            "lists.range(9999).exists(x, {'b': x} in data.body.json_value)",
            OVER,
            || bodies::list("{\"a\":1}"),
        ),
        case(
            "a key in an object, in a loop",
            "lists.range(9999).all(x, !((string(x) + 'x') in data.body.json))",
            "matched",
            bodies::members,
        ),
        case(
            "long texts ordered, in a loop",
            "lists.range(9999).all(x, data.body.text <= data.body.text)",
            OVER,
            letters,
        ),
        case(
            "a header looked up 9,999 times",
            "lists.range(9999).all(x, !('x' + string(x) in data.headers))",
            "matched",
            none,
        ),
        case(
            "a very long header looked up",
            "lists.range(999).all(x, !(data.body.text in data.headers))",
            ANY,
            letters,
        ),
    ]
}

/// What fails names its operands, and must not copy them for that.
fn of_failing() -> Vec<Case> {
    let repeated = |read: &str| format!("cel.bind(q, lists.range(9000).map(i, data.body.json_value), {read})");
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

fn of_text() -> Vec<Case> {
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

fn of_patterns() -> Vec<Case> {
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
        case("x{0}{0}… 1,000 times", format!("'a'.matches('x{}')", "{0}".repeat(1_000)), ANY, none),
        case(
            "1,000 nested groups",
            format!("'a'.matches('{}{}')", "(".repeat(1_000), ")".repeat(1_000)),
            "is not a regular expression",
            none,
        ),
    ]
}

fn of_bodies() -> Vec<Case> {
    vec![
        case(
            "262,000 numbers, read to the end",
            "data.body.json_value.size() > 0 && 2 in data.body.json_value",
            "false",
            || bodies::list("1"),
        ),
        case("170,000 empty objects, each read", "data.body.json_value.all(x, x == {})", ANY, || bodies::list("{}")),
        case("170,000 empty lists, each read", "data.body.json_value.all(x, x == [])", ANY, || bodies::list("[]")),
        case("170,000 empty lists, flattened", "data.body.json_value.flatten() == []", ANY, || bodies::list("[]")),
        case("65,000 objects, each read", "data.body.json_value.all(x, x.a == 1)", ANY, || bodies::list("{\"a\":1}")),
        case("65,000 objects compared", "data.body.json_value == data.body.json_value", ANY, || {
            bodies::list("{\"a\":1}")
        }),
        case("40,000 members, each read", "data.body.json.all(k, k != 'x')", ANY, bodies::members),
        case("170,000 pairs of a form, each read", "data.body.form_all.all(p, p.size() == 2)", ANY, || {
            bodies::text("a=&")
        }),
        case("4,000 lists 120 deep, flattened", "data.body.json_value.flatten(200) == []", ANY, bodies::deep),
        case("JSON that is too deep", "data.body.json_value == null", "matched", || "[".repeat(500_000)),
    ]
}
