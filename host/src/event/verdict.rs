//! Why a trigger did or did not match an event.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One trigger's answer to one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// The five answers that a trigger can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
