//! `cargo xtask hostile`: filters and requests that are meant to hurt, with what they come to.

mod bodies;
mod cases;

use std::process::exit;

use crate::inputs::input::{Answer, compile, evaluate};
use crate::measure::{MAX_MEMORY, MAX_TIME, Took, measure};

use self::cases::Case;

/// Prints the table. Ends with an exit code when one of them takes more than a filter may.
pub(crate) fn print() {
    println!(
        "Hostile filters: compiling and evaluating may take {MAX_TIME:?} of a processor and {} MiB each",
        MAX_MEMORY >> 20
    );
    println!("  {:<58} {:>8} {:>8} {:>7}  answer", "filter", "compile", "ask", "memory");
    println!("  {:<58} {:>8} {:>8} {:>7}", "", "ms", "ms", "MiB");
    let mut wrong = Vec::new();
    for case in cases::all() {
        let (compiled, compiling) = measure(|| compile(&case.filter));
        let (answer, asking) = match compiled {
            Err(refused) => (refused, None),
            Ok(filter) => {
                let data = case.request();
                let (answer, took) = measure(|| evaluate(&filter, &data));
                (answer, Some(took))
            }
        };
        let answer = in_words(&answer);
        println!("{}", line(&case, compiling, asking, &shortened(&answer)));
        let over = |took: &Took| took.time > MAX_TIME || took.memory > MAX_MEMORY;
        if over(&compiling) || asking.as_ref().is_some_and(over) {
            wrong.push(format!("{}: takes too much", case.name));
        }
        if !answer.contains(case.expected) {
            wrong.push(format!("{}: wanted `{}`", case.name, case.expected));
        }
    }
    if !wrong.is_empty() {
        println!("{}", wrong.join("\n"));
        exit(1);
    }
}

fn line(case: &Case, compiling: Took, asking: Option<Took>, answer: &str) -> String {
    let millis = |took: Took| format!("{:.2}", took.time.as_secs_f64() * 1e3);
    let memory = asking.map_or(0, |took| took.memory).max(compiling.memory) as f64 / f64::from(1 << 20);
    let (compile, ask) = (millis(compiling), asking.map_or_else(|| "–".to_owned(), millis));
    format!("  {:<58} {compile:>8} {ask:>8} {memory:>7.1}  {answer}", case.name)
}

fn in_words(answer: &Answer) -> String {
    match answer {
        // The first line has the reason, and the filter's source follows.
        Answer::Refused(errors) => format!("refused: {}", errors.lines().next().unwrap_or_default()),
        Answer::Verdict(verdict, detail) => match detail {
            Some(detail) => format!("{verdict}: {detail}"),
            None => verdict.to_string(),
        },
    }
}

fn shortened(words: &str) -> String {
    let start: String = words.chars().take(110).collect();
    if start.len() < words.len() { start + "…" } else { start }
}
