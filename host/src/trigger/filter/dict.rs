//! The payload's dictionaries: they keep the order received, and header names are found in any case.

use std::collections::HashMap;
use std::slice;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator, Sizer, Zeroer};
use cel::common::types::{CelInt, CelMap, CelMapKey, CelString, MAP_TYPE, Type};
use cel::common::value::{Builtin, BuiltinRef, CowVal, Val};

use crate::event::canonical;

/// A map from strings.
#[derive(Clone, Debug)]
pub(super) struct Dict<'a> {
    map: CelMap<'a>,
    /// The crate's own map has no order, and a filter's verdict must not change from one evaluation to the next.
    names: Vec<CelString<'a>>,
    folds_case: bool,
}

impl<'a> Dict<'a> {
    pub(super) fn new(entries: impl std::iter::Iterator<Item = (CelString<'a>, Box<dyn Val + 'a>)>) -> Self {
        let mut names = Vec::new();
        let mut map = HashMap::new();
        for (name, value) in entries {
            names.push(name.clone());
            map.insert(CelMapKey::String(name), value);
        }
        Self { map: CelMap::from(map), names, folds_case: false }
    }

    /// Names of header fields, which are in canonical form.
    pub(super) fn of_headers(entries: impl std::iter::Iterator<Item = (CelString<'a>, Box<dyn Val + 'a>)>) -> Self {
        Self { folds_case: true, ..Self::new(entries) }
    }

    /// The name that the map has for `key`, when that is another one.
    fn other_name(&self, key: &dyn Val) -> Option<CelString<'static>> {
        if !self.folds_case {
            return None;
        }
        let name = key.downcast_ref::<CelString<'_>>()?.inner();
        let canonical = canonical(name);
        (canonical != name).then(|| CelString::from(canonical))
    }
}

static MAP: Type = MAP_TYPE;

impl<'a> Val for Dict<'a> {
    fn get_type(&self) -> &Type {
        &MAP
    }

    fn cel_type() -> &'static Type {
        &MAP
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn into_indexer<'v>(self: Box<Self>) -> Option<Box<dyn Indexer + 'v>>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        self.map.as_zeroer()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        self.map.equals(other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    /// The crate's map compares itself with what this gives, whichever of the two stands on the left.
    fn as_builtin<'b, 'v>(&'b self) -> BuiltinRef<'b, 'v>
    where
        Self: 'v,
    {
        BuiltinRef::Map(&self.map)
    }

    fn into_builtin<'v>(self: Box<Self>) -> Option<Builtin<'v>>
    where
        Self: 'v,
    {
        Some(Builtin::Map(self.map))
    }
}

impl Container for Dict<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        if self.map.contains(key)? {
            return Ok(true);
        }
        match self.other_name(key) {
            Some(name) => self.map.contains(&name),
            None => Ok(false),
        }
    }
}

impl Indexer for Dict<'_> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let found = self.map.get(key);
        let Err(ExecutionError::NoSuchKey(_)) = &found else { return found };
        // The error names the key as the filter wrote it.
        self.other_name(key).and_then(|name| self.map.get(&name).ok()).map_or(found, Ok)
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl<'a> Iterable for Dict<'a> {
    fn iter<'b, 'v>(&'b self) -> Box<dyn Iterator<'b, 'v> + 'b>
    where
        Self: 'v,
    {
        Box::new(Names(self.names.iter()))
    }
}

impl Sizer for Dict<'_> {
    fn size(&self) -> CelInt {
        self.map.size()
    }
}

struct Names<'b, 'a>(slice::Iter<'b, CelString<'a>>);

impl<'b, 'v, 'a: 'v> Iterator<'b, 'v> for Names<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|name| name as &(dyn Val + 'v))
    }
}
