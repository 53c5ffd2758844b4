//! Asks a filter about an event. Whatever goes wrong is a verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::operators;
use cel::common::types::{CelBool, Kind};
use cel::common::value::Val;
use cel::{ExecutionError, Value};

use super::budget::Purpose;
use super::env::PRINTABLE;
use super::pattern::Pattern;
use super::sized::REPLACED;
use super::{Context, Filter};
use crate::event::{Explanation, VerdictKind};

/// The longest reason that a verdict keeps, in characters: an error may quote the event, and every event stores it.
const MAX_DETAIL: usize = 300;

/// A filter's answer about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it matches.
    pub kind: VerdictKind,
    /// Why it failed; or the expression, when it gave `false` and nothing explains that.
    pub detail: Option<String>,
    /// What it saw, when it gave `false` or failed.
    pub explanation: Option<Explanation>,
}

impl Filter {
    /// Whether the filter holds, and what decided when it does not.
    pub fn judge(&self, context: &Context<'_>) -> Judgement {
        let (kind, mut detail) = self.evaluate(context);
        let explanation = self.explain(context, kind);
        if kind == VerdictKind::FilterFalse && explanation.is_none() {
            // The expression as it was: the trigger may have another one by the time somebody asks.
            detail = Some(self.source().to_owned());
        }
        // An error that quotes a secret is told of without it.
        let hidden =
            explanation.iter().flat_map(|told| &told.parts).find(|part| part.is_hidden && part.error.is_some());
        if let Some(hidden) = hidden {
            detail = hidden.error.clone();
        }
        Judgement { kind, detail, explanation }
    }

    /// Whether the filter holds, and when it failed, why.
    pub fn evaluate(&self, context: &Context<'_>) -> (VerdictKind, Option<String>) {
        // The crate keeps its promises by panicking here and there; a bug in it must not end the process.
        let evaluate = || catch_unwind(AssertUnwindSafe(|| self.verdict(context)));
        // A stack that overflows would. It is there already for all but the deepest filters.
        let verdict = stacker::maybe_grow(self.stack, self.stack, evaluate);
        context.meter.stop();
        let (kind, detail) =
            verdict.unwrap_or_else(|_| (VerdictKind::FilterError, Some("the filter crashed".to_owned())));
        (kind, detail.map(|detail| shorten(context.secrets().strip(detail))))
    }

    fn verdict(&self, context: &Context<'_>) -> (VerdictKind, Option<String>) {
        let mut scope = context.variables.new_inner_scope();
        scope.set_variable_resolver(&self.constants);
        context.meter.start(Purpose::Verdict);
        let answer = Value::resolve_val(&self.tree, &scope);
        if let Some(reason) = context.meter.exceeded() {
            return (VerdictKind::FilterOverBudget, Some(reason));
        }
        match answer {
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

pub(super) fn with_article(value: &dyn Val) -> String {
    match value.get_type().kind() {
        Kind::NullType => "null".to_owned(),
        Kind::Int => "an int".to_owned(),
        _ => format!("a {}", value.get_type().name()),
    }
}

/// The crate's messages quote Rust's view of the values; these say the same in CEL's words, as cel-go does.
pub(super) fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("{}: {key}", kind_of(error)),
        ExecutionError::NoSuchOverload(overload) => {
            no_overload(overload.function(), overload.is_member_function(), overload.argument_types())
        }
        ExecutionError::UnsupportedBinaryOperator(name, left, right) => {
            let types = [left, right].map(|value| value.type_of().to_string());
            no_overload(name, false, &types)
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
        ExecutionError::IndexOutOfBounds(index) => format!("index out of bounds: {}", index.type_of()),
        ExecutionError::UnsupportedKeyType(key) => format!("{} is no key", key.type_of()),
        ExecutionError::UnsupportedIndex(key, container) => {
            no_overload(operators::INDEX, false, &[container.type_of().to_string(), key.type_of().to_string()])
        }
        ExecutionError::UnsupportedTargetType { target } => format!("{} does not fit here", target.type_of()),
        ExecutionError::NotSupportedAsMethod { method, target } => {
            no_overload(method, true, &[target.type_of().to_string()])
        }
        ExecutionError::DuplicateKey(Value::String(key)) => format!("the key {key:?} is there twice"),
        ExecutionError::DuplicateKey(key) => format!("a key of type {} is there twice", key.type_of()),
        ExecutionError::InternalError(message) => message.clone(),
        other => other.to_string(),
    }
}

/// What went wrong, without what the event has to do with it.
pub(super) fn kind_of(error: &ExecutionError) -> &'static str {
    match error {
        ExecutionError::NoSuchKey(_) => "no such key",
        _ => "it failed",
    }
}

fn no_overload(function: &str, is_member: bool, types: &[String]) -> String {
    // What the rewriting added is not what the filter says.
    let is_written = |name: &&String| !name.starts_with('@') || *name == Pattern::TYPE.name();
    let written = |name: &String| if *name == Pattern::TYPE.name() { "string".to_owned() } else { name.clone() };
    let mut types: Vec<String> = types.iter().filter(is_written).map(written).collect();
    let function = match function {
        "_._" => {
            let owner = types.first().map_or("the value", |name| if name == "null_type" { "null" } else { name });
            return format!("{owner} has no fields");
        }
        operators::IN => "in",
        PRINTABLE => "format",
        "add" => operators::ADD,
        "sub" => operators::SUBSTRACT,
        "mul" => operators::MULTIPLY,
        "div" => operators::DIVIDE,
        "rem" => operators::MODULO,
        other => other.trim_start_matches('@'),
    };
    let owner = match is_member || is_replaced_member(function) {
        true if !types.is_empty() => types.remove(0) + ".",
        _ => String::new(),
    };
    format!("found no matching overload for '{function}' applied to '{owner}({})'", types.join(", "))
}

fn is_replaced_member(function: &str) -> bool {
    function == "matches" || REPLACED.iter().any(|(name, _)| *name == function && !name.contains('.'))
}

pub(super) fn shorten(detail: String) -> String {
    match detail.char_indices().nth(MAX_DETAIL) {
        Some((end, _)) => detail.get(..end).unwrap_or_default().to_owned() + "…",
        None => detail,
    }
}
