//! What `#[handler]` calls. It is public for that alone, and may change in any release.

pub use crate::bindings::{__post_return_handle as post_return, _export_handle_cabi, Event, Guest};

use crate::bindings::{Failure, Response};
use crate::{Event as SdkEvent, IntoAnswer};

/// What a handler gives to the host.
pub type Answer = Result<Option<Response>, Failure>;

/// What a handler may take.
#[diagnostic::on_unimplemented(
    message = "a handler takes a `tenterhook::Event`, not `{Self}`",
    label = "not a `tenterhook::Event`",
    note = "write `fn on_http_get(event: tenterhook::Event)`; the request's body, headers and the like are in `event.data()`"
)]
pub trait Argument {
    /// The argument for an event.
    fn from_event(event: SdkEvent) -> Self;
}

impl Argument for SdkEvent {
    fn from_event(event: SdkEvent) -> Self {
        event
    }
}

/// The handler's argument.
pub fn argument<A: Argument>(event: Event) -> A {
    A::from_event(SdkEvent::from_source(event))
}

/// The handler's answer.
///
/// # Errors
/// The handler's own.
pub fn answer<A: IntoAnswer>(answer: A) -> Answer {
    match answer.into_answer() {
        Ok(response) => Ok(response.map(Into::into)),
        Err(error) => Err(error.into()),
    }
}

/// Calls the handler.
///
/// # Safety
/// `event` is a handle that the host gave to the export.
#[expect(unsafe_code, reason = "the export speaks the canonical ABI, in code that wit-bindgen wrote")]
pub unsafe fn call<H: Guest>(event: i32) -> *mut u8 {
    tell_panics();
    // SAFETY: the caller's.
    unsafe { _export_handle_cabi::<H>(event) }
}

/// Without WASI a panic's message has no standard error to go to: the session's log keeps it.
fn tell_panics() {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    std::panic::set_hook(Box::new(|panic| crate::log::write(crate::log::Level::Error, &panic.to_string(), &[])));
}
