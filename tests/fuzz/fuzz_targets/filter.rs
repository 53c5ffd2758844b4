//! An expression over a request, for `cargo fuzz run filter --fuzz-dir tests/fuzz`, which needs a nightly compiler.
//! `cargo xtask fuzz` runs the same inputs with mutations that know the grammar, on any compiler.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../inputs/input.rs"]
mod input;

fuzz_target!(|bytes: &[u8]| {
    let input = input::Input::parse(&String::from_utf8_lossy(bytes));
    // A panic of the parser or of the interpreter is caught by the host and told in words.
    let answer = match input::compile(&input.expression) {
        Ok(filter) => input::evaluate(&filter, &input.data()),
        Err(refused) => refused,
    };
    let words = format!("{answer:?}");
    assert!(!words.contains("the parser failed") && !words.contains("the filter crashed"), "{words}");
});
