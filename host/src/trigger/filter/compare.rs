//! Equality that pays for its steps. Parts of the payload are shared between copies, so a value that took little to
//! build may repeat a whole body many times over, and to compare it with itself walks through all of them.

use cel::common::traits::{Indexer, Iterable};
use cel::common::types::{CelBool, CelBytes, CelString, DYN_TYPE, Kind, LIST_TYPE, MAP_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError};

use super::budget::{Meter, meter, metered};
use super::lazy::Shared;

/// What `==` becomes.
pub(super) const EQUALS: &str = "@equals";
/// What `!=` becomes.
pub(super) const DIFFERS: &str = "@differs";
/// What `in` becomes.
pub(super) const IN: &str = "@in";
/// Pays for sorting its argument and gives it.
pub(super) const SORTABLE: &str = "@sortable";

/// How many bytes take about as long to compare as one value.
const BYTES_PER_UNIT: usize = 128;

/// How many units are a step.
const UNITS_PER_STEP: usize = 64;

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Outcome<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    let two = || metered(vec![DYN_TYPE, DYN_TYPE]);
    env.add_overload(EQUALS, EQUALS, two(), |values| Ok(bool(both_equal(&values)?)))?;
    env.add_overload(DIFFERS, DIFFERS, two(), |values| Ok(bool(!both_equal(&values)?)))?;
    env.add_overload(IN, "@in_list", metered(vec![DYN_TYPE, LIST_TYPE]), is_in)?;
    env.add_overload(IN, "@in_map", metered(vec![DYN_TYPE, MAP_TYPE]), is_in)?;
    env.add_overload(SORTABLE, SORTABLE, metered(vec![DYN_TYPE]), sortable)
}

/// Counts what comparing takes, and tells the meter of it now and then.
pub(super) struct Walk<'m> {
    meter: &'m Meter,
    units: usize,
}

impl<'m> Walk<'m> {
    /// Takes a step, so that whatever compares asks whether the budget is spent before it begins.
    pub(super) fn new(meter: &'m Meter) -> Result<Self, ExecutionError> {
        meter.tick()?;
        Ok(Self { meter, units: 0 })
    }

    /// Whether CEL's `==` holds.
    pub(super) fn equal(&mut self, left: &dyn Val, right: &dyn Val) -> Result<bool, ExecutionError> {
        self.pay(1)?;
        match (left.get_type().kind(), right.get_type().kind()) {
            (Kind::List, Kind::List) => self.lists(left, right),
            // The names of headers are as they are in equality, whichever side they stand on.
            (Kind::Map, Kind::Map) if Shared::of(right).is_some_and(|shared| shared.folds_case) => {
                self.maps(right, left)
            }
            (Kind::Map, Kind::Map) => self.maps(left, right),
            _ => {
                self.pay(byte_len(left).min(byte_len(right)) / BYTES_PER_UNIT)?;
                Ok(left.equals(right))
            }
        }
    }

    fn lists(&mut self, left: &dyn Val, right: &dyn Val) -> Result<bool, ExecutionError> {
        if size(left)? != size(right)? {
            return Ok(false);
        }
        let (mut left, mut right) = (iterable(left)?.iter(), iterable(right)?.iter());
        while let (Some(left), Some(right)) = (left.next(), right.next()) {
            if !self.equal(left, right)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Every name of the left one is looked up in the right one.
    fn maps(&mut self, left: &dyn Val, right: &dyn Val) -> Result<bool, ExecutionError> {
        if size(left)? != size(right)? {
            return Ok(false);
        }
        let (values, others) = (indexer(left)?, indexer(right)?);
        let mut keys = iterable(left)?.iter();
        while let Some(key) = keys.next() {
            self.pay(1 + byte_len(key) / BYTES_PER_UNIT)?;
            // A look-up, since `1` and `1u` are one key.
            let Ok(other) = others.get(key) else { return Ok(false) };
            if !self.equal(values.get(key)?.as_ref(), other.as_ref())? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn pay(&mut self, units: usize) -> Result<(), ExecutionError> {
        self.units = self.units.saturating_add(units);
        if self.units < UNITS_PER_STEP {
            return Ok(());
        }
        let steps = self.units / UNITS_PER_STEP;
        self.units %= UNITS_PER_STEP;
        self.meter.take(u64::try_from(steps).unwrap_or(u64::MAX))
    }
}

fn both_equal(values: &[CowVal<'_, '_>]) -> Result<bool, ExecutionError> {
    let (Some(left), Some(right)) = (values.first(), values.get(1)) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    Walk::new(meter(values)?)?.equal(left.as_ref(), right.as_ref())
}

/// `@in(value, container, @meter)`: an element of a list, or a key of a map.
fn is_in<'b, 'v>(arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let (Some(value), Some(container)) = (arguments.first(), arguments.get(1)) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let mut walk = Walk::new(meter(&arguments)?)?;
    if container.get_type().kind() == Kind::List {
        let mut elements = iterable(container.as_ref())?.iter();
        while let Some(element) = elements.next() {
            if walk.equal(element, value.as_ref())? {
                return Ok(bool(true));
            }
        }
        return Ok(bool(false));
    }
    walk.pay(byte_len(value.as_ref()) / BYTES_PER_UNIT)?;
    let map = container.as_container().ok_or_else(ExecutionError::missing_argument_or_target)?;
    match map.contains(value.as_ref()) {
        // What cannot be a key is none of them.
        Err(ExecutionError::UnsupportedKeyType(_)) => Ok(bool(false)),
        answer => answer.map(bool),
    }
}

/// `@sortable(list, @meter)`: each element is compared about as often as the list's length has bits.
fn sortable<'b, 'v>(mut arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let mut walk = Walk::new(meter(&arguments)?)?;
    if let Some(list) = arguments.first().filter(|list| list.get_type().kind() == Kind::List) {
        let rounds = size(list.as_ref())?.checked_ilog2().map_or(1, |bits| bits as usize + 1);
        let mut elements = iterable(list.as_ref())?.iter();
        while let Some(element) = elements.next() {
            walk.pay((1 + byte_len(element) / BYTES_PER_UNIT).saturating_mul(rounds))?;
        }
    }
    Ok(arguments.swap_remove(0))
}

fn size(value: &dyn Val) -> Result<i64, ExecutionError> {
    value.as_sizer().map(|sizer| *sizer.size().inner()).ok_or_else(ExecutionError::missing_argument_or_target)
}

fn iterable<'b, 'v>(value: &'b (dyn Val + 'v)) -> Result<&'b (dyn Iterable + 'v), ExecutionError> {
    value.as_iterable().ok_or_else(ExecutionError::missing_argument_or_target)
}

fn indexer<'b, 'v>(value: &'b (dyn Val + 'v)) -> Result<&'b (dyn Indexer + 'v), ExecutionError> {
    value.as_indexer().ok_or_else(ExecutionError::missing_argument_or_target)
}

fn byte_len(value: &dyn Val) -> usize {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return text.inner().len();
    }
    value.downcast_ref::<CelBytes<'_>>().map_or(0, |bytes| bytes.inner().len())
}

fn bool<'b, 'v>(value: bool) -> CowVal<'b, 'v> {
    CowVal::owned(CelBool::from(value))
}
