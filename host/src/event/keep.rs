//! How much of what was handled stays.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A trigger's `history`. They are ordered: the one that keeps more is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Nothing, and no commit: for synchronous triggers whose events must leave no trace.
    None,
    /// That it happened and how it ended: no body, no header, no query, no text that the handler wrote.
    Metadata,
    /// All of it.
    #[default]
    Full,
}

impl Keep {
    /// The word that stands for it everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Metadata => "metadata",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::None, Self::Metadata, Self::Full].into_iter().find(|keep| keep.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not a kind of history (full, metadata, none)"))
    }
}
