//! Rebuilds a payload from the shape that [`Data::to_json`] gives, or from the part of it that a person wrote by hand.
//!
//! A payload is what a request says; all else follows from that. So a request is put together from the fields that
//! say the most, and every other field that is given must agree with what follows.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use form_urlencoded::Serializer;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{Data, Headers, Raw};

const FIELDS: [&str; 8] = ["method", "url", "raw_url", "headers", "headers_all", "trailers", "trailers_all", "body"];
const URL_FIELDS: [&str; 8] =
    ["path", "query", "raw_query", "fragment", "raw_fragment", "raw_path", "path_suffix", "query_all"];
const BODY_FIELDS: [&str; 6] = ["bytes", "form", "json", "text", "json_value", "form_all"];

const FORM_TYPE: &str = "application/x-www-form-urlencoded";

/// What a path may hold unencoded besides letters and digits (RFC 3986, section 3.3).
const OUTSIDE_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// Why a value is no payload: the field and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromJsonError {
    /// The field: `url.path`; empty for the whole.
    pub path: String,
    /// What is wrong with it: `says "/a", but follows from raw_url as "/b"`.
    pub reason: String,
}

impl std::error::Error for FromJsonError {}

impl fmt::Display for FromJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.reason),
            path => write!(f, "`{path}` {}", self.reason),
        }
    }
}

type Result<T, E = FromJsonError> = std::result::Result<T, E>;

fn error<T>(path: &str, reason: impl Into<String>) -> Result<T> {
    Err(FromJsonError { path: path.to_owned(), reason: reason.into() })
}

impl Data {
    /// The payload of an event in the shape of the API (`{"type": "post", "data": {…}}`) or of its `data` alone. Every
    /// field may be missing or null: the method is then GET, the URL `/webhooks/slug`, and nothing else is there.
    ///
    /// # Errors
    /// A field is unknown, is not of its type, or contradicts what follows from the others.
    pub fn from_json(value: &Value) -> Result<Self> {
        let given = Given(Some(object("", value)?));
        match given.get("data") {
            Some(data) => from_data(Given(Some(object("data", data)?)), given.text("", "type")?),
            None => from_data(given, None),
        }
    }
}

fn from_data(given: Given<'_>, kind: Option<&str>) -> Result<Data> {
    given.allow("", &FIELDS)?;
    let url = given.below("url", &URL_FIELDS)?;
    let body = given.below("body", &BODY_FIELDS)?;
    // A type is in lower case, and a method as the sender wrote it.
    let method = match (given.text("", "method")?, kind) {
        (Some(method), _) => method.to_owned(),
        (None, Some(kind)) => kind.to_ascii_uppercase(),
        (None, None) => "GET".to_owned(),
    };
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(&method)) {
        return error("type", format!("says {:?}, but `data.method` is {method:?}", kind.unwrap_or_default()));
    }
    let (target, target_from) = match given.text("", "raw_url")? {
        Some(target) => (target.to_owned(), "raw_url"),
        None => (target(url)?, "the other fields of `url`"),
    };
    let mut headers = fields(given, "headers", "headers_all")?;
    let (bytes, body_from) = bytes(body)?;
    let form_field = ["form_all", "form"].into_iter().find(|name| body.get(name).is_some());
    if form_field.is_some() && headers.get("Content-Type").is_none() && given.get("headers_all").is_none() {
        headers.append("Content-Type", FORM_TYPE.as_bytes());
    }
    let trailers = fields(given, "trailers", "trailers_all")?;
    let said_type = headers.get("Content-Type").map(|said| said.into_owned());
    let data = Data::new(Raw { method, url: target, headers, trailers, body: bytes });
    if let Some(name) = form_field.filter(|_| data.form().is_none()) {
        let reason = match (data.bytes(), said_type) {
            (None, _) => "must be left out: a body with no fields is no body, and has no form".to_owned(),
            (_, Some(said)) => format!("needs the Content-Type {FORM_TYPE:?}, not {said:?}"),
            (_, None) => format!("needs the Content-Type {FORM_TYPE:?}"),
        };
        return error(&format!("body.{name}"), reason);
    }

    let follows = data.to_json();
    let follow = |name: &str| follows.get(name).unwrap_or(&Value::Null);
    url.agree("url.", follow("url"), target_from)?;
    body.agree("body.", follow("body"), body_from)?;
    for (name, from) in [("headers", "headers_all"), ("trailers", "trailers_all")] {
        given.agree_on_fields(name, follow(name), from)?;
    }
    Ok(data)
}

/// The fields of an object, if there is one; null says nothing.
#[derive(Clone, Copy)]
struct Given<'j>(Option<&'j Map<String, Value>>);

impl<'j> Given<'j> {
    fn get(self, name: &str) -> Option<&'j Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    fn text(self, prefix: &str, name: &str) -> Result<Option<&'j str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => error(&format!("{prefix}{name}"), format!("must be a string, not {}", kind(other))),
        }
    }

    fn allow(self, prefix: &str, known: &[&str]) -> Result<()> {
        let mut names = self.0.into_iter().flat_map(Map::keys);
        let Some(unknown) = names.find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let distance = |other: &str| strsim::damerau_levenshtein(unknown, other);
        let nearest = known.iter().min_by_key(|other| distance(other)).filter(|other| distance(other) <= 2);
        let hint = match nearest {
            _ if prefix.is_empty() && distance("data") == 1 => "did you mean `data`?".to_owned(),
            Some(other) => format!("did you mean `{prefix}{other}`?"),
            None => format!("the fields here are {}", known.join(", ")),
        };
        error(&format!("{prefix}{unknown}"), format!("is no field of a payload; {hint}"))
    }

    /// The fields of the object at `name`; none when nothing is said of it.
    fn below(self, name: &str, known: &[&str]) -> Result<Given<'j>> {
        let below = Given(self.get(name).map(|value| object(name, value)).transpose()?);
        below.allow(&format!("{name}."), known)?;
        Ok(below)
    }

    /// Whether every field is as it follows from the field `from`.
    fn agree(self, prefix: &str, follows: &Value, from: &str) -> Result<()> {
        for (name, follows) in follows.as_object().into_iter().flatten() {
            let Some(said) = self.get(name) else { continue };
            // A body without bytes is no body.
            let is_empty_body = name == "bytes" && said == "";
            if said != follows && !is_empty_body {
                return contradiction(&format!("{prefix}{name}"), said, follows, from);
            }
        }
        Ok(())
    }

    /// The same for a dictionary of header fields: names in any case, and what is not named is not said.
    fn agree_on_fields(self, name: &str, follows: &Value, from: &str) -> Result<()> {
        let said = self.get(name).map(|value| object(name, value)).transpose()?;
        for (field, said) in said.into_iter().flatten() {
            let same_name = |(other, _): &(&String, &Value)| other.eq_ignore_ascii_case(field);
            let follows =
                follows.as_object().into_iter().flatten().find(same_name).map_or(&Value::Null, |(_, value)| value);
            if field_text(said) != field_text(follows) {
                return contradiction(&format!("{name}.{field}"), said, follows, from);
            }
        }
        Ok(())
    }
}

fn contradiction(path: &str, said: &Value, follows: &Value, from: &str) -> Result<()> {
    let from = if from.contains(' ') { from.to_owned() } else { format!("`{from}`") };
    error(path, format!("says {said}, but follows from {from} as {follows}"))
}

/// A request target that says what the fields of `url` say.
fn target(url: Given<'_>) -> Result<String> {
    let text = |name| url.text("url.", name);
    let encode = |text: &str| utf8_percent_encode(text, OUTSIDE_PATH).to_string();
    let mut target = match (text("raw_path")?, text("path")?, text("path_suffix")?) {
        (Some(raw_path), _, _) => raw_path.to_owned(),
        (None, Some(path), _) => encode(path),
        (None, None, Some(suffix)) => format!("/webhooks/slug/{}", encode(suffix)),
        (None, None, None) => "/webhooks/slug".to_owned(),
    };
    let query = match text("raw_query")? {
        Some(raw_query) => raw_query.to_owned(),
        None => form(url, "url.", "query", "query_all")?.unwrap_or_default(),
    };
    if !query.is_empty() {
        target = format!("{target}?{query}");
    }
    let fragment = match text("raw_fragment")? {
        Some(raw_fragment) => raw_fragment.to_owned(),
        None => encode(text("fragment")?.unwrap_or_default()),
    };
    Ok(if fragment.is_empty() { target } else { format!("{target}#{fragment}") })
}

/// The body, and the field that said it.
fn bytes(body: Given<'_>) -> Result<(Option<Bytes>, &'static str)> {
    if let Some(encoded) = body.text("body.", "bytes")? {
        return match BASE64.decode(encoded) {
            Ok(bytes) => Ok((Some(bytes.into()), "body.bytes")),
            Err(_) => error("body.bytes", "must be in base64"),
        };
    }
    if let Some(text) = body.text("body.", "text")? {
        return Ok((Some(Bytes::copy_from_slice(text.as_bytes())), "body.text"));
    }
    if let Some(json) = body.get("json") {
        object("body.json", json)?;
        return Ok((Some(json.to_string().into()), "body.json"));
    }
    if let Some(json) = body.get("json_value") {
        return Ok((Some(json.to_string().into()), "body.json_value"));
    }
    let form = form(body, "body.", "form", "form_all")?;
    let from = if body.get("form_all").is_some() { "body.form_all" } else { "body.form" };
    Ok((form.map(Bytes::from), from))
}

/// Names and values, URL-encoded, from the list of pairs, or else from the dictionary.
fn form(given: Given<'_>, prefix: &str, joined: &str, all: &str) -> Result<Option<String>> {
    let mut encoded = Serializer::new(String::new());
    if let Some(list) = given.get(all) {
        for (name, value) in pairs(&format!("{prefix}{all}"), list)? {
            encoded.append_pair(name, value);
        }
        return Ok(Some(encoded.finish()));
    }
    let Some(fields) = given.get(joined) else { return Ok(None) };
    let path = format!("{prefix}{joined}");
    for (name, value) in object(&path, fields)? {
        let Value::String(value) = value else {
            return error(&format!("{path}.{name}"), format!("must be a string, not {}", kind(value)));
        };
        encoded.append_pair(name, value);
    }
    Ok(Some(encoded.finish()))
}

/// Header fields from the list of pairs, or else from the dictionary.
fn fields(given: Given<'_>, joined: &str, all: &str) -> Result<Headers> {
    if let Some(list) = given.get(all) {
        return Ok(pairs(all, list)?.into_iter().collect());
    }
    let mut headers = Headers::default();
    let Some(fields) = given.get(joined) else { return Ok(headers) };
    for (name, value) in object(joined, fields)? {
        if headers.get(name).is_some() {
            let reason = format!("is given twice, since names are the same in any case; list both in `{all}`");
            return error(&format!("{joined}.{name}"), reason);
        }
        match field_text(value) {
            Some(text) => headers.append(name, text.as_bytes()),
            None => {
                return error(&format!("{joined}.{name}"), format!("must be a string, not {}", kind(value)));
            }
        }
    }
    Ok(headers)
}

/// A header's value as text: the number of a Content-Length too.
fn field_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn pairs<'j>(path: &str, value: &'j Value) -> Result<Vec<(&'j str, &'j str)>> {
    let wrong = || error(path, "must be a list of pairs of strings: [[\"name\", \"value\"]]");
    let Value::Array(list) = value else { return wrong() };
    let mut pairs = Vec::new();
    for pair in list {
        match pair.as_array().map(Vec::as_slice) {
            Some([Value::String(name), Value::String(value)]) => pairs.push((name.as_str(), value.as_str())),
            _ => return wrong(),
        }
    }
    Ok(pairs)
}

fn object<'j>(path: &str, value: &'j Value) -> Result<&'j Map<String, Value>> {
    match value {
        Value::Object(fields) => Ok(fields),
        other if path.is_empty() => error(path, format!("a payload is an object, not {}", kind(other))),
        other => error(path, format!("must be an object, not {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
