//! What filters cost, and that they cannot cost more: `cargo xtask bench` runs this without an argument for figures,
//! `cargo xtask hostile` for the table of filters that are meant to hurt, and `cargo xtask fuzz` for new ones.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and stands outside the host"
)]

mod figures;
mod fuzz;
mod hostile;
#[path = "../fuzz/inputs/mod.rs"]
mod inputs;
mod measure;
mod push;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => figures::print(),
        ["hostile"] => hostile::print(),
        ["fuzz", minutes, seed] => fuzz::run(minutes.parse().unwrap(), seed.parse().unwrap()),
        ["fuzz-child", minutes, seed, current] => {
            fuzz::child(minutes.parse().unwrap(), seed.parse().unwrap(), Path::new(current));
        }
        other => panic!("unknown arguments {other:?}"),
    }
}
