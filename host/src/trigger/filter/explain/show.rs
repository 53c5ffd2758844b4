//! Values as CEL writes them, cut when they are long and without secrets.

use std::fmt::Write as _;

use cel::common::types::{
    CelBool, CelBytes, CelDouble, CelDuration, CelInt, CelNull, CelString, CelTimestamp, CelType, CelUInt, Kind,
};
use cel::common::value::Val;

use super::secrets::{HIDDEN, Secrets, is_secret_name};

/// A map with more entries is only counted: its order is none, and to sort it takes time.
const MAX_ENTRIES: usize = 64;

/// `value` in about `most` characters.
pub(super) fn show(value: &dyn Val, most: usize, secrets: &Secrets) -> String {
    let mut shown = Shown { text: String::new(), left: most, secrets };
    shown.value(value);
    shown.text
}

/// The type's name in a sentence: `string`, `null`.
pub(super) fn type_name(value: &dyn Val) -> String {
    match value.get_type().name() {
        "null_type" => "null".to_owned(),
        name => name.trim_start_matches("google.protobuf.").to_lowercase(),
    }
}

/// How many elements a list or a map has.
fn size(value: &dyn Val) -> usize {
    value.as_sizer().map_or(0, |sizer| usize::try_from(*sizer.size().inner()).unwrap_or(0))
}

struct Shown<'s> {
    text: String,
    left: usize,
    secrets: &'s Secrets,
}

impl Shown<'_> {
    fn value(&mut self, value: &dyn Val) {
        if let Some(text) = value.downcast_ref::<CelString<'_>>() {
            self.text(text.inner());
        } else if let Some(bytes) = value.downcast_ref::<CelBytes<'_>>() {
            self.bytes(bytes.inner());
        } else {
            match value.get_type().kind() {
                Kind::List => self.list(value),
                Kind::Map => self.map(value),
                _ => self.push(&scalar(value)),
            }
        }
    }

    fn text(&mut self, text: &str) {
        if self.secrets.cover(text) {
            return self.push(HIDDEN);
        }
        self.push("\"");
        for c in text.chars() {
            if self.left == 0 {
                return;
            }
            match c {
                '"' | '\\' => self.push(&format!("\\{c}")),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                '\t' => self.push("\\t"),
                c if c.is_control() => self.push(&format!("\\u{:04x}", u32::from(c))),
                c => self.push(c.encode_utf8(&mut [0; 4])),
            }
        }
        self.push("\"");
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.secrets.cover(&String::from_utf8_lossy(bytes)) {
            return self.push(HIDDEN);
        }
        self.push("b\"");
        for byte in bytes {
            if self.left == 0 {
                return;
            }
            match byte {
                b'"' | b'\\' => self.push(&format!("\\{}", char::from(*byte))),
                b' '..=b'~' => self.push(char::from(*byte).encode_utf8(&mut [0; 4])),
                byte => self.push(&format!("\\x{byte:02x}")),
            }
        }
        self.push("\"");
    }

    fn list(&mut self, list: &dyn Val) {
        let count = size(list);
        let mut elements = list.as_iterable().map(|list| list.iter());
        let mut elements = std::iter::from_fn(|| elements.as_mut()?.next()).enumerate().peekable();
        // An element of `headers_all`.
        let name = elements.peek().and_then(|(_, name)| name.downcast_ref::<CelString<'_>>());
        let is_secret = count == 2 && name.is_some_and(|name| is_secret_name(name.inner()));
        self.push("[");
        for (place, element) in elements {
            if self.left == 0 {
                return;
            }
            if place > 0 {
                self.push(", ");
            }
            if place == 1 && is_secret { self.push(HIDDEN) } else { self.value(element) }
        }
        self.push("]");
    }

    fn map(&mut self, map: &dyn Val) {
        let count = size(map);
        if count > MAX_ENTRIES {
            return self.push(&format!("(a map of {count} entries)"));
        }
        let (Some(names), Some(values)) = (map.as_iterable(), map.as_indexer()) else { return self.push(&scalar(map)) };
        let written = |key: &dyn Val| {
            let name = key.downcast_ref::<CelString<'_>>().map(|name| name.inner().to_owned());
            (name.is_none(), name.unwrap_or_else(|| scalar(key)))
        };
        let mut names = names.iter();
        let entries = std::iter::from_fn(|| names.next());
        let mut entries: Vec<_> = entries.filter_map(|name| Some((written(name), values.get(name).ok()?))).collect();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.push("{");
        for (place, ((is_scalar, name), value)) in entries.into_iter().enumerate() {
            if self.left == 0 {
                return;
            }
            if place > 0 {
                self.push(", ");
            }
            if is_scalar {
                self.push(&name)
            } else {
                self.text(&name)
            }
            self.push(": ");
            if is_secret_name(&name) { self.push(HIDDEN) } else { self.value(value.as_ref()) }
        }
        self.push("}");
    }

    /// Appends what there is room for.
    fn push(&mut self, text: &str) {
        if self.left == 0 {
            return;
        }
        let count = text.chars().count();
        if count <= self.left {
            self.left -= count;
            self.text.push_str(text);
        } else {
            self.text.extend(text.chars().take(self.left));
            self.left = 0;
        }
        if self.left == 0 {
            self.text.push('…');
        }
    }
}

fn scalar(value: &dyn Val) -> String {
    if let Some(value) = value.downcast_ref::<CelBool>() {
        value.inner().to_string()
    } else if let Some(value) = value.downcast_ref::<CelInt>() {
        value.inner().to_string()
    } else if let Some(value) = value.downcast_ref::<CelUInt>() {
        format!("{}u", value.inner())
    } else if let Some(value) = value.downcast_ref::<CelDouble>() {
        format!("{:?}", value.inner())
    } else if value.downcast_ref::<CelNull>().is_some() {
        "null".to_owned()
    } else if let Some(value) = value.downcast_ref::<CelType>() {
        value.name().to_owned()
    } else if let Some(value) = value.downcast_ref::<CelTimestamp>() {
        format!("timestamp(\"{}\")", value.inner().to_rfc3339())
    } else if let Some(value) = value.downcast_ref::<CelDuration>() {
        duration(value)
    } else {
        format!("({})", value.get_type().name())
    }
}

/// `duration("1.5s")`.
fn duration(value: &CelDuration) -> String {
    let (seconds, nanos) = (value.inner().num_seconds(), value.inner().subsec_nanos());
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let mut text = format!("{sign}{}", seconds.unsigned_abs());
    if nanos != 0 {
        let fraction = format!("{:09}", nanos.unsigned_abs());
        write!(text, ".{}", fraction.trim_end_matches('0')).expect("a string takes every write");
    }
    format!("duration(\"{text}s\")")
}
