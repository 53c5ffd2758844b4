//! The payload's dictionaries: they keep the order received, and header names are found in any case.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::slice;
use std::sync::{Arc, OnceLock};

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator, Sizer, Zeroer};
use cel::common::types::{CelBool, CelDouble, CelInt, CelString, CelUInt, Kind, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};

use super::data::Source;
use crate::event::canonical;

/// Up to so many names, looking at each is faster than hashing one: names of other lengths are told apart at once.
pub(super) const FEW: usize = 32;

/// A map from strings, no two the same. The crate's own hashes every name before one is asked for, and has no order: a
/// filter's verdict must not change from one evaluation to the next.
#[derive(Clone, Debug)]
pub(super) struct Dict<'a> {
    names: Vec<CelString<'a>>,
    values: Vec<Slot<'a>>,
    folds_case: bool,
    /// The names' hashes with their places, in the order of the hashes: made when one of many names is asked for.
    hashed: OnceLock<Box<[(u64, usize)]>>,
}

type Boxed<'a> = Box<dyn Val + 'a>;

/// The value of one name.
#[derive(Clone, Debug)]
pub(super) enum Slot<'a> {
    /// As most values of headers are, and so without an allocation of its own.
    Text(CelString<'a>),
    Made(Boxed<'a>),
    /// Made when it is first read: of most fields nobody asks anything.
    Later(Source<'a>, OnceLock<Boxed<'a>>),
}

impl<'a> Slot<'a> {
    pub(super) fn later(source: Source<'a>) -> Self {
        Self::Later(source, OnceLock::new())
    }

    fn value(&self) -> &(dyn Val + 'a) {
        match self {
            Self::Text(text) => text,
            Self::Made(value) => value.as_ref(),
            Self::Later(source, value) => value.get_or_init(|| source.value()).as_ref(),
        }
    }
}

impl<'a> Dict<'a> {
    pub(super) fn new(entries: impl std::iter::Iterator<Item = (CelString<'a>, Slot<'a>)>) -> Self {
        let (names, values) = entries.unzip();
        Self { names, values, folds_case: false, hashed: OnceLock::new() }
    }

    /// Names of header fields, which are in canonical form.
    pub(super) fn of_headers(entries: impl std::iter::Iterator<Item = (CelString<'a>, Slot<'a>)>) -> Self {
        Self { folds_case: true, ..Self::new(entries) }
    }

    /// The value of a name, in whatever case it is when case is folded.
    fn find(&self, name: &str) -> Option<&(dyn Val + 'a)> {
        let place = self.place(name).or_else(|| {
            let canonical = self.folds_case.then(|| canonical(name)).filter(|canonical| canonical != name)?;
            self.place(&canonical)
        });
        self.values.get(place?).map(Slot::value)
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.names.len() <= FEW {
            return self.names.iter().position(|known| known.inner() == name);
        }
        let hashed = self.hashed.get_or_init(|| {
            let mut hashed: Box<[_]> =
                self.names.iter().enumerate().map(|(place, name)| (hash(name.inner()), place)).collect();
            hashed.sort_unstable();
            hashed
        });
        let wanted = hash(name);
        let start = hashed.partition_point(|(hash, _)| *hash < wanted);
        let mut candidates = hashed.get(start..)?.iter().take_while(|(hash, _)| *hash == wanted);
        let is_name = |place: usize| self.names.get(place).is_some_and(|known| known.inner() == name);
        candidates.find_map(|(_, place)| is_name(*place).then_some(*place))
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
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
        Some(self)
    }

    /// Whether it has the same names with the same values. Comparisons that pay for their steps do not come here.
    fn equals(&self, other: &dyn Val) -> bool {
        let (Some(sizer), Some(others)) = (other.as_sizer(), other.as_indexer()) else { return false };
        let same = |(name, slot): (&CelString<'a>, &Slot<'a>)| {
            others.get(name).is_ok_and(|other| slot.value().equals(other.as_ref()))
        };
        other.get_type().kind() == Kind::Map
            && *sizer.size().inner() == *self.size().inner()
            && self.names.iter().zip(&self.values).all(same)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }
}

impl Container for Dict<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(key.downcast_ref::<CelString<'_>>().is_some_and(|name| self.find(name.inner()).is_some()))
    }
}

impl Indexer for Dict<'_> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        match key.downcast_ref::<CelString<'_>>().map(CelString::inner) {
            // The error names the key as the filter wrote it.
            Some(name) => match self.find(name) {
                Some(value) => Ok(CowVal::Borrowed(value)),
                None => Err(ExecutionError::NoSuchKey(Arc::new(name.to_owned()))),
            },
            None => Err(no_name(key)),
        }
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

/// What the crate says of a key that is no string: some types may be keys, though not here.
fn no_name(key: &dyn Val) -> ExecutionError {
    let written = key
        .downcast_ref::<CelInt>()
        .map(|key| key.inner().to_string())
        .or_else(|| key.downcast_ref::<CelUInt>().map(|key| key.inner().to_string()))
        .or_else(|| key.downcast_ref::<CelDouble>().map(|key| key.inner().to_string()))
        .or_else(|| key.downcast_ref::<CelBool>().map(|key| key.inner().to_string()));
    match written {
        Some(written) => ExecutionError::NoSuchKey(Arc::new(written)),
        None => ExecutionError::UnexpectedType { got: key.get_type().name().to_owned(), want: "map key".to_owned() },
    }
}

impl Zeroer for Dict<'_> {
    fn is_zero_value(&self) -> bool {
        self.names.is_empty()
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
        CelInt::from(i64::try_from(self.names.len()).unwrap_or(i64::MAX))
    }
}

struct Names<'b, 'a>(slice::Iter<'b, CelString<'a>>);

impl<'b, 'v, 'a: 'v> Iterator<'b, 'v> for Names<'b, 'a> {
    fn next(&mut self) -> Option<&'b (dyn Val + 'v)> {
        self.0.next().map(|name| name as &(dyn Val + 'v))
    }
}
