//! From text to a tree that is safe to walk. Everything here runs on the compiling thread's own large stack.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, SourceInfo};
use cel::parser::ParseError;

use super::diagnostic::Diagnostic;
use super::{env, syntax};

/// The longest expression, in bytes. The longest of AutoKitteh's samples has 90.
pub(super) const MAX_SOURCE: usize = 4096;

/// The deepest tree. Evaluation recurses, and a stack that overflows ends the process.
const MAX_DEPTH: usize = 100;

/// The largest tree, macros expanded.
const MAX_NODES: usize = 1000;

/// Parses `source` and expands its macros.
pub(super) fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), Vec<Diagnostic>> {
    let end = source.len();
    if source.trim().is_empty() {
        return Err(vec![Diagnostic::new(source, 0..end, "the expression is empty")]);
    }
    let parsed = env::shared().parser().parse_with_source_info(source);
    let (tree, info) = parsed.map_err(|errors| syntax_errors(source, &errors.errors))?;
    let (nodes, depth) = measure(&tree);
    if depth > MAX_DEPTH {
        return Err(vec![too_deep(source)]);
    }
    if nodes > MAX_NODES {
        let message = format!("the expression has {nodes} parts with its macros expanded, more than {MAX_NODES}");
        return Err(vec![Diagnostic::new(source, 0..end, message)]);
    }
    Ok((tree, info))
}

fn too_deep(source: &str) -> Diagnostic {
    Diagnostic::new(source, 0..source.len(), format!("the expression nests more than {MAX_DEPTH} levels deep"))
}

fn syntax_errors(source: &str, errors: &[ParseError]) -> Vec<Diagnostic> {
    // The parser gives up where it is too deep, and what it says of the rest is not true.
    if errors.iter().any(|error| error.msg.contains("Recursion limit of ")) {
        return vec![too_deep(source)];
    }
    syntax::diagnostics(source, errors)
}

/// How many nodes, and how deep. Not recursive, since the depth is what it is to find out.
pub(super) fn measure(tree: &IdedExpr) -> (usize, usize) {
    let (mut nodes, mut deepest) = (0, 0);
    let mut pending = vec![(tree, 1)];
    while let Some((node, depth)) = pending.pop() {
        nodes += 1;
        deepest = deepest.max(depth);
        for_each_child(node, |child| pending.push((child, depth + 1)));
    }
    (nodes, deepest)
}

pub(super) fn for_each_child<'t>(node: &'t IdedExpr, mut visit: impl FnMut(&'t IdedExpr)) {
    let entries = match &node.expr {
        Expr::Call(call) => {
            call.target.iter().for_each(|target| visit(target));
            call.args.iter().for_each(visit);
            return;
        }
        Expr::Comprehension(fold) => {
            [&fold.iter_range, &fold.accu_init, &fold.loop_cond, &fold.loop_step, &fold.result]
                .into_iter()
                .for_each(visit);
            return;
        }
        Expr::List(list) => return list.elements.iter().for_each(visit),
        Expr::Select(select) => return visit(&select.operand),
        Expr::Map(map) => &map.entries,
        Expr::Struct(message) => &message.entries,
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => return,
    };
    for entry in entries {
        match &entry.expr {
            EntryExpr::MapEntry(entry) => {
                visit(&entry.key);
                visit(&entry.value);
            }
            EntryExpr::StructField(field) => visit(&field.value),
        }
    }
}
