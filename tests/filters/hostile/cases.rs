//! The filters. Those of the design come first; then others that seemed to promise harm.

mod payload;

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
    [
        of_the_design(),
        of_the_parser(),
        of_growth(),
        of_comparing(),
        payload::of_failing(),
        payload::of_text(),
        payload::of_patterns(),
        payload::of_bodies(),
    ]
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
        case("a text that does not end", "'".to_owned() + &"a".repeat(4_000), "does not end", none),
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
        case("distinct of 49,000 numbers", "data.body.json_value.distinct() == []", OVER, bodies::numbers),
        case("sort of 49,000 numbers", "data.body.json_value.sort() == []", ANY, bodies::numbers),
        case("sort of 49,000 texts", "data.body.json_value.sort() == []", ANY, || bodies::list("\"\"")),
        case("sort of copies of the body", "lists.range(9000).map(x, data.body.text).sort() == []", OVER, letters),
        case("sortBy copies of the body", "lists.range(9000).sortBy(x, data.body.text) == []", OVER, letters),
        case(
            "a set of 49,000 numbers and itself",
            "sets.equivalent(data.body.json_value, data.body.json_value)",
            OVER,
            bodies::numbers,
        ),
        case(
            "each of 49,000 numbers in them",
            "data.body.json_value.all(x, x in data.body.json_value)",
            OVER,
            bodies::numbers,
        ),
        case(
            "49,000 numbers compared with themselves",
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
        case("800 lists 60 deep compared", "data.body.json_value == data.body.json_value.map(x, x)", ANY, bodies::deep),
        case(
            "800 objects 60 deep compared",
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
            ANY,
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
