//! Expressions that mostly compile: templates by the type that they give, filled in with others.
//!
//! In a template `$b` stands for an expression that gives a bool, `$a` for one of any type, and so on; `%` for a new
//! variable, which what follows it may use; `$v` for a variable that is there.

use super::random::Random;

/// The types, by their letters.
const TYPES: [(char, &[&str], &[&str]); 10] = [
    ('b', &["true", "false", "has(data.body.json.a)", "dyn(true)"], &BOOLS),
    ('i', &["0", "1", "-1", "2", "63", "64", "9223372036854775807", "-9223372036854775808", "0x7f", "dyn(1)"], &INTS),
    (
        'u',
        &["0u", "1u", "18446744073709551615u", "0xFFu"],
        &[
            "uint($i)",
            "uint($d)",
            "$u + $u",
            "$u - $u",
            "$u * $u",
            "$u % $u",
            "math.bitNot($u)",
            "math.bitShiftLeft($u, $i)",
        ],
    ),
    (
        'd',
        &["0.0", "-0.0", "1.5", "1e308", "-1e-320", "9007199254740993.0", "double('NaN')", "double('inf')"],
        &DOUBLES,
    ),
    (
        's',
        &[
            "''",
            "'a'",
            "'πέ🦀'",
            "event_type",
            "data.method",
            "data.body.text",
            "data.url.path",
            "r'\\d+'",
            "'%s%d%.3f'",
            "'\\u0000'",
            "dyn('a')",
            "'a,b,,c'",
        ],
        &STRINGS,
    ),
    ('y', &["b''", "b'\\xff'", "b'abc'", "data.body.bytes"], &["bytes($s)", "base64.decode($s)", "$y + $y"]),
    (
        'l',
        &[
            "[]",
            "[1, 2, 3]",
            "[1, 'a', null]",
            "data.headers_all",
            "data.body.json_value",
            "data.body.json.items",
            "lists.range(100)",
        ],
        &LISTS,
    ),
    (
        'm',
        &[
            "{}",
            "{'a': 1}",
            "{1: 'a', true: 2}",
            "data",
            "data.headers",
            "data.url.query",
            "data.body.json",
            "data.body",
        ],
        &["{$s: $a}", "{$s: $a, $i: $a}", "$l[$i]", "$m[$s]", "cel.bind(%, $m, $m)"],
    ),
    (
        't',
        &["timestamp(0)", "timestamp('2024-02-29T12:30:00Z')", "duration('1h30m')", "duration('-1ns')"],
        &["timestamp($s)", "timestamp($i)", "duration($s)", "$t + $t", "$t - $t"],
    ),
    (
        'a',
        &["null", "int", "type(1)", "data.nope['x']", "1/0"],
        &[
            "$b",
            "$i",
            "$u",
            "$d",
            "$s",
            "$y",
            "$l",
            "$m",
            "$t",
            "dyn($a)",
            "type($a)",
            "$m[$a]",
            "$l[$i]",
            "$b ? $a : $a",
            "$m.a",
            "$m.b.c",
            "cel.bind(%, $a, $a)",
            "$v",
            "$v",
        ],
    ),
];

const BOOLS: [&str; 40] = [
    "$b && $b",
    "$b || $b",
    "!$b",
    "($b)",
    "$b ? $b : $b",
    "$a == $a",
    "$a != $a",
    "$i < $i",
    "$s <= $s",
    "$d > $i",
    "$t >= $t",
    "$y < $y",
    "$a in $l",
    "$a in $m",
    "$l == $l",
    "$m == $m",
    "$l.all(%, $b)",
    "$l.exists(%, $b)",
    "$l.exists_one(%, $b)",
    "$m.all(%, $b)",
    "$m.exists(%, $b)",
    "$s.startsWith($s)",
    "$s.endsWith($s)",
    "$s.contains($s)",
    "$s.matches($s)",
    "$s.matches('^(a|b)*[a-z]+$')",
    "$s.matches('(\\\\w+\\\\s?)+$')",
    "matches($s, $s)",
    "sets.contains($l, $l)",
    "sets.equivalent($l, $l)",
    "sets.intersects($l, $l)",
    "math.isNaN($d)",
    "math.isInf($d)",
    "math.isFinite($d)",
    "bool($s)",
    "cel.bind(%, $a, $b)",
    "has($m.a)",
    "has($m.b.c)",
    "type($a) == type($a)",
    "$v == $v",
];

const INTS: [&str; 30] = [
    "$i + $i",
    "$i - $i",
    "$i * $i",
    "$i / $i",
    "$i % $i",
    "-($i)",
    "int($d)",
    "int($s)",
    "int($u)",
    "int($t)",
    "$s.size()",
    "size($l)",
    "size($m)",
    "$y.size()",
    "$s.indexOf($s)",
    "$s.indexOf($s, $i)",
    "$s.lastIndexOf($s)",
    "$s.lastIndexOf($s, $i)",
    "$t.getHours()",
    "$t.getDayOfYear('Asia/Tokyo')",
    "$t.getMinutes($s)",
    "$t.getMilliseconds()",
    "math.abs($i)",
    "math.sign($i)",
    "math.bitAnd($i, $i)",
    "math.bitXor($i, $i)",
    "math.bitShiftLeft($i, $i)",
    "math.bitShiftRight($i, $i)",
    "math.greatest($i, $i)",
    "cel.bind(%, $i, $i)",
];

const DOUBLES: [&str; 13] = [
    "$d + $d",
    "$d * $d",
    "$d / $d",
    "-($d)",
    "double($i)",
    "double($s)",
    "math.ceil($d)",
    "math.round($d)",
    "math.trunc($d)",
    "math.sqrt($d)",
    "math.abs($d)",
    "math.least($d, $i)",
    "math.greatest([$d, $i])",
];

const STRINGS: [&str; 25] = [
    "$s + $s",
    "string($i)",
    "string($d)",
    "string($y)",
    "string($t)",
    "$s.charAt($i)",
    "$s.lowerAscii()",
    "$s.upperAscii()",
    "$s.replace($s, $s)",
    "$s.replace($s, $s, $i)",
    "$s.substring($i)",
    "$s.substring($i, $i)",
    "$s.trim()",
    "$s.reverse()",
    "$l.join()",
    "$l.join($s)",
    "$s.format($l)",
    "'%s %d %f %e %b %x %o'.format([$a, $i, $d, $d, $b, $s, $i])",
    "'%.99f'.format([$d])",
    "strings.quote($s)",
    "base64.encode($y)",
    "$l[$i]",
    "$m[$s]",
    "$b ? $s : $s",
    "cel.bind(%, $s, $s + $s)",
];

const LISTS: [&str; 27] = [
    "[$a]",
    "[$a, $a]",
    "[$a, $a, $a]",
    "$l + $l",
    "$l.map(%, $a)",
    "$l.map(%, $b, $a)",
    "$l.filter(%, $b)",
    "$m.map(%, $a)",
    "$l.slice($i, $i)",
    "$l.flatten()",
    "$l.flatten($i)",
    "$l.distinct()",
    "$l.sort()",
    "$l.sortBy(%, $a)",
    "$l.reverse()",
    "lists.range($i)",
    "lists.range(5000)",
    "$s.split($s)",
    "$s.split('')",
    "$s.split($s, $i)",
    "$l.map(%, $l)",
    "[$l, $l]",
    "cel.bind(%, $l, [$v, $v])",
    "$l.map(%, data.body)",
    "$l.map(%, [$v, $v])",
    "$b ? $l : $l",
    "$m[$s]",
];

/// An expression that gives a bool, as a rule.
pub(crate) fn filter(random: &mut Random) -> String {
    let depth = 2 + random.below(5);
    expression(random, 'b', depth, &mut Vec::new())
}

/// An expression of any type.
pub(crate) fn part(random: &mut Random) -> String {
    let (letter, _, _) = *random.pick(&TYPES);
    let depth = random.below(4);
    expression(random, letter, depth, &mut Vec::new())
}

fn expression(random: &mut Random, letter: char, depth: usize, scope: &mut Vec<String>) -> String {
    let (_, leaves, templates) =
        TYPES.iter().find(|(known, _, _)| *known == letter).expect("templates name types that are there");
    // Now and then of another type, for what only an evaluation refuses.
    if random.one_in(40) {
        return format!("dyn({})", random.pick(&TYPES).1[0]);
    }
    if depth == 0 || random.one_in(6) {
        return match scope.len() {
            0 => (*random.pick(leaves)).to_owned(),
            _ if random.one_in(2) => random.pick(scope.as_slice()).clone(),
            _ => (*random.pick(leaves)).to_owned(),
        };
    }
    let template = *random.pick(templates);
    fill(random, template, depth - 1, scope)
}

fn fill(random: &mut Random, template: &str, depth: usize, scope: &mut Vec<String>) -> String {
    let outer = scope.len();
    let mut filled = String::new();
    let mut rest = template.chars();
    while let Some(character) = rest.next() {
        match character {
            // `%s` and its like stand in texts.
            '%' if matches!(rest.clone().next(), Some(',')) => {
                let name = format!("v{}", scope.len());
                filled.push_str(&name);
                scope.push(name);
            }
            '$' => match rest.next() {
                Some('v') if scope.is_empty() => filled.push_str("event_type"),
                Some('v') => filled.push_str(&scope[random.below(scope.len())]),
                // The end of a regular expression.
                Some('\'') => filled.push_str("$'"),
                Some(letter) => {
                    let part = expression(random, letter, depth, scope);
                    let is_simple =
                        part.chars().all(|c| c.is_alphanumeric() || "._'[]{},: ".contains(c)) && !part.starts_with('-');
                    filled.push_str(&if is_simple { part } else { format!("({part})") });
                }
                None => filled.push('$'),
            },
            other => filled.push(other),
        }
    }
    scope.truncate(outer);
    filled
}
