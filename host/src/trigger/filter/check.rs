//! What is wrong with an expression that parses: names that nothing declares, types that no overload takes, a result
//! that is no bool. What only an event can tell, such as the type of a JSON field, is left to the evaluation.

use std::ops::Range;

use cel::common::ast::operators::{CONDITIONAL, EQUALS, IN, INDEX, NOT_EQUALS, SUBSTRACT};
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};

use super::diagnostic::{Diagnostic, nearest};
use super::env;
use super::functions::{self, ELSEWHERE, MACROS, NAMESPACES, Type};
use super::known::Known;
use super::operators;

/// Checks a tree whose depth is within bounds, and that it can give what is wanted of it.
pub(super) fn check(source: &str, tree: &IdedExpr, info: &SourceInfo, wanted: Type) -> Vec<Diagnostic> {
    let scope = vec![(env::DATA, Known::payload()), (env::EVENT_TYPE, Known::of(Type::String))];
    let mut check = Check { source, info, scope, found: Vec::new() };
    let result = check.expression(tree);
    if check.found.is_empty() && !result.kind.may_be(wanted) {
        let promise = if wanted == Type::Bool { "a filter gives true or false" } else { "a key is a string" };
        let message = format!("{promise}, this gives {}", result.kind.with_article());
        check.found.push(Diagnostic::new(source, 0..source.len(), message));
    }
    check.found
}

struct Check<'t> {
    source: &'t str,
    info: &'t SourceInfo,
    /// The variables, the innermost last.
    scope: Vec<(&'t str, Known)>,
    found: Vec<Diagnostic>,
}

impl<'t> Check<'t> {
    fn expression(&mut self, node: &'t IdedExpr) -> Known {
        match &node.expr {
            Expr::Literal(literal) => Known::of(of_literal(literal)),
            Expr::Ident(name) => self.identifier(node, name),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::Comprehension(fold) => self.comprehension(node, fold),
            Expr::List(list) => {
                let elements: Vec<_> = list.elements.iter().map(|element| self.expression(element).kind).collect();
                let first = elements.first().copied().unwrap_or(Type::Dyn);
                Known::list_of(if elements.iter().all(|other| *other == first) { first } else { Type::Dyn })
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.expression(&entry.key);
                        self.expression(&entry.value);
                    }
                }
                Known::of(Type::Map)
            }
            Expr::Struct(message) => {
                let name = &message.type_name;
                let text = format!("undeclared reference to '{name}': there are no message types");
                self.found.push(Diagnostic::new(self.source, self.name_span(node, name), text));
                Known::DYN
            }
            Expr::Unspecified => Known::DYN,
        }
    }

    fn identifier(&mut self, node: &'t IdedExpr, name: &str) -> Known {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some((_, kind)) = self.scope.iter().rev().find(|(variable, _)| *variable == name) {
            return *kind;
        }
        if Type::named(name) {
            return Known::of(Type::Kind);
        }
        let variables =
            self.scope.iter().map(|(variable, _)| *variable).filter(|variable| !variable.contains(['@', '#']));
        let suggestion = nearest(name, variables);
        let diagnostic = Diagnostic::new(self.source, self.span(node), format!("undeclared reference to '{name}'"));
        self.found.push(diagnostic.suggest(suggestion));
        Known::DYN
    }

    fn is_variable(&self, node: &IdedExpr) -> bool {
        matches!(&node.expr, Expr::Ident(name) if self.scope.iter().any(|(variable, _)| variable == name))
    }

    fn select(&mut self, node: &'t IdedExpr, select: &'t SelectExpr) -> Known {
        if qualified(node).is_some_and(|name| Type::named(&name)) {
            return Known::of(Type::Kind);
        }
        let operand = self.expression(&select.operand);
        self.known_field(node, operand, &select.field);
        if !operand.kind.may_be(Type::Map) {
            self.report(node, format!("{} has no field '{}'", operand.kind.with_article(), select.field));
        }
        if select.test { Known::of(Type::Bool) } else { operand.field(&select.field) }
    }

    /// The payload's own maps have the same fields for every event, so another one is a mistake, in `has()` too.
    fn known_field(&mut self, node: &IdedExpr, container: Known, field: &str) {
        let Some(known) = container.fields().filter(|known| !known.contains(&field)) else { return };
        let suggestion = nearest(field, known.iter().copied());
        let hint = if suggestion.is_some() { String::new() } else { format!("; there are {}", known.join(", ")) };
        let span = self.field_span(node, field);
        let diagnostic = Diagnostic::new(self.source, span, format!("undefined field '{field}'{hint}"));
        self.found.push(diagnostic.suggest(suggestion));
    }

    /// Whether it is the variable `data`, and no other of that name hides it.
    fn is_data(&self, node: &IdedExpr) -> bool {
        let Expr::Ident(name) = &node.expr else { return false };
        let hides = |(variable, _): &(&str, Known)| *variable == env::DATA;
        name.strip_prefix('.').unwrap_or(name) == env::DATA
            && self.scope.iter().filter(|found| hides(found)).count() == 1
    }

    /// `data.headers.Content-Type` is a subtraction, and few mean one: the dictionary and the name that was meant.
    fn dashed_header(&self, node: &IdedExpr) -> Option<(&'static str, String)> {
        match &node.expr {
            Expr::Select(select) => match &select.operand.expr {
                Expr::Select(owner) if self.is_data(&owner.operand) => {
                    let dictionary = ["headers", "trailers"].into_iter().find(|known| *known == owner.field)?;
                    Some((dictionary, select.field.clone()))
                }
                _ => None,
            },
            Expr::Call(call) if call.func_name == SUBSTRACT => match call.args.as_slice() {
                [left, right @ IdedExpr { expr: Expr::Ident(part), .. }] if !self.is_variable(right) => {
                    let (dictionary, name) = self.dashed_header(left)?;
                    Some((dictionary, format!("{name}-{part}")))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn call(&mut self, node: &'t IdedExpr, call: &'t CallExpr) -> Known {
        if call.func_name == SUBSTRACT
            && let Some((dictionary, name)) = self.dashed_header(node)
        {
            let text = format!("data.{dictionary}.{name}");
            let span = self.source.find(&text).map_or_else(|| self.span(node), |start| start..start + text.len());
            let message = "a name with a dash stands in brackets";
            let meant = format!("data.{dictionary}[\"{name}\"]");
            self.found.push(Diagnostic::new(self.source, span, message).suggest(Some(meant)));
            return Known::DYN;
        }
        let mut name = function_name(call);
        let receiver = match (&call.target, qualified_name(call)) {
            (_, Some(qualified)) if name == qualified => None,
            // No such function, and no variable to call a method of.
            (Some(target), Some(qualified)) if !self.is_variable(target) => {
                name = qualified;
                None
            }
            (Some(target), _) => Some(self.expression(target)),
            (None, _) => None,
        };
        let arguments: Vec<Known> = call.args.iter().map(|argument| self.expression(argument)).collect();
        match (call.func_name.as_str(), arguments.as_slice(), call.args.as_slice()) {
            (INDEX, [container, key], [_, key_node]) => return self.index(node, *container, *key, key_node),
            (CONDITIONAL, [condition, yes, no], _) if yes == no && condition.kind.may_be(Type::Bool) => return *yes,
            // What is looked for is of no type that it holds.
            (IN, [value, container], _) if !operators::can_equal(value.kind, container.sought()) => {
                self.no_overload(node, IN, None, &arguments);
                return Known::of(Type::Bool);
            }
            _ => {}
        }
        let kinds: Vec<Type> = arguments.iter().map(|known| known.kind).collect();
        if let Some(result) = operators::result(&call.func_name, &kinds) {
            return result.map(Known::of).unwrap_or_else(|| {
                self.no_overload(node, &call.func_name, None, &arguments);
                Known::of(operators::always(&call.func_name))
            });
        }
        self.function(node, &name, receiver, &arguments)
    }

    fn index(&mut self, node: &'t IdedExpr, container: Known, key: Known, key_node: &'t IdedExpr) -> Known {
        let takes_key = container.kind != Type::Map || operators::can_equal(key.kind, container.sought());
        if !takes_key || operators::result(INDEX, &[container.kind, key.kind]) == Some(None) {
            self.no_overload(node, INDEX, None, &[container, key]);
            return Known::DYN;
        }
        let Expr::Literal(LiteralValue::String(field)) = &key_node.expr else { return container.element() };
        self.known_field(key_node, container, field.inner());
        if container.kind == Type::Map { container.field(field.inner()) } else { container.element() }
    }

    fn function(&mut self, node: &IdedExpr, name: &str, receiver: Option<Known>, arguments: &[Known]) -> Known {
        let same_style = || functions::all().iter().filter(|known| known.receiver.is_some() == receiver.is_some());
        let mut named = same_style().filter(|known| known.name == name).peekable();
        if named.peek().is_none() {
            self.unknown_function(node, name, receiver.is_some());
            return Known::DYN;
        }
        let takes = |parameters: &[Type]| {
            parameters.len() == arguments.len()
                && parameters.iter().zip(arguments).all(|(left, right)| left.may_be(right.kind))
        };
        let of_receiver =
            |known: Option<Type>| known.zip(receiver).is_none_or(|(known, given)| known.may_be(given.kind));
        let mut results =
            named.filter(|known| of_receiver(known.receiver) && takes(&known.parameters)).map(|known| known.result);
        match results.next() {
            Some(first) if results.all(|other| other == first) => Known::of(first),
            Some(_) => Known::DYN,
            None => {
                self.no_overload(node, name, receiver, arguments);
                Known::DYN
            }
        }
    }

    fn unknown_function(&mut self, node: &IdedExpr, name: &str, is_member: bool) {
        let span = self.name_span(node, name);
        let diagnostic = match MACROS.iter().find(|(known, _)| *known == name) {
            Some((_, usage)) => Diagnostic::new(self.source, span, format!("'{name}' is called as {usage}")),
            None => {
                let style = functions::all().iter().filter(|known| known.receiver.is_some() == is_member);
                let names = style.map(|known| known.name).chain(MACROS.iter().map(|(known, _)| *known));
                let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name).map(|(_, here)| (*here).to_owned());
                let suggestion = elsewhere.or_else(|| nearest(name, names.filter(|known| !known.contains('@'))));
                // Handlers have it, and filters do not.
                let hint = if name == "get" && is_member { ": a field is read as data[\"method\"]" } else { "" };
                let message = format!("undeclared reference to the function '{name}'{hint}");
                Diagnostic::new(self.source, span, message).suggest(suggestion)
            }
        };
        self.found.push(diagnostic);
    }

    /// As cel-go words it.
    fn no_overload(&mut self, node: &IdedExpr, name: &str, receiver: Option<Known>, arguments: &[Known]) {
        let types = arguments.iter().map(|known| known.shown()).collect::<Vec<_>>().join(", ");
        let owner = receiver.map(|known| format!("{}.", known.shown())).unwrap_or_default();
        let shown = operators::shown(name);
        let reason = match (name, arguments) {
            (EQUALS | NOT_EQUALS, [left, right]) => {
                format!(": {} never equals {}", left.kind.with_article(), right.kind.with_article())
            }
            _ => String::new(),
        };
        let message = format!("found no matching overload for '{shown}' applied to '{owner}({types})'{reason}");
        let span = self.name_span(node, name);
        self.found.push(Diagnostic::new(self.source, span, message));
    }

    fn comprehension(&mut self, node: &'t IdedExpr, fold: &'t ComprehensionExpr) -> Known {
        let range = self.expression(&fold.iter_range);
        if !range.kind.may_be(Type::List) && !range.kind.may_be(Type::Map) {
            self.report(node, format!("{} cannot be iterated over", range.kind.with_article()));
        }
        let initial = self.expression(&fold.accu_init);
        self.scope.push((&fold.accu_var, initial));
        self.scope.push((&fold.iter_var, range.iterated()));
        if let Some(second) = &fold.iter_var2 {
            self.scope.push((second, Known::DYN));
        }
        self.expression(&fold.loop_cond);
        self.expression(&fold.loop_step);
        let accumulator = self.scope.len() - if fold.iter_var2.is_some() { 2 } else { 1 };
        self.scope.truncate(accumulator);
        let result = self.expression(&fold.result);
        self.scope.pop();
        result
    }

    fn report(&mut self, node: &IdedExpr, message: String) {
        self.found.push(Diagnostic::new(self.source, self.span(node), message));
    }

    /// The bytes of the token that the node was made for.
    fn span(&self, node: &IdedExpr) -> Range<usize> {
        let Some((start, last)) = self.info.offset_for(node.id) else { return 0..self.source.len() };
        let (start, last) = (start as usize, last as usize);
        let last_char = self.source.get(last..).and_then(|rest| rest.chars().next());
        start..(last + last_char.map_or(0, char::len_utf8)).max(start)
    }

    /// The bytes of a field's name: a selection's token is the dot before it, `has`'s its parenthesis, and a literal's has
    /// quotes.
    fn field_span(&self, node: &IdedExpr, field: &str) -> Range<usize> {
        let span = self.span(node);
        let before = match self.source.get(span.clone()) {
            Some("." | "(") => ".",
            _ => "",
        };
        let text = self.source.get(span.start..).unwrap_or_default();
        let mut dots = text.match_indices(before).filter(|(dot, _)| *dot < span.len() || text.starts_with('('));
        let name = dots.find_map(|(dot, _)| {
            let after = text.get(dot + before.len()..)?;
            let name = after.trim_start();
            name.starts_with(field).then(|| span.start + text.len() - name.len())
        });
        name.map_or(span, |start| start..start + field.len())
    }

    /// The bytes of a function's name: a call's token is its parenthesis, a message's its brace.
    fn name_span(&self, node: &IdedExpr, name: &str) -> Range<usize> {
        let span = self.span(node);
        let before = self.source.get(..span.start).unwrap_or_default();
        match matches!(self.source.get(span.clone()), Some("(" | "{")) && before.trim_end().ends_with(name) {
            true => before.trim_end().len() - name.len()..before.trim_end().len(),
            false => span,
        }
    }
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// The name of the function that is called. `math.abs(x)` is parsed as a call of `abs` on a variable `math`; the
/// interpreter too prefers the function, when there is one, even to a variable of that name.
pub(super) fn function_name(call: &CallExpr) -> String {
    let name = qualified_name(call).filter(|name| functions::all().iter().any(|known| known.name == *name));
    name.unwrap_or_else(|| call.func_name.clone())
}

/// `math.abs` for a call of `abs` on `math`.
fn qualified_name(call: &CallExpr) -> Option<String> {
    let namespace = call.target.as_deref().and_then(qualified)?;
    NAMESPACES.contains(&namespace.as_str()).then(|| format!("{namespace}.{}", call.func_name))
}

/// The name that a chain of fields spells: `google.protobuf.Timestamp`.
fn qualified(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.strip_prefix('.').unwrap_or(name).to_owned()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", qualified(&select.operand)?, select.field)),
        _ => None,
    }
}
