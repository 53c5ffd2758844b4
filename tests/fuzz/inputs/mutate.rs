//! Makes an input of others: mostly such as still compile, now and then none that does.

use super::grammar;
use super::input::Input;
use super::random::Random;

/// The largest body that the host takes, unless its operator moves that bound.
const MAX_BODY: usize = 512 << 10;

const NUMBERS: [&str; 10] = [
    "0",
    "1",
    "-1",
    "7",
    "1000",
    "99999",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "18446744073709551615u",
];

const WRAPPINGS: [(&str, &str); 12] = [
    ("[", "]"),
    ("(", ")"),
    ("!(", ")"),
    ("[1, 2, 3].map(w, ", ")"),
    ("[1, 2, 3].all(w, ", ")"),
    ("lists.range(50).exists(w, ", ")"),
    ("cel.bind(w, ", ", [w, w])"),
    ("cel.bind(w, ", ", w == w)"),
    ("{'k': ", "}"),
    ("dyn(", ")"),
    ("true || ", ""),
    ("string(", ")"),
];

const SUFFIXES: [&str; 10] = [
    ".map(z, z)",
    ".map(z, [z, z])",
    ".flatten()",
    ".distinct()",
    ".reverse()",
    ".trim()",
    ".split('')",
    ".a",
    "[0]",
    " + 1",
];

const ELEMENTS: [&str; 8] = ["0,", "1.5,", "{},", "[],", "\"a\",", "{\"a\":1},", "[[]],", "null,"];

/// Another input, of one or two that there are.
pub(crate) fn mutate(random: &mut Random, one: &Input, other: &Input) -> Input {
    let mut input = one.clone();
    match random.below(10) {
        0..=2 => input.expression = grammar::filter(random),
        3 | 4 => replace(random, &mut input.expression, &grammar_part),
        5 => {
            let part = span(random, &other.expression);
            let part = other.expression.get(part).unwrap_or("true").to_owned();
            replace(random, &mut input.expression, &|_| part.clone());
        }
        6 => repeat(random, &mut input.expression),
        7 => replace(random, &mut input.expression, &|random| (*random.pick(&NUMBERS)).to_owned()),
        8 => noise(random, &mut input.expression),
        // The expression as it is, over another request.
        _ => request(random, &mut input),
    }
    if random.one_in(4) {
        request(random, &mut input);
    } else if random.one_in(4) {
        (input.method, input.url) = (other.method.clone(), other.url.clone());
        (input.headers, input.body) = (other.headers.clone(), other.body.clone());
    }
    input
}

fn grammar_part(random: &mut Random) -> String {
    grammar::part(random)
}

/// Puts something in the place of a part of the expression.
fn replace(random: &mut Random, expression: &mut String, part: &dyn Fn(&mut Random) -> String) {
    let place = span(random, expression);
    if expression.get(place.clone()).is_some() {
        expression.replace_range(place, &part(random));
    }
}

/// The bytes of a token, or of what stands between two brackets that belong together.
fn span(random: &mut Random, text: &str) -> std::ops::Range<usize> {
    let is_word = |c: char| c.is_alphanumeric() || "_.'".contains(c);
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    if starts.is_empty() {
        return 0..0;
    }
    let start = *random.pick(&starts);
    let rest = &text[start..];
    let first = rest.chars().next().expect("a start is that of a character");
    if !"([{".contains(first) {
        let end = rest.char_indices().find(|(_, c)| !is_word(*c)).map_or(rest.len(), |(end, _)| end);
        return start..start + end.max(first.len_utf8());
    }
    let mut depth = 0_i32;
    for (offset, character) in rest.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return start..start + offset + 1;
        }
    }
    start..text.len()
}

/// Wraps the expression, goes on after it, or says it again, a few times or very many.
fn repeat(random: &mut Random, expression: &mut String) {
    let times = if random.one_in(5) { random.below(1_000) } else { 1 + random.below(12) };
    if random.one_in(3) {
        let most = 4_096 / (expression.len() + 6);
        let operator = *random.pick(&[" || ", " && ", ", "]);
        let again = vec![format!("({expression})"); times.min(most).max(1)].join(operator);
        *expression = if operator == ", " { format!("[{again}] == []") } else { again };
    } else if random.one_in(2) {
        let (before, after) = *random.pick(&WRAPPINGS);
        *expression = format!("{}{expression}{}", before.repeat(times), after.repeat(times));
    } else {
        expression.push_str(&random.pick(&SUFFIXES).repeat(times));
    }
    let end = (0..=6_000.min(expression.len())).rev().find(|end| expression.is_char_boundary(*end)).unwrap_or(0);
    expression.truncate(end);
}

fn noise(random: &mut Random, expression: &mut String) {
    let starts: Vec<usize> = expression.char_indices().map(|(start, _)| start).collect();
    if starts.is_empty() {
        return;
    }
    let place = *random.pick(&starts);
    let inserted = *random.pick(&[
        "(", ")", "[", "'", "\"", "\\", "&&", "?", ":", ".", "\u{0}", "🦀", "//", "\n", "r", "b", "@tick", "-",
    ]);
    if random.one_in(2) {
        expression.insert_str(place, inserted);
    } else {
        expression.remove(place);
    }
}

/// Another request.
fn request(random: &mut Random, input: &mut Input) {
    input.method = (*random.pick(&["GET", "POST", "PUT", "PURGE"])).to_owned();
    let query: String = (0..random.below(6)).map(|n| format!("a{n}=%c3%a9&")).collect();
    input.url = format!("/webhooks/slug/{}?{query}a=1&a=2", *random.pick(&["", "a", "%2F", "é", "%zz/x"]));
    input.headers = (0..random.below(8))
        .map(|n| (format!("X-{n}"), *random.pick(&["", "1", "é", "a, b"])))
        .map(|(n, v)| (n, v.to_owned()))
        .collect();
    let kinds = ["application/json", "application/x-www-form-urlencoded", "text/plain"];
    input.headers.push(("Content-Type".to_owned(), (*random.pick(&kinds)).to_owned()));
    let most = match random.below(40) {
        0 => MAX_BODY,
        1..=4 => 64 << 10,
        5..=15 => 4 << 10,
        _ => 200,
    };
    input.body = match random.below(5) {
        0 => String::new(),
        1 => filled(
            most,
            "",
            &random.pick(&["a", "ab,", "é🦀", "a\nb ", "0", "(", "a=b&"]).repeat(1 + random.below(3)),
            "",
        ),
        2 => filled(most, "[", ELEMENTS[random.below(ELEMENTS.len())], "0]"),
        3 => {
            let members: String = (0..most / 16).map(|n| format!("\"k{n}\":{},", n % 7)).collect();
            format!("{{\"a\":1,{members}\"items\":[1,\"two\",{{\"k\":[]}}]}}")
        }
        _ => {
            let depth = random.below(200);
            format!("{{\"a\":{}1{},\"items\":[3,1,2]}}", "[".repeat(depth), "]".repeat(depth))
        }
    };
    if input.body.len() > MAX_BODY {
        input.body.clear();
    }
}

fn filled(most: usize, before: &str, part: &str, after: &str) -> String {
    let times = most.saturating_sub(before.len() + after.len()) / part.len();
    format!("{before}{}{after}", part.repeat(times))
}
