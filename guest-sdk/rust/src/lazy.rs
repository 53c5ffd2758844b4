//! A field of a known type that is read when it is first looked at.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use crate::source::{Content, Source};

/// A field of the payload, read from the host when it is first looked at. It stands for a `T` wherever one is looked at:
/// `data.method == "GET"`, `data.url.path.ends_with("/foo")`, `data.body.bytes.is_none()`.
pub struct Lazy<T> {
    source: Rc<dyn Source>,
    pointer: &'static str,
    read: fn(Option<Content>) -> Option<T>,
    value: OnceCell<T>,
}

impl Lazy<String> {
    pub(crate) fn text(source: &Rc<dyn Source>, pointer: &'static str) -> Self {
        let read = |content| if let Some(Content::Text(text)) = content { Some(text) } else { None };
        Self { source: Rc::clone(source), pointer, read, value: OnceCell::new() }
    }
}

impl Lazy<Option<String>> {
    pub(crate) fn optional_text(source: &Rc<dyn Source>, pointer: &'static str) -> Self {
        let read = |content| match content {
            Some(Content::Text(text)) => Some(Some(text)),
            Some(Content::Null) => Some(None),
            _ => None,
        };
        Self { source: Rc::clone(source), pointer, read, value: OnceCell::new() }
    }
}

impl Lazy<Option<Vec<u8>>> {
    pub(crate) fn optional_bytes(source: &Rc<dyn Source>, pointer: &'static str) -> Self {
        let read = |content| match content {
            Some(Content::Bytes(bytes)) => Some(Some(bytes)),
            Some(Content::Null) => Some(None),
            _ => None,
        };
        Self { source: Rc::clone(source), pointer, read, value: OnceCell::new() }
    }
}

impl<T> Deref for Lazy<T> {
    type Target = T;

    #[expect(clippy::panic, reason = "a host that gives another type than the contract's cannot be worked with")]
    fn deref(&self) -> &T {
        self.value.get_or_init(|| {
            let value = (self.read)(self.source.get(self.pointer));
            value.unwrap_or_else(|| panic!("the host gave another type than the contract's for `{}`", self.pointer))
        })
    }
}

impl<T: PartialEq<U>, U: ?Sized> PartialEq<U> for Lazy<T> {
    fn eq(&self, other: &U) -> bool {
        **self == *other
    }
}

impl<T: fmt::Display> fmt::Display for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
