//! What is known of a value before an event is there: its type, and what it is made of when that is the same for every
//! event.

use super::data::{BODY_FIELDS, FIELDS, URL_FIELDS};
use super::functions::Type;

/// A type, and what lies below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) kind: Type,
    pub(super) shape: Shape,
}

/// What a map or a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Whatever the event has there.
    Any,
    /// `data`.
    Data,
    /// `data.url`.
    Url,
    /// `data.body`.
    Body,
    /// Header fields by name: strings, but for the one that is a number when it can be.
    Headers,
    /// Strings by name: `data.url.query`.
    Texts,
    /// Names and values, each a list of two: `data.headers_all`.
    Pairs,
    /// Elements of one type.
    ListOf(Type),
}

impl Known {
    pub(super) const DYN: Self = Self::of(Type::Dyn);

    pub(super) const fn of(kind: Type) -> Self {
        Self { kind, shape: Shape::Any }
    }

    const fn map(shape: Shape) -> Self {
        Self { kind: Type::Map, shape }
    }

    const fn list(shape: Shape) -> Self {
        Self { kind: Type::List, shape }
    }

    /// `data`.
    pub(super) const fn payload() -> Self {
        Self::map(Shape::Data)
    }

    pub(super) const fn list_of(element: Type) -> Self {
        match element {
            Type::Dyn => Self::of(Type::List),
            element => Self::list(Shape::ListOf(element)),
        }
    }

    /// All of its fields, when they are the same for every event.
    pub(super) const fn fields(self) -> Option<&'static [&'static str]> {
        match self.shape {
            Shape::Data => Some(&FIELDS),
            Shape::Url => Some(&URL_FIELDS),
            Shape::Body => Some(&BODY_FIELDS),
            Shape::Any | Shape::Headers | Shape::Texts | Shape::Pairs | Shape::ListOf(_) => None,
        }
    }

    /// The field of this name. A part of the body may be null too, which compares with everything.
    pub(super) fn field(self, name: &str) -> Self {
        match (self.shape, name) {
            (Shape::Data, "url") => Self::map(Shape::Url),
            (Shape::Data, "headers" | "trailers") => Self::map(Shape::Headers),
            (Shape::Data, "headers_all" | "trailers_all") | (Shape::Url, "query_all") | (Shape::Body, "form_all") => {
                Self::list(Shape::Pairs)
            }
            (Shape::Data, "body") => Self::map(Shape::Body),
            (Shape::Url, "query") | (Shape::Body, "form") => Self::map(Shape::Texts),
            (Shape::Body, "json") => Self::of(Type::Map),
            (Shape::Body, "bytes") => Self::of(Type::Bytes),
            (Shape::Body, "json_value") => Self::DYN,
            (Shape::Headers, name) if name.eq_ignore_ascii_case("content-length") => Self::DYN,
            (Shape::Headers | Shape::Texts, _) => Self::of(Type::String),
            _ if self.fields().is_some_and(|fields| fields.contains(&name)) => Self::of(Type::String),
            _ => Self::DYN,
        }
    }

    /// What `value[key]` gives, whatever the key.
    pub(super) fn element(self) -> Self {
        match self.shape {
            Shape::Texts => Self::of(Type::String),
            Shape::Pairs => Self::list_of(Type::String),
            Shape::ListOf(element) => Self::of(element),
            Shape::Any | Shape::Data | Shape::Url | Shape::Body | Shape::Headers => Self::DYN,
        }
    }

    /// What a macro's variable is for each element of a list, or each key of a map.
    pub(super) fn iterated(self) -> Self {
        match self.shape {
            Shape::Data | Shape::Url | Shape::Body | Shape::Headers | Shape::Texts => Self::of(Type::String),
            Shape::Any | Shape::Pairs | Shape::ListOf(_) => self.element(),
        }
    }

    /// The type that a key or an element must have to be found in it.
    pub(super) fn sought(self) -> Type {
        self.iterated().kind
    }

    /// As cel-go writes the type: `list(int)`.
    pub(super) fn shown(self) -> String {
        match self.shape {
            Shape::Texts => "map(string, string)".to_owned(),
            Shape::Headers => "map(string, dyn)".to_owned(),
            Shape::Pairs => "list(list(string))".to_owned(),
            Shape::ListOf(element) => format!("list({})", element.as_str()),
            Shape::Any | Shape::Data | Shape::Url | Shape::Body => self.kind.as_str().to_owned(),
        }
    }
}
