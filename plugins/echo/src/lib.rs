//! A synchronous webhook that answers with what it received.

use tenterhook::{Event, Value};

/// Answers with the whole of `event.data` as JSON, `body.bytes` in base64.
#[tenterhook::handler]
fn on_request(event: Event) -> Value {
    event.get("")
}
