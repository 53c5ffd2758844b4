//! Asks a filter about an event. Whatever goes wrong is a verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::types::{CelBool, Kind};
use cel::common::value::Val;
use cel::{ExecutionError, Value};

use super::{Context, Filter};
use crate::event::VerdictKind;

/// The longest reason that a verdict keeps, in characters: an error may quote the event, and every event stores it.
const MAX_DETAIL: usize = 300;

impl Filter {
    /// Whether the filter holds, and when it failed, why.
    pub fn evaluate(&self, context: &Context<'_>) -> (VerdictKind, Option<String>) {
        // The crate keeps its promises by panicking here and there; a bug in it must not end the process.
        let verdict = catch_unwind(AssertUnwindSafe(|| self.verdict(context)));
        let (kind, detail) =
            verdict.unwrap_or_else(|_| (VerdictKind::FilterError, Some("the filter crashed".to_owned())));
        (kind, detail.map(shorten))
    }

    fn verdict(&self, context: &Context<'_>) -> (VerdictKind, Option<String>) {
        let mut scope = context.variables.new_inner_scope();
        scope.set_variable_resolver(&self.constants);
        match Value::resolve_val(&self.tree, &scope) {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(answer) if *answer.inner() => (VerdictKind::Matched, None),
                Some(_) => (VerdictKind::FilterFalse, None),
                None => {
                    let detail = format!("the filter gave {}, not a bool", with_article(value.as_ref()));
                    (VerdictKind::FilterError, Some(detail))
                }
            },
            Err(error) => (VerdictKind::FilterError, Some(describe(&error))),
        }
    }
}

fn with_article(value: &dyn Val) -> String {
    match value.get_type().kind() {
        Kind::NullType => "null".to_owned(),
        Kind::Int => "an int".to_owned(),
        _ => format!("a {}", value.get_type().name()),
    }
}

/// The crate's messages quote Rust's view of the values; these say the same in CEL's words, as cel-go does.
fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types();
            let (owner, types) = match types.split_first() {
                Some((owner, rest)) if overload.is_member_function() => (format!("{owner}."), rest),
                _ => (String::new(), types),
            };
            no_overload(overload.function(), &owner, types)
        }
        ExecutionError::UnsupportedBinaryOperator(name, left, right) => {
            let types = [left, right].map(|value| value.type_of().to_string());
            no_overload(name, "", &types)
        }
        ExecutionError::ValuesNotComparable(left, right) => {
            format!("{} cannot be compared with {}", left.type_of(), right.type_of())
        }
        ExecutionError::UnexpectedType { got, want } => format!("expected {want}, found {got}"),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder of a division by zero".to_owned(),
        ExecutionError::Overflow(..) => "integer overflow".to_owned(),
        ExecutionError::IndexOutOfBounds(Value::Int(index)) => format!("index out of bounds: {index}"),
        other => other.to_string(),
    }
}

fn no_overload(function: &str, owner: &str, types: &[String]) -> String {
    let types = types.iter().filter(|name| !name.starts_with('@')).map(String::as_str).collect::<Vec<_>>().join(", ");
    let function = match function {
        "@in" => "in",
        "add" => "_+_",
        "sub" => "_-_",
        "mul" => "_*_",
        "div" => "_/_",
        "rem" => "_%_",
        other => other.trim_start_matches('@'),
    };
    format!("found no matching overload for '{function}' applied to '{owner}({types})'")
}

fn shorten(detail: String) -> String {
    match detail.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => detail.get(..end).unwrap_or_default().to_owned() + "…",
        None => detail,
    }
}
