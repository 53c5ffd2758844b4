//! The payload as a dictionary: [`Value`], at every depth.

mod children;
mod convert;
mod show;

use std::cell::OnceCell;
use std::ops::Index;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use self::children::Children;
use crate::source::{Content, Source};
use crate::{Error, Result};

/// A value of the payload: a text, a number, bytes, null, or a map or a list of these.
///
/// It is read from the host when it is first looked at, so that a handler pays for what it reads. Below a value, a field
/// is reached by key, which panics when it is missing, or by [`get`](Self::get) and [`get_or`](Self::get_or), which do not:
///
/// ```
/// # let event = tenterhook::Event::fake().url("/webhooks/slug?page=2").header("Host", "example.org").build();
/// let data = event.data();
/// assert_eq!(data["url"]["query"]["page"], "2");
/// assert_eq!(data.get("url").get_or("path", "/"), "/webhooks/slug");
/// assert_eq!(data.get("headers").get_or("X-Missing", "none"), "none");
/// assert_eq!(data["headers"]["HOST"], "example.org"); // a header's case does not matter
/// ```
///
/// It compares with texts and numbers, and prints as what it is: a text without quotes, a map as JSON.
#[derive(Clone)]
pub struct Value(Rc<Node>);

struct Node {
    /// None for a value that is a default, which has nothing below it.
    source: Option<Rc<dyn Source>>,
    pointer: String,
    /// Within: none when the field is missing.
    content: OnceCell<Option<Content>>,
    children: Children,
}

impl Value {
    /// The value at `pointer`, which is not read yet.
    pub(crate) fn at(source: &Rc<dyn Source>, pointer: String) -> Self {
        let source = Some(Rc::clone(source));
        Self(Rc::new(Node { source, pointer, content: OnceCell::new(), children: Children::default() }))
    }

    fn detached(content: Option<Content>) -> Self {
        let content = OnceCell::from(content);
        Self(Rc::new(Node { source: None, pointer: String::new(), content, children: Children::default() }))
    }

    fn content(&self) -> Option<&Content> {
        let read = || self.0.source.as_ref().and_then(|source| source.get(&self.0.pointer));
        self.0.content.get_or_init(read).as_ref()
    }

    /// The field of a map, or null when it is missing. A header's name is found in any case.
    pub fn get(&self, key: &str) -> Value {
        match &self.0.source {
            Some(source) => Self::at(source, format!("{}/{}", self.0.pointer, escape(key))),
            None => Self::detached(None),
        }
    }

    /// The field of a map, or `default` when it is missing. A null that is present is null.
    pub fn get_or(&self, key: &str, default: impl Into<Value>) -> Value {
        let field = self.get(key);
        if field.exists() { field } else { default.into() }
    }

    /// Whether the field is present; null is.
    pub fn exists(&self) -> bool {
        match (self.0.content.get(), &self.0.source) {
            (Some(content), _) => content.is_some(),
            (None, Some(source)) => source.has(&self.0.pointer),
            (None, None) => false,
        }
    }

    /// Whether it is a map that has `key`. A header's name is found in any case.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).exists()
    }

    /// The keys of a map, in the order received; none of anything else.
    pub fn keys(&self) -> Vec<String> {
        self.0.source.as_ref().map(|source| source.keys(&self.0.pointer)).unwrap_or_default()
    }

    /// The keys and values of a map, in the order received; none of anything else.
    pub fn iter(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        self.keys().into_iter().map(|key| {
            let value = self.get(&key);
            (key, value)
        })
    }

    /// The elements of a list; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Value> + '_ {
        // A map that has an element 0 has keys. To ask for these is less than to copy all of a list.
        let is_list = self.get("0").exists() && self.keys().is_empty();
        let elements = (0..).map(|index: usize| self.get(&index.to_string())).take_while(Self::exists);
        elements.take(if is_list { usize::MAX } else { 0 })
    }

    /// Whether it is missing, null, or a text, bytes, a map or a list with nothing in it: what Python calls false,
    /// except for numbers.
    pub fn is_empty(&self) -> bool {
        match self.content() {
            None | Some(Content::Null) => true,
            Some(Content::Text(text)) => text.is_empty(),
            Some(Content::Bytes(bytes)) => bytes.is_empty(),
            Some(Content::Json(text)) => matches!(text.as_str(), "{}" | "[]"),
            Some(Content::Bool(_) | Content::Int(_) | Content::Uint(_) | Content::Float(_)) => false,
        }
    }

    /// Whether it is null or missing; [`exists`](Self::exists) tells which.
    pub fn is_null(&self) -> bool {
        matches!(self.content(), None | Some(Content::Null))
    }

    /// The text; none of anything else.
    pub fn as_str(&self) -> Option<&str> {
        if let Some(Content::Text(text)) = self.content() { Some(text) } else { None }
    }

    /// The bytes, of `body.bytes`; none of anything else.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Some(Content::Bytes(bytes)) = self.content() { Some(bytes) } else { None }
    }

    /// True or false; none of anything else.
    pub fn as_bool(&self) -> Option<bool> {
        if let Some(Content::Bool(value)) = self.content() { Some(*value) } else { None }
    }

    /// The integer, if it fits.
    pub fn as_i64(&self) -> Option<i64> {
        if let Some(Content::Int(value)) = self.content() { Some(*value) } else { None }
    }

    /// The integer, if it fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self.content() {
            Some(Content::Int(value)) => u64::try_from(*value).ok(),
            Some(Content::Uint(value)) => Some(*value),
            _ => None,
        }
    }

    /// The number; an integer beyond 2^53 may lose its last digits.
    pub fn as_f64(&self) -> Option<f64> {
        match self.content() {
            Some(Content::Int(value)) => Some(*value as f64),
            Some(Content::Uint(value)) => Some(*value as f64),
            Some(Content::Float(value)) => Some(*value),
            _ => None,
        }
    }

    /// The value as JSON; bytes are a list of numbers.
    ///
    /// # Errors
    /// The map or list is not one that JSON has room for: it is nested too deep.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        self.deserialize()
    }

    /// The value as a type of the handler's: a struct with `#[derive(Deserialize)]`, `Vec<(String, String)>`.
    ///
    /// # Errors
    /// It is not what the type wants: an [`Error::reject`], since another attempt would find the same.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T> {
        let parsed = match self.content() {
            Some(Content::Json(text)) => serde_json::from_str(text),
            scalar => serde_json::from_value(convert::scalar_to_json(scalar)),
        };
        parsed.map_err(|error| Error::reject(format!("{} is not as expected: {error}", self.place())))
    }

    /// The JSON text of a map or a list; none of anything else.
    pub(crate) fn json_text(&self) -> Option<&str> {
        if let Some(Content::Json(text)) = self.content() { Some(text) } else { None }
    }

    /// Where the value is, as a handler would write it: `event.data["url"]["path"]`.
    fn place(&self) -> String {
        let keys = self.0.pointer.split('/').skip(1);
        keys.fold("event.data".to_owned(), |place, key| {
            format!("{place}[{:?}]", key.replace("~1", "/").replace("~0", "~"))
        })
    }
}

impl Index<&str> for Value {
    type Output = Value;

    /// # Panics
    /// The field is missing. [`Value::get_or`] gives a default instead.
    #[track_caller]
    #[expect(clippy::panic, reason = "what every index does, and a dictionary of Python: it has no other way to fail")]
    fn index(&self, key: &str) -> &Value {
        let child = self.0.children.get_or_insert(key, || self.get(key));
        if !child.exists() {
            panic!("no key {key:?} in {}, whose keys are {:?}", self.place(), self.keys());
        }
        child
    }
}

impl Index<usize> for Value {
    type Output = Value;

    /// # Panics
    /// The list is shorter, or the value is not a list.
    #[track_caller]
    #[expect(clippy::panic, reason = "what every index does")]
    fn index(&self, index: usize) -> &Value {
        let key = index.to_string();
        let child = self.0.children.get_or_insert(&key, || self.get(&key));
        if !child.exists() {
            panic!("no element {index} in {}", self.place());
        }
        child
    }
}

/// RFC 6901, section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
