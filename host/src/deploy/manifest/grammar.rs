//! The forms that texts take: slugs, names, `module:function`, times. Knows no YAML and no positions.

use std::ops::Range;
use std::time::Duration;

use super::{Call, MAX_TIMEOUT, MIN_TIMEOUT};

/// The form of a slug, for schemas.
pub(super) const SLUG: &str = "^[A-Za-z0-9_][A-Za-z0-9._~-]{0,63}$";
/// The form of a var's name.
pub(super) const VAR: &str = "^[A-Za-z_][A-Za-z0-9_]{0,127}$";
/// A segment of a module's name: neither `.` nor `..`. Written without lookahead, which many editors' engines lack.
macro_rules! segment {
    () => {
        r"([^.:/\\\x00-\x1f\x7f][^:/\\\x00-\x1f\x7f]*|\.[^.:/\\\x00-\x1f\x7f][^:/\\\x00-\x1f\x7f]*|\.\.[^:/\\\x00-\x1f\x7f]+)"
    };
}
/// The form of a module's name: a relative path without `.` and `..`.
pub(super) const MODULE: &str = concat!("^", segment!(), "(/", segment!(), ")*$");
/// The form of a `call`.
pub(super) const CALL: &str = concat!("^", segment!(), "(/", segment!(), ")*:[A-Za-z_][A-Za-z0-9_-]*$");
/// The form of a time between the bounds of [`TIMEOUTS`].
pub(super) const TIMEOUT: &str =
    "^(([1-9][0-9]{0,4}|[1-8][0-9]{5}|900000)ms|([1-9][0-9]?|[1-8][0-9]{2}|900)s|([1-9]|1[0-5])m)$";
/// The form of a time between the bounds of [`WAITS`].
pub(super) const WAIT: &str = "^(([1-9][0-9]{0,6}|[1-7][0-9]{7}|8[0-5][0-9]{6}|86[0-3][0-9]{5}|86400000)ms\
    |([1-9][0-9]{0,3}|[1-7][0-9]{4}|8[0-5][0-9]{3}|86[0-3][0-9]{2}|86400)s\
    |([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)m|([1-9]|1[0-9]|2[0-4])h|1d)$";
/// The form of a time between the bounds of [`WINDOWS`].
pub(super) const WINDOW: &str = "^(([1-9][0-9]{3,8}|1[0-9]{9}|2[0-4][0-9]{8}|25[0-8][0-9]{7}|259[01][0-9]{6}|2592000000)ms\
    |([1-9][0-9]{0,5}|1[0-9]{6}|2[0-4][0-9]{5}|25[0-8][0-9]{4}|259[01][0-9]{3}|2592000)s\
    |([1-9][0-9]{0,3}|[1-3][0-9]{4}|4[0-2][0-9]{3}|43[01][0-9]{2}|43200)m\
    |([1-9][0-9]?|[1-6][0-9]{2}|7[01][0-9]|720)h|([1-9]|[12][0-9]|30)d)$";

/// The form of a size.
pub(super) const SIZE: &str = "^[1-9][0-9]{0,9}(B|KiB|MiB|GiB)$";

/// What is wrong with a text, the bytes of it that are wrong, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) message: String,
    pub(super) at: Range<usize>,
    pub(super) help: Option<String>,
}

impl Mistake {
    fn new(message: impl Into<String>, at: Range<usize>, help: impl Into<String>) -> Self {
        Self { message: message.into(), at, help: Some(help.into()) }
    }
}

/// A project's name, a trigger's, or an endpoint's: it is a segment of a URL's path, and no client rewrites it.
pub(super) fn slug(text: &str) -> Result<(), Mistake> {
    const HELP: &str = "use 1 to 64 letters, digits and `.` `_` `~` `-`, and begin with a letter, a digit or `_`";
    word(text, 64, HELP, |c| c.is_ascii_alphanumeric() || c == '_', |c| c.is_ascii_alphanumeric() || "._~-".contains(c))
}

/// A var's name: it is the name of an environment variable too.
pub(super) fn var(text: &str) -> Result<(), Mistake> {
    const HELP: &str = "use 1 to 128 letters, digits and `_`, and begin with a letter or `_`";
    word(text, 128, HELP, |c| c.is_ascii_alphabetic() || c == '_', |c| c.is_ascii_alphanumeric() || c == '_')
}

fn word(
    text: &str,
    longest: usize,
    help: &str,
    first: impl Fn(char) -> bool,
    rest: impl Fn(char) -> bool,
) -> Result<(), Mistake> {
    if text.is_empty() {
        return Err(Mistake::new("is empty", 0..0, help));
    }
    for (i, c) in text.char_indices() {
        let at = i..i + c.len_utf8();
        if i == 0 && rest(c) && !first(c) {
            return Err(Mistake::new(format!("begins with `{c}`"), at, help));
        }
        if !rest(c) {
            return Err(Mistake::new(format!("has {}", name_of(c)), at, help));
        }
    }
    if text.len() > longest {
        return Err(Mistake::new(format!("is {} characters long", text.len()), longest..text.len(), help));
    }
    Ok(())
}

fn name_of(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

/// A module's name: as a rule that of the file its handlers are written in, relative to the manifest.
pub(super) fn module(text: &str) -> Result<(), Mistake> {
    const HELP: &str = "name a module as the file that its handlers are in, relative to the manifest: `webhooks.py`";
    if text.is_empty() {
        return Err(Mistake::new("is empty", 0..0, HELP));
    }
    if let Some((i, c)) = text.char_indices().find(|(_, c)| c.is_ascii_control() || matches!(c, ':' | '\\')) {
        return Err(Mistake::new(format!("has {}", name_of(c)), i..i + 1, HELP));
    }
    let mut start = 0;
    for segment in text.split('/') {
        let at = start..start + segment.len();
        if segment.is_empty() {
            return Err(Mistake::new("has a `/` with nothing before or after it", at, HELP));
        }
        if segment == "." || segment == ".." {
            return Err(Mistake::new(format!("has the segment `{segment}`"), at, HELP));
        }
        start += segment.len() + 1;
    }
    Ok(())
}

/// The file that a module's name stands for when `modules` gives no path: its extension is `wasm`.
pub(super) fn default_path(module: &str) -> String {
    let name = module.rfind('/').map_or(0, |slash| slash + 1);
    let stem = match module.get(name..).unwrap_or_default().rfind('.') {
        Some(dot) if dot > 0 => module.get(..name + dot).unwrap_or(module),
        _ => module,
    };
    format!("{stem}.wasm")
}

/// `module:function`.
pub(super) fn call(text: &str) -> Result<Call, Mistake> {
    const HELP: &str = "write `module:function`, as in `webhooks.py:on_http_get`";
    let Some((name, function)) = text.split_once(':') else {
        return Err(Mistake::new("names no function", 0..text.len(), HELP));
    };
    module(name).map_err(|e| Mistake { message: format!("names a module that {}", e.message), ..e })?;
    let start = name.len() + 1;
    if function.is_empty() {
        return Err(Mistake::new("names no function", 0..text.len(), HELP));
    }
    if let Some(bare) = function.strip_suffix("()") {
        let at = start + bare.len()..text.len();
        return Err(Mistake::new("has `()` after the function", at, format!("write `{name}:{bare}`")));
    }
    for (i, c) in function.char_indices() {
        let at = start + i..start + i + c.len_utf8();
        if i == 0 && (c.is_ascii_digit() || c == '-') {
            return Err(Mistake::new(format!("names a function that begins with `{c}`"), at, HELP));
        }
        if !(c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(Mistake::new(format!("names a function that has {}", name_of(c)), at, HELP));
        }
    }
    Ok(Call { module: name.to_owned(), function: function.to_owned() })
}

/// What a time may be.
pub(super) struct Times {
    shortest: Duration,
    longest: Duration,
    /// What to write.
    form: &'static str,
    /// What the bounds are.
    bounds: &'static str,
}

/// A trigger's `timeout`.
pub(super) const TIMEOUTS: Times = Times {
    shortest: MIN_TIMEOUT,
    longest: MAX_TIMEOUT,
    form: "write a whole number and its unit, `ms`, `s` or `m`: `500ms`, `30s`, `2m`",
    bounds: "a timeout is between `1ms` and `15m`",
};

/// A handler's time on a processor.
pub(super) const CPU_TIMES: Times =
    Times { bounds: "a handler's time on a processor is between `1ms` and `15m`", ..TIMEOUTS };

/// The waits between attempts.
pub(super) const WAITS: Times = Times {
    shortest: Duration::from_millis(1),
    longest: Duration::from_secs(24 * 60 * 60),
    form: "write a whole number and its unit, `ms`, `s`, `m` or `h`: `500ms`, `30s`, `1h`",
    bounds: "a wait between two attempts is between `1ms` and `24h`",
};

/// How long an endpoint remembers keys.
pub(super) const WINDOWS: Times = Times {
    shortest: Duration::from_secs(1),
    longest: Duration::from_secs(30 * 24 * 60 * 60),
    form: "write a whole number and its unit, `s`, `m`, `h` or `d`: `30m`, `72h`, `7d`",
    bounds: "a window is between `1s` and `30d`",
};

/// `500ms`, `30s`, `2m`, `72h`, `7d`.
pub(super) fn time(text: &str, times: &Times) -> Result<Duration, Mistake> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let all = 0..text.len();
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "" if digits > 0 => {
            return Err(Mistake::new("has no unit", all, format!("write `{number}s` for {number} seconds")));
        }
        _ => return Err(Mistake::new("is not a time", all, times.form)),
    };
    if number.is_empty() || (number.len() > 1 && number.starts_with('0')) {
        return Err(Mistake::new("is not a time", all, times.form));
    }
    // A number that overflows is out of bounds as well.
    let time = number.parse::<u64>().ok().and_then(|n| n.checked_mul(milliseconds)).map(Duration::from_millis);
    match time {
        Some(time) if (times.shortest..=times.longest).contains(&time) => Ok(time),
        _ => Err(Mistake::new("is out of bounds", all, times.bounds)),
    }
}

/// `512KiB`, `128MiB`: bytes.
pub(super) fn size(text: &str) -> Result<u64, Mistake> {
    const FORM: &str = "write a whole number and its unit, `B`, `KiB`, `MiB` or `GiB`: `512KiB`, `128MiB`";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let all = 0..text.len();
    let unit: u64 = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "" if digits > 0 => {
            return Err(Mistake::new("has no unit", all, format!("write `{number}B` for {number} bytes")));
        }
        // Of those who write these, some mean powers of ten and most do not know.
        "K" | "k" | "KB" | "kB" | "kb" if digits > 0 => return Err(other_unit(number, "KiB", digits..text.len())),
        "M" | "m" | "MB" | "mb" | "Mi" | "mib" if digits > 0 => {
            return Err(other_unit(number, "MiB", digits..text.len()));
        }
        "G" | "g" | "GB" | "gb" | "Gi" | "gib" if digits > 0 => {
            return Err(other_unit(number, "GiB", digits..text.len()));
        }
        _ => return Err(Mistake::new("is not a size", all, FORM)),
    };
    if number.is_empty() || number.starts_with('0') {
        return Err(Mistake::new("is not a size", all, FORM));
    }
    let number = if number.len() > 10 { None } else { number.parse::<u64>().ok() };
    match number.and_then(|number| number.checked_mul(unit)) {
        Some(bytes) => Ok(bytes),
        None => Err(Mistake::new("is out of bounds", all, "no computer has that much")),
    }
}

fn other_unit(number: &str, unit: &str, at: Range<usize>) -> Mistake {
    Mistake::new("has a unit that is not known", at, format!("write `{number}{unit}`"))
}
