//! What a list is narrowed by, from text. A function of its arguments.

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::parameters::Parameters;
use super::{DEFAULT_LIMIT, MAX_LIMIT, Problem};
use crate::event::{EventType, SessionState, Timestamp};
use crate::store::{EventQuery, SessionQuery};

/// What a list of events may be narrowed by.
pub(super) const EVENTS: [&str; 6] = ["limit", "before", "since", "until", "endpoint", "type"];

/// What a list of sessions may be narrowed by.
pub(super) const SESSIONS: [&str; 8] = ["limit", "before", "since", "until", "trigger", "state", "type", "error"];

/// The page of events that is asked for.
pub(super) fn events(mut given: Parameters, now: Timestamp) -> Result<EventQuery, Problem> {
    let query = EventQuery {
        before: given.take("before", str::parse)?,
        limit: given.take("limit", limit)?.unwrap_or(DEFAULT_LIMIT),
        since: given.take("since", |text| moment(text, now))?,
        until: given.take("until", |text| moment(text, now))?,
        endpoint: given.text("endpoint"),
        event_type: given.take("type", event_type)?,
    };
    in_order(&given, query.since, query.until)?;
    Ok(query)
}

/// The page of sessions that is asked for.
pub(super) fn sessions(mut given: Parameters, now: Timestamp) -> Result<SessionQuery, Problem> {
    let query = SessionQuery {
        before: given.take("before", str::parse)?,
        limit: given.take("limit", limit)?.unwrap_or(DEFAULT_LIMIT),
        since: given.take("since", |text| moment(text, now))?,
        until: given.take("until", |text| moment(text, now))?,
        trigger: given.text("trigger"),
        state: given.take("state", str::parse::<SessionState>)?,
        event_type: given.take("type", event_type)?,
        error: given.text("error"),
    };
    in_order(&given, query.since, query.until)?;
    Ok(query)
}

pub(super) fn limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("`{text}` is not a number from 1 to {MAX_LIMIT}"))
}

/// Any method: senders may have methods of their own.
fn event_type(text: &str) -> Result<EventType, String> {
    let is_method = http::Method::from_bytes(text.as_bytes()).is_ok();
    if is_method { Ok(EventType::of(text)) } else { Err(format!("`{text}` is not an event type, as `post` is")) }
}

/// A time, or how long ago it was.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Some(age) = age(text) {
        // There is nothing older than that.
        return Ok(now.checked_sub(age).map_or(Timestamp::UNIX_EPOCH, |at| at.max(Timestamp::UNIX_EPOCH)));
    }
    text.parse().map_err(|_| {
        let hint = if text.contains('T') && text.contains(' ') { "; a `+` in a query is written `%2B`" } else { "" };
        format!(
            "`{text}` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are{hint}"
        )
    })
}

/// `90s`, `1h30m`, `7d`: a day has 24 hours.
fn age(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let age = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!age.is_negative()).then_some(age)
}

/// A list that ends before it begins was not meant.
fn in_order(given: &Parameters, since: Option<Timestamp>, until: Option<Timestamp>) -> Result<(), Problem> {
    match (since, until) {
        (Some(since), Some(until)) if since >= until => {
            Err(given.problem(format!("`since` ({since}) is not before `until` ({until}), so nothing can be found")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T20:00:00Z".parse().unwrap()
    }

    fn sessions_of(query: &str) -> Result<SessionQuery, String> {
        let given = Parameters::of_query(Some(query), &SESSIONS);
        given.and_then(|given| sessions(given, now())).map_err(|problem| problem.detail)
    }

    #[test]
    fn times_and_ages() {
        let moment = |text: &str| moment(text, now()).map(|at| at.to_string()).unwrap_or_else(|error| error);
        let texts = ["90s", "1h30m", "1h", "7d", "2w", "0s", "9999999h", "2026-11-23T20:25:01+01:00"];
        assert_snapshot!(texts.map(moment).join("\n"), @"
        2026-11-23T19:58:30Z
        2026-11-23T18:30:00Z
        2026-11-23T19:00:00Z
        2026-11-16T20:00:00Z
        2026-11-09T20:00:00Z
        2026-11-23T20:00:00Z
        1970-01-01T00:00:00Z
        2026-11-23T19:25:01Z
        ");
        let wrong =
            ["", "1", "h", "-1h", "1 month", "1h ago", "yesterday", "2026-11-23", "1é", "2026-11-23T20:25:01 01:00"];
        assert_snapshot!(wrong.map(moment).join("\n"), @"
        `` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `1` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `h` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `-1h` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `1 month` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `1h ago` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `yesterday` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `2026-11-23` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `1é` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        `2026-11-23T20:25:01 01:00` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are; a `+` in a query is written `%2B`
        ");
    }

    #[test]
    fn all_that_a_list_is_narrowed_by() {
        let query = sessions_of(
            "limit=7&since=1h&until=1m&trigger=on_post&state=dead&type=POST&error=no+route&before=ses_01kb0000000000000000000002",
        );
        assert_snapshot!(format!("{:#?}", query.unwrap()), @r#"
        SessionQuery {
            before: Some(
                SessionId(
                    Ulid(
                        2132735934643180448418901367227154434,
                    ),
                ),
            ),
            limit: 7,
            since: Some(
                2026-11-23T19:00:00Z,
            ),
            until: Some(
                2026-11-23T19:59:00Z,
            ),
            trigger: Some(
                "on_post",
            ),
            state: Some(
                Dead,
            ),
            event_type: Some(
                EventType(
                    "post",
                ),
            ),
            error: Some(
                "no route",
            ),
        }
        "#);
        let plain = sessions_of("").unwrap();
        assert_eq!((plain.limit, plain.before, plain.state), (DEFAULT_LIMIT, None, None));
    }

    #[test]
    fn what_is_wrong_with_a_query() {
        let queries = [
            "limit=0",
            "limit=201",
            "limit=x",
            "limit=1&limit=2",
            "state=done",
            "type=a%20b",
            "since=",
            "trigger=",
            "since=1h&until=2h",
            "endpoint=a",
            "before=evt_01kb0000000000000000000001",
            "since=soon",
        ];
        assert_snapshot!(queries.map(|query| sessions_of(query).unwrap_err()).join("\n"), @"
        `limit`: `0` is not a number from 1 to 200
        `limit`: `201` is not a number from 1 to 200
        `limit`: `x` is not a number from 1 to 200
        `limit` is given more than once
        `state`: `done` is not a session's state (queued, running, succeeded, failed, dead, cancelled)
        `type`: `a b` is not an event type, as `post` is
        `since` is empty: give it a value, or leave it out
        `trigger` is empty: give it a value, or leave it out
        `since` (2026-11-23T19:00:00Z) is not before `until` (2026-11-23T18:00:00Z), so nothing can be found
        `endpoint` is not a parameter of this route (`limit`, `before`, `since`, `until`, `trigger`, `state`, `type`, `error`)
        `before`: `evt_01kb0000000000000000000001` is not a session id (`ses_…`)
        `since`: `soon` is neither a time, as `2026-11-23T20:25:01Z` is, nor an age, as `90s`, `30m`, `1h30m` and `7d` are
        ");
    }

    #[test]
    fn the_fields_of_a_body() {
        let of = |json: &str| {
            let serde_json::Value::Object(object) = serde_json::from_str(json).unwrap() else { unreachable!() };
            let given = Parameters::of_object(object, &SESSIONS);
            given.and_then(|given| sessions(given, now())).map_err(|problem| problem.detail)
        };
        let query = of(r#"{"limit": 7, "state": "dead", "trigger": null}"#).unwrap();
        assert_eq!((query.limit, query.state, query.trigger), (7, Some(SessionState::Dead), None));
        let wrong = [r#"{"limit": 1.5}"#, r#"{"state": ["dead"]}"#, r#"{"where": "x"}"#];
        assert_snapshot!(wrong.map(|json| of(json).unwrap_err()).join("\n"), @"
        `limit`: `1.5` is not a number from 1 to 200
        `state` must be a single value
        `where` is not a parameter of this route (`limit`, `before`, `since`, `until`, `trigger`, `state`, `type`, `error`)
        ");
    }
}
