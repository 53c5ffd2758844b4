//! Handlers with names that something else has too, and each must still be the one that is meant.

use tenterhook::Event;

/// A function of C's library: `println!` of the standard library calls it.
#[tenterhook::handler]
fn write(_event: Event) -> &'static str {
    println!("written");
    "write"
}

/// A function of C's library: whatever is allocated beyond the arena comes from it.
#[tenterhook::handler]
fn malloc(_event: Event) -> String {
    let block = vec![b'm'; 1 << 20];
    format!("malloc {}", block.len())
}

/// A word of Rust's.
#[tenterhook::handler]
fn r#type(_event: Event) -> &'static str {
    "type"
}

/// What a handler's argument is called.
#[tenterhook::handler]
fn event(event: Event) -> String {
    format!("event {}", event.kind())
}

/// What could be the name of the handler's type.
#[derive(Default)]
struct Handler(u8);

#[tenterhook::handler]
fn handler(_event: Event) -> String {
    format!("handler {}", Handler::default().0)
}

/// Not there, and so not exported.
#[tenterhook::handler]
#[cfg(any())]
fn absent(_event: Event) {}
