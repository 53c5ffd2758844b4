//! CEL expressions over an event: compiled once, when a manifest is applied, and evaluated for every event. Knows
//! nothing of triggers. Tenants write the expressions and strangers choose the data, so neither is trusted.

mod arithmetic;
mod budget;
mod check;
mod compare;
mod context;
mod convert;
mod data;
mod diagnostic;
mod dict;
mod env;
mod evaluate;
mod explain;
mod extents;
mod functions;
mod key;
mod known;
mod lazy;
mod lint;
mod operators;
mod parse;
mod pattern;
mod re2;
mod rewrite;
mod sized;
mod syntax;

#[cfg(test)]
mod tests;

use std::fmt;
use std::thread;

use cel::IdedExpr;

pub use context::Context;
pub use diagnostic::{CompileError, Diagnostic, render_warnings};
pub use evaluate::Judgement;
pub use key::Key;
pub(crate) use key::bounded;

use extents::Extents;
use functions::Type;
use parse::MAX_SOURCE;
use rewrite::Constants;

/// The stack of the thread that compiles. The parser recurses with the source, whose length is bounded, and so with
/// the deepest source it stays far below this.
const COMPILE_STACK: usize = 64 << 20;

/// A compiled expression.
#[derive(Debug)]
pub struct Filter {
    source: Box<str>,
    tree: IdedExpr,
    constants: Constants,
    extents: Extents,
    warnings: Vec<Diagnostic>,
    /// The stack that evaluating it takes at most, in bytes.
    stack: usize,
}

/// The stack that one level of a tree takes, in bytes: several times what was measured. A build without optimisation takes
/// far more than a release.
const STACK_PER_LEVEL: usize = if cfg!(debug_assertions) { 80 << 10 } else { 8 << 10 };

/// The stack that a function of the library takes, in bytes.
const STACK_OF_FUNCTION: usize = 128 << 10;

impl Filter {
    /// Compiles an expression and checks what can be known of it before an event is there.
    ///
    /// # Errors
    /// It is too long or too deep, does not parse, names what nothing declares, or cannot give a bool; everything that
    /// is wrong with it, with positions.
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        Self::compile_as(source, Type::Bool)
    }

    /// Compiles an expression whose value is `wanted`.
    fn compile_as(source: &str, wanted: Type) -> Result<Self, CompileError> {
        if source.len() > MAX_SOURCE {
            let message = format!("the expression has {} bytes, more than {MAX_SOURCE}", source.len());
            return Err(CompileError::new(source, vec![Diagnostic::new(source, 0..source.len(), message)]));
        }
        // A stack that overflows ends the process, so the recursive parser has a thread of its own.
        let failed = |reason: &str| {
            let message = format!("the expression could not be compiled: {reason}");
            CompileError::new(source, vec![Diagnostic::new(source, 0..source.len(), message)])
        };
        let compiled = thread::scope(|scope| {
            let builder = thread::Builder::new().name("filter compiler".to_owned()).stack_size(COMPILE_STACK);
            match builder.spawn_scoped(scope, || compile(source, wanted)) {
                Ok(thread) => thread.join().map_err(|_| failed("the parser failed")),
                Err(error) => Err(failed(&error.to_string())),
            }
        })?;
        compiled.map_err(|diagnostics| CompileError::new(source, diagnostics))
    }

    /// What compiles and is likely not what was meant, in the expression's order.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

fn compile(source: &str, wanted: Type) -> Result<Filter, Vec<Diagnostic>> {
    let (mut tree, info) = parse::parse(source)?;
    let mut diagnostics = check::check(source, &tree, &info, wanted);
    let extents = Extents::of(source, &tree, &info);
    let warnings = if diagnostics.is_empty() { lint::lint(source, &tree, &extents) } else { Vec::new() };
    let constants = rewrite::rewrite(source, &mut tree, &info, &mut diagnostics);
    if diagnostics.is_empty() {
        let (_, depth) = parse::measure(&tree);
        let stack = depth * STACK_PER_LEVEL + STACK_OF_FUNCTION;
        return Ok(Filter { source: source.into(), tree, constants, extents, warnings, stack });
    }
    Err(diagnostics)
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}
