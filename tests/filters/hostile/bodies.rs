//! Bodies that are as large as the host takes.

/// The largest body that the host takes, unless its operator moves that bound.
const LARGEST: usize = 512 << 10;

/// The same text over and over.
pub(super) fn text(part: &str) -> String {
    part.repeat(LARGEST / part.len())
}

/// A list of the same element over and over.
pub(super) fn list(element: &str) -> String {
    let elements = vec![element; (LARGEST - 1) / (element.len() + 1)];
    format!("[{}]", elements.join(","))
}

/// A list of numbers, no two the same.
pub(super) fn numbers() -> String {
    let numbers: Vec<String> = (100_000..170_000).map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

/// An object with a member for each number.
pub(super) fn members() -> String {
    let members: Vec<String> = (0..40_000).map(|number| format!("\"{number}\":{number}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Lists within lists, about as deep as JSON is read.
pub(super) fn deep() -> String {
    let one = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    list(&one)
}

/// Objects within objects, about as deep as JSON is read.
pub(super) fn deep_objects() -> String {
    let one = format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60));
    list(&one)
}
