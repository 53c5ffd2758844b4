//! Logs and variables.

use tenterhook::{Event, Json, log, vars};

#[tenterhook::handler]
fn logs(event: Event) {
    log::trace!("one");
    log::debug!("two {}", 2);
    log::info!(attempt = event.attempt(), method = event.data().method, "three");
    log::warn!(empty = "", "four");
    log::error!(code = 5, "five");
    tenterhook::println!();
    tenterhook::println!("printed {}", "here");
    std::println!("printed by std");
}

#[tenterhook::handler]
fn variables(_event: Event) -> Json<(Vec<String>, Option<String>, Option<String>)> {
    Json((vars::names(), vars::get("GREETING"), vars::get("NOPE")))
}
