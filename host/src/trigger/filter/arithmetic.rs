//! The operators that compute. The crate's own copy both operands into the error when they do not fit, whatever the size
//! of the payload, name their types as Rust does, and add the keys of a map to a list.

use cel::common::ast::operators;
use cel::common::types::{DYN_TYPE, Kind};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{BUILT, meter, metered, weigh};

/// What `+` becomes. The meter is its last argument, since a sum may be large.
pub(super) const ADD: &str = "@add";

/// What the others become.
pub(super) const REPLACED: [(&str, &str); 4] = [
    (operators::SUBSTRACT, "@subtract"),
    (operators::MULTIPLY, "@multiply"),
    (operators::DIVIDE, "@divide"),
    (operators::MODULO, "@modulo"),
];

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Outcome<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let two = || vec![DYN_TYPE, DYN_TYPE];
    env.add_overload(ADD, ADD, metered(two()), add)?;
    env.add_overload("@subtract", "@subtract", two(), |operands| {
        computed(operators::SUBSTRACT, &operands, |left, right| Some(left.as_subtractor()?.sub(right)))
    })?;
    env.add_overload("@multiply", "@multiply", two(), |operands| {
        computed(operators::MULTIPLY, &operands, |left, right| Some(left.as_multiplier()?.mul(right)))
    })?;
    env.add_overload("@divide", "@divide", two(), |operands| {
        computed(operators::DIVIDE, &operands, |left, right| Some(left.as_divider()?.div(right)))
    })?;
    env.add_overload("@modulo", "@modulo", two(), |operands| {
        computed(operators::MODULO, &operands, |left, right| Some(left.as_modder()?.modulo(right)))
    })
}

/// `@add(left, right, @meter)`: the sum, paid for.
fn add<'b, 'v>(operands: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&operands)?;
    meter.tick()?;
    let sum = computed(operators::ADD, &operands, |left, right| {
        let adds_keys = left.get_type().kind() == Kind::List && right.get_type().kind() != Kind::List;
        Some(left.as_adder().filter(|_| !adds_keys)?.add(right))
    })?;
    meter.build(weigh(sum.as_ref(), BUILT))?;
    Ok(sum)
}

fn computed<'o, 'b, 'v>(
    operator: &str,
    operands: &'o [CowVal<'b, 'v>],
    compute: impl FnOnce(&'o (dyn Val + 'v), &'o (dyn Val + 'v)) -> Option<Outcome<'o, 'v>>,
) -> Outcome<'b, 'v> {
    let [left, right, ..] = operands else { return Err(ExecutionError::missing_argument_or_target()) };
    match compute(left.as_ref(), right.as_ref()) {
        Some(Ok(result)) => Ok(CowVal::Owned(result.into_owned())),
        None | Some(Err(ExecutionError::UnsupportedBinaryOperator(..))) => {
            let types = [left, right].map(|value| value.get_type().name().to_owned());
            Err(ExecutionError::no_such_overload(operator, types.to_vec()))
        }
        Some(Err(other)) => Err(other),
    }
}
