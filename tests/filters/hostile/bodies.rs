//! Bodies that are as large as the host takes.

/// The largest body that the host takes, unless its operator moves that bound.
const LARGEST: usize = 512 << 10;

/// How many lists, objects and commas of JSON filters read at the most.
const PARTS: usize = 49_000;

/// The same text over and over.
pub(super) fn text(part: &str) -> String {
    part.repeat(LARGEST / part.len())
}

/// A list of the same element over and over, as long as filters read it.
pub(super) fn list(element: &str) -> String {
    let parts = 1 + element.chars().filter(|c| "[{,".contains(*c)).count();
    repeated(element, (PARTS / parts).min(most(element)))
}

/// One that is as long as the host takes it.
pub(super) fn longest_list(element: &str) -> String {
    repeated(element, most(element))
}

fn most(element: &str) -> usize {
    (LARGEST - 1) / (element.len() + 1)
}

fn repeated(element: &str, times: usize) -> String {
    format!("[{}]", vec![element; times].join(","))
}

/// A list of numbers, no two the same.
pub(super) fn numbers() -> String {
    let numbers: Vec<String> = (100_000..149_000).map(|number| number.to_string()).collect();
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
