//! Turns a checked tree into the one that is evaluated: calls of `matches` get their compiled patterns, and whatever
//! may take long or grow large pays for it.

use std::mem;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::common::value::CowVal;
use cel::context::VariableResolver;

use super::arithmetic;
use super::check::function_name;
use super::compare::{DIFFERS, EQUALS, IN, SORTABLE};
use super::convert::PREPARED;
use super::diagnostic::Diagnostic;
use super::env::{CAP, MATCHES, METER, PATTERNS, PRINTABLE, TICK};
use super::functions::{self, Type};
use super::pattern::{Pattern, SIZE_LIMIT, describe};
use super::sized::REPLACED;

/// What the name of a compiled pattern begins with; its index follows. No filter can write a name with `@`.
const CONSTANT: &str = "@pattern";

/// The values that a compiled filter carries with it.
#[derive(Debug, Default)]
pub(super) struct Constants {
    patterns: Vec<Pattern>,
}

impl VariableResolver for Constants {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let index: usize = variable.strip_prefix(CONSTANT)?.parse().ok()?;
        self.patterns.get(index).map(|pattern| CowVal::Borrowed(pattern))
    }
}

/// Rewrites a tree whose depth is within bounds. A literal that is no regular expression is reported.
pub(super) fn rewrite(
    source: &str,
    tree: &mut IdedExpr,
    info: &SourceInfo,
    diagnostics: &mut Vec<Diagnostic>,
) -> Constants {
    let mut rewrite = Rewrite { source, info, diagnostics, constants: Constants::default(), patterns_size: 0 };
    rewrite.expression(tree);
    rewrite.constants
}

struct Rewrite<'t> {
    source: &'t str,
    info: &'t SourceInfo,
    diagnostics: &'t mut Vec<Diagnostic>,
    constants: Constants,
    /// About what the compiled literals take, in bytes.
    patterns_size: usize,
}

impl Rewrite<'_> {
    fn expression(&mut self, node: &mut IdedExpr) {
        match &mut node.expr {
            Expr::Call(call) => {
                self.operands(call);
                self.call(node);
            }
            Expr::Comprehension(fold) => self.comprehension(fold),
            Expr::List(list) => {
                list.elements.iter_mut().for_each(|element| self.expression(element));
                if !list.elements.iter().all(is_literal) {
                    wrap_in_cap(node);
                }
            }
            Expr::Map(map) => {
                let mut is_constant = true;
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.expression(&mut entry.key);
                        self.expression(&mut entry.value);
                        is_constant &= is_literal(&entry.key) && is_literal(&entry.value);
                    }
                }
                if !is_constant {
                    wrap_in_cap(node);
                }
            }
            Expr::Select(select) => self.expression(&mut select.operand),
            // The check has refused messages.
            Expr::Struct(_) | Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        }
    }

    fn operands(&mut self, call: &mut CallExpr) {
        call.target.iter_mut().for_each(|target| self.expression(target));
        call.args.iter_mut().for_each(|argument| self.expression(argument));
    }

    /// A call whose operands are rewritten.
    fn call(&mut self, node: &mut IdedExpr) {
        let Expr::Call(call) = &mut node.expr else { return };
        let name = function_name(call);
        if name == "matches" {
            return self.matches(call);
        }
        let is_constant = call.args.iter().all(is_literal);
        if let Some((_, replacement)) = REPLACED.iter().find(|(replaced, _)| *replaced == name) {
            // `lists` in `lists.range` is no receiver.
            let receiver = call.target.take().filter(|_| !name.contains('.'));
            call.func_name = (*replacement).to_owned();
            if let Some(receiver) = receiver {
                call.args.insert(0, *receiver);
            }
            return call.args.push(identifier(METER));
        }
        if let Some((_, preparing)) = PREPARED.iter().find(|(prepared, _)| *prepared == name) {
            call.args.iter_mut().take(1).for_each(|argument| {
                let text = mem::take(argument);
                *argument = self::call(preparing, vec![text]);
            });
        }
        if name == "format" {
            if let Some(list) = call.args.first_mut() {
                wrap(list, PRINTABLE);
            }
            return wrap_in_cap(node);
        }
        match call.func_name.as_str() {
            operators::ADD => meter(call, arithmetic::ADD),
            // A literal ends the comparison at once.
            operators::EQUALS if !call.args.iter().any(is_literal) => meter(call, EQUALS),
            operators::NOT_EQUALS if !call.args.iter().any(is_literal) => meter(call, DIFFERS),
            operators::IN if !call.args.get(1).is_some_and(is_literal_list) => meter(call, IN),
            // These read their operands to the end, and those may be as large as a body.
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS
                if !call.args.iter().any(is_literal) =>
            {
                guard(node);
            }
            "size" | "contains" => guard(node),
            // A text that is converted may be a whole body, and so may a name that is looked for.
            "bool" | "double" | "duration" | "int" | "timestamp" | "uint" if !is_constant => guard(node),
            operators::INDEX if !call.args.get(1).is_some_and(is_literal) => guard(node),
            "sort" => {
                call.target.iter_mut().for_each(|list| wrap(list, SORTABLE));
                wrap_in_cap(node);
            }
            "@sortByAssociatedKeys" => {
                call.args.iter_mut().for_each(|keys| wrap(keys, SORTABLE));
                wrap_in_cap(node);
            }
            operator if let Some((_, function)) = arithmetic::REPLACED.iter().find(|(other, _)| *other == operator) => {
                call.func_name = (*function).to_owned();
            }
            _ => {
                let builds = [Type::String, Type::Bytes, Type::List];
                if functions::all().iter().any(|known| known.name == name && builds.contains(&known.result)) {
                    wrap_in_cap(node);
                }
            }
        }
    }

    fn comprehension(&mut self, fold: &mut ComprehensionExpr) {
        self.expression(&mut fold.iter_range);
        self.expression(&mut fold.accu_init);
        self.expression(&mut fold.loop_cond);
        self.step(&mut fold.loop_step, &fold.accu_var);
        self.expression(&mut fold.result);
        match &fold.loop_cond.expr {
            // `cel.bind`: there are no steps.
            Expr::Literal(LiteralValue::Boolean(runs)) if !*runs.inner() => {}
            // The crate appends in place while the condition is a literal and the step has one of two shapes.
            Expr::Literal(_) => match &mut fold.loop_step.expr {
                Expr::Call(step) if step.func_name == operators::CONDITIONAL => {
                    step.args.iter_mut().take(1).for_each(guard)
                }
                _ => {
                    let accumulator = identifier(&fold.accu_var);
                    let step = mem::take(&mut fold.loop_step);
                    fold.loop_step = call(operators::CONDITIONAL, vec![tick(), step, accumulator]);
                }
            },
            _ => guard(&mut fold.loop_cond),
        }
    }

    /// The step of a loop, whose own `@result + [x]` stays as it is: what is paid for is `x`.
    fn step(&mut self, node: &mut IdedExpr, accumulator: &str) {
        let Expr::Call(step) = &mut node.expr else { return self.expression(node) };
        match (step.func_name.as_str(), step.args.as_mut_slice()) {
            (operators::ADD, [left, right]) if matches!(&left.expr, Expr::Ident(name) if name == accumulator) => {
                let Expr::List(added) = &mut right.expr else { return self.expression(right) };
                for element in &mut added.elements {
                    self.expression(element);
                    if !is_literal(element) {
                        wrap_in_cap(element);
                    }
                }
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.expression(condition);
                self.step(yes, accumulator);
                self.step(no, accumulator);
            }
            _ => self.expression(node),
        }
    }

    /// `x.matches(p)` and `matches(x, p)` become `@matches(x, @pattern0, @meter)`, or `@matches(x, p, @patterns, @meter)`
    /// when the pattern is not known yet.
    fn matches(&mut self, call: &mut CallExpr) {
        call.func_name = MATCHES.to_owned();
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
        let Some(pattern) = call.args.get_mut(1) else { return };
        match &pattern.expr {
            Expr::Literal(LiteralValue::String(literal)) => match self.pattern(literal.inner()) {
                Ok(compiled) => {
                    let name = format!("{CONSTANT}{}", self.constants.patterns.len());
                    self.constants.patterns.push(compiled);
                    *pattern = identifier(&name);
                }
                Err(message) => {
                    let (start, last) = self.info.offset_for(pattern.id).unwrap_or_default();
                    self.diagnostics.push(Diagnostic::new(self.source, start as usize..last as usize + 1, message));
                }
            },
            _ => call.args.push(identifier(PATTERNS)),
        }
        call.args.push(identifier(METER));
    }

    /// Compiles a literal. All of a filter's together are bounded as one of them is.
    fn pattern(&mut self, literal: &str) -> Result<Pattern, String> {
        let too_large =
            || format!("the regular expressions up to this one take more than {SIZE_LIMIT} bytes when compiled");
        if self.patterns_size > SIZE_LIMIT {
            return Err(too_large());
        }
        let compiled = Pattern::compile(literal);
        // One that fails took its time too, up to that of the largest.
        self.patterns_size += compiled.as_ref().map_or(SIZE_LIMIT / 4, Pattern::size);
        match compiled {
            Ok(_) if self.patterns_size > SIZE_LIMIT => Err(too_large()),
            other => other.map_err(|reason| describe(literal, &reason)),
        }
    }
}

fn is_literal(node: &IdedExpr) -> bool {
    matches!(node.expr, Expr::Literal(_))
}

fn is_literal_list(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::List(list) if list.elements.iter().all(is_literal))
}

/// `x == y` becomes `@equals(x, y, @meter)`.
fn meter(call: &mut CallExpr, function: &str) {
    call.func_name = function.to_owned();
    call.args.push(identifier(METER));
}

/// `x` becomes `@cap(x, @meter)`.
fn wrap_in_cap(node: &mut IdedExpr) {
    wrap(node, CAP);
}

fn wrap(node: &mut IdedExpr, function: &str) {
    let wrapped = mem::take(node);
    *node = call(function, vec![wrapped, identifier(METER)]);
}

/// `x` becomes `@tick(@meter) ? x : false`, which is not a call for `x`'s own shape to be lost in.
fn guard(node: &mut IdedExpr) {
    let guarded = mem::take(node);
    let no = IdedExpr { id: 0, expr: Expr::Literal(LiteralValue::Boolean(false.into())) };
    *node = call(operators::CONDITIONAL, vec![tick(), guarded, no]);
}

fn tick() -> IdedExpr {
    call(TICK, vec![identifier(METER)])
}

fn call(function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) }
}

fn identifier(name: &str) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Ident(name.to_owned()) }
}
