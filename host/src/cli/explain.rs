//! An explanation, as people read it: the expression, and below it a caret for each part that decided.

use unicode_width::UnicodeWidthStr as _;

use super::output::line;
use crate::event::{Explanation, Part};

/// A longer line of an expression is shown in excerpts: a terminal would wrap it, and carets stand below nothing then.
const MAX_LINE: usize = 120;

/// How many characters before a part its excerpt begins.
const BEFORE: usize = 20;

/// The expression with its parts, each line indented.
pub(super) fn explain(explanation: &Explanation, indent: usize) -> String {
    let mut text = String::new();
    for (number, source) in (1..).zip(explanation.expression.lines()) {
        let parts: Vec<&Part> = explanation.parts.iter().filter(|part| part.line == number).collect();
        if source.chars().count() <= MAX_LINE {
            text += &format!("{:indent$}{}\n", "", line(source).trim_end());
            for part in parts {
                text += &caret(part, source, indent);
            }
            continue;
        }
        for part in parts {
            let (start, mark) = if part.column > BEFORE + 1 { (part.column - BEFORE - 1, "…") } else { (0, "") };
            let excerpt: String = source.chars().skip(start).take(MAX_LINE).collect();
            let more = if start + MAX_LINE < source.chars().count() { "…" } else { "" };
            text += &format!("{:indent$}{mark}{}{more}\n", "", line(&excerpt));
            let moved = Part { column: part.column - start, ..part.clone() };
            text += &caret(&moved, &excerpt, indent + mark.chars().count());
        }
    }
    if explanation.is_cut {
        text += &format!("{:indent$}… and more\n", "");
    }
    text
}

/// The caret below the first character of a part, as far right as that is shown.
fn caret(part: &Part, source: &str, indent: usize) -> String {
    let before: String = source.chars().take(part.column.saturating_sub(1)).collect();
    let indent = indent + line(&before).width();
    format!("{:indent$}^ {}\n", "", line(&part.to_string()))
}

/// The explanation in a cell: what failed, or else what its first part was.
pub(super) fn summary(explanation: &Explanation) -> Option<String> {
    let parts = &explanation.parts;
    let first = parts.iter().find(|part| part.error.is_some()).or(parts.first())?;
    let more = match parts.len() - 1 {
        0 if !explanation.is_cut => String::new(),
        0 => " …".to_owned(),
        others => format!(" (and {others} more)"),
    };
    Some(format!("{first}{more}"))
}
