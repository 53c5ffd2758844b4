//! Says why a filter gave `false` or failed: evaluates the parts that decided once more, and keeps what they were.
//!
//! A filter that matches costs nothing of this. What explaining takes is bounded by a budget of its own, so that an
//! explanation may be cut short and no verdict is changed by it.

mod notes;
mod secrets;
mod show;
mod tree;
mod walk;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::ExecutionError;
use cel::common::ast::IdedExpr;
use cel::common::value::Val;

pub(super) use secrets::Secrets;

use super::budget::Purpose;
use super::{Context, Filter};
use crate::event::{Explanation, Part, VerdictKind};
use walk::Walk;

/// How many parts are told of: more is not an explanation.
const MAX_PARTS: usize = 8;

/// The longest value and the longest part, in characters.
const MAX_VALUE: usize = 120;
const MAX_TEXT: usize = 80;

/// What the explanations of one event may take in its record, in bytes. A thousand triggers may listen on one endpoint.
pub(super) const ROOM: usize = 64 << 10;

impl Filter {
    /// Why it gave `kind`, the verdict that [`Filter::evaluate`] has just had for the same event; none when it matched or
    /// took too much, and when there is no room left in the event's record.
    pub fn explain(&self, context: &Context<'_>, kind: VerdictKind) -> Option<Explanation> {
        if !matches!(kind, VerdictKind::FilterFalse | VerdictKind::FilterError) || context.room.get() == 0 {
            return None;
        }
        context.meter.start(Purpose::Explanation);
        let explain = || catch_unwind(AssertUnwindSafe(|| self.explained(context)));
        // What walks to a part is on the stack below what evaluates the part.
        let explained = stacker::maybe_grow(2 * self.stack, 2 * self.stack, explain);
        context.meter.stop();
        // An explanation is no promise: a bug in the crate that panics has had its verdict already.
        let explanation = explained.ok()?;
        if explanation.parts.is_empty() && explanation.is_cut {
            return None;
        }
        let size = 64 + explanation.expression.len() + explanation.parts.iter().map(part_size).sum::<usize>();
        context.room.set(context.room.get().saturating_sub(size));
        Some(explanation)
    }

    fn explained(&self, context: &Context<'_>) -> Explanation {
        let mut scope = context.variables.new_inner_scope();
        scope.set_variable_resolver(&self.constants);
        let mut told = Told { filter: self, secrets: context.secrets(), parts: Vec::new(), is_cut: false };
        Walk::new(&context.meter, &mut told).why(&self.tree, &scope);
        let Told { mut parts, is_cut, .. } = told;
        parts.sort_by_key(|part| (part.start, part.end));
        Explanation { expression: self.source.to_string(), parts, is_cut }
    }
}

/// What a part takes in JSON, about.
fn part_size(part: &Part) -> usize {
    let texts = [&part.kind, &part.value, &part.error, &part.note].into_iter().flatten();
    96 + part.expression.len() + texts.map(String::len).sum::<usize>()
}

/// What has been told so far.
struct Told<'f> {
    filter: &'f Filter,
    secrets: &'f Secrets,
    parts: Vec<Part>,
    is_cut: bool,
}

/// What a part was.
enum Outcome<'o> {
    Value(&'o dyn Val),
    Error(&'o ExecutionError),
}

impl Told<'_> {
    /// Keeps what a part was; once, and none that nobody wrote.
    fn part(&mut self, node: &IdedExpr, outcome: &Outcome<'_>, is_hidden: bool, note: Option<String>) {
        let Some(extent) = self.filter.extents.get(node) else { return };
        if self.parts.iter().any(|part| part.start == extent.start && part.end == extent.end) {
            return;
        }
        if self.parts.len() == MAX_PARTS {
            self.is_cut = true;
            return;
        }
        let source = &self.filter.source;
        let before = source.get(..extent.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let (kind, value, error) = match outcome {
            // A bool says nothing of the secret that it was made of.
            Outcome::Value(value) if is_hidden && show::type_name(*value) != "bool" => {
                (Some(show::type_name(*value)), None, None)
            }
            Outcome::Value(value) => {
                (Some(show::type_name(*value)), Some(show::show(*value, MAX_VALUE, self.secrets)), None)
            }
            Outcome::Error(error) if is_hidden => (None, None, Some(super::evaluate::kind_of(error).to_owned())),
            Outcome::Error(error) => (None, None, Some(self.error(error))),
        };
        self.parts.push(Part {
            start: extent.start,
            end: extent.end,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            expression: shorten(
                &source.get(extent).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "),
            ),
            is_hidden: is_hidden && value.is_none(),
            kind,
            value,
            error,
            note: note.filter(|_| !is_hidden).map(|note| self.secrets.strip(note)),
        });
    }

    fn error(&self, error: &ExecutionError) -> String {
        match error {
            // The expression shows which.
            ExecutionError::NoSuchKey(_) => super::evaluate::kind_of(error).to_owned(),
            error => self.secrets.strip(super::evaluate::describe(error)),
        }
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}
