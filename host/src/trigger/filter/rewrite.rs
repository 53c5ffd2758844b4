//! Turns a checked tree into the one that is evaluated: calls of `matches` get their compiled patterns.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use cel::common::value::CowVal;
use cel::context::VariableResolver;

use super::diagnostic::Diagnostic;
use super::env::{MATCHES, PATTERNS};
use super::pattern::{Pattern, describe};

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
    let mut rewrite = Rewrite { source, info, diagnostics, constants: Constants::default() };
    rewrite.expression(tree);
    rewrite.constants
}

struct Rewrite<'t> {
    source: &'t str,
    info: &'t SourceInfo,
    diagnostics: &'t mut Vec<Diagnostic>,
    constants: Constants,
}

impl Rewrite<'_> {
    fn expression(&mut self, node: &mut IdedExpr) {
        match &mut node.expr {
            Expr::Call(call) => {
                call.target.iter_mut().for_each(|target| self.expression(target));
                call.args.iter_mut().for_each(|argument| self.expression(argument));
                if call.func_name == "matches" {
                    self.matches(call);
                }
            }
            Expr::Comprehension(fold) => {
                let parts = [
                    &mut fold.iter_range,
                    &mut fold.accu_init,
                    &mut fold.loop_cond,
                    &mut fold.loop_step,
                    &mut fold.result,
                ];
                parts.into_iter().for_each(|part| self.expression(part));
            }
            Expr::List(list) => list.elements.iter_mut().for_each(|element| self.expression(element)),
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        self.expression(&mut entry.key);
                        self.expression(&mut entry.value);
                    }
                }
            }
            Expr::Select(select) => self.expression(&mut select.operand),
            // The check has refused messages.
            Expr::Struct(_) | Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        }
    }

    /// `x.matches(p)` and `matches(x, p)` become `@matches(x, @pattern0)`, or `@matches(x, p, @patterns)` when the
    /// pattern is not known yet.
    fn matches(&mut self, call: &mut CallExpr) {
        if call.target.is_some() as usize + call.args.len() != 2 {
            return;
        }
        call.func_name = MATCHES.to_owned();
        if let Some(target) = call.target.take() {
            call.args.insert(0, *target);
        }
        let Some(pattern) = call.args.get_mut(1) else { return };
        let Expr::Literal(LiteralValue::String(literal)) = &pattern.expr else {
            call.args.push(identifier(PATTERNS.to_owned()));
            return;
        };
        match Pattern::compile(literal.inner()) {
            Ok(compiled) => {
                let name = format!("{CONSTANT}{}", self.constants.patterns.len());
                self.constants.patterns.push(compiled);
                *pattern = identifier(name);
            }
            Err(reason) => {
                let (start, last) = self.info.offset_for(pattern.id).unwrap_or_default();
                let span = start as usize..last as usize + 1;
                self.diagnostics.push(Diagnostic::new(self.source, span, describe(literal.inner(), &reason)));
            }
        }
    }
}

fn identifier(name: String) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Ident(name) }
}
