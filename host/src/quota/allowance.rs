//! What is left of what somebody may do in a time, as the `RateLimit` fields have it (draft-ietf-httpapi-ratelimit-headers-10).

use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// What somebody may do in a time, and how much of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What is counted: `events`.
    pub name: &'static str,
    /// How often it may be done in `window`.
    pub quota: u32,
    /// The time.
    pub window: Duration,
    /// How often it may be done now.
    pub remaining: u32,
    /// When all of it may be done again.
    pub reset: Duration,
}

impl Allowance {
    /// Says it in an answer, unless that says so already.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let Self { name, quota, window, remaining, reset } = self;
        let policy = format!("\"{name}\";q={quota};w={}", seconds(*window).max(1));
        let state = format!("\"{name}\";r={remaining};t={}", seconds(*reset));
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            let value = HeaderValue::try_from(text).expect("names and numbers are ASCII");
            headers.entry(name).or_insert(value);
        }
    }
}

/// Whole seconds, and the last one is not over before it is.
fn seconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_once() {
        let mut headers = HeaderMap::new();
        let (window, reset) = (Duration::from_millis(9_001), Duration::from_millis(1));
        let allowance = Allowance { name: "events", quota: 100, window, remaining: 7, reset };
        allowance.tell(&mut headers);
        Allowance { name: "other", ..allowance }.tell(&mut headers);
        assert_eq!(headers[POLICY], "\"events\";q=100;w=10");
        assert_eq!(headers[STATE], "\"events\";r=7;t=1");
    }
}
