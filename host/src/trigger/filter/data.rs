//! Turns the payload into CEL's values, one level at a time: what a filter does not read is neither parsed nor copied.

use std::borrow::Cow;

use cel::common::types::{CelBool, CelBytes, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde_json::{Number, Value};

use super::dict::{Dict, FEW, Slot};
use super::lazy::Lazy;
use crate::event::{Data, Headers, Pairs, content_length};

/// A JSON body with more lists, objects and commas than this is none to filters: reading it would take far more memory
/// than the body, up to 200 times as much. It is what GitHub sends of a push, a hundred times over.
const MAX_PARTS: usize = 65_536;

/// The fields of `data`.
pub(super) const FIELDS: [&str; 8] =
    ["method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body"];

/// The fields of `data.url`.
pub(super) const URL_FIELDS: [&str; 8] =
    ["path", "query", "raw_query", "fragment", "raw_fragment", "raw_path", "path_suffix", "query_all"];

/// The fields of `data.body`.
pub(super) const BODY_FIELDS: [&str; 6] = ["bytes", "form", "json", "text", "json_value", "form_all"];

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// A text of the request or none: a function from one to the other.
    Text(&'a Data, fn(&'a Data) -> Option<Cow<'a, str>>),
    Bytes(&'a Data),
    Data(&'a Data),
    Url(&'a Data),
    Query(&'a Data),
    QueryAll(&'a Data),
    Headers(&'a Headers),
    HeadersAll(&'a Headers),
    Body(&'a Data),
    Form(&'a Data),
    FormAll(&'a Data),
    Json(&'a Data),
    JsonValue(&'a Data),
    /// What is within a JSON body.
    Within(&'a Value),
}

type Boxed<'a> = Box<dyn Val + 'a>;

impl<'a> Source<'a> {
    /// Whether it is a map or a list, whatever the request says.
    pub(super) fn is_container(self) -> bool {
        match self {
            Self::Text(..) | Self::Bytes(_) => false,
            Self::Form(_) | Self::FormAll(_) | Self::Json(_) | Self::JsonValue(_) => false,
            Self::Within(value) => value.is_array() || value.is_object(),
            _ => true,
        }
    }

    /// The value: now when it is small, and when somebody reads it when it may not be.
    pub(super) fn value(self) -> Boxed<'a> {
        match self {
            Self::Text(..) | Self::Bytes(_) => self.convert(),
            Self::Within(value) if !self.is_container() => json(value),
            _ => Box::new(Lazy::new(self)),
        }
    }

    pub(super) fn convert(self) -> Boxed<'a> {
        match self {
            Self::Text(data, read) => read(data).map_or_else(null, text),
            Self::Bytes(data) => data.bytes().map_or_else(null, |bytes| Box::new(CelBytes::from(bytes.as_ref()))),
            Self::Data(data) => payload(data),
            Self::Url(data) => url(data),
            Self::Query(data) => joined(data.query()),
            Self::QueryAll(data) => all(data.query().iter()),
            Self::Headers(fields) => headers(fields),
            Self::HeadersAll(fields) => all(fields.iter()),
            Self::Body(data) => body(data),
            Self::Form(data) => data.form().map_or_else(null, joined),
            Self::FormAll(data) => data.form().map_or_else(null, |form| all(form.iter())),
            Self::Json(data) => readable(data).and_then(Data::json).map_or_else(null, json),
            Self::JsonValue(data) => readable(data).and_then(Data::json_value).map_or_else(null, json),
            Self::Within(value) => json(value),
        }
    }
}

/// The payload, if its JSON is not too much to be read. Most bodies are known to be small before they are looked at.
fn readable(data: &Data) -> Option<&Data> {
    let body = data.bytes().map_or(&[][..], |body| body.as_ref());
    let is_part = |byte: &u8| matches!(byte, b'{' | b'[' | b',');
    let is_small = body.len() <= MAX_PARTS || body.iter().filter(|byte| is_part(byte)).count() <= MAX_PARTS;
    (is_small || parts(body) <= MAX_PARTS).then_some(data)
}

/// How many lists, objects and commas a JSON text has outside of its texts.
fn parts(json: &[u8]) -> usize {
    let (mut parts, mut in_text, mut escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' | b',' if !in_text => parts += 1,
            _ => {}
        }
    }
    parts
}

fn payload(data: &Data) -> Boxed<'_> {
    dict([
        ("method", Source::Text(data, |data| Some(data.method().into()))),
        ("url", Source::Url(data)),
        ("raw_url", Source::Text(data, |data| Some(data.raw_url().into()))),
        ("headers", Source::Headers(data.headers())),
        ("headers_all", Source::HeadersAll(data.headers())),
        ("trailers", Source::Headers(data.trailers())),
        ("trailers_all", Source::HeadersAll(data.trailers())),
        ("body", Source::Body(data)),
    ])
}

fn url(data: &Data) -> Boxed<'_> {
    dict([
        ("path", Source::Text(data, |data| Some(data.path()))),
        ("query", Source::Query(data)),
        ("raw_query", Source::Text(data, |data| Some(data.raw_query().into()))),
        ("fragment", Source::Text(data, |data| Some(data.fragment()))),
        ("raw_fragment", Source::Text(data, |data| Some(data.raw_fragment().into()))),
        ("raw_path", Source::Text(data, |data| Some(data.raw_path().into()))),
        ("path_suffix", Source::Text(data, |data| Some(data.path_suffix()))),
        ("query_all", Source::QueryAll(data)),
    ])
}

fn body(data: &Data) -> Boxed<'_> {
    dict([
        ("bytes", Source::Bytes(data)),
        ("form", Source::Form(data)),
        ("json", Source::Json(data)),
        ("text", Source::Text(data, |data| data.text().map(Cow::Borrowed))),
        ("json_value", Source::JsonValue(data)),
        ("form_all", Source::FormAll(data)),
    ])
}

fn headers<'a>(fields: &'a Headers) -> Boxed<'a> {
    let field = |(name, value): (&'a str, Cow<'a, str>)| {
        let value = content_length(name, &value).map_or_else(|| text(value), |length| integer(length));
        (CelString::from(name), Slot::Made(value))
    };
    if are_distinct(fields) {
        return Box::new(Dict::of_headers(fields.iter().map(|(name, value)| field((name, Cow::Borrowed(value))))));
    }
    Box::new(Dict::of_headers(fields.joined().into_iter().map(field)))
}

/// Whether no two of a few fields have the same name, as in nearly every request: then there is nothing to join.
fn are_distinct(fields: &Headers) -> bool {
    let mut rest = fields.iter();
    fields.iter().len() <= FEW
        && std::iter::from_fn(|| rest.next().map(|(name, _)| (name, rest.clone())))
            .all(|(name, mut rest)| rest.all(|(other, _)| other != name))
}

fn joined(pairs: &Pairs) -> Boxed<'_> {
    Box::new(Dict::new(
        pairs.joined().into_iter().map(|(name, value)| (CelString::from(name), Slot::Made(text(value)))),
    ))
}

fn all<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Boxed<'a> {
    list(pairs.map(|(name, value)| list([text(name), text(value)].into_iter())))
}

/// One level: what lies below it is converted when it is read.
fn json<'a>(value: &'a Value) -> Boxed<'a> {
    match value {
        Value::Null => null(),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => self::number(number),
        Value::String(string) => text(string.as_str()),
        Value::Array(values) => list(values.iter().map(|value| Source::Within(value).value())),
        Value::Object(fields) => {
            let field = |(name, value): (&'a String, &'a Value)| {
                (CelString::from(name.as_str()), Slot::later(Source::Within(value)))
            };
            Box::new(Dict::new(fields.iter().map(field)))
        }
    }
}

fn number(number: &Number) -> Boxed<'static> {
    if let Some(signed) = number.as_i64() {
        return Box::new(CelInt::from(signed));
    }
    match number.as_u64() {
        Some(unsigned) => integer(unsigned),
        // Neither i64 nor u64: it was parsed as a double.
        None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

fn integer(value: u64) -> Boxed<'static> {
    match i64::try_from(value) {
        Ok(signed) => Box::new(CelInt::from(signed)),
        Err(_) => Box::new(CelUInt::from(value)),
    }
}

fn dict<'a, const N: usize>(fields: [(&'static str, Source<'a>); N]) -> Boxed<'a> {
    Box::new(Dict::new(fields.into_iter().map(|(name, source)| (CelString::from(name), Slot::later(source)))))
}

fn list<'a>(values: impl Iterator<Item = Boxed<'a>>) -> Boxed<'a> {
    Box::new(CelList::from(values.collect::<Vec<_>>()))
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> Boxed<'a> {
    Box::new(CelString::from(text.into()))
}

fn null<'a>() -> Boxed<'a> {
    Box::new(CelNull)
}
