//! The payload, `event.data`, with its fields as attributes.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::source::Source;
use crate::{Error, Lazy, Result, Value};

/// What a request says. Every field can be read in three equal ways, at every depth:
///
/// ```
/// # let event = tenterhook::Event::fake().method("POST").url("/webhooks/slug").build();
/// let data = event.data();
/// assert_eq!(data.method, "POST"); // as an attribute,
/// assert_eq!(data["method"], "POST"); // as a dictionary's key,
/// assert_eq!(data.get("method"), "POST"); // with `get`, which gives null when the field is missing,
/// assert_eq!(data.get_or("verb", "GET"), "GET"); // or a default.
///
/// assert_eq!(data.url.path, "/webhooks/slug");
/// assert_eq!(data["url"]["path"], "/webhooks/slug");
/// assert_eq!(data.get("url").get_or("path", "/"), "/webhooks/slug");
/// ```
///
/// It is a [`Value`] too, hence the keys.
pub struct Data {
    /// The HTTP method as sent, upper case: `GET`.
    pub method: Lazy<String>,
    /// The request's URL, in parts.
    pub url: Url,
    /// The request target in origin form: `/webhooks/slug?key1=value1&key2=value2`.
    pub raw_url: Lazy<String>,
    /// The header fields by their names in canonical form, `Content-Type`; found in any case. A repeated one's values are
    /// joined with `", "`. Texts, except that `Content-Length` is an integer.
    pub headers: Value,
    /// The header fields as received: a list of lists `[name, value]`.
    pub headers_all: Value,
    /// The fields that followed the body, as `headers`.
    pub trailers: Value,
    /// The trailer fields as received: a list of lists `[name, value]`.
    pub trailers_all: Value,
    /// The request's body, in each form that it has.
    pub body: Body,
    value: Value,
}

/// A request's URL, in parts. It is a [`Value`] too.
pub struct Url {
    /// The percent-decoded path: `/webhooks/slug/a b`.
    pub path: Lazy<String>,
    /// The path as it was sent: `/webhooks/slug/a%20b`.
    pub raw_path: Lazy<String>,
    /// What follows `/webhooks/{slug}/`, decoded; empty when nothing does.
    pub path_suffix: Lazy<String>,
    /// The query's keys and values, decoded; a repeated key's values are joined with `", "`.
    pub query: Value,
    /// The query as received: a list of lists `[key, value]`.
    pub query_all: Value,
    /// The text after the first `?`; empty when there is none.
    pub raw_query: Lazy<String>,
    /// The text after a `#`, decoded; requests of well-behaved clients have none.
    pub fragment: Lazy<String>,
    /// The text after a `#`; empty when there is none.
    pub raw_fragment: Lazy<String>,
    value: Value,
}

/// A request's body, in each form that it has. It is a [`Value`] too.
pub struct Body {
    /// The exact bytes received; none when there is no body.
    pub bytes: Lazy<Option<Vec<u8>>>,
    /// The bytes as a text, when they are valid UTF-8.
    pub text: Lazy<Option<String>>,
    /// The fields of a URL-encoded form; null when the body is not one.
    pub form: Value,
    /// The form as received: a list of lists `[key, value]`.
    pub form_all: Value,
    /// The JSON object that the whole body is, whatever `Content-Type` says; null when it is not one.
    /// [`json()`](Self::json) reads it as a type of the handler's.
    pub json: Value,
    /// The JSON value that the whole body is: objects, and lists, texts and numbers too; null when it is not one.
    pub json_value: Value,
    value: Value,
}

impl Data {
    pub(crate) fn of(source: &Rc<dyn Source>) -> Self {
        let value = Value::at(source, String::new());
        Self {
            method: Lazy::text(source, "/method"),
            url: Url::of(source, value.get("url")),
            raw_url: Lazy::text(source, "/raw_url"),
            headers: value.get("headers"),
            headers_all: value.get("headers_all"),
            trailers: value.get("trailers"),
            trailers_all: value.get("trailers_all"),
            body: Body::of(source, value.get("body")),
            value,
        }
    }
}

impl Url {
    fn of(source: &Rc<dyn Source>, value: Value) -> Self {
        Self {
            path: Lazy::text(source, "/url/path"),
            raw_path: Lazy::text(source, "/url/raw_path"),
            path_suffix: Lazy::text(source, "/url/path_suffix"),
            query: value.get("query"),
            query_all: value.get("query_all"),
            raw_query: Lazy::text(source, "/url/raw_query"),
            fragment: Lazy::text(source, "/url/fragment"),
            raw_fragment: Lazy::text(source, "/url/raw_fragment"),
            value,
        }
    }
}

impl Body {
    fn of(source: &Rc<dyn Source>, value: Value) -> Self {
        Self {
            bytes: Lazy::optional_bytes(source, "/body/bytes"),
            text: Lazy::optional_text(source, "/body/text"),
            form: value.get("form"),
            form_all: value.get("form_all"),
            json: value.get("json"),
            json_value: value.get("json_value"),
            value,
        }
    }

    /// The body as a type of the handler's, from any JSON: a struct with `#[derive(Deserialize)]`, a `Vec` of them, or
    /// [`serde_json::Value`].
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Order {
    ///     id: u64,
    /// }
    ///
    /// # fn main() -> tenterhook::Result<()> {
    /// # let event = tenterhook::Event::fake().body(r#"{"id": 9007199254740993}"#).build();
    /// let order = event.data().body.json::<Order>()?;
    /// assert_eq!(order.id, 9_007_199_254_740_993);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no body, or it is not the JSON that the type wants: an [`Error::reject`], since another attempt would find
    /// the same.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        let Some(bytes) = &*self.bytes else {
            return Err(Error::reject("the request has no body, and the handler expects JSON"));
        };
        serde_json::from_slice(bytes)
            .map_err(|error| Error::reject(format!("the body is not the JSON that the handler expects: {error}")))
    }
}

/// What [`Data`], [`Url`] and [`Body`] share: each is a [`Value`] whose fields are attributes too.
macro_rules! is_a_value {
    ($($record:ident)*) => {$(
        impl Deref for $record {
            type Target = Value;

            fn deref(&self) -> &Value {
                &self.value
            }
        }

        impl Serialize for $record {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                self.value.serialize(serializer)
            }
        }

        impl fmt::Display for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.value, f)
            }
        }

        impl fmt::Debug for $record {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.value, f)
            }
        }
    )*};
}

is_a_value!(Data Url Body);
