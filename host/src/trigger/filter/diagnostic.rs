//! What is wrong with an expression and where, as people and as programs read it.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr as _;

/// A longer line is shown in part: a terminal would wrap it, and the caret stand below nothing. In characters.
const MAX_LINE: usize = 120;

/// Why an expression is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    source: Box<str>,
    diagnostics: Vec<Diagnostic>,
}

/// One thing that is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in words.
    pub message: String,
    /// The bytes of the expression that it is about; empty at its end when something is missing there.
    pub span: Range<usize>,
    /// The line that the span starts on, from 1.
    pub line: usize,
    /// The character of that line that the span starts with, from 1.
    pub column: usize,
    /// What was probably meant: the text that should stand in place of the span.
    pub suggestion: Option<String>,
}

impl CompileError {
    pub(super) fn new(source: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        Self { source: source.into(), diagnostics }
    }

    /// The expression.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is wrong with it, in the expression's order; at least one thing.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl std::error::Error for CompileError {}

/// In cel-go's style: the position, the message, the line, and a caret below.
impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render("ERROR", &self.source, &self.diagnostics))
    }
}

/// Warnings about `source`, as errors are shown; empty when there is none.
pub fn render_warnings(source: &str, warnings: &[Diagnostic]) -> String {
    render("WARNING", source, warnings)
}

fn render(severity: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
    let one = |diagnostic: &Diagnostic| {
        let Diagnostic { line, column, .. } = diagnostic;
        let text = source.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
        // One column each, so that the caret stands where it should.
        let text = text.trim_end_matches('\r').replace(char::is_control, " ");
        let at = column.saturating_sub(1);
        let (text, at) = if text.chars().count() > MAX_LINE { excerpt(&text, at) } else { (text, at) };
        let place = text.chars().take(at).collect::<String>().width() + 1;
        format!("{severity}: <input>:{line}:{column}: {diagnostic}\n | {text}\n | {:.>place$}", "^")
    };
    diagnostics.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// What stands around a place of a long line, and the place in it.
fn excerpt(line: &str, at: usize) -> (String, usize) {
    let start = at.saturating_sub(MAX_LINE / 2);
    let end = start + MAX_LINE;
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < line.chars().count() { "…" } else { "" });
    let shown: String = line.chars().skip(start).take(MAX_LINE).collect();
    (format!("{before}{shown}{after}"), at - start + before.chars().count())
}

impl Diagnostic {
    /// About the bytes `span` of `source`.
    pub(super) fn new(source: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let line = before.matches('\n').count() + 1;
        Self { message: message.into(), span, line, column, suggestion: None }
    }

    pub(super) fn suggest(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

/// The message, with the suggestion.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, ", did you mean '{suggestion}'?"),
            None => Ok(()),
        }
    }
}

/// The known name that `name` resembles most, if it resembles one.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let distance = |other: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let allowed = if name.chars().count() <= 4 { 1 } else { 2 };
    let (distance, best) = known.map(|other| (distance(other), other)).min()?;
    (distance <= allowed).then(|| best.to_owned())
}
