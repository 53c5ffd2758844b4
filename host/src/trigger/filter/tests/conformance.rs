//! The language, as cel-spec and cel-go describe it: tables of expressions and what they give, one for each area, in
//! the manner of cel-spec's "simple" suites. Each section of a table names the text that it is held to.
//!
//! A row is `expression => answer`. In an expression `⏎` stands for a line's end. The answer is a value as [`show`]
//! writes it, so that `2` and `2.0` are two answers; `error`, an evaluation that fails; or `refused`, an expression
//! that is not compiled. `error: words` also says what the message has in it. A checker may refuse what would fail,
//! so `error` takes both.
//!
//! A row that begins with `deviates` says what the texts ask for, and the line below it what is given instead and why.

use std::fmt::Write as _;

use cel::Value;
use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelString, CelTimestamp, CelType, CelUInt, Kind,
};
use cel::common::value::Val;

use super::super::budget::Purpose;
use super::super::{Context, Filter};
use super::rich;
use crate::event::{EventType, VerdictKind};

const TABLES: [(&str, &str); 10] = [
    ("syntax", include_str!("conformance/syntax.txt")),
    ("compare", include_str!("conformance/compare.txt")),
    ("arithmetic", include_str!("conformance/arithmetic.txt")),
    ("logic", include_str!("conformance/logic.txt")),
    ("convert", include_str!("conformance/convert.txt")),
    ("time", include_str!("conformance/time.txt")),
    ("strings", include_str!("conformance/strings.txt")),
    ("format", include_str!("conformance/format.txt")),
    ("math", include_str!("conformance/math.txt")),
    ("lists", include_str!("conformance/lists.txt")),
];

/// The page that lists every deviation.
const DOCUMENT: &str = include_str!("../../../../docs/filters.md");

struct Row<'t> {
    /// `lists.txt:12`.
    place: String,
    /// The text that says what the answer is.
    section: &'t str,
    expression: &'t str,
    expected: &'t str,
    /// What is given instead, and why.
    deviation: Option<(&'t str, &'t str)>,
}

fn rows() -> Vec<Row<'static>> {
    let mut rows: Vec<Row<'static>> = Vec::new();
    for (name, table) in TABLES {
        let mut section = "";
        for (number, line) in (1..).zip(table.lines()) {
            let place = format!("{name}.txt:{number}");
            if let Some(source) = line.strip_prefix("# ") {
                section = source;
            } else if let Some(given) = line.strip_prefix("    gives ") {
                let row = rows.last_mut().unwrap_or_else(|| panic!("{place}: of no row"));
                row.deviation = Some(given.split_once(": ").unwrap_or_else(|| panic!("{place}: has no reason")));
            } else if !line.is_empty() {
                let (expression, expected) =
                    line.rsplit_once(" => ").unwrap_or_else(|| panic!("{place}: has no answer"));
                let expression = expression.strip_prefix("deviates ").unwrap_or(expression).trim_end();
                rows.push(Row { place, section, expression, expected, deviation: None });
            }
        }
    }
    rows
}

/// What an expression gives.
enum Answer {
    Value(String),
    Error(String),
    Refused(String),
}

fn answer(expression: &str) -> Answer {
    let expression = expression.replace('⏎', "\n");
    // A filter gives a bool; what `dyn` gives is not known before an event is there.
    let filter = match Filter::compile(&format!("dyn({expression}\n)")) {
        Ok(filter) => filter,
        Err(error) => return Answer::Refused(error.to_string()),
    };
    let (kind, data) = (EventType::of("POST"), rich());
    let context = Context::new(&kind, &data);
    let (verdict, detail) = filter.evaluate(&context);
    let mut scope = context.variables.new_inner_scope();
    scope.set_variable_resolver(&filter.constants);
    context.meter.start(Purpose::Verdict);
    match Value::resolve_val(&filter.tree, &scope) {
        Ok(value) => Answer::Value(show(value.as_ref())),
        Err(_) => {
            assert_eq!(verdict, VerdictKind::FilterError, "{expression}: {detail:?}");
            Answer::Error(detail.unwrap_or_default())
        }
    }
}

impl Answer {
    fn is(&self, expected: &str) -> bool {
        match (self, expected.split_once(": ").unwrap_or((expected, ""))) {
            (Self::Refused(message), ("refused" | "error", words)) | (Self::Error(message), ("error", words)) => {
                message.contains(words)
            }
            (Self::Value(value), _) => value == expected,
            _ => false,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Value(value) => value.clone(),
            Self::Error(message) => format!("error: {message}"),
            Self::Refused(message) => format!("refused: {message}"),
        }
    }
}

/// A value as the tables write it: much as CEL does, with a map's entries in order.
fn show(value: &dyn Val) -> String {
    if let Some(timestamp) = value.downcast_ref::<CelTimestamp>() {
        let utc = timestamp.inner().to_utc().to_rfc3339();
        return format!("timestamp({:?})", utc.replace("+00:00", "Z"));
    }
    if let Some(duration) = value.downcast_ref::<CelDuration>() {
        let nanos = i128::from(duration.num_seconds()) * 1_000_000_000 + i128::from(duration.subsec_nanos());
        let sign = if nanos < 0 { "-" } else { "" };
        let (seconds, rest) = (nanos.unsigned_abs() / 1_000_000_000, nanos.unsigned_abs() % 1_000_000_000);
        let rest = format!(".{rest:09}");
        return format!("duration(\"{sign}{seconds}{}s\")", rest.trim_end_matches('0').trim_end_matches('.'));
    }
    match value.get_type().kind() {
        Kind::Boolean => value.downcast_ref::<CelBool>().unwrap().inner().to_string(),
        Kind::Int => value.downcast_ref::<CelInt>().unwrap().inner().to_string(),
        Kind::UInt => format!("{}u", value.downcast_ref::<CelUInt>().unwrap().inner()),
        Kind::Double => format!("{:?}", value.downcast_ref::<CelDouble>().unwrap().inner()),
        Kind::String => format!("{:?}", value.downcast_ref::<CelString<'_>>().unwrap().inner()),
        Kind::Bytes => format!("b\"{}\"", value.downcast_ref::<CelBytes<'_>>().unwrap().inner().escape_ascii()),
        Kind::NullType => "null".to_owned(),
        Kind::Type => value.downcast_ref::<CelType>().unwrap().name().to_owned(),
        Kind::List => {
            let mut elements = value.as_iterable().unwrap().iter();
            let mut shown = Vec::new();
            while let Some(element) = elements.next() {
                shown.push(show(element));
            }
            format!("[{}]", shown.join(", "))
        }
        Kind::Map => {
            let (mut keys, values) = (value.as_iterable().unwrap().iter(), value.as_indexer().unwrap());
            let mut shown = Vec::new();
            while let Some(key) = keys.next() {
                shown.push(format!("{}: {}", show(key), show(values.get(key).unwrap().as_ref())));
            }
            shown.sort();
            format!("{{{}}}", shown.join(", "))
        }
        other => panic!("no filter gives {other:?}"),
    }
}

#[test]
fn expressions_give_what_the_specification_says() {
    let rows = rows();
    assert!(rows.len() >= 1300, "{} rows", rows.len());
    let mut wrong = String::new();
    for Row { place, section, expression, expected, deviation } in rows {
        assert!(!section.is_empty(), "{place} has no section");
        let answer = answer(expression);
        let given = deviation.map_or(expected, |(given, _)| given);
        if !answer.is(given) {
            let shown = answer.shown();
            writeln!(wrong, "{place} ({section}): {expression}\n  wanted {given}\n  gave   {shown}").unwrap();
        } else if answer.is(expected) != deviation.is_none() {
            writeln!(wrong, "{place}: {expression} does not deviate, or deviates without saying so").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_documentation_lists_every_deviation() {
    let deviating: Vec<_> = rows().into_iter().filter(|row| row.deviation.is_some()).collect();
    assert!(!deviating.is_empty());
    for row in deviating {
        // In a table of Markdown.
        let written = row.expression.replace('|', r"\|");
        assert!(DOCUMENT.contains(&format!("| `{written}` |")), "{}: {}", row.place, row.expression);
    }
}
