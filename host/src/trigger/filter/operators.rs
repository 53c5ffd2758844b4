//! What the operators take and give, for the static check.

use cel::common::ast::operators::{
    ADD, CONDITIONAL, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND, LOGICAL_NOT,
    LOGICAL_OR, MODULO, MULTIPLY, NEGATE, NOT_EQUALS, NOT_STRICTLY_FALSE, SUBSTRACT,
};

use super::functions::Type;

/// The type of an operator's result: none when `name` is no operator, `Some(None)` when it does not take these operands.
pub(super) fn result(name: &str, operands: &[Type]) -> Option<Option<Type>> {
    let result = match (name, operands) {
        (CONDITIONAL, [condition, yes, no]) => {
            condition.may_be(Type::Bool).then_some(if yes == no { *yes } else { Type::Dyn })
        }
        (LOGICAL_AND | LOGICAL_OR, [left, right]) => {
            (left.may_be(Type::Bool) && right.may_be(Type::Bool)).then_some(Type::Bool)
        }
        (LOGICAL_NOT | NOT_STRICTLY_FALSE, [operand]) => operand.may_be(Type::Bool).then_some(Type::Bool),
        (EQUALS | NOT_EQUALS, [left, right]) => can_equal(*left, *right).then_some(Type::Bool),
        (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, [left, right]) => {
            can_order(*left, *right).then_some(Type::Bool)
        }
        (IN, [_, container]) => (container.may_be(Type::List) || container.may_be(Type::Map)).then_some(Type::Bool),
        (INDEX, [container, key]) => can_index(*container, *key).then_some(Type::Dyn),
        (NEGATE, [operand]) => [Type::Int, Type::Double, Type::Dyn].contains(operand).then_some(*operand),
        (ADD | SUBSTRACT | MULTIPLY | DIVIDE | MODULO, [left, right]) => arithmetic(name, *left, *right),
        _ => return None,
    };
    Some(result)
}

/// The type of what an operator gives when it gives anything, so that one mistake is told of once.
pub(super) fn always(name: &str) -> Type {
    let to_bool =
        [LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, EQUALS, NOT_EQUALS, LESS, LESS_EQUALS, GREATER, GREATER_EQUALS, IN];
    if to_bool.contains(&name) { Type::Bool } else { Type::Dyn }
}

/// The operator as a message names it; `in` has an internal name.
pub(super) fn shown(name: &str) -> &str {
    if name == IN { "in" } else { name }
}

/// Values of different types are never equal; numbers compare by value, and anything may be null.
pub(super) fn can_equal(left: Type, right: Type) -> bool {
    left.may_be(right) || (left.is_number() && right.is_number()) || left == Type::Null || right == Type::Null
}

fn can_order(left: Type, right: Type) -> bool {
    let unordered = [Type::List, Type::Map, Type::Null, Type::Kind];
    let same = left.may_be(right) && !unordered.contains(&left) && !unordered.contains(&right);
    same || (left.is_number() && right.is_number())
}

fn can_index(container: Type, key: Type) -> bool {
    match container {
        Type::Dyn | Type::Map => true,
        Type::List => key.is_number() || key == Type::Dyn,
        _ => false,
    }
}

fn arithmetic(name: &str, left: Type, right: Type) -> Option<Type> {
    let either = |one: Type, other: Type| (left == one && right == other) || (left == other && right == one);
    match (left, right) {
        // A timestamp and a duration mix, so only the other types tell what the unknown operand must be.
        (Type::Dyn, Type::Dyn | Type::Duration | Type::Timestamp) | (Type::Duration | Type::Timestamp, Type::Dyn) => {
            matches!(name, ADD | SUBSTRACT).then_some(Type::Dyn).or((left == right).then_some(Type::Dyn))
        }
        _ if name == ADD && either(Type::Timestamp, Type::Duration) => Some(Type::Timestamp),
        (Type::Timestamp, Type::Duration) if name == SUBSTRACT => Some(Type::Timestamp),
        (Type::Timestamp, Type::Timestamp) if name == SUBSTRACT => Some(Type::Duration),
        (Type::Duration, Type::Duration) if matches!(name, ADD | SUBSTRACT) => Some(Type::Duration),
        _ if !left.may_be(right) => None,
        _ => {
            let known = if left == Type::Dyn { right } else { left };
            let taken = match known {
                Type::Int | Type::Uint => true,
                Type::Double => name != MODULO,
                Type::String | Type::Bytes | Type::List => name == ADD,
                _ => false,
            };
            taken.then_some(known)
        }
    }
}
