//! Where the lines of a bundle are from, as its source map (ECMA-426) has it: for the stacks of what fails.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[derive(Deserialize)]
struct Map {
    sources: Vec<String>,
    mappings: String,
}

/// A statement that tells the SDK where the bundle's lines are from, as far as they are the project's own; none when the map cannot be read: then
/// stacks name the bundle. `folder` is the map's, to which the names in it are relative.
pub(super) fn statement(map: &[u8], folder: &Path, project: &Path) -> Option<String> {
    let map: Map = serde_json::from_slice(map).ok()?;
    let own = |source: &String| {
        let file = folder.join(source).canonicalize().ok()?;
        Some(file.strip_prefix(project).ok()?.to_string_lossy().into_owned())
    };
    let files: Vec<Option<String>> = map.sources.iter().map(own).collect();
    // Lines are counted from one.
    let lines = origins(&map.mappings)?.into_iter().zip(1..).filter_map(|(origin, line)| {
        let (source, origin) = origin?;
        files.get(source)?.as_ref()?;
        Some((line, [source, origin + 1]))
    });
    let lines: BTreeMap<usize, [usize; 2]> = lines.collect();
    let places = json!({"files": files, "lines": lines}).to_string();
    Some(format!("globalThis[Symbol.for(\"tenterhook.places\")] = {};\n", json!(places)))
}

/// For each line of the bundle, the source and its line that the line's first part is from, both counted from zero.
fn origins(mappings: &str) -> Option<Vec<Option<(usize, usize)>>> {
    let (mut source, mut line) = (0_i64, 0_i64);
    let mut origins = Vec::new();
    for segments in mappings.split(';') {
        let mut first = None;
        for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
            // Each is the difference to the one before: a column, a source, its line, its column, perhaps a name.
            if let [_, by_sources, by_lines, ..] = numbers(segment)?.as_slice() {
                source += by_sources;
                line += by_lines;
                first = first.or(Some((usize::try_from(source).ok()?, usize::try_from(line).ok()?)));
            }
        }
        origins.push(first);
    }
    Some(origins)
}

/// Base64 VLQ: five bits in each digit, the lowest first, with the sign in the lowest of all.
fn numbers(segment: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let (mut bits, mut shift) = (0_i64, 0_u32);
    for digit in segment.bytes() {
        let digit = i64::try_from(DIGITS.iter().position(|other| *other == digit)?).ok()?;
        bits |= (digit & 31).checked_shl(shift)?;
        shift += 5;
        if digit & 32 == 0 {
            numbers.push(if bits & 1 == 1 { -(bits >> 1) } else { bits >> 1 });
            (bits, shift) = (0, 0);
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_traced_to_where_they_are_from() {
        assert_eq!(numbers("AAgBC").unwrap(), [0, 0, 16, 1]);
        assert_eq!(numbers("D+/B").unwrap(), [-1, 1023]);
        assert_eq!(numbers("?"), None);
        // Nothing; the first source's second line, in two parts; the other source's line before that; a part that is from nowhere.
        assert_eq!(origins(";AACA,IACA;ACDA;A").unwrap(), [None, Some((0, 1)), Some((1, 1)), None]);
    }

    #[test]
    fn a_map_that_is_none_gives_no_statement() {
        assert_eq!(statement(b"{}", Path::new("/"), Path::new("/")), None);
    }
}
