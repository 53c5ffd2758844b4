//! Places in a scalar's value, and where the file has them.

use proptest::prelude::*;

use super::super::{At, Diagnostic, Manifest, Span};
use super::{only_trigger, trigger_with};

/// What the file has at the place of `word`, the first in the filter.
fn found(written: &str, word: &str) -> String {
    let source = trigger_with(written);
    let filter = only_trigger(&source).filter.unwrap();
    let start = filter.find(word).unwrap();
    let found = Diagnostic::inside(&source, &filter, start..start + word.len(), "here");
    match found.excerpt {
        None => source[found.span.start..found.span.end].to_owned(),
        Some(excerpt) => format!("excerpt {}", &excerpt.text[excerpt.span.start..excerpt.span.end]),
    }
}

#[test]
fn scalars_of_every_style() {
    for written in [
        "filter: data.a && wrong.b || c",
        "filter: 'data.a && wrong.b || c'",
        "filter: \"data.a && wrong.b || c\"",
        "filter: 'data[''a''] && wrong.b || c'",
        "filter: \"data[\\\"a\\\\\\\"] && wrong.b || c\"",
        "filter: |\n  data.a &&\n  wrong.b\n  || c",
        "filter: |2\n     data.a &&\n    wrong.b\n  || c",
        "filter: >\n  data.a &&\n  wrong.b\n  || c",
        "filter: >-\n  data.a &&\n\n\n  wrong.b\n\n  || c",
        "filter: data.a &&\n  wrong.b\n  || c",
        "filter: \"data.a &&\n  wrong.b\n  || c\"",
        "filter: 'data.a &&\n\n  wrong.b\n  || c'",
        "filter: 'dätä.ä && wrong.b || c'",
        "filter: &anchor data.a && wrong.b",
        "filter: !!str data.a && wrong.b",
    ] {
        assert_eq!(found(written, "wrong.b"), "wrong.b", "{written}");
    }
}

#[test]
fn escapes_that_are_not_followed_show_the_value() {
    assert_eq!(found("filter: \"data\\u002ea && wrong.b\"", "wrong.b"), "excerpt wrong.b");
    assert_eq!(found("filter: \"data.a && \\\n  wrong.b\"", "wrong.b"), "excerpt wrong.b");
}

#[test]
fn the_end_of_an_expression_is_a_place_too() {
    let source = trigger_with("filter: data.a ==");
    let filter = only_trigger(&source).filter.unwrap();
    let end = filter.value.len();
    let found = Diagnostic::inside(&source, &filter, end..end, "unexpected end");
    assert_eq!((found.line, found.column, found.excerpt), (7, 24, None));
    let beyond = Diagnostic::inside(&source, &filter, end + 5..end + 9, "unexpected end");
    assert_eq!((beyond.line, beyond.column), (7, 24));
}

#[test]
fn columns_count_characters() {
    let source = trigger_with("filter: 'dätä == wrong'");
    let filter = only_trigger(&source).filter.unwrap();
    let start = filter.find("wrong").unwrap();
    let found = Diagnostic::inside(&source, &filter, start..start + 5, "here");
    assert_eq!((found.line, found.column), (7, 24));
}

proptest! {
    /// A scalar that the writer of another YAML library would write is found again, character by character.
    #[test]
    fn what_is_quoted_is_found(text in "[a-z' \"\\\\#:é]{1,20}") {
        let quoted = format!("'{}'", text.replace('\'', "''"));
        let source = format!("version: v1\nproject: {{name: p, vars: [{{name: {quoted}}}]}}\n");
        let start = source.find(&quoted).unwrap();
        let scalar = At { value: text.clone(), span: Span { start, end: start + quoted.len() } };
        for (i, c) in text.char_indices() {
            let found = Diagnostic::inside(&source, &scalar, i..i + c.len_utf8(), "here");
            prop_assert!(source[found.span.start..found.span.end].starts_with(c));
            prop_assert!(found.excerpt.is_none());
        }
    }

    /// Whatever is asked, the answer lies in the file.
    #[test]
    fn no_place_is_too_strange(
        source in "[a\n '\"\\\\|é]{0,30}", value in "[a\n '\"\\\\é]{0,12}",
        start in 0usize..40, length in 0usize..40, from in 0usize..20, to in 0usize..20,
    ) {
        let scalar = At { value, span: Span { start, end: start + length } };
        let found = Diagnostic::inside(&source, &scalar, from..to, "here");
        prop_assert!(found.span.start <= found.span.end);
        prop_assert!(!super::super::Error::from(found).render("tenterhook.yaml", &source).is_empty());
        prop_assert!(Manifest::parse("").is_err());
    }
}
