//! The payload, `event.data`: what a request says, and all that follows from it.

use std::borrow::Cow;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{Headers, Pairs};

/// What a request says, and nothing that follows from it: this is what a store keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// As sent, upper case: `GET`.
    pub method: String,
    /// The request target in origin form: `/webhooks/slug?key1=value1`.
    pub url: String,
    /// In the order received.
    pub headers: Headers,
    /// What followed a chunked or an HTTP/2 body.
    pub trailers: Headers,
    /// The exact bytes; none when there is no body.
    pub body: Option<Bytes>,
}

/// The payload. Forms and JSON are parsed when they are first asked for.
#[derive(Clone, Debug)]
pub struct Data {
    raw: Raw,
    query: OnceLock<Pairs>,
    form: OnceLock<Option<Pairs>>,
    json: OnceLock<Option<Value>>,
}

/// The deepest JSON body: what shows it puts it into objects of its own, and most readers stop at 128.
const MAX_DEPTH: usize = 100;

/// One value of the payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// A text that needs no copy.
    Text(Cow<'a, str>),
    /// `body.bytes`.
    Bytes(&'a Bytes),
    /// Anything else; strings appear here too, within JSON.
    Json(Cow<'a, Value>),
}

impl Data {
    /// The payload of a request. A body without bytes is no body.
    pub fn new(mut raw: Raw) -> Self {
        raw.body = raw.body.filter(|body| !body.is_empty());
        Self { raw, query: OnceLock::new(), form: OnceLock::new(), json: OnceLock::new() }
    }

    /// What the request said.
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// `GET`.
    pub fn method(&self) -> &str {
        &self.raw.method
    }

    /// `/webhooks/slug?key1=value1`.
    pub fn raw_url(&self) -> &str {
        &self.raw.url
    }

    /// The path before decoding.
    pub fn raw_path(&self) -> &str {
        let target = self.without_fragment();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The percent-decoded path; a malformed escape stays literal, bytes that are not UTF-8 become U+FFFD.
    pub fn path(&self) -> Cow<'_, str> {
        percent_decode_str(self.raw_path()).decode_utf8_lossy()
    }

    /// What follows `/webhooks/{slug}/`, decoded; empty when nothing does.
    pub fn path_suffix(&self) -> Cow<'_, str> {
        let below = self.raw_path().strip_prefix("/webhooks/").unwrap_or_default();
        let suffix = below.split_once('/').map_or("", |(_, suffix)| suffix);
        percent_decode_str(suffix).decode_utf8_lossy()
    }

    /// The text after the first `?`; empty when there is none.
    pub fn raw_query(&self) -> &str {
        self.without_fragment().split_once('?').map_or("", |(_, query)| query)
    }

    /// The query's keys and values, decoded.
    pub fn query(&self) -> &Pairs {
        self.query.get_or_init(|| Pairs::from_form(self.raw_query().as_bytes()))
    }

    /// The text after a literal `#`, which no conforming client sends.
    pub fn raw_fragment(&self) -> &str {
        self.raw.url.split_once('#').map_or("", |(_, fragment)| fragment)
    }

    /// The fragment, percent-decoded.
    pub fn fragment(&self) -> Cow<'_, str> {
        percent_decode_str(self.raw_fragment()).decode_utf8_lossy()
    }

    fn without_fragment(&self) -> &str {
        self.raw.url.split_once('#').map_or(&self.raw.url, |(target, _)| target)
    }

    /// The request's header fields.
    pub fn headers(&self) -> &Headers {
        &self.raw.headers
    }

    /// The request's trailer fields.
    pub fn trailers(&self) -> &Headers {
        &self.raw.trailers
    }

    /// The exact bytes; none when there is no body.
    pub fn bytes(&self) -> Option<&Bytes> {
        self.raw.body.as_ref()
    }

    /// The body as a string, when it is valid UTF-8.
    pub fn text(&self) -> Option<&str> {
        self.bytes().and_then(|body| std::str::from_utf8(body).ok())
    }

    /// The fields of a URL-encoded form, whatever the method; none when the body is not one.
    pub fn form(&self) -> Option<&Pairs> {
        let parse = || self.bytes().filter(|_| self.says_form()).map(|body| Pairs::from_form(body));
        self.form.get_or_init(parse).as_ref()
    }

    fn says_form(&self) -> bool {
        let content_type = self.raw.headers.get("Content-Type").unwrap_or_default();
        let media_type = content_type.split_once(';').map_or(&*content_type, |(media_type, _)| media_type);
        media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// The JSON value that the whole body is, whatever Content-Type says; none when it is not one.
    pub fn json_value(&self) -> Option<&Value> {
        let parse = || self.bytes().filter(|body| is_shallow(body)).and_then(|body| serde_json::from_slice(body).ok());
        self.json.get_or_init(parse).as_ref()
    }

    /// Whether the whole body is JSON, without keeping what it says: values take far more memory than their text.
    pub fn is_json(&self) -> bool {
        let is_json = |body: &&Bytes| is_shallow(body) && serde_json::from_slice::<IgnoredAny>(body).is_ok();
        self.bytes().filter(is_json).is_some()
    }

    /// The JSON object that the whole body is; none when it is not one.
    pub fn json(&self) -> Option<&Value> {
        self.json_value().filter(|value| value.is_object())
    }

    /// The dictionary: the value at `key`, a field's name (`method`) or a JSON Pointer of RFC 6901 (`/url/path`,
    /// `/headers/content-type`, `/body/json/action`). None when it is missing; a null that is present is JSON's null.
    pub fn get(&self, key: &str) -> Option<Field<'_>> {
        let pointer = key.strip_prefix('/').unwrap_or(key);
        if key.is_empty() {
            return Some(Field::json(self.to_json()));
        }
        let mut segments = Segments(Some(pointer));
        match segments.next()?.as_ref() {
            "method" => segments.end(Field::text(self.method())),
            "raw_url" => segments.end(Field::text(self.raw_url())),
            "url" => self.get_url(segments),
            "headers" => get_header(&self.raw.headers, segments),
            "headers_all" => segments.walk(all(self.raw.headers.iter())),
            "trailers" => get_header(&self.raw.trailers, segments),
            "trailers_all" => segments.walk(all(self.raw.trailers.iter())),
            "body" => self.get_body(segments),
            _ => None,
        }
    }

    fn get_url<'a>(&'a self, mut segments: Segments<'_>) -> Option<Field<'a>> {
        let Some(name) = segments.next() else { return Some(Field::json(self.url_json())) };
        match name.as_ref() {
            "path" => segments.end(Field::Text(self.path())),
            "raw_path" => segments.end(Field::text(self.raw_path())),
            "path_suffix" => segments.end(Field::Text(self.path_suffix())),
            "query" => get_pair(self.query(), segments),
            "query_all" => segments.walk(all(self.query().iter())),
            "raw_query" => segments.end(Field::text(self.raw_query())),
            "fragment" => segments.end(Field::Text(self.fragment())),
            "raw_fragment" => segments.end(Field::text(self.raw_fragment())),
            _ => None,
        }
    }

    fn get_body<'a>(&'a self, mut segments: Segments<'_>) -> Option<Field<'a>> {
        let Some(name) = segments.next() else { return Some(Field::json(self.body_json())) };
        match name.as_ref() {
            "bytes" => segments.end(self.bytes().map_or(Field::NULL, Field::Bytes)),
            "text" => segments.end(self.text().map_or(Field::NULL, Field::text)),
            "form" => match self.form() {
                Some(form) => get_pair(form, segments),
                None => segments.end(Field::NULL),
            },
            "form_all" => segments.walk(self.form().map_or(Value::Null, |form| all(form.iter()))),
            "json" => segments.walk_in(self.json()),
            "json_value" => segments.walk_in(self.json_value()),
            _ => None,
        }
    }

    /// The whole payload in the shape of the API: as documented, with `body.bytes` in base64.
    pub fn to_json(&self) -> Value {
        json!({
            "method": self.method(),
            "url": self.url_json(),
            "raw_url": self.raw_url(),
            "headers": headers_json(&self.raw.headers),
            "headers_all": all(self.raw.headers.iter()),
            "trailers": headers_json(&self.raw.trailers),
            "trailers_all": all(self.raw.trailers.iter()),
            "body": self.body_json(),
        })
    }

    fn url_json(&self) -> Value {
        json!({
            "path": self.path(),
            "query": pairs_json(self.query()),
            "raw_query": self.raw_query(),
            "fragment": self.fragment(),
            "raw_fragment": self.raw_fragment(),
            "raw_path": self.raw_path(),
            "path_suffix": self.path_suffix(),
            "query_all": all(self.query().iter()),
        })
    }

    fn body_json(&self) -> Value {
        json!({
            "bytes": self.bytes().map(|body| BASE64.encode(body)),
            "form": self.form().map(pairs_json),
            "json": self.json(),
            "text": self.text(),
            "json_value": self.json_value(),
            "form_all": self.form().map(|form| all(form.iter())),
        })
    }
}

/// Whether the objects and arrays of a JSON text are not nested too deep. Most texts have fewer of them in all than may
/// be nested, and to count them takes a tenth of the time.
fn is_shallow(json: &[u8]) -> bool {
    let opened = json.iter().filter(|byte| matches!(byte, b'{' | b'[')).count();
    opened <= MAX_DEPTH || depth(json) <= MAX_DEPTH
}

/// How deep the objects and arrays of a JSON text are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl<'a> Field<'a> {
    const NULL: Self = Self::Json(Cow::Owned(Value::Null));

    fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    fn json(value: Value) -> Self {
        Self::Json(Cow::Owned(value))
    }

    /// The keys of a map, in order; none for anything else.
    pub fn keys(&self) -> Vec<String> {
        match self {
            Self::Json(value) => value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default(),
            Self::Text(_) | Self::Bytes(_) => Vec::new(),
        }
    }
}

/// The segments of a JSON Pointer that are still to be walked.
struct Segments<'k>(Option<&'k str>);

impl<'k> Segments<'k> {
    fn next(&mut self) -> Option<Cow<'k, str>> {
        let rest = self.0?;
        let (segment, rest) = rest.split_once('/').map_or((rest, None), |(segment, rest)| (segment, Some(rest)));
        self.0 = rest;
        if segment.contains('~') {
            return Some(Cow::Owned(segment.replace("~1", "/").replace("~0", "~")));
        }
        Some(Cow::Borrowed(segment))
    }

    /// A leaf: there is nothing below it.
    fn end(self, leaf: Field<'_>) -> Option<Field<'_>> {
        self.0.is_none().then_some(leaf)
    }

    fn walk<'a>(self, value: Value) -> Option<Field<'a>> {
        match self.0 {
            None => Some(Field::json(value)),
            Some(rest) => value.pointer(&format!("/{rest}")).cloned().map(Field::json),
        }
    }

    fn walk_in<'a>(self, value: Option<&'a Value>) -> Option<Field<'a>> {
        let value = value.unwrap_or(&Value::Null);
        let found = match self.0 {
            None => Some(value),
            Some(rest) => value.pointer(&format!("/{rest}")),
        };
        found.map(|value| Field::Json(Cow::Borrowed(value)))
    }
}

fn get_pair<'a>(pairs: &'a Pairs, mut segments: Segments<'_>) -> Option<Field<'a>> {
    let Some(name) = segments.next() else { return Some(Field::json(pairs_json(pairs))) };
    segments.end(Field::Text(pairs.get(&name)?))
}

fn get_header<'a>(headers: &'a Headers, mut segments: Segments<'_>) -> Option<Field<'a>> {
    let Some(name) = segments.next() else { return Some(Field::json(headers_json(headers))) };
    let value = headers.get(&name)?;
    segments.end(match content_length(&name, &value) {
        Some(length) => Field::json(length.into()),
        None => Field::Text(value),
    })
}

/// The one header whose value is an integer: the value as that integer.
pub(crate) fn content_length(name: &str, value: &str) -> Option<u64> {
    if name.eq_ignore_ascii_case("content-length") { value.parse().ok() } else { None }
}

fn headers_json(headers: &Headers) -> Value {
    let to_json = |(name, value): (&str, Cow<'_, str>)| {
        let value = content_length(name, &value).map_or_else(|| Value::from(value), Value::from);
        (name.to_owned(), value)
    };
    Value::Object(headers.joined().into_iter().map(to_json).collect())
}

fn pairs_json(pairs: &Pairs) -> Value {
    Value::Object(pairs.joined().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
}

fn all<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    pairs.map(|(name, value)| json!([name, value])).collect()
}
