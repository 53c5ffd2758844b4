//! Functions of the library whose result or whose work may be far larger than their arguments, with their size known
//! before anything is built, or their steps paid for one by one.

use cel::common::types::{CelBool, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{Meter, meter, metered, weigh};

/// The functions as the filter writes them, and what they become. The meter is the last argument; a receiver, the first.
pub(super) const REPLACED: [(&str, &str); 7] = [
    ("replace", "@replace"),
    ("join", "@join"),
    ("distinct", "@distinct"),
    ("lists.range", "@lists.range"),
    ("sets.contains", "@sets.contains"),
    ("sets.equivalent", "@sets.equivalent"),
    ("sets.intersects", "@sets.intersects"),
];

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Outcome<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let (string, list, int) = (|| STRING_TYPE, || LIST_TYPE, || INT_TYPE);
    env.add_overload("@replace", "@replace", metered(vec![string(), string(), string()]), replace)?;
    env.add_overload("@replace", "@replace_n", metered(vec![string(), string(), string(), int()]), replace)?;
    env.add_overload("@join", "@join", metered(vec![list()]), join)?;
    env.add_overload("@join", "@join_separator", metered(vec![list(), string()]), join)?;
    env.add_overload("@distinct", "@distinct", metered(vec![list()]), distinct)?;
    env.add_overload("@lists.range", "@lists_range", metered(vec![int()]), range)?;
    env.add_overload("@sets.contains", "@sets_contains", metered(vec![list(), list()]), |sets| {
        let (left, right, meter) = two(&sets)?;
        Ok(bool(contains(&left, &right, meter)?))
    })?;
    env.add_overload("@sets.equivalent", "@sets_equivalent", metered(vec![list(), list()]), |sets| {
        let (left, right, meter) = two(&sets)?;
        Ok(bool(contains(&left, &right, meter)? && contains(&right, &left, meter)?))
    })?;
    env.add_overload("@sets.intersects", "@sets_intersects", metered(vec![list(), list()]), |sets| {
        let (left, right, meter) = two(&sets)?;
        for value in left {
            if has(&right, value, meter)? {
                return Ok(bool(true));
            }
        }
        Ok(bool(false))
    })
}

/// `text.replace(from, to)`, and the first `n` only when that is given and not negative.
fn replace<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let (text, from, to) = (text(arguments.first())?, text(arguments.get(1))?, text(arguments.get(2))?);
    let most = arguments.get(3).and_then(|n| n.downcast_ref::<CelInt>()).map_or(-1, |n| *n.inner());
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let found = text.matches(from).take(most).count();
    let removed = found * from.len();
    meter.build((text.len() - removed).saturating_add(found.saturating_mul(to.len())))?;
    Ok(CowVal::owned(CelString::from(text.replacen(from, to, most))))
}

fn join<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let separator = if arguments.len() == 3 { text(arguments.get(1))? } else { "" };
    let mut parts = Vec::new();
    for element in elements(arguments.first())? {
        match element.downcast_ref::<CelString<'_>>() {
            Some(part) => parts.push(part.inner()),
            None => return Err(unexpected("string", element)),
        }
    }
    let separators = parts.len().saturating_sub(1).saturating_mul(separator.len());
    meter.build(parts.iter().map(|part| part.len()).sum::<usize>().saturating_add(separators))?;
    Ok(CowVal::owned(CelString::from(parts.join(separator))))
}

fn distinct<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    let mut unique: Vec<&(dyn Val + 'v)> = Vec::new();
    for element in elements(arguments.first())? {
        if !has(&unique, element, meter)? {
            unique.push(element);
        }
    }
    let mut copies = Vec::new();
    for element in unique {
        meter.build(weigh(element, usize::MAX))?;
        copies.push(element.clone_as_boxed());
    }
    Ok(CowVal::owned(CelList::from(copies)))
}

fn range<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let length = arguments.first().and_then(|n| n.downcast_ref::<CelInt>()).map_or(0, |n| *n.inner());
    let Ok(bytes) = usize::try_from(length).map(|length| length.saturating_mul(weigh(&CelInt::from(0), 0))) else {
        return Err(ExecutionError::function_error("lists.range", "the size is negative"));
    };
    meter.build(bytes)?;
    let numbers = (0..length).map(|number| Box::new(CelInt::from(number)) as Box<dyn Val>);
    Ok(CowVal::owned(CelList::from(numbers.collect::<Vec<_>>())))
}

/// Whether `set` has all that `subset` has.
fn contains(set: &[&dyn Val], subset: &[&dyn Val], meter: &Meter) -> Result<bool, ExecutionError> {
    for value in subset {
        if !has(set, *value, meter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A step for every so many comparisons: those of short values take nanoseconds.
const COMPARISONS: usize = 64;

fn has(set: &[&dyn Val], value: &dyn Val, meter: &Meter) -> Result<bool, ExecutionError> {
    meter.tick()?;
    for some in set.chunks(COMPARISONS) {
        meter.tick()?;
        if some.iter().any(|other| other.equals(value)) {
            return Ok(true);
        }
    }
    Ok(false)
}

type TwoSets<'c, 'v> = (Vec<&'c (dyn Val + 'v)>, Vec<&'c (dyn Val + 'v)>, &'c Meter);

fn two<'c, 'v>(sets: &'c [CowVal<'_, 'v>]) -> Result<TwoSets<'c, 'v>, ExecutionError> {
    Ok((elements(sets.first())?, elements(sets.get(1))?, meter(sets)?))
}

fn elements<'c, 'v>(list: Option<&'c CowVal<'_, 'v>>) -> Result<Vec<&'c (dyn Val + 'v)>, ExecutionError> {
    let list: &'c (dyn Val + 'v) = list.ok_or_else(ExecutionError::missing_argument_or_target)?.as_ref();
    let mut rest = list.as_iterable().ok_or_else(|| unexpected("list", list))?.iter();
    let mut elements = Vec::new();
    while let Some(element) = rest.next() {
        elements.push(element);
    }
    Ok(elements)
}

fn text<'c>(argument: Option<&'c CowVal<'_, '_>>) -> Result<&'c str, ExecutionError> {
    let argument = argument.ok_or_else(ExecutionError::missing_argument_or_target)?;
    argument
        .downcast_ref::<CelString<'_>>()
        .map(CelString::inner)
        .ok_or_else(|| unexpected("string", argument.as_ref()))
}

fn unexpected(want: &str, found: &dyn Val) -> ExecutionError {
    ExecutionError::UnexpectedType { got: found.get_type().name().to_owned(), want: want.to_owned() }
}

fn bool<'b, 'v>(value: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(value))
}
