//! An expression that gives a text: the name by which a delivery is told from another, or the lane that it waits in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::Value;
use cel::common::types::CelString;

use super::budget::Purpose;
use super::evaluate::{describe, shorten, with_article};
use super::functions::Type;
use super::{CompileError, Context, Filter};
use crate::event::Digest;

/// The longest key that is kept as it is, in bytes. It is in an index of the store, and senders choose it.
const MAX_BYTES: usize = 512;

/// A compiled expression that gives a string.
#[derive(Debug)]
pub struct Key(Filter);

impl Key {
    /// Compiles an expression and checks what can be known of it before an event is there.
    ///
    /// # Errors
    /// As of [`Filter::compile`], but that it cannot give a string.
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        Filter::compile_as(source, Type::String).map(Self)
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        self.0.source()
    }

    /// What it gives for an event; a text that is longer than 512 bytes is its SHA-256 instead.
    ///
    /// # Errors
    /// It failed, exceeded its budget, gave something else than a string, or an empty one: why, in words.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Arc<str>, String> {
        // As with filters: a bug in the crate must not end the process.
        let evaluate = || catch_unwind(AssertUnwindSafe(|| self.text(context)));
        let answer = stacker::maybe_grow(self.0.stack, self.0.stack, evaluate);
        context.meter.stop();
        let text = answer
            .unwrap_or_else(|_| Err("the expression crashed".to_owned()))
            .map_err(|reason| shorten(context.secrets().strip(reason)))?;
        if text.is_empty() { Err("it gave an empty string".to_owned()) } else { Ok(bounded(&text)) }
    }

    fn text(&self, context: &Context<'_>) -> Result<String, String> {
        let mut scope = context.variables.new_inner_scope();
        scope.set_variable_resolver(&self.0.constants);
        context.meter.start(Purpose::Verdict);
        let answer = Value::resolve_val(&self.0.tree, &scope);
        if let Some(reason) = context.meter.exceeded() {
            return Err(reason);
        }
        let value = answer.map_err(|error| describe(&error))?;
        match value.downcast_ref::<CelString<'_>>() {
            Some(text) => Ok(text.inner().to_owned()),
            None => Err(format!("it gave {}, not a string", with_article(value.as_ref()))),
        }
    }
}

/// A key of bounded length: of a text that is too long, its SHA-256.
pub(crate) fn bounded(text: &str) -> Arc<str> {
    if text.len() > MAX_BYTES { format!("sha256:{}", Digest::of(text.as_bytes())).into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::event::{Data, EventType, Headers, Raw};

    fn ask(source: &str) -> Result<Arc<str>, String> {
        let headers: Headers = [("X-Id", b"42".as_slice()), ("X-Empty", b"")].into_iter().collect();
        let body = format!(r#"{{"id": "ord_7", "number": 7, "none": null, "long": "{}"}}"#, "x".repeat(600));
        let raw = Raw {
            method: "POST".to_owned(),
            url: "/webhooks/slug".to_owned(),
            headers,
            body: Some(body.into()),
            ..Raw::default()
        };
        let (kind, data) = (EventType::of("POST"), Data::new(raw));
        Key::compile(source).unwrap().evaluate(&Context::new(&kind, &data))
    }

    #[test]
    fn a_key_is_the_text_that_it_gives() {
        let cases = [
            ("data.headers['x-id']", "42"),
            ("data.body.json.id", "ord_7"),
            ("string(data.body.json.number) + ':' + event_type", "7:post"),
            ("has(data.body.json.nope) ? data.body.json.nope : data.body.json.id", "ord_7"),
        ];
        for (source, expected) in cases {
            assert_eq!(ask(source).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn what_gives_no_text_says_why() {
        let sources = [
            "data.headers['X-Nope']",
            "data.body.json.number",
            "data.body.json.none",
            "data.headers['X-Empty']",
            "''",
            "string([1, 2][2])",
            "lists.range(1000).map(x, lists.range(1000).map(y, y)).size() == 0 ? 'a' : 'b'",
        ];
        // How much it took differs.
        let reason = |source: &str| ask(source).unwrap_err().split("; stopped").next().unwrap_or_default().to_owned();
        let report = sources.map(|source| format!("{source}: {}", reason(source))).join("\n");
        assert_snapshot!(report, @"
        data.headers['X-Nope']: no such key: X-Nope
        data.body.json.number: it gave an int, not a string
        data.body.json.none: it gave null, not a string
        data.headers['X-Empty']: it gave an empty string
        '': it gave an empty string
        string([1, 2][2]): index out of bounds: 2
        lists.range(1000).map(x, lists.range(1000).map(y, y)).size() == 0 ? 'a' : 'b': it builds more than 1 MiB
        ");
    }

    #[test]
    fn a_long_key_is_its_digest() {
        let long = "x".repeat(600);
        assert_eq!(ask("data.body.json.long").unwrap(), bounded(&long));
        assert_eq!(&*bounded(&long), format!("sha256:{}", Digest::of(long.as_bytes())));
        assert_ne!(bounded(&long), bounded(&"x".repeat(601)));
        assert_eq!(&*bounded(&"y".repeat(512)), "y".repeat(512));
    }

    #[test]
    fn what_can_be_no_key_does_not_compile() {
        let sources =
            ["data.method == 'GET'", "1", "dat.method", "{'a': data.url}", "data.headers.X-Id", "size(data.method)"];
        let report = sources.map(|source| Key::compile(source).unwrap_err().to_string()).join("\n");
        assert_snapshot!(report, @r#"
        ERROR: <input>:1:1: a key is a string, this gives a bool
         | data.method == 'GET'
         | ^
        ERROR: <input>:1:1: a key is a string, this gives an int
         | 1
         | ^
        ERROR: <input>:1:1: undeclared reference to 'dat', did you mean 'data'?
         | dat.method
         | ^
        ERROR: <input>:1:1: a key is a string, this gives a map
         | {'a': data.url}
         | ^
        ERROR: <input>:1:1: a name with a dash stands in brackets, did you mean 'data.headers["X-Id"]'?
         | data.headers.X-Id
         | ^
        ERROR: <input>:1:1: a key is a string, this gives an int
         | size(data.method)
         | ^
        "#);
    }
}
