//! Turns the payload into CEL's values, one level at a time: what a filter does not read is neither parsed nor copied.

use std::borrow::Cow;
use std::sync::Arc;

use cel::common::types::{CelBool, CelBytes, CelDouble, CelInt, CelList, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde_json::{Number, Value};

use super::budget::Meter;
use super::dict::{Dict, FEW, Slot};
use super::lazy::Lazy;
use crate::event::{Data, Headers, Pairs, content_length};

/// A JSON body with more lists, objects and commas than this is too much for filters, and so is a form with more fields:
/// reading it would take far more memory than the body, up to 200 times as much. It is what GitHub sends of a push, a
/// hundred times over.
const MAX_PARTS: usize = 50_000;

/// The fields of `data`.
pub(super) const FIELDS: [&str; 8] =
    ["method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body"];

/// The fields of `data.url`.
pub(super) const URL_FIELDS: [&str; 8] =
    ["path", "query", "raw_query", "fragment", "raw_fragment", "raw_path", "path_suffix", "query_all"];

/// The fields of `data.body`.
pub(super) const BODY_FIELDS: [&str; 6] = ["bytes", "form", "json", "text", "json_value", "form_all"];

/// Where a value comes from. What may be too much to be read has the meter of who reads it.
#[derive(Clone, Debug)]
pub(super) enum Source<'a> {
    /// A text of the request or none: a function from one to the other.
    Text(&'a Data, fn(&'a Data) -> Option<Cow<'a, str>>),
    Bytes(&'a Data),
    Data(&'a Data, Arc<Meter>),
    Url(&'a Data),
    Query(&'a Data),
    QueryAll(&'a Data),
    Headers(&'a Headers),
    HeadersAll(&'a Headers),
    Body(&'a Data, Arc<Meter>),
    Form(&'a Data, Arc<Meter>),
    FormAll(&'a Data, Arc<Meter>),
    JsonValue(&'a Data, Arc<Meter>),
    /// The value of JSON that is an object: the same one, since to hold it twice takes too much.
    Object(&'a Data, Lazy<'a>),
    Same(Lazy<'a>),
    /// What is within a JSON body.
    Within(&'a Value),
}

type Boxed<'a> = Box<dyn Val + 'a>;

impl<'a> Source<'a> {
    /// Whether it is a map or a list, whatever the request says.
    pub(super) fn is_container(&self) -> bool {
        match self {
            Self::Text(..) | Self::Bytes(_) => false,
            Self::Form(..) | Self::FormAll(..) | Self::JsonValue(..) | Self::Object(..) | Self::Same(_) => false,
            Self::Within(value) => value.is_array() || value.is_object(),
            _ => true,
        }
    }

    /// The value: now when it is small, and when somebody reads it when it may not be.
    pub(super) fn value(&self) -> Boxed<'a> {
        match self {
            Self::Text(data, read) => read(data).map_or_else(null, text),
            Self::Bytes(data) => data.bytes().map_or_else(null, |bytes| Box::new(CelBytes::from(bytes.as_ref()))),
            Self::Within(value) if !self.is_container() => json(value),
            Self::Same(value) => Box::new(value.clone()),
            _ => Box::new(Lazy::new(self.clone())),
        }
    }

    /// The value in CEL's form; none when that is too much.
    pub(super) fn convert(&self) -> Option<Boxed<'a>> {
        Some(match self {
            Self::Text(..) | Self::Bytes(_) => self.value(),
            Self::Data(data, meter) => payload(data, meter),
            Self::Url(data) => url(data),
            Self::Query(data) => joined(data.query()),
            Self::QueryAll(data) => all(data.query().iter()),
            Self::Headers(fields) => headers(fields),
            Self::HeadersAll(fields) => all(fields.iter()),
            Self::Body(data, meter) => body(data, meter),
            Self::Form(data, _) | Self::FormAll(data, _) if has_too_many_fields(data) => return None,
            Self::Form(data, _) => data.form().map_or_else(null, joined),
            Self::FormAll(data, _) => data.form().map_or_else(null, |form| all(form.iter())),
            Self::JsonValue(data, _) if has_too_many_parts(data) => return None,
            Self::JsonValue(data, _) => data.json_value().map_or_else(null, json),
            Self::Object(data, _) if !is_object(data) => null(),
            Self::Object(_, value) | Self::Same(value) => Box::new(value.clone()),
            Self::Within(value) => json(value),
        })
    }

    /// Whoever reads what is too much is over budget.
    pub(super) fn refuse(&self) {
        let (meter, reason) = match self {
            Self::Form(_, meter) | Self::FormAll(_, meter) => (meter, "it reads a form of more than 50,000 fields"),
            Self::JsonValue(_, meter) => (meter, "it reads JSON of more than 50,000 lists, objects and commas"),
            _ => return,
        };
        meter.exceed(reason);
    }
}

fn has_too_many_fields(data: &Data) -> bool {
    data.form().is_some_and(|form| form.iter().len() > MAX_PARTS)
}

/// Whether the body is JSON of too many parts. Most bodies are known to be small before they are looked at.
fn has_too_many_parts(data: &Data) -> bool {
    let body = text_of(data);
    let is_part = |byte: &&u8| matches!(byte, b'{' | b'[' | b',');
    body.len() > MAX_PARTS
        && body.iter().filter(is_part).count() > MAX_PARTS
        && parts(body) > MAX_PARTS
        && data.is_json()
}

/// Whether the body is a JSON object.
fn is_object(data: &Data) -> bool {
    let first = || text_of(data).iter().find(|byte| !byte.is_ascii_whitespace());
    if has_too_many_parts(data) { first() == Some(&b'{') } else { data.json().is_some() }
}

fn text_of(data: &Data) -> &[u8] {
    data.bytes().map_or(&[], |body| body.as_ref())
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

fn payload<'a>(data: &'a Data, meter: &Arc<Meter>) -> Boxed<'a> {
    dict([
        ("method", Source::Text(data, |data| Some(data.method().into()))),
        ("url", Source::Url(data)),
        ("raw_url", Source::Text(data, |data| Some(data.raw_url().into()))),
        ("headers", Source::Headers(data.headers())),
        ("headers_all", Source::HeadersAll(data.headers())),
        ("trailers", Source::Headers(data.trailers())),
        ("trailers_all", Source::HeadersAll(data.trailers())),
        ("body", Source::Body(data, Arc::clone(meter))),
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

fn body<'a>(data: &'a Data, meter: &Arc<Meter>) -> Boxed<'a> {
    let value = Lazy::new(Source::JsonValue(data, Arc::clone(meter)));
    dict([
        ("bytes", Source::Bytes(data)),
        ("form", Source::Form(data, Arc::clone(meter))),
        ("json", Source::Object(data, value.clone())),
        ("text", Source::Text(data, |data| data.text().map(Cow::Borrowed))),
        ("json_value", Source::Same(value)),
        ("form_all", Source::FormAll(data, Arc::clone(meter))),
    ])
}

fn headers<'a>(fields: &'a Headers) -> Boxed<'a> {
    let field = |(name, value): (&'a str, Cow<'a, str>)| {
        let slot = match content_length(name, &value) {
            Some(length) => Slot::Made(integer(length)),
            None => Slot::Text(CelString::from(value)),
        };
        (CelString::from(name), slot)
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
        pairs.joined().into_iter().map(|(name, value)| (CelString::from(name), Slot::Text(CelString::from(value)))),
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
