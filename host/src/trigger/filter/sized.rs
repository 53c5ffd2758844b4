//! Functions of the library whose result or whose work may be far larger than their arguments, with their size known
//! before anything is built, or their steps paid for one by one.

use cel::common::types::{CelBool, CelInt, CelList, CelString, INT_TYPE, Kind, LIST_TYPE, STRING_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{Meter, NODE, meter, metered, weigh};
use super::compare::Walk;

/// The functions as the filter writes them, and what they become. The meter is the last argument; a receiver, the first.
pub(super) const REPLACED: [(&str, &str); 11] = [
    ("indexOf", "@indexOf"),
    ("lastIndexOf", "@lastIndexOf"),
    ("split", "@split"),
    ("flatten", "@flatten"),
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
    let (two_strings, with_number) = (|| vec![string(), string()], || vec![string(), string(), int()]);
    env.add_overload("@indexOf", "@indexOf", metered(two_strings()), index_of)?;
    env.add_overload("@indexOf", "@indexOf_offset", metered(with_number()), index_of)?;
    env.add_overload("@lastIndexOf", "@lastIndexOf", metered(two_strings()), last_index_of)?;
    env.add_overload("@lastIndexOf", "@lastIndexOf_offset", metered(with_number()), last_index_of)?;
    env.add_overload("@split", "@split", metered(two_strings()), split)?;
    env.add_overload("@split", "@split_n", metered(with_number()), split)?;
    env.add_overload("@flatten", "@flatten", metered(vec![list()]), flatten)?;
    env.add_overload("@flatten", "@flatten_depth", metered(vec![list(), int()]), flatten)?;
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

/// `text.indexOf(needle)`, and at `offset` or after it when that is given. The crate's own takes as many steps as the
/// two lengths multiplied.
fn index_of<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let (text, needle) = (text(arguments.first())?, text(arguments.get(1))?);
    let start = match offset("indexOf", &arguments)? {
        None => 0,
        Some(offset) if needle.is_empty() => return Ok(int(text.chars().count().min(offset))),
        Some(offset) => byte_offset("indexOf", text, offset)?,
    };
    let found = text.get(start..).and_then(|rest| rest.find(needle));
    Ok(found.map_or_else(not_found, |found| int(chars_before(text, start + found))))
}

/// `text.lastIndexOf(needle)`, and at `offset` or before it when that is given.
fn last_index_of<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let (text, needle) = (text(arguments.first())?, text(arguments.get(1))?);
    let mut end = match offset("lastIndexOf", &arguments)? {
        None => text.len(),
        Some(offset) if needle.is_empty() => return Ok(int(text.chars().count().min(offset))),
        Some(offset) => byte_offset("lastIndexOf", text, offset)?.saturating_add(needle.len()).min(text.len()),
    };
    // What ends after the last whole character ends after `end` too.
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let found = text.get(..end).and_then(|text| text.rfind(needle));
    Ok(found.map_or_else(not_found, |found| int(chars_before(text, found))))
}

/// The characters to skip, when the call says so.
fn offset(function: &str, arguments: &[CowVal<'_, '_>]) -> Result<Option<usize>, ExecutionError> {
    let Some(offset) = arguments.get(2).and_then(|offset| offset.downcast_ref::<CelInt>()) else { return Ok(None) };
    let offset = *offset.inner();
    usize::try_from(offset).map(Some).map_err(|_| out_of_range(function, &offset))
}

fn byte_offset(function: &str, text: &str, chars: usize) -> Result<usize, ExecutionError> {
    let offset = text.char_indices().nth(chars).map(|(offset, _)| offset);
    offset.ok_or_else(|| out_of_range(function, &chars))
}

fn out_of_range(function: &str, offset: &dyn std::fmt::Display) -> ExecutionError {
    ExecutionError::function_error(function, format!("index out of range: {offset}"))
}

fn chars_before(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count())
}

fn int<'b, 'v>(value: usize) -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn not_found<'b, 'v>() -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(-1))
}

/// `text.split(separator)`, and into at most `n` parts when that is given and not negative, the last with what is left.
fn split<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let (text, separator) = (text(arguments.first())?, text(arguments.get(1))?);
    let most = arguments.get(2).and_then(|n| n.downcast_ref::<CelInt>()).map_or(-1, |n| *n.inner());
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let parts = match separator {
        "" => text.chars().count(),
        separator => text.matches(separator).count() + 1,
    };
    meter.build(parts.min(most).saturating_mul(NODE).saturating_add(text.len()))?;
    let parts = match separator {
        "" => characters(text, most),
        separator => text.splitn(most, separator).collect(),
    };
    let copies = parts.into_iter().map(|part| Box::new(CelString::from(part.to_owned())) as Box<dyn Val>);
    Ok(CowVal::owned(CelList::from(copies.collect::<Vec<_>>())))
}

/// Each character of its own, the last part with what is left.
fn characters(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next().filter(|_| parts.len() < most) {
        let end = if parts.len() + 1 == most { rest.len() } else { first.len_utf8() };
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts
}

/// `list.flatten()` and `list.flatten(depth)`. The nested lists may be parts of the payload, which nothing was paid for.
fn flatten<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let meter = meter(&arguments)?;
    meter.tick()?;
    let depth = arguments.get(1).and_then(|depth| depth.downcast_ref::<CelInt>()).map_or(1, |depth| *depth.inner());
    let Ok(depth) = u64::try_from(depth) else {
        return Err(ExecutionError::function_error("flatten", "level must be non-negative"));
    };
    let mut flat = Vec::new();
    let list = arguments.first().ok_or_else(ExecutionError::missing_argument_or_target)?;
    flatten_into(&mut flat, list.as_ref(), depth, meter)?;
    Ok(CowVal::owned(CelList::from(flat)))
}

fn flatten_into<'v>(
    flat: &mut Vec<Box<dyn Val + 'v>>,
    list: &(dyn Val + 'v),
    depth: u64,
    meter: &Meter,
) -> Result<(), ExecutionError> {
    meter.tick()?;
    let mut elements = list.as_iterable().ok_or_else(|| unexpected("list", list))?.iter();
    while let Some(element) = elements.next() {
        // Only lists: a map can be iterated over too, but is kept whole.
        if depth > 0 && element.get_type().kind() == Kind::List {
            flatten_into(flat, element, depth - 1, meter)?;
        } else {
            meter.build(weigh(element, usize::MAX))?;
            flat.push(element.clone_as_boxed());
        }
    }
    Ok(())
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

fn has(set: &[&dyn Val], value: &dyn Val, meter: &Meter) -> Result<bool, ExecutionError> {
    let mut walk = Walk::new(meter)?;
    for other in set {
        if walk.equal(*other, value)? {
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
