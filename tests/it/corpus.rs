//! What was found by fuzzing stays mended: every input of the corpus is answered, and so are some that are made of
//! them, always the same. `cargo xtask fuzz` makes new ones, and bounds their time and memory too.

use std::path::Path;

use crate::inputs::input::{Answer, Input, compile, evaluate};
use crate::inputs::mutate::mutate;
use crate::inputs::random::Random;

/// How many are made. In a build that checks for overflow, unlike the one that `cargo xtask fuzz` runs.
const MADE: usize = 1_000;

#[test]
fn every_input_is_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/filter");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let corpus: Vec<Input> = paths.iter().map(|path| Input::parse(&std::fs::read_to_string(path).unwrap())).collect();
    assert!(corpus.len() >= 30, "{}", corpus.len());
    let mut random = Random::new(1);
    let made: Vec<Input> = (0..MADE)
        .map(|_| {
            let (one, other) = (random.pick(&corpus).clone(), random.pick(&corpus).clone());
            mutate(&mut random, &one, &other)
        })
        .collect();
    let mut compiled = 0;
    for input in corpus.iter().chain(&made) {
        let answer = match compile(&input.expression) {
            Ok(filter) => {
                compiled += 1;
                evaluate(&filter, &input.data())
            }
            Err(refused) => refused,
        };
        let words = match answer {
            Answer::Refused(errors) => errors,
            Answer::Verdict(_, detail) => detail.unwrap_or_default(),
        };
        let panicked = ["the parser failed", "the filter crashed"].iter().any(|told| words.contains(told));
        assert!(!panicked, "{words}\n{input}");
    }
    // Else the grammar makes nothing but mistakes.
    assert!(compiled > MADE / 4, "{compiled} of {MADE} compiled");
}

#[test]
fn an_input_reads_as_it_was_written() {
    let text = "data.method == 'A'\n---\nPUT /a?b\nX-A: 1: 2\nx-b: \n\n{\n\n\"a\": 1}";
    let input = Input::parse(text);
    assert_eq!(input.to_string(), text);
    assert_eq!(input.headers, [("X-A".to_owned(), "1: 2".to_owned()), ("x-b".to_owned(), String::new())]);
    assert_eq!((input.method.as_str(), input.url.as_str()), ("PUT", "/a?b"));
    assert_eq!(input.data().text(), Some("{\n\n\"a\": 1}"));
    assert_eq!(Input::parse("true").method, "POST");
}
