//! The type of a component with one handler, which linkers for components read from a custom section of the module.
//!
//! `handler.world` holds it with a placeholder for the handler's name: sections, each with an id and its length, whose
//! texts carry their length too. Putting the name in changes these lengths and nothing else.

/// `cargo xtask bindings` writes it from the contract.
const TEMPLATE: &[u8] = include_bytes!("handler.world");
const PLACEHOLDER: &str = "placeholder";
/// The world's full name is the handler's, in this package.
const PACKAGE: &str = "tenterhook:handler/";

/// A component's magic number and version.
const PREAMBLE: usize = 8;

/// The type of the component that exports one handler under `name`.
pub(crate) fn encode(name: &str) -> Vec<u8> {
    let (preamble, mut rest) = TEMPLATE.split_at(PREAMBLE);
    let mut world = preamble.to_vec();
    while let Some((id, after_id)) = rest.split_first() {
        let (length, after_length) = read_length(after_id);
        let (section, next) = after_length.split_at(length);
        let section = replace(section, &text(PLACEHOLDER), &text(name));
        let section = replace(&section, &text(&format!("{PACKAGE}{PLACEHOLDER}")), &text(&format!("{PACKAGE}{name}")));
        world.push(*id);
        write_length(section.len(), &mut world);
        world.extend(section);
        rest = next;
    }
    world
}

/// A text as it stands in a section: its length, its bytes.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_length(text.len(), &mut bytes);
    bytes.extend(text.as_bytes());
    bytes
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            replaced.extend(to);
            rest = after;
        } else {
            replaced.push(*first);
            rest = after;
        }
    }
    replaced
}

/// LEB128: seven bits in each byte, the lowest first.
fn read_length(bytes: &[u8]) -> (usize, &[u8]) {
    let mut length = 0;
    for (index, byte) in bytes.iter().enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (length, bytes.split_at(index + 1).1);
        }
    }
    (length, &[])
}

fn write_length(mut length: usize, bytes: &mut Vec<u8>) {
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_survive() {
        for length in [0, 1, 127, 128, 1200, 16_383, 16_384, 1 << 30] {
            let mut bytes = Vec::new();
            write_length(length, &mut bytes);
            bytes.push(9);
            assert_eq!(read_length(&bytes), (length, &[9][..]));
        }
    }

    #[test]
    fn the_placeholder_itself_gives_the_template() {
        assert_eq!(encode(PLACEHOLDER), TEMPLATE);
    }

    #[test]
    fn the_name_stands_in_three_places() {
        let world = String::from_utf8_lossy(&encode("on-http-get")).into_owned();
        assert_eq!(world.matches("\u{b}on-http-get").count(), 2);
        assert_eq!(world.matches("\u{1e}tenterhook:handler/on-http-get").count(), 1);
        assert!(!world.contains(PLACEHOLDER));
    }
}
