//! Conversions from text and to it, as cel-go has them: the crate reads durations that go on after their end and
//! timestamps that RFC 3339 does not have, and writes large numbers out. Each function here takes the argument of a
//! conversion and gives what the crate's own then has nothing left to convert of.

use cel::common::types::{CelDouble, CelDuration, CelString, CelTimestamp, DYN_TYPE};
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError};
use chrono::{DateTime, TimeDelta};

/// The conversions, and what is called on their argument first.
pub(super) const PREPARED: [(&str, &str); 4] =
    [("double", "@double"), ("duration", "@duration"), ("string", "@string"), ("timestamp", "@timestamp")];

/// Seconds since 1970 at the beginning of the year 1, and at the end of 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

type Arguments<'b, 'v> = Vec<CowVal<'b, 'v>>;
type Outcome<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload("@double", "@double", vec![DYN_TYPE], double)?;
    env.add_overload("@duration", "@duration", vec![DYN_TYPE], duration)?;
    env.add_overload("@string", "@string", vec![DYN_TYPE], string)?;
    env.add_overload("@timestamp", "@timestamp", vec![DYN_TYPE], timestamp)
}

/// A text that is a number larger than every double is an error, not infinity.
fn double<'b, 'v>(mut arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    if let Some(text) = arguments.first().and_then(|text| text.downcast_ref::<CelString<'_>>()) {
        let has_digits = text.inner().contains(|character: char| character.is_ascii_digit());
        if has_digits && text.inner().parse::<f64>().is_ok_and(f64::is_infinite) {
            let reason = format!("{:?} is larger than every double", text.inner());
            return Err(ExecutionError::function_error("double", reason));
        }
    }
    Ok(arguments.swap_remove(0))
}

fn duration<'b, 'v>(mut arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let Some(text) = arguments.first().and_then(|text| text.downcast_ref::<CelString<'_>>()) else {
        return Ok(arguments.swap_remove(0));
    };
    let nanoseconds = nanoseconds(text.inner()).map_err(|reason| {
        ExecutionError::function_error("duration", format!("{:?} is no duration: {reason}", text.inner()))
    })?;
    Ok(CowVal::owned(CelDuration::from(TimeDelta::nanoseconds(nanoseconds))))
}

/// Reads what Go's `ParseDuration` does: `0`, or numbers with units after one sign.
fn nanoseconds(text: &str) -> Result<i64, &'static str> {
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return Err("it has no number");
    }
    let mut total: i128 = 0;
    while rest != "0" && !rest.is_empty() {
        let whole = digits(&mut rest);
        let fraction = rest.strip_prefix('.').map(|after| {
            rest = after;
            digits(&mut rest)
        });
        if whole.is_empty() && fraction.unwrap_or_default().is_empty() {
            return Err("it has no number where one should be");
        }
        total = total.checked_add(scaled(whole, fraction, unit(&mut rest)?).ok_or(TOO_LONG)?).ok_or(TOO_LONG)?;
    }
    i64::try_from(if is_negative { -total } else { total }).map_err(|_| TOO_LONG)
}

const TOO_LONG: &str = "it is longer than 292 years";

fn digits<'t>(rest: &mut &'t str) -> &'t str {
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits
}

/// The nanoseconds of the unit that `rest` begins with.
fn unit(rest: &mut &str) -> Result<i128, &'static str> {
    let units = [
        ("ns", 1),
        ("us", 1_000),
        // The micro sign, and the Greek letter.
        ("\u{b5}s", 1_000),
        ("\u{3bc}s", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let end = rest.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    let found = units.into_iter().find(|(known, _)| *known == name);
    *rest = after;
    found.map(|(_, nanoseconds)| nanoseconds).ok_or("a number needs a unit: ns, us, ms, s, m or h")
}

/// A number of some unit in nanoseconds, rounded towards zero; none when it is far too large.
fn scaled(whole: &str, fraction: Option<&str>, unit: i128) -> Option<i128> {
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut total = whole.checked_mul(unit)?;
    let mut place = unit;
    // Fourteen places go beyond a nanosecond for the longest unit.
    for digit in fraction.unwrap_or_default().chars().take(14) {
        total = total.checked_mul(10)?.checked_add(i128::from(digit.to_digit(10)?).checked_mul(unit)?)?;
        place = place.checked_mul(10)?;
    }
    Some(total / (place / unit))
}

/// `1e+06` for a million, as Go's `%g` writes it and so AutoKitteh's filters do.
fn string<'b, 'v>(mut arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    match arguments.first().and_then(|number| number.downcast_ref::<CelDouble>()) {
        Some(number) => Ok(CowVal::owned(CelString::from(general(*number.inner())))),
        None => Ok(arguments.swap_remove(0)),
    }
}

fn general(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let exponent = scientific.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse().ok()?)));
    match exponent {
        Some((digits, exponent)) if !(-4_i32..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        // Not a number has no exponent.
        _ => number.to_string(),
    }
}

/// A text as RFC 3339 has it: the crate takes small letters, a space for the `T` and leap seconds too. In UTC, which is
/// what the fields of a timestamp are in.
fn timestamp<'b, 'v>(mut arguments: Arguments<'b, 'v>) -> Outcome<'b, 'v> {
    let Some(text) = arguments.first().and_then(|text| text.downcast_ref::<CelString<'_>>()) else {
        return Ok(arguments.swap_remove(0));
    };
    let text = text.inner();
    let invalid =
        |reason: &str| ExecutionError::function_error("timestamp", format!("{text:?} is no timestamp: {reason}"));
    let is_strict = text.is_ascii() && text.get(10..11) == Some("T") && !text.ends_with('z');
    if !is_strict || text.get(17..19) == Some("60") {
        return Err(invalid("it is written as 2006-01-02T15:04:05Z or 2006-01-02T15:04:05.123+01:00"));
    }
    let utc = DateTime::parse_from_rfc3339(text).map_err(|error| invalid(&error.to_string()))?.to_utc();
    if !SECONDS.contains(&utc.timestamp()) {
        return Err(invalid("it is out of range: its year is not between 1 and 9999"));
    }
    Ok(CowVal::owned(CelTimestamp::from(utc.fixed_offset())))
}
