//! `--since`: a time, or how long ago it was.

use std::str::FromStr;

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::event::Timestamp;

/// A time as people give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// `2026-11-23T20:00:00Z`.
    Then(Timestamp),
    /// `1h`.
    Ago(SignedDuration),
}

impl Since {
    /// The time that is meant when it is `now`.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Then(then) => then,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Since {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Ok(then) = text.parse() {
            return Ok(Self::Then(then));
        }
        let advice = "give how long ago, such as `30m`, `1h` or `2d`, or a time such as `2026-11-23T20:00:00Z`";
        let span: Span = text.parse().with_context(|| advice)?;
        let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).with_context(|| advice)?;
        if ago.is_negative() {
            bail!("{advice}");
        }
        Ok(Self::Ago(ago))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_or_how_long_ago() {
        let now: Timestamp = "2026-11-23T20:00:00Z".parse().unwrap();
        let before = |text: &str| text.parse::<Since>().map(|since| since.before(now).to_string());
        assert_eq!(before("1h").unwrap(), "2026-11-23T19:00:00Z");
        assert_eq!(before("1h30m").unwrap(), "2026-11-23T18:30:00Z");
        assert_eq!(before("2d").unwrap(), "2026-11-21T20:00:00Z");
        assert_eq!(before("1w").unwrap(), "2026-11-16T20:00:00Z");
        assert_eq!(before("90s").unwrap(), "2026-11-23T19:58:30Z");
        assert_eq!(before("2026-11-23T10:00:00+01:00").unwrap(), "2026-11-23T09:00:00Z");
        for text in ["", "yesterday", "5", "1 month", "-1h", "1h ago"] {
            let error = before(text).unwrap_err().to_string();
            assert!(error.contains("how long ago"), "{text}: {error}");
        }
    }
}
