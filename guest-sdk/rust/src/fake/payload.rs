//! The payload that the host would make of a request.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

type Pairs = [(String, String)];

/// A request as a test describes it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) trailers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    /// A body without bytes is no body.
    pub(super) fn body(&self) -> Option<&[u8]> {
        self.body.as_deref().filter(|body| !body.is_empty())
    }
}

/// The whole payload, with `body.bytes` in base64.
pub(super) fn payload(request: &Request) -> Value {
    json!({
        "method": request.method,
        "url": url(&request.url),
        "raw_url": request.url,
        "headers": headers(&request.headers),
        "headers_all": request.headers,
        "trailers": headers(&request.trailers),
        "trailers_all": request.trailers,
        "body": body(request),
    })
}

fn url(target: &str) -> Value {
    let (rest, raw_fragment) = target.split_once('#').unwrap_or((target, ""));
    let (raw_path, raw_query) = rest.split_once('?').unwrap_or((rest, ""));
    let below = raw_path.strip_prefix("/webhooks/").unwrap_or_default();
    let suffix = below.split_once('/').map_or("", |(_, suffix)| suffix);
    let query = decode_form(raw_query.as_bytes());
    json!({
        "path": decode(raw_path),
        "query": joined(&query),
        "raw_query": raw_query,
        "fragment": decode(raw_fragment),
        "raw_fragment": raw_fragment,
        "raw_path": raw_path,
        "path_suffix": decode(suffix),
        "query_all": query,
    })
}

fn body(request: &Request) -> Value {
    let body = request.body();
    let json = body.and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let form = body.filter(|_| says_form(request)).map(decode_form);
    json!({
        "bytes": body.map(|body| BASE64.encode(body)),
        "form": form.as_deref().map(joined),
        "json": json.as_ref().filter(|json| json.is_object()),
        "text": body.and_then(|body| std::str::from_utf8(body).ok()),
        "json_value": json,
        "form_all": form,
    })
}

fn says_form(request: &Request) -> bool {
    let headers = headers(&request.headers);
    let content_type = headers.get("Content-Type").and_then(Value::as_str).unwrap_or_default();
    let media_type = content_type.split_once(';').map_or(content_type, |(media_type, _)| media_type);
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn decode_form(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

fn joined(pairs: &Pairs) -> Map<String, Value> {
    join(pairs, |_| ", ")
}

fn headers(pairs: &Pairs) -> Map<String, Value> {
    let mut headers = join(pairs, |name| if name == "Cookie" { "; " } else { ", " });
    if let Some(value) = headers.get_mut("Content-Length")
        && let Some(length) = value.as_str().and_then(|length| length.parse::<u64>().ok())
    {
        *value = length.into();
    }
    headers
}

/// Each name once, at its first place, with its values joined.
fn join(pairs: &Pairs, separator: fn(&str) -> &'static str) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        match map.get_mut(name) {
            Some(Value::String(all)) => {
                all.push_str(separator(name));
                all.push_str(value);
            }
            _ => {
                map.insert(name.clone(), value.as_str().into());
            }
        }
    }
    map
}
