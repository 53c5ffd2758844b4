//! What the parts of a rewritten tree are: how they were written, and what they are made of.

use cel::common::ast::operators::{
    ADD, CONDITIONAL, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND, LOGICAL_OR,
    MODULO, MULTIPLY, NOT_EQUALS, SUBSTRACT,
};
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use cel::common::types::CelString;

use crate::trigger::filter::check::function_name;
use crate::trigger::filter::compare::{DIFFERS, EQUALS as EQUALS_METERED, SORTABLE};
use crate::trigger::filter::env::{CAP, PRINTABLE, TICK};
use crate::trigger::filter::functions::Type;
use crate::trigger::filter::parse::for_each_child;

/// The node as it was written, without what the rewriting put around it.
pub(super) fn written(node: &IdedExpr) -> &IdedExpr {
    let Expr::Call(call) = &node.expr else { return node };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (CAP | PRINTABLE | SORTABLE, [inner, ..]) => written(inner),
        (CONDITIONAL, [tick, inner, _]) if is_tick(tick) => written(inner),
        _ => node,
    }
}

fn is_tick(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Call(call) if call.func_name == TICK)
}

pub(super) fn is_comparison(name: &str) -> bool {
    let comparisons = [EQUALS, NOT_EQUALS, LESS, LESS_EQUALS, GREATER, GREATER_EQUALS, IN, EQUALS_METERED, DIFFERS];
    comparisons.contains(&name)
}

pub(super) fn is_arithmetic(name: &str) -> bool {
    [ADD, SUBSTRACT, MULTIPLY, DIVIDE, MODULO].contains(&name)
}

/// The operands of a chain of one operator, in order.
pub(super) fn flatten<'t>(node: &'t IdedExpr, operator: &str, operands: &mut Vec<&'t IdedExpr>) {
    match &written(node).expr {
        Expr::Call(call) if call.func_name == operator => {
            call.args.iter().for_each(|operand| flatten(operand, operator, operands));
        }
        _ => operands.push(node),
    }
}

/// What somebody wrote below a node, outermost first; not the names that the rewriting and the macros added.
pub(super) fn parts(node: &IdedExpr) -> Vec<&IdedExpr> {
    let mut parts = Vec::new();
    match &node.expr {
        Expr::Call(CallExpr { target, args, .. }) => parts.extend(target.iter().map(Box::as_ref).chain(args)),
        Expr::Select(SelectExpr { operand, .. }) => parts.push(operand.as_ref()),
        Expr::List(list) => parts.extend(&list.elements),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    parts.extend([&entry.key, &entry.value]);
                }
            }
        }
        _ => {}
    }
    parts.retain(|part| !matches!(&part.expr, Expr::Ident(name) if name.starts_with('@')));
    // `math` in `math.abs(x)` is no value.
    let is_namespace = |part: &IdedExpr| matches!(&part.expr, Expr::Ident(name) if is_namespace_of(node, name));
    parts.retain(|part| !is_namespace(part));
    parts
}

fn is_namespace_of(node: &IdedExpr, name: &str) -> bool {
    let Expr::Call(call) = &node.expr else { return false };
    let is_target =
        call.target.as_ref().is_some_and(|target| matches!(&target.expr, Expr::Ident(owner) if owner == name));
    is_target && function_name(call) != call.func_name
}

/// Whether there is nothing in it that an event could change.
pub(super) fn is_constant(node: &IdedExpr) -> bool {
    match &written(node).expr {
        Expr::Literal(_) => true,
        // The names of types are no variables.
        Expr::Ident(name) => Type::named(name),
        Expr::List(_) | Expr::Map(_) => parts(written(node)).into_iter().all(is_constant),
        Expr::Call(_) => {
            let parts = parts(written(node));
            !parts.is_empty() && parts.into_iter().all(is_constant)
        }
        _ => false,
    }
}

/// `data.body.json["a"].b`: names all the way, and keys in brackets.
pub(super) fn is_path(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Ident(_) => true,
        Expr::Select(select) => is_path(written(&select.operand)),
        Expr::Call(call) if call.func_name == INDEX => call.args.first().is_some_and(|owner| is_path(written(owner))),
        _ => false,
    }
}

/// The keys of a path that are no constants.
pub(super) fn keys(node: &IdedExpr) -> Vec<&IdedExpr> {
    match &node.expr {
        Expr::Select(select) => keys(written(&select.operand)),
        Expr::Call(call) if call.func_name == INDEX => match call.args.as_slice() {
            [owner, key] => {
                let mut found = keys(written(owner));
                found.extend(Some(key).filter(|key| !is_constant(key)));
                found
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What a field or an element is taken from.
pub(super) fn container(node: &IdedExpr) -> Option<&IdedExpr> {
    match &node.expr {
        Expr::Select(select) => Some(&select.operand),
        Expr::Call(call) if call.func_name == INDEX => call.args.first(),
        _ => None,
    }
}

pub(super) fn literal_text(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(CelString::inner(text)),
        _ => None,
    }
}

/// `cel.bind`: a loop that never runs.
pub(super) fn is_binding(fold: &ComprehensionExpr) -> bool {
    matches!(&fold.loop_cond.expr, Expr::Literal(LiteralValue::Boolean(runs)) if !*runs.inner())
}

/// The answer of one element that ends the loop: false for `all`, true for `exists`, none for the other macros.
pub(super) fn quantifier(fold: &ComprehensionExpr) -> Option<bool> {
    let Expr::Call(step) = &written(&fold.loop_step).expr else { return None };
    let is_fold = matches!(step.args.first(), Some(IdedExpr { expr: Expr::Ident(name), .. }) if *name == fold.accu_var);
    match step.func_name.as_str() {
        LOGICAL_AND if is_fold => Some(false),
        LOGICAL_OR if is_fold => Some(true),
        _ => None,
    }
}

/// What a loop evaluates for each element: a condition, and what becomes of those that it holds for.
pub(super) fn bodies<'t>(step: &'t IdedExpr, accumulator: &str) -> Vec<&'t IdedExpr> {
    let is_accumulator = |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if name == accumulator);
    let Expr::Call(call) = &written(step).expr else { return Vec::new() };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (CONDITIONAL, [condition, yes, _]) => {
            let mut found = vec![condition];
            found.extend(bodies(yes, accumulator));
            found
        }
        (LOGICAL_AND | LOGICAL_OR, [first, body]) if is_accumulator(first) => vec![body],
        (ADD, [first, added]) if is_accumulator(first) => match &added.expr {
            Expr::List(list) => list.elements.iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Where a variable is first mentioned.
pub(super) fn mention<'t>(node: &'t IdedExpr, variable: &str) -> Option<&'t IdedExpr> {
    if matches!(&node.expr, Expr::Ident(name) if name == variable) {
        return Some(node);
    }
    let mut found = None;
    for_each_child(node, |child| {
        if found.is_none() {
            found = mention(child, variable);
        }
    });
    found
}
