//! What the fuzz target is given: an expression and a request, as text that a person can read and write.
//!
//! ```text
//! data.body.json.a == 1
//! ---
//! POST /webhooks/slug?b=c
//! Content-Type: application/json
//!
//! {"a": 1}
//! ```

use std::fmt;

use tenterhook_host::event::{Data, EventType, Raw, VerdictKind};
use tenterhook_host::trigger::Filter;
use tenterhook_host::trigger::filter::{Context, Judgement};

const BETWEEN: &str = "\n---\n";

/// An expression and a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub(crate) expression: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Input {
    /// Every text is an input; what is missing has a default.
    pub(crate) fn parse(text: &str) -> Self {
        let (expression, request) = text.split_once(BETWEEN).unwrap_or((text, ""));
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let (method, url) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("POST", "/webhooks/slug"));
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            expression: expression.to_owned(),
            method: method.to_owned(),
            url: url.to_owned(),
            headers: lines.filter_map(header).collect(),
            body: body.to_owned(),
        }
    }

    /// The request, read from the wire.
    pub(crate) fn data(&self) -> Data {
        Data::new(Raw {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            body: (!self.body.is_empty()).then(|| self.body.clone().into()),
            ..Raw::default()
        })
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}{BETWEEN}{} {}", self.expression, self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", self.body)
    }
}

/// What came of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// It is not compiled, for these reasons.
    Refused(String),
    /// The event's verdict.
    Verdict(VerdictKind, Option<String>),
}

/// Compiles an expression.
pub(crate) fn compile(expression: &str) -> Result<Filter, Answer> {
    Filter::compile(expression).map_err(|error| Answer::Refused(error.to_string()))
}

/// Asks a filter about a request, and why when it does not match.
pub(crate) fn evaluate(filter: &Filter, data: &Data) -> Answer {
    let kind = EventType::of(data.method());
    let Judgement { kind, detail, explanation } = filter.judge(&Context::new(&kind, data));
    for part in explanation.iter().flat_map(|explanation| &explanation.parts) {
        assert!(filter.source().get(part.start..part.end).is_some(), "{part:?} is no part of {filter}");
    }
    Answer::Verdict(kind, detail)
}
