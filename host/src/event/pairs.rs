//! Names and values as a request carries them: in order, and possibly more than once.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Names and values in the order received, nothing joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes `application/x-www-form-urlencoded` as the WHATWG URL standard does: `+` is a space, a malformed `%zz`
    /// and `;` stay literal, bytes that are not UTF-8 become U+FFFD, nothing is dropped.
    pub fn from_form(encoded: &[u8]) -> Self {
        form_urlencoded::parse(encoded).into_owned().collect()
    }

    /// In the order received.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`; a repeated name's values are joined with `", "`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        join(self.iter().filter(|(other, _)| *other == name).map(|(_, value)| value), ", ")
    }

    /// Each name once, at its first place, with its values joined.
    pub fn joined(&self) -> IndexMap<&str, Cow<'_, str>> {
        join_by_name(self.iter(), |_| ", ")
    }
}

impl FromIterator<(String, String)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Header fields. Names are in canonical form (`Content-Type`, `Etag`) and found in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(Pairs);

impl Headers {
    /// None yet, with room for so many fields.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Pairs(Vec::with_capacity(fields)))
    }

    /// Appends a field as it came from the wire: any case, any bytes.
    pub fn append(&mut self, name: &str, value: &[u8]) {
        self.0.0.push((canonical(name), decode(value)));
    }

    /// In the order received.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// The value of `name` in any case; a repeated field's values are joined with `", "`, Cookie's with `"; "`.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let values = self.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        join(values, separator(name))
    }

    /// Each field once, at its first place, with its values joined.
    pub fn joined(&self) -> IndexMap<&str, Cow<'_, str>> {
        join_by_name(self.iter(), separator)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in fields {
            headers.append(name.as_ref(), value.as_ref());
        }
        headers
    }
}

/// RFC 9113, section 8.2.3: the crumbs of Cookie are joined with "; ".
fn separator(name: &str) -> &'static str {
    if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " }
}

/// `x-github-event` as `X-Github-Event`: what Go's `CanonicalMIMEHeaderKey` does with a valid name.
pub(crate) fn canonical(name: &str) -> String {
    let mut start = true;
    let fold = |c: char| {
        let folded = if start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        start = c == '-';
        folded
    };
    let mut canonical = String::with_capacity(name.len());
    canonical.extend(name.chars().map(fold));
    canonical
}

/// UTF-8 where it is valid; otherwise every byte is the character of its number, as ISO-8859-1 has it.
fn decode(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn join<'a>(values: impl Iterator<Item = &'a str>, separator: &str) -> Option<Cow<'a, str>> {
    values.map(Cow::Borrowed).reduce(|all, value| Cow::Owned(all.into_owned() + separator + &value))
}

fn join_by_name<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    separator: impl Fn(&str) -> &'static str,
) -> IndexMap<&'a str, Cow<'a, str>> {
    let mut joined: IndexMap<&str, Cow<'_, str>> = IndexMap::new();
    for (name, value) in pairs {
        match joined.get_mut(name) {
            Some(all) => {
                let all = all.to_mut();
                all.push_str(separator(name));
                all.push_str(value);
            }
            None => {
                joined.insert(name, Cow::Borrowed(value));
            }
        }
    }
    joined
}
