//! The environment of every filter: the standard library, the crate's extensions for strings, numbers, lists and
//! encoders; what it lacks of AutoKitteh's, `sets.*` and `cel.bind`; and functions that know their price.

use std::sync::{Arc, OnceLock};

use cel::common::ast::{ComprehensionExpr, Expr, ListExpr, LiteralValue};
use cel::common::types::{DYN_TYPE, LIST_TYPE, STRING_TYPE};
use cel::parser::Macro;
use cel::{DeclarationError, Env, extensions};

use super::budget::{self, metered};
use super::pattern::{self, Cache, Pattern};
use super::{arithmetic, compare, convert, sized};

/// The variable that holds the payload.
pub(super) const DATA: &str = "data";
/// The variable that holds the HTTP method in lower case.
pub(super) const EVENT_TYPE: &str = "event_type";
/// The event's [`Cache`]. No filter can write a name with `@`.
pub(super) const PATTERNS: &str = "@patterns";
/// The event's [`Handle`](budget::Handle) of the meter.
pub(super) const METER: &str = "@meter";
/// What calls of `matches` become.
pub(super) const MATCHES: &str = "@matches";
/// Takes a step; true.
pub(super) const TICK: &str = "@tick";
/// Pays for its argument and gives it.
pub(super) const CAP: &str = "@cap";
/// Pays for the arguments of `format` and gives them.
pub(super) const PRINTABLE: &str = "@printable";

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
    let with_pattern = metered(vec![STRING_TYPE, Pattern::TYPE]);
    env.add_overload(MATCHES, "@matches_pattern", with_pattern, pattern::matches)?;
    let with_cache = metered(vec![STRING_TYPE, STRING_TYPE, Cache::TYPE]);
    env.add_overload(MATCHES, "@matches_cached", with_cache, pattern::matches_cached)?;
    env.add_overload(TICK, TICK, metered(Vec::new()), budget::tick)?;
    env.add_overload(CAP, CAP, metered(vec![DYN_TYPE]), budget::cap)?;
    env.add_overload(PRINTABLE, PRINTABLE, metered(vec![LIST_TYPE]), budget::printable)?;
    arithmetic::declare(&mut env)?;
    sized::declare(&mut env)?;
    compare::declare(&mut env)?;
    convert::declare(&mut env)?;
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
