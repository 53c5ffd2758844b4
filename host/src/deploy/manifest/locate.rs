//! From a place in a scalar's value to its place in the file. Knows how YAML folds, quotes and escapes, and no more.

use std::ops::Range;

use super::diagnostic::{Diagnostic, Excerpt};
use super::{At, Span};

impl Diagnostic {
    /// An error about the bytes `part` of a scalar's value, in `source`: with the place in the file if it is there as written,
    /// and else with the whole scalar and an excerpt of its value.
    pub fn inside(source: &str, scalar: &At<String>, part: Range<usize>, message: impl Into<String>) -> Self {
        if let Some(span) = locate(source, scalar, &part) {
            return Self::error(source, span, message);
        }
        let mut found = Self::error(source, scalar.span, message);
        let span = Span { start: part.start, end: part.end };
        found.excerpt = Some(Excerpt { text: scalar.value.clone(), span });
        found
    }
}

/// Where the bytes `part` of the scalar's value are in `source`.
///
/// The value and what the file writes are read side by side. A line break of the file, with the spaces around it, is a space or
/// a line break of the value, as plain, quoted and block scalars have it; `''` and `\"` are one character. Another escape ends
/// the search.
fn locate(source: &str, scalar: &At<String>, part: &Range<usize>) -> Option<Span> {
    let written = source.get(scalar.span.start..scalar.span.end)?;
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\'') && written.len() > 1);
    let mut rest = Written { text: written, offset: 0, quote };
    if quote.is_some() {
        rest.skip(1);
    }
    let (mut start, mut end) = (None, None);
    for (i, c) in scalar.value.char_indices() {
        if i >= part.end && end.is_some() {
            break;
        }
        let after = scalar.value.get(i + 1..).unwrap_or_default();
        let (from, to) = rest.next(c, after)?;
        if i <= part.start {
            start = Some(from);
        }
        if i < part.end.max(part.start + 1) {
            end = Some(to);
        }
    }
    // What lies behind the last character: an expression that ends too early.
    let (start, end) = if part.start >= scalar.value.len() { (rest.offset, rest.offset) } else { (start?, end?) };
    Some(Span { start: scalar.span.start + start, end: scalar.span.start + end.max(start) })
}

/// What the file has of a scalar, from `offset` on.
struct Written<'s> {
    text: &'s str,
    offset: usize,
    quote: Option<char>,
}

impl Written<'_> {
    /// The bytes that stand for `c`, the value's next character; `after` is what the value has behind it.
    fn next(&mut self, c: char, after: &str) -> Option<(usize, usize)> {
        let from = self.offset;
        let rest = self.text.get(from..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let breaks = rest.get(..blank)?.contains('\n');
        if breaks && matches!(c, ' ' | '\n') {
            // Of a run of line breaks, the value has all or one less: the last one takes what is left.
            let newline = rest.find('\n')? + 1;
            // What a block's line is indented more than its first is the value's.
            let kept = after.len() - after.trim_start_matches([' ', '\t']).len();
            self.skip(if after.starts_with('\n') { newline } else { blank.saturating_sub(kept).max(newline) });
            return Some((from, self.offset));
        }
        let here = rest.chars().next()?;
        let next = rest.chars().nth(1);
        let taken = match (self.quote, here, next) {
            (Some('\''), '\'', Some('\'')) if c == '\'' => 2,
            (Some('"'), '\\', Some(escaped @ ('"' | '\\' | '/'))) if c == escaped => 2,
            (Some('"'), '\\', _) => return None,
            _ if here == c => c.len_utf8(),
            _ => return None,
        };
        self.skip(taken);
        Some((from, self.offset))
    }

    fn skip(&mut self, bytes: usize) {
        self.offset += bytes;
    }
}
