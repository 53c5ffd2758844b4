//! A payload, as people read it. Works on the API's JSON, so that it shows what the server says and not what it means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::output::{self, line};

/// How much of a body is shown; more of it pushes the verdicts off the screen.
const MAX_TEXT: usize = 4 << 10;
const MAX_HEX: usize = 256;

/// Fields whose values open doors: people paste what a terminal shows into reports.
const MASKED: [&str; 3] = ["Authorization", "Cookie", "Proxy-Authorization"];

/// `POST /webhooks/slug?key1=value1`.
pub(super) fn request_line(data: &Value) -> String {
    let part = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    format!("{} {}", part("method"), part("raw_url"))
}

/// Headers, trailers and body.
pub(super) fn payload(data: &Value) -> String {
    let mut text = fields("Headers", data.get("headers_all"));
    text += &body(data.get("body").unwrap_or(&Value::Null));
    let trailers = fields("Trailers", data.get("trailers_all"));
    if !trailers.is_empty() {
        text += "\n";
        text += &trailers;
    }
    text
}

/// Name and value pairs, in the order received.
fn fields(title: &str, pairs: Option<&Value>) -> String {
    let pairs = pairs.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut text = String::new();
    for pair in pairs {
        let part = |index| pair.get(index).and_then(Value::as_str).unwrap_or_default();
        let (name, value) = (part(0), part(1));
        if MASKED.iter().any(|masked| name.eq_ignore_ascii_case(masked)) {
            text += &format!("  {}: (hidden, {}; --json shows it)\n", line(name), output::size(value.len() as u64));
        } else {
            text += &format!("  {}: {}\n", line(name), line(value));
        }
    }
    if text.is_empty() { text } else { format!("{title}\n{text}\n") }
}

fn body(body: &Value) -> String {
    let Some(encoded) = body.get("bytes").and_then(Value::as_str) else { return "Body: none\n".to_owned() };
    let Ok(bytes) = BASE64.decode(encoded) else { return "Body: not readable, its base64 is broken\n".to_owned() };
    let is = |name| body.get(name).is_some_and(|value: &Value| !value.is_null());
    let what = match (body.get("text").and_then(Value::as_str), is("form"), is("json_value")) {
        (None, _, _) => "binary",
        (_, true, _) => "a form",
        (_, _, true) => "JSON",
        _ => "text",
    };
    let size = output::size(bytes.len() as u64);
    match body.get("text").and_then(Value::as_str) {
        Some(text) => {
            let shown = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
            format!("Body: {size}, {what}\n{}{}", output::block(shown, 2), rest(text.len() - shown.len()))
        }
        None => {
            let shown = bytes.get(..MAX_HEX).unwrap_or(&bytes);
            format!("Body: {size}, {what}\n{}{}", hex(shown), rest(bytes.len() - shown.len()))
        }
    }
}

fn rest(bytes: usize) -> String {
    if bytes == 0 { String::new() } else { format!("  … {} more; --json has all\n", output::size(bytes as u64)) }
}

/// Sixteen bytes in each line, and what of them is ASCII.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, row) in bytes.chunks(16).enumerate() {
        let digits: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
        let ascii =
            row.iter().map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' });
        let row = format!("  {:04x}  {:47}  {}", number * 16, digits.join(" "), ascii.collect::<String>());
        text += row.trim_end();
        text += "\n";
    }
    text
}
