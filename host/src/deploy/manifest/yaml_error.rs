//! What the YAML reader cannot read, in words, with the traps that manifests fall into. Knows YAML, not a manifest's keys.

use serde_saphyr::{Error, Location};

use super::Span;
use super::diagnostic::Diagnostic;
use super::tree::{MAX_DEPTH, MAX_VALUES};

/// The one mistake that stopped the reader.
pub(super) fn diagnostic(source: &str, error: &Error) -> Diagnostic {
    let span = error.location().map(|location| span(source, location)).unwrap_or_default();
    let line = line(source, span.start);
    Diagnostic::error(source, span, message(error)).help(help(error, line))
}

fn message(error: &Error) -> String {
    match error.without_snippet() {
        Error::MultipleDocuments { .. } => "a manifest is one YAML document, and here a second begins".to_owned(),
        error if is_limit(error) => "the manifest is too large".to_owned(),
        error => format!("this is not YAML: {}", bare(error)),
    }
}

fn is_limit(error: &Error) -> bool {
    // The parser below, and what is behind an alias, tell theirs in words only.
    matches!(error.without_snippet(), Error::Budget { .. }) || bare(error).contains("limit exceeded")
}

/// The reader's message without the positions that it ends with.
fn bare(error: &Error) -> String {
    let text = error.without_snippet().to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}

fn help(error: &Error, line: &str) -> Option<String> {
    let indentation = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    if matches!(error.without_snippet(), Error::MultipleDocuments { .. }) {
        return Some("remove the line `---`, and give each project its own manifest".to_owned());
    }
    if is_limit(error) {
        let help = format!("it may have {MAX_VALUES} values, those that aliases repeat included, {MAX_DEPTH} deep");
        return Some(help);
    }
    if indentation.contains('\t') {
        return Some("indent with spaces: YAML takes no tabs".to_owned());
    }
    let key = line.trim_start().trim_start_matches("- ").split_once(':').map(|(key, _)| key.trim());
    match key {
        Some("filter") => Some(
            "a filter that begins with a quote, `[`, `{`, `!`, `*`, `&` or `%`, or that has `: ` or ` #` in it, needs quotes: \
             `filter: '…'`; or write `filter: >-` and the filter in the next line, indented"
                .to_owned(),
        ),
        Some("call") => Some("write `call: module:function`, as in `call: webhooks.py:on_http_get`".to_owned()),
        _ => None,
    }
}

/// The reader counts bytes where it can, and lines and characters always.
fn span(source: &str, location: Location) -> Span {
    let at = location.span();
    let start = match at.byte_offset() {
        Some(offset) => usize::try_from(offset).unwrap_or(source.len()),
        None => {
            let before = usize::try_from(at.offset()).unwrap_or(usize::MAX);
            source.char_indices().nth(before).map_or(source.len(), |(offset, _)| offset)
        }
    };
    let next = source.get(start..).and_then(|rest| rest.chars().next());
    let length = next.filter(|c| !matches!(c, '\r' | '\n')).map_or(0, char::len_utf8);
    Span { start, end: start + length }
}

fn line(source: &str, offset: usize) -> &str {
    let offset = source.floor_char_boundary(offset);
    let start = source.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}
