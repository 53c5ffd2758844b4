//! What compiles and is likely not what was meant: warnings, which refuse nothing.

use cel::common::ast::operators::{EQUALS, IN, INDEX, NOT_EQUALS};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue};

use super::diagnostic::Diagnostic;
use super::env;
use super::extents::Extents;
use super::parse::for_each_child;

/// What every path begins with.
const WEBHOOKS: &str = "/webhooks/";

/// Why a Content-Type is not compared.
const PARAMETERS: &str = "a Content-Type may end with parameters, such as a charset";

/// The warnings about a tree that is sound, before it is rewritten.
pub(super) fn lint(source: &str, tree: &IdedExpr, extents: &Extents) -> Vec<Diagnostic> {
    let mut lint = Lint { source, extents, shadowed: Vec::new(), reads_event: false, found: Vec::new() };
    lint.visit(tree);
    if !lint.reads_event {
        let message = "it reads neither `data` nor `event_type`, so it gives the same for every event";
        lint.found.push(Diagnostic::new(source, 0..source.len(), message));
    }
    lint.found.sort_by_key(|found| found.span.start);
    lint.found
}

struct Lint<'t> {
    source: &'t str,
    extents: &'t Extents,
    /// The names of macros' variables that are in scope.
    shadowed: Vec<&'t str>,
    reads_event: bool,
    found: Vec<Diagnostic>,
}

impl<'t> Lint<'t> {
    fn visit(&mut self, node: &'t IdedExpr) {
        match &node.expr {
            Expr::Ident(name) => {
                self.reads_event |= self.is_free(name, env::DATA) || self.is_free(name, env::EVENT_TYPE)
            }
            Expr::Call(call) => self.call(node, call),
            Expr::Comprehension(fold) => return self.fold(fold),
            _ => {}
        }
        for_each_child(node, |child| self.visit(child));
    }

    fn fold(&mut self, fold: &'t ComprehensionExpr) {
        self.visit(&fold.iter_range);
        self.visit(&fold.accu_init);
        let outer = self.shadowed.len();
        self.shadowed.extend([fold.accu_var.as_str(), fold.iter_var.as_str()]);
        self.visit(&fold.loop_step);
        self.visit(&fold.result);
        self.shadowed.truncate(outer);
    }

    fn call(&mut self, node: &'t IdedExpr, call: &'t CallExpr) {
        let operands: Vec<&IdedExpr> = call.target.iter().map(Box::as_ref).chain(&call.args).collect();
        let [left, right] = operands.as_slice() else { return };
        match call.func_name.as_str() {
            EQUALS | NOT_EQUALS => {
                let sides = self.field(left).map(|field| (field, *left, *right));
                if let Some((field, owner, other)) =
                    sides.or_else(|| self.field(right).map(|field| (field, *right, *left)))
                {
                    self.equality(node, &call.func_name, &field, owner, other);
                }
            }
            IN => {
                let (Some(field), Expr::List(list)) = (self.field(left), &right.expr) else { return };
                for element in &list.elements {
                    if let Some(text) = literal(element) {
                        self.value(&field, element, text);
                    }
                }
                let is_bare = |element: &IdedExpr| literal(element).is_some_and(|text| !text.contains(';'));
                if field.is(&["headers", "content-type"]) && list.elements.iter().any(is_bare) {
                    let begins = list.elements.iter().map(|element| self.begins(left, element)).collect::<Vec<_>>();
                    self.warn(node, PARAMETERS, Some(begins.join(" || ")));
                }
            }
            "startsWith" => self.prefix(left, right),
            "matches" => self.pattern(left, right),
            _ => {}
        }
    }

    fn equality(&mut self, node: &IdedExpr, operator: &str, field: &Field<'t>, owner: &IdedExpr, other: &IdedExpr) {
        let is_null = matches!(&other.expr, Expr::Literal(LiteralValue::Null));
        if is_null && let Some((dictionary, name)) = field.entry() {
            let message = "a key that is missing is an error and not null";
            let meant = format!("{}\"{name}\" in {dictionary}", if operator == EQUALS { "!(" } else { "" });
            let meant = if operator == EQUALS { meant + ")" } else { meant };
            return self.warn(node, message, Some(meant));
        }
        let Some(text) = literal(other) else { return };
        if field.is(&["headers", "content-type"]) && !text.contains(';') {
            let begins = self.begins(owner, other);
            let meant = if operator == EQUALS { begins } else { format!("!{begins}") };
            return self.warn(node, PARAMETERS, Some(meant));
        }
        if field.is(&["headers", "content-length"]) && text.parse::<u64>().is_ok() {
            let message = "Content-Length is a number whenever it is valid";
            return self.warn(other, message, Some(text.to_owned()));
        }
        self.value(field, other, text);
    }

    /// A text that the field should be.
    fn value(&mut self, field: &Field<'t>, other: &IdedExpr, text: &str) {
        if matches!(field, Field::EventType) && text != text.to_lowercase() {
            let message = "event types are in lower case, so none is this";
            self.warn(other, message, self.requoted(other, text, &text.to_lowercase()));
        } else if field.is(&["method"]) && text != text.to_uppercase() {
            let message = "methods are sent in upper case";
            self.warn(other, message, self.requoted(other, text, &text.to_uppercase()));
        } else if field.is_path() && (text.contains('*') || text.starts_with('^')) {
            self.warn(other, "this is compared as it stands: for a pattern there is `matches`", None);
        } else if field.is_path() && !text.starts_with(WEBHOOKS) {
            self.outside(other, text);
        } else if field.is(&["url", "path_suffix"]) && text.starts_with('/') {
            self.leading_slash(other, text);
        } else if (field.is(&["url", "fragment"]) || field.is(&["url", "raw_fragment"])) && !text.is_empty() {
            self.warn(other, "no request carries a fragment, so it is always \"\"", None);
        }
    }

    fn prefix(&mut self, owner: &'t IdedExpr, prefix: &'t IdedExpr) {
        let (Some(field), Some(text)) = (self.field(owner), literal(prefix)) else { return };
        if field.is_path() && !text.starts_with(WEBHOOKS) && !WEBHOOKS.starts_with(text) {
            self.outside(prefix, text);
        } else if field.is(&["url", "path_suffix"]) && text.starts_with('/') {
            self.leading_slash(prefix, text);
        } else if matches!(field, Field::EventType) || field.is(&["method"]) {
            self.value(&field, prefix, text);
        }
    }

    fn pattern(&mut self, owner: &'t IdedExpr, pattern: &'t IdedExpr) {
        let (Some(field), Some(text)) = (self.field(owner), literal(pattern)) else { return };
        if !field.is_path() && !field.is(&["url", "path_suffix"]) {
            return;
        }
        // As far as the pattern is plain text.
        let fixed = without_flags(text).strip_prefix('^').map(|text| {
            let end = text.find(|c: char| !c.is_alphanumeric() && !"/_-".contains(c)).unwrap_or(text.len());
            // What a quantifier follows may be absent.
            let is_quantified = text.get(end..).is_some_and(|rest| rest.starts_with(['?', '*', '{']));
            text.get(..end.saturating_sub(usize::from(is_quantified))).unwrap_or_default()
        });
        match fixed {
            // Another alternative may begin otherwise, and letters in another case.
            _ if text.contains('|') => {}
            Some(_) if text.starts_with("(?") => {}
            Some(fixed) if field.is_path() && !fixed.starts_with(WEBHOOKS) && !WEBHOOKS.starts_with(fixed) => {
                self.outside(pattern, fixed);
            }
            Some(_) => {}
            None if text.ends_with('$') => {}
            None => {
                let message =
                    "the pattern is found anywhere in the path: `^` and `$` hold it to the beginning and the end";
                // A path has more before it than what is looked for here.
                let start = if field.is_path() && !text.starts_with(WEBHOOKS) { "" } else { "^" };
                self.warn(pattern, message, self.requoted(pattern, text, &format!("{start}{text}$")));
            }
        }
    }

    fn outside(&mut self, node: &IdedExpr, text: &str) {
        let suffix = text.trim_start_matches('/');
        let message = format!(
            "every path begins with `{WEBHOOKS}`, so none with this; `data.url.path_suffix` is what follows the slug: `{suffix}`"
        );
        self.warn(node, &message, None);
    }

    fn leading_slash(&mut self, node: &IdedExpr, text: &str) {
        let message = "`path_suffix` begins after the slash that follows the slug";
        self.warn(node, message, self.requoted(node, text, text.trim_start_matches('/')));
    }

    fn warn(&mut self, node: &IdedExpr, message: &str, suggestion: Option<String>) {
        let span = self.extents.get(node).unwrap_or(0..self.source.len());
        self.found.push(Diagnostic::new(self.source, span, message).suggest(suggestion));
    }

    /// `owner.startsWith(prefix)`.
    fn begins(&self, owner: &IdedExpr, prefix: &IdedExpr) -> String {
        format!("{}.startsWith({})", self.text(owner), self.text(prefix))
    }

    fn text(&self, node: &IdedExpr) -> &'t str {
        self.extents.get(node).and_then(|extent| self.source.get(extent)).unwrap_or_default()
    }

    /// The literal with another text, when it is written plainly.
    fn requoted(&self, node: &IdedExpr, text: &str, meant: &str) -> Option<String> {
        let written = self.text(node);
        let is_plain = written.len() == text.len() + 2 && written.get(1..=text.len()) == Some(text);
        is_plain.then(|| written.replacen(text, meant, 1))
    }

    fn is_free(&self, name: &str, variable: &str) -> bool {
        name.strip_prefix('.').unwrap_or(name) == variable && !self.shadowed.contains(&variable)
    }

    /// The part of the payload that a chain of fields and literal keys names.
    fn field(&self, node: &'t IdedExpr) -> Option<Field<'t>> {
        match &node.expr {
            Expr::Ident(name) if self.is_free(name, env::EVENT_TYPE) => Some(Field::EventType),
            Expr::Ident(name) if self.is_free(name, env::DATA) => Some(Field::Data(Vec::new())),
            Expr::Select(select) if !select.test => self.field(&select.operand)?.below(&select.field),
            Expr::Call(call) if call.func_name == INDEX => match call.args.as_slice() {
                [owner, key] => self.field(owner)?.below(literal(key)?),
                _ => None,
            },
            _ => None,
        }
    }
}

enum Field<'t> {
    EventType,
    /// The names below `data`.
    Data(Vec<&'t str>),
}

impl<'t> Field<'t> {
    fn below(self, name: &'t str) -> Option<Self> {
        let Self::Data(mut names) = self else { return None };
        names.push(name);
        Some(Self::Data(names))
    }

    fn is(&self, wanted: &[&str]) -> bool {
        let Self::Data(names) = self else { return false };
        names.len() == wanted.len() && names.iter().zip(wanted).all(|(name, wanted)| name.eq_ignore_ascii_case(wanted))
    }

    fn is_path(&self) -> bool {
        self.is(&["url", "path"]) || self.is(&["url", "raw_path"])
    }

    /// The dictionary of strings that it is an entry of, and its name.
    fn entry(&self) -> Option<(&'static str, &'t str)> {
        let Self::Data(names) = self else { return None };
        match names.as_slice() {
            ["headers", name] => Some(("data.headers", *name)),
            ["trailers", name] => Some(("data.trailers", *name)),
            ["url", "query", name] => Some(("data.url.query", *name)),
            ["body", "form", name] => Some(("data.body.form", *name)),
            _ => None,
        }
    }
}

/// The pattern without `(?i)` before it.
fn without_flags(pattern: &str) -> &str {
    let after = pattern.strip_prefix("(?").and_then(|rest| rest.split_once(')'));
    match after {
        Some((flags, after)) if flags.chars().all(|c| "imsU-".contains(c)) => after,
        _ => pattern,
    }
}

fn literal(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
