//! The environment of every filter: the standard library, the crate's extensions for strings, numbers, lists and
//! encoders, and what it lacks of AutoKitteh's: `sets.*`, `cel.bind`, and `matches` that compiles its pattern once.

use std::sync::{Arc, OnceLock};

use cel::common::ast::{ComprehensionExpr, Expr, ListExpr, LiteralValue};
use cel::common::types::{CelBool, LIST_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::parser::Macro;
use cel::{DeclarationError, Env, ExecutionError, extensions};

use super::pattern::{self, Cache, Pattern};

/// The variable that holds the payload.
pub(super) const DATA: &str = "data";
/// The variable that holds the HTTP method in lower case.
pub(super) const EVENT_TYPE: &str = "event_type";
/// The event's [`Cache`]. No filter can write a name with `@`.
pub(super) const PATTERNS: &str = "@patterns";
/// What calls of `matches` become.
pub(super) const MATCHES: &str = "@matches";

/// The one environment.
pub(super) fn shared() -> &'static Arc<Env> {
    static ENV: OnceLock<Arc<Env>> = OnceLock::new();
    ENV.get_or_init(|| Arc::new(build().expect("no extension declares what another one does")))
}

fn build() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib().with_optional_support(false);
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::encoders)?;
    env.add_extension(extensions::math)?;
    env.add_extension(extensions::lists)?;
    env.add_macro(bind())?;
    env.add_overload(MATCHES, "@matches_pattern", vec![STRING_TYPE, Pattern::TYPE], pattern::matches)?;
    env.add_overload(MATCHES, "@matches_cached", vec![STRING_TYPE, STRING_TYPE, Cache::TYPE], pattern::matches_cached)?;
    let lists = || vec![LIST_TYPE, LIST_TYPE];
    env.add_overload("sets.contains", "list_sets_contains_list", lists(), |sets| of_two(&sets, contains))?;
    env.add_overload("sets.equivalent", "list_sets_equivalent_list", lists(), |sets| {
        of_two(&sets, |left, right| contains(left, right) && contains(right, left))
    })?;
    env.add_overload("sets.intersects", "list_sets_intersects_list", lists(), |sets| {
        of_two(&sets, |left, right| left.iter().any(|value| has(right, *value)))
    })?;
    Ok(env)
}

/// `cel.bind(name, value, expression)`: a loop without steps whose accumulator is the name, as cel-go expands it.
fn bind() -> Macro {
    Macro::receiver("bind", 3, |helper, target, arguments| {
        if !matches!(target.as_ref().map(|target| &target.expr), Some(Expr::Ident(name)) if name == "cel") {
            return Ok(None);
        }
        let [name, _, _] = arguments.as_slice() else { return Ok(None) };
        let Expr::Ident(accu_var) = &name.expr else {
            return Err(helper.new_error(name.id, "cel.bind() variable names must be simple identifiers"));
        };
        let accu_var = accu_var.clone();
        let (Some(result), Some(accu_init)) = (arguments.pop(), arguments.pop()) else { return Ok(None) };
        let iter_range = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
        let loop_cond = helper.next_expr(Expr::Literal(LiteralValue::Boolean(false.into())));
        let loop_step = helper.next_expr(Expr::Ident(accu_var.clone()));
        Ok(Some(helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range,
            iter_var: "#unused".to_owned(),
            iter_var2: None,
            accu_var,
            accu_init,
            loop_cond,
            loop_step,
            result,
        })))))
    })
}

type Values<'c, 'v> = [&'c (dyn Val + 'v)];

fn of_two<'b, 'v>(
    sets: &[CowVal<'b, 'v>],
    holds: impl Fn(&Values<'_, 'v>, &Values<'_, 'v>) -> bool,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let [left, right] = sets else { return Err(ExecutionError::invalid_argument_count(2, sets.len())) };
    Ok(CowVal::owned(CelBool::from(holds(&elements(left.as_ref())?, &elements(right.as_ref())?))))
}

fn elements<'c, 'v>(list: &'c (dyn Val + 'v)) -> Result<Vec<&'c (dyn Val + 'v)>, ExecutionError> {
    let unexpected =
        || ExecutionError::UnexpectedType { got: list.get_type().name().to_owned(), want: "list".to_owned() };
    let mut rest = list.as_iterable().ok_or_else(unexpected)?.iter();
    let mut elements = Vec::new();
    while let Some(element) = rest.next() {
        elements.push(element);
    }
    Ok(elements)
}

/// Whether `set` has all that `subset` has.
fn contains(set: &Values<'_, '_>, subset: &Values<'_, '_>) -> bool {
    subset.iter().all(|value| has(set, *value))
}

fn has(set: &Values<'_, '_>, value: &dyn Val) -> bool {
    set.iter().any(|other| other.equals(value))
}
