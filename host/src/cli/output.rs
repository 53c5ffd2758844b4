//! What every command prints with: text made harmless, tables, amounts. A reader that hangs up is not an error.
//!
//! Senders choose payloads and guests choose logs, and a terminal obeys what it is told in escape sequences: all such
//! text goes through [`line`] or [`block`].

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde::Serialize;

use crate::event::Timestamp;

/// Standard output has been closed by its reader, as `head` does: the command ends, and well.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct Closed;

/// Writes `text` to standard output.
///
/// # Errors
/// [`Closed`], or what the system said.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Err(Closed.into()),
        written => written.context("writing to standard output"),
    }
}

/// Writes `value` to standard output as indented JSON.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&(harmless_json(&serde_json::to_string_pretty(value)?) + "\n"))
}

/// The same JSON with every character that a terminal would obey as an escape of JSON's own. Outside of strings there is
/// none but line ends, so nothing that a parser sees is changed.
pub(crate) fn harmless_json(json: &str) -> Cow<'_, str> {
    let is_obeyed = |c: char| c != '\n' && is_active(c);
    if !json.contains(is_obeyed) {
        return Cow::Borrowed(json);
    }
    let mut harmless = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_obeyed(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(harmless, "\\u{unit:04x}").expect("a string takes every write");
            }
        } else {
            harmless.push(c);
        }
    }
    Cow::Owned(harmless)
}

/// `text` in one line that a terminal only shows: control characters, and those that reorder or hide text, as `\u{1b}`.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_active) {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_active(c) {
            harmless.extend(c.escape_default());
        } else {
            harmless.push(c);
        }
    }
    Cow::Owned(harmless)
}

/// `text` line by line, each indented and as [`line`] has it; tabs stay. Ends with a line end unless it is empty.
pub(crate) fn block(text: &str, indent: usize) -> String {
    let mut block = String::with_capacity(text.len() + 16);
    for row in text.lines() {
        let cells: Vec<_> = row.split('\t').map(line).collect();
        let row = format!("{:indent$}{}", "", cells.join("\t"));
        block.push_str(row.trim_end());
        block.push('\n');
    }
    block
}

/// Whether a terminal or a reader of its text would be led astray by `c`.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How many columns the terminal has; none when standard output is not one, and then nothing is wrapped.
pub(crate) fn terminal_width() -> Option<u16> {
    let size = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    size.map(|(terminal_size::Width(columns), _)| columns)
}

/// Rows below a header, without borders. The first column is never wrapped: it is the one that is copied.
pub(crate) fn table(header: &[&str], rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    let key = rows.iter().filter_map(|row| row.first()).map(|key| key.chars().count()).max().unwrap_or(0);
    table.add_rows(rows.into_iter().map(|row| row.iter().map(|cell| line(cell).into_owned()).collect::<Vec<_>>()));
    if let Some(width) = width {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(column) = table.column_mut(0) {
        let width = u16::try_from(key + 2).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
    }
    let mut text = String::new();
    for row in table.lines() {
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// Names and values, a pair in each line, the values below each other. The values go through [`line`].
pub(crate) fn pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().fold(String::new(), |mut text, (name, value)| {
        writeln!(text, "{name:width$}  {}", line(value)).expect("a string takes every write");
        text
    })
}

/// `2026-11-23T20:25:01.123Z`: milliseconds are what people compare.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// `20:25:01.123`, in UTC as every time is.
pub(crate) fn time_of_day(time: Timestamp) -> String {
    let time = format!("{time:.3}");
    let (_, time_of_day) = time.split_once('T').unwrap_or(("", &time));
    time_of_day.trim_end_matches('Z').to_owned()
}

/// `3.2 ms`, `1.5 s`: three digits at the most, in the unit that needs the fewest.
pub(crate) fn duration(duration: Duration) -> String {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..100_000 => tenths(micros, 1_000, "ms"),
        100_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..100_000_000 => tenths(micros, 1_000_000, "s"),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// `512 bytes`, `1.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        1 => "1 byte".to_owned(),
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => tenths(bytes, KIB, "KiB"),
        _ => tenths(bytes, MIB, "MiB"),
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn tenths(amount: u64, unit: u64, name: &str) -> String {
    format!("{}.{} {name}", amount / unit, u128::from(amount % unit) * 10 / u128::from(unit))
}
