//! What is wrong with a manifest, where, and what to do: as values, and as text for people.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::Span;

/// Nobody reads more, and a hostile manifest makes ten thousand.
pub(super) const MOST: usize = 100;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// All that is wrong with a manifest, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    /// At least one, and so many that nobody reads more.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    pub omitted: usize,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether the manifest can be used all the same.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// The bytes that it is about.
    pub span: Span,
    /// Another place that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The text that was read, where the place in it has no exact place in the file: an expression with YAML's escapes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The manifest cannot be used.
    Error,
    /// It can, but is likely not what was meant.
    Warning,
}

/// A place and its part in a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What is there: `first here`.
    pub message: String,
    /// Where it is.
    pub span: Span,
}

/// A scalar's value and the bytes of it that a mistake is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// What YAML made of the scalar.
    pub text: String,
    /// Bytes of `text`.
    pub span: Span,
}

impl Diagnostic {
    /// An error about `span` of the manifest `source`.
    pub fn error(source: &str, span: Span, message: impl Into<String>) -> Self {
        let (line, column) = position(source, span.start);
        let severity = Severity::Error;
        Self { severity, message: message.into(), line, column, span, note: None, excerpt: None, help: None }
    }

    /// As a warning: the manifest can be used all the same.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// With another place.
    #[must_use]
    pub fn note(mut self, span: Span, message: impl Into<String>) -> Self {
        self.note = Some(Note { message: message.into(), span });
        self
    }

    fn render(&self, file: &str, source: &str, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        // A byte order mark is no column of the first line.
        let text = source.trim_start_matches(BYTE_ORDER_MARK);
        let mark = source.len() - text.len();
        let place = |span: Span| {
            within(text, Span { start: span.start.saturating_sub(mark), end: span.end.saturating_sub(mark) })
        };
        let primary = AnnotationKind::Primary.span(place(self.span));
        let mut snippet = Snippet::source(text).path(file).annotation(primary);
        if let Some(note) = &self.note {
            snippet = snippet.annotation(AnnotationKind::Context.span(place(note.span)).label(&note.message));
        }
        let mut group = level.primary_title(&self.message).element(snippet);
        if let Some(excerpt) = &self.excerpt {
            group = group.element(
                Snippet::source(&excerpt.text)
                    .path("its value")
                    .annotation(AnnotationKind::Primary.span(within(&excerpt.text, excerpt.span))),
            );
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

impl Error {
    /// Every mistake as text for people, without colours, and a blank line between two. `file` is the manifest's path and
    /// `source` its content (what is left of it if it is not UTF-8).
    pub fn render(&self, file: &str, source: &str) -> String {
        self.render_with(file, source, &Renderer::plain())
    }

    /// As [`Error::render`], with colours for a terminal.
    pub fn render_styled(&self, file: &str, source: &str) -> String {
        self.render_with(file, source, &Renderer::styled())
    }

    fn render_with(&self, file: &str, source: &str, renderer: &Renderer) -> String {
        let mut texts: Vec<_> = self.diagnostics.iter().map(|found| found.render(file, source, renderer)).collect();
        if self.omitted > 0 {
            texts.push(format!("… and {} more", self.omitted));
        }
        texts.join("\n\n")
    }
}

impl From<Vec<Diagnostic>> for Error {
    fn from(mut diagnostics: Vec<Diagnostic>) -> Self {
        // Of too many it is the warnings that are left out.
        diagnostics.sort_by_key(|found| (found.severity == Severity::Warning, found.span.start));
        let omitted = diagnostics.len().saturating_sub(MOST);
        diagnostics.truncate(MOST);
        diagnostics.sort_by_key(|found| found.span.start);
        Self { diagnostics, omitted }
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostics: vec![diagnostic], omitted: 0 }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, found) in self.diagnostics.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}line {}, column {}: {}", found.line, found.column, found.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Line and column, from 1, of a byte of `source`; columns count characters.
fn position(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..source.floor_char_boundary(offset)).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default().trim_start_matches(BYTE_ORDER_MARK).chars().count() + 1;
    (line, column)
}

/// `span` as a range that lies in `source` and splits no character.
fn within(source: &str, span: Span) -> Range<usize> {
    let start = source.floor_char_boundary(span.start);
    start..source.ceil_char_boundary(span.end.clamp(start, source.len()))
}
