//! What the parser's errors mean, in words: it speaks of tokens, and people make the same few mistakes.

use cel::parser::ParseError;

use super::diagnostic::Diagnostic;

/// How many of the parser's errors are kept: the later ones mostly follow from the first.
const MAX_ERRORS: usize = 5;

/// Operators of other languages, and what they are in CEL.
const OPERATORS: [(&str, &str); 4] = [("===", "=="), ("=", "=="), ("&", "&&"), ("|", "||")];

/// And such that are words.
const WORDS: [(&str, &str); 3] = [("and", "&&"), ("or", "||"), ("not", "!")];

/// What is wrong with a source that does not parse.
pub(super) fn diagnostics(source: &str, errors: &[ParseError]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for error in errors.iter().filter(|error| !is_echo(error, errors)).take(MAX_ERRORS) {
        let (line, column) = error.pos;
        let start = offset(source, line, column);
        if let Some(mistake) = known_mistake(source, start, &error.msg) {
            found.push(mistake);
            break;
        }
        let message = match &error.source {
            Some(cause) if error.msg == "UNKNOWN" => cause.to_string(),
            _ => error.msg.clone(),
        };
        let char_len = source.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        found.push(Diagnostic::new(source, start..start + char_len, in_words(message)));
    }
    found
}

/// Whether an error only says that there is another one.
fn is_echo(error: &ParseError, errors: &[ParseError]) -> bool {
    let is_incomplete = |error: &ParseError| error.msg.starts_with("Incomplete `");
    is_incomplete(error) && errors.iter().any(|other| !is_incomplete(other))
}

/// One of those that people make; what the parser says after it follows from it.
fn known_mistake(source: &str, start: usize, message: &str) -> Option<Diagnostic> {
    let (before, rest) = source.split_at_checked(start)?;
    let about = |span: std::ops::Range<usize>, message: &str| Diagnostic::new(source, span, message);
    if message == "invalid argument to has() macro" {
        let message =
            "has() takes a field, as in has(data.body.json.name): for a key in brackets there is \"key\" in map";
        return Some(about(start..start, message));
    }
    let is_token = message.contains("token recognition error");
    if is_token && let Some((quote, is_raw)) = opening_quote(rest) {
        let text = rest.get(quote + 1..)?;
        let escape = if is_raw { None } else { bad_escape(text) };
        return Some(match escape {
            Some((at, escape)) => {
                let at = start + quote + 1 + at;
                let message =
                    format!("'{escape}' is no escape: a backslash is written '\\\\', or stands in r\"a raw text\"");
                about(at..at + escape.len(), &message)
            }
            None => about(start..start + quote + 1, "the text that begins here does not end"),
        });
    }
    if is_token && rest.starts_with(['‘', '’', '“', '”']) {
        let char_len = rest.chars().next().map_or(0, char::len_utf8);
        return Some(about(start..start + char_len, "quotes are straight: ' or \""));
    }
    if is_token {
        let operator_start = before.trim_end_matches('=').len();
        let operators = source.get(operator_start..)?;
        let (written, meant) = OPERATORS.into_iter().find(|(written, _)| operators.starts_with(written))?;
        let span = operator_start..operator_start + written.len();
        return Some(about(span, &format!("'{written}' is no operator")).suggest(Some(meant.to_owned())));
    }
    // The parser stops at such a word, or at what follows it.
    let word_start = |text: &str| text.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    let (written, meant, at) = WORDS.into_iter().find_map(|(written, meant)| {
        let ahead = rest.strip_prefix(written).is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()));
        let behind = before.trim_end();
        let behind_start = word_start(behind);
        let at =
            if ahead { Some(start) } else { (behind.get(behind_start..) == Some(written)).then_some(behind_start) };
        at.map(|at| (written, meant, at))
    })?;
    Some(about(at..at + written.len(), &format!("'{written}' is no operator")).suggest(Some(meant.to_owned())))
}

/// Where the quote is of a text that `rest` begins with, and whether backslashes are letters in it.
fn opening_quote(rest: &str) -> Option<(usize, bool)> {
    let quote = rest.find(['"', '\''])?;
    let prefix = rest.get(..quote)?;
    (prefix.len() <= 2 && prefix.chars().all(|c| "rRbB".contains(c))).then(|| (quote, prefix.contains(['r', 'R'])))
}

/// The first escape in a text that is none, with its place.
fn bad_escape(text: &str) -> Option<(usize, &str)> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        let (_, escaped) = chars.next()?;
        let digits = |count: usize, radix: u32| {
            let digits = text.get(at + 2..at + 2 + count);
            digits.is_some_and(|digits| digits.chars().all(|digit| digit.is_digit(radix)))
        };
        let is_known = match escaped {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' | '?' | '"' | '\'' | '`' => true,
            'x' | 'X' => digits(2, 16),
            'u' => digits(4, 16),
            'U' => digits(8, 16),
            '0'..='3' => digits(2, 8),
            _ => false,
        };
        if !is_known {
            return text.get(at..at + 1 + escaped.len_utf8()).map(|escape| (at, escape));
        }
    }
    None
}

/// Without the parser's names for everything that could have stood there, and without Rust's for what is wrong.
fn in_words(message: String) -> String {
    if let Some((literal, reason)) = message.split_once(" literal: ") {
        let field = |name: &str, end: char| reason.split_once(name)?.1.split_once(end).map(|(value, _)| value);
        let code = field("Unicode { value: ", ' ').and_then(|value| value.parse::<u32>().ok());
        return match (field("escape: \"\\", '"'), code) {
            (Some(escape), _) => format!("{literal} literal: '{escape}' is no escape in it"),
            (None, Some(code)) => format!("{literal} literal: U+{code:04X} is no character"),
            (None, None) => format!("{literal} literal"),
        };
    }
    match message.split_once(" expecting {") {
        Some((before, _)) if before.ends_with("input '<EOF>'") => "the expression ends too early".to_owned(),
        Some((before, _)) => before.to_owned(),
        None => message,
    }
}

/// The byte at a line and a column, both from 1 and counted in characters.
fn offset(source: &str, line: isize, column: isize) -> usize {
    let (line, column) = (usize::try_from(line - 1).unwrap_or(0), usize::try_from(column - 1).unwrap_or(0));
    let line_start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(line_start..).unwrap_or_default();
    line_start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}
