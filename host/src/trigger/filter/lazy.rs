//! A value that is converted when a filter first reads it, and kept for every later filter of the event.
//!
//! It stands for the converted value in all that a filter asks, so the two cannot be told apart: equality, `type()` and
//! overloads are the converted value's. Copies share the conversion, so copying a whole body costs nothing. Only as one of
//! the crate's own maps or lists it cannot be had: the crate asks for those before it reads a single field, and to copy
//! operands into errors, however large they are.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use cel::ExecutionError;
use cel::common::traits::{
    Adder, Comparer, Container, Divider, Indexer, Iterable, Modder, Multiplier, Negator, Sizer, Subtractor, Zeroer,
};
use cel::common::types::{CelNull, DYN_TYPE, Type};
use cel::common::value::{Builtin, BuiltinRef, CowVal, Val};

use super::data::Source;

/// A part of the payload that may not be converted yet.
#[derive(Clone)]
pub(super) struct Lazy<'a>(Arc<Part<'a>>);

struct Part<'a> {
    source: Source<'a>,
    /// None when it is too much to be read.
    value: OnceLock<Option<Box<dyn Val + 'a>>>,
}

impl<'a> Lazy<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self(Arc::new(Part { source, value: OnceLock::new() }))
    }

    fn value(&self) -> &(dyn Val + 'a) {
        let Part { source, value } = self.0.as_ref();
        match value.get_or_init(|| source.convert()) {
            Some(value) => value.as_ref(),
            None => {
                source.refuse();
                &NULL
            }
        }
    }
}

/// What [`Val::as_any`] gives for a part of the payload that is a map or a list: copies of it share what it holds.
#[derive(Debug)]
pub(super) struct Shared {
    /// Names are found in it in any case.
    pub(super) folds_case: bool,
}

impl Shared {
    /// That of a part of the payload, and none of any other value.
    pub(super) fn of(value: &dyn Val) -> Option<&Self> {
        value.as_any().and_then(<dyn Any>::downcast_ref)
    }
}

/// What stands for a value that is too much: the filter that reads it gives no answer.
static NULL: CelNull = CelNull;

static SHARED: Shared = Shared { folds_case: false };
static OF_HEADERS: Shared = Shared { folds_case: true };

impl fmt::Debug for Lazy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

static DYN: Type = DYN_TYPE;

impl<'a> Val for Lazy<'a> {
    fn get_type(&self) -> &Type {
        self.value().get_type()
    }

    /// No value has this type: it differs from part to part, and no overload is declared for parts.
    fn cel_type() -> &'static Type {
        &DYN
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        self.value().as_adder()
    }

    fn as_comparer(&self) -> Option<&dyn Comparer> {
        self.value().as_comparer()
    }

    fn as_container(&self) -> Option<&dyn Container> {
        self.value().as_container()
    }

    fn as_divider<'b, 'v>(&'b self) -> Option<&'b (dyn Divider + 'v)>
    where
        Self: 'v,
    {
        self.value().as_divider()
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        self.value().as_indexer()
    }

    fn into_indexer<'v>(self: Box<Self>) -> Option<Box<dyn Indexer + 'v>>
    where
        Self: 'v,
    {
        self.value().as_indexer().is_some().then_some(self as Box<dyn Indexer + 'v>)
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        self.value().as_iterable()
    }

    fn as_modder<'b, 'v>(&'b self) -> Option<&'b (dyn Modder + 'v)>
    where
        Self: 'v,
    {
        self.value().as_modder()
    }

    fn as_multiplier<'b, 'v>(&'b self) -> Option<&'b (dyn Multiplier + 'v)>
    where
        Self: 'v,
    {
        self.value().as_multiplier()
    }

    fn as_negator<'b, 'v>(&'b self) -> Option<&'b (dyn Negator + 'v)>
    where
        Self: 'v,
    {
        self.value().as_negator()
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        self.value().as_sizer()
    }

    fn as_subtractor<'b, 'v>(&'b self) -> Option<&'b (dyn Subtractor + 'v)>
    where
        Self: 'v,
    {
        self.value().as_subtractor()
    }

    fn as_zeroer(&self) -> Option<&dyn Zeroer> {
        self.value().as_zeroer()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        self.value().equals(other)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    /// A map or a list has none of its own, so it tells that it is [`Shared`], without being converted when its source
    /// says what it is.
    fn as_any(&self) -> Option<&dyn Any> {
        match &self.0.source {
            Source::Headers(_) => Some(&OF_HEADERS),
            source if source.is_container() => Some(&SHARED),
            _ => self.value().as_any().or(Some(&SHARED)),
        }
    }

    fn as_builtin<'b, 'v>(&'b self) -> BuiltinRef<'b, 'v>
    where
        Self: 'v,
    {
        if self.0.source.is_container() {
            return BuiltinRef::Other;
        }
        match self.value().as_builtin() {
            BuiltinRef::List(_) | BuiltinRef::Map(_) => BuiltinRef::Other,
            scalar => scalar,
        }
    }

    fn into_builtin<'v>(self: Box<Self>) -> Option<Builtin<'v>>
    where
        Self: 'v,
    {
        match self.as_builtin() {
            BuiltinRef::Other => None,
            _ => self.value().clone_as_boxed().into_builtin(),
        }
    }
}

/// Only reached through [`Val::into_indexer`], which has seen that the value can be indexed.
impl Indexer for Lazy<'_> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        match self.value().as_indexer() {
            Some(indexer) => indexer.get(key),
            None => {
                Err(ExecutionError::UnexpectedType { got: self.get_type().name().to_owned(), want: "map".to_owned() })
            }
        }
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}
