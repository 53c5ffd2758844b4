//! Why a trigger did or did not match an event.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One trigger's answer to one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Verdict {
    /// The trigger's name.
    pub trigger: String,
    /// The answer.
    #[serde(rename = "verdict")]
    pub kind: VerdictKind,
    /// The reason in words: what differed, or the filter's error. It is written even when there is none, so that scripts find
    /// the same keys in every verdict.
    #[serde(default)]
    pub detail: Option<String>,
    /// What the filter saw, when it gave `false` or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// The five answers that a trigger can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// The trigger's handler runs.
    Matched,
    /// `event_type` names another type.
    EventTypeDiffers,
    /// The filter gave `false`.
    FilterFalse,
    /// The filter failed, most often on a missing key.
    FilterError,
    /// The filter took more than it may.
    FilterOverBudget,
}

/// Why a filter gave `false` or failed: the parts of it that decided, with what they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Explanation {
    /// The expression as it was: the trigger may have another one by the time somebody asks.
    pub expression: String,
    /// In the expression's order.
    pub parts: Vec<Part>,
    /// Whether there was more to say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

/// A part of an expression, and what it was for one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Part {
    /// Its first byte in the expression.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// The line that it starts on, from 1.
    pub line: usize,
    /// The character of that line that it starts with, from 1.
    pub column: usize,
    /// Its text, cut when it is long: `data.method`.
    pub expression: String,
    /// The name of its value's type: `string`. None when it failed.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its value as CEL writes it, cut when it is long: `"PUT"`. None when it failed, and when it is hidden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the value is one that opens doors, such as that of `Authorization`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_hidden: bool,
    /// Why it failed: `no such key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What is worth knowing of it: `an int never equals a string`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Part {
    /// What it was, in words: `"PUT"`, `no such key, did you mean "action"?`.
    pub fn outcome(&self) -> String {
        let outcome = match (&self.error, &self.value, &self.kind) {
            (Some(error), _, _) => error.clone(),
            (None, Some(value), _) => value.clone(),
            (None, None, Some(kind)) => format!("(hidden, {})", with_article(kind)),
            (None, None, None) => "(hidden)".to_owned(),
        };
        match &self.note {
            Some(note) => format!("{outcome}  ({note})"),
            None => outcome,
        }
    }
}

/// `a string`, `an int`.
pub(crate) fn with_article(kind: &str) -> String {
    let article = if kind.starts_with("int") { "an" } else { "a" };
    format!("{article} {kind}")
}

/// `data.method → "PUT"`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.expression, self.outcome())
    }
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Matched => "matched",
            Self::EventTypeDiffers => "event type differs",
            Self::FilterFalse => "filter false",
            Self::FilterError => "filter error",
            Self::FilterOverBudget => "filter over budget",
        })
    }
}
