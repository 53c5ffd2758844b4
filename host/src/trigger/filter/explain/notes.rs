//! What a comparison that does not hold is worth a hint for.

use cel::common::traits::Iterable;
use cel::common::types::{CelString, Kind};
use cel::common::value::Val;

use super::show::type_name;
use crate::event::with_article;
use crate::trigger::filter::diagnostic::nearest;

/// The longest text that a note quotes, in characters.
const MAX_QUOTED: usize = 40;

/// How many of a map's keys are looked through.
const MAX_KEYS: usize = 256;

/// How many keys are named when none is like the one that is missing.
const NAMED: usize = 5;

/// Why `left == right` does not hold, when it is less than plain.
pub(super) fn of_equality(left: &dyn Val, right: &dyn Val) -> Option<String> {
    let kinds = [left, right].map(|value| value.get_type().kind());
    if kinds.contains(&Kind::NullType) {
        return None;
    }
    let is_number = |kind: &Kind| matches!(kind, Kind::Int | Kind::UInt | Kind::Double);
    let [left_kind, right_kind] = &kinds;
    if left_kind != right_kind && !(is_number(left_kind) && is_number(right_kind)) {
        return Some(format!("{} never equals {}", with_article(&type_name(left)), with_article(&type_name(right))));
    }
    of_texts(text(left)?, text(right)?)
}

/// Why `value in list` does not hold.
pub(super) fn of_membership(value: &dyn Val, list: &dyn Val) -> Option<String> {
    if list.get_type().kind() != Kind::List {
        return None;
    }
    let mut elements = list.as_iterable()?.iter();
    let elements: Vec<&dyn Val> = std::iter::from_fn(|| elements.next()).take(MAX_KEYS).collect();
    let kind = elements.first()?.get_type().kind();
    if elements.iter().all(|element| element.get_type().kind() == kind) {
        return elements.iter().find_map(|element| of_equality(value, *element));
    }
    None
}

fn of_texts(found: &str, wanted: &str) -> Option<String> {
    if found == wanted || wanted.is_empty() || wanted.chars().count() > MAX_QUOTED {
        return None;
    }
    if found.to_lowercase() == wanted.to_lowercase() {
        return Some(format!("differs from \"{wanted}\" in case"));
    }
    if found.trim() == wanted.trim() {
        return Some(format!("differs from \"{wanted}\" in white space"));
    }
    let is_begun = wanted.len() > 2 && found.starts_with(wanted);
    is_begun.then(|| format!("it begins with \"{wanted}\": see startsWith"))
}

/// What was probably meant by a key that is not there, or which there are.
pub(super) fn of_missing_key(key: &str, container: &dyn Val) -> Option<String> {
    let mut names = Vec::new();
    let mut keys = container.as_iterable().map(Iterable::iter)?;
    while let Some(name) = keys.next().and_then(text).filter(|_| names.len() < MAX_KEYS) {
        names.push(name);
    }
    // Among names of a letter or two each is like the other.
    if let Some(meant) = nearest(key, names.iter().copied()).filter(|_| key.chars().count() > 2) {
        return Some(format!("did you mean \"{meant}\"?"));
    }
    names.sort_unstable();
    let more = if names.len() > NAMED { ", …" } else { "" };
    let named = names.iter().take(NAMED).filter(|name| name.chars().count() <= MAX_QUOTED).copied();
    let named = named.collect::<Vec<_>>().join(", ");
    (!named.is_empty()).then(|| format!("there are {named}{more}"))
}

fn text(value: &dyn Val) -> Option<&str> {
    value.downcast_ref::<CelString<'_>>().map(|text| text.inner())
}
