//! Write [Tenterhook](https://github.com/tenterhook/tenterhook) webhook handlers in Rust.
//!
//! A handler is a function with an attribute. It takes an [`Event`] and returns what the sender of a synchronous webhook
//! receives, or nothing:
//!
//! ```
//! use tenterhook::{Event, Response, Result};
//!
//! #[tenterhook::handler]
//! fn on_http_get(event: Event) -> Result<Response> {
//!     let name = event.data().get("url").get("query").get_or("name", "world");
//!     Ok(Response::text(format!("hello {name}\n")))
//! }
//! # let event = Event::fake().url("/webhooks/hello?name=Ada").build();
//! # assert_eq!(on_http_get(event).unwrap().body, b"hello Ada\n");
//! ```
//!
//! A crate has any number of handlers. It is a `cdylib`, and a component in one step:
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib"]
//!
//! [dependencies]
//! tenterhook = "0.1"
//!
//! [profile.release] # small and quick to start
//! opt-level = "s"
//! lto = true
//! codegen-units = 1
//! panic = "abort"
//! strip = true
//! ```
//!
//! ```sh
//! rustup target add wasm32-wasip2
//! cargo build --release --target wasm32-wasip2
//! ```
//!
//! The manifest's `call: hello.rs:on_http_get` names the handler `on_http_get` of the module `hello.rs`.
//!
//! # Reading the event
//!
//! [`Event::data`] has the payload's fields, which read in three equal ways at every depth: as attributes
//! (`event.data().url.path`), by key (`event.data()["url"]["path"]`), and with [`get`](Value::get) and
//! [`get_or`](Value::get_or) (`event.data().get("url").get_or("path", "/")`), which differ in that a missing field is no
//! panic. The default is given when the field is missing; a null that is present is null. Headers are found in any case.
//!
//! Nothing is copied into the sandbox before it is looked at: a handler that reads one header of a request with a large
//! body pays for one header.
//!
//! The body is there as [bytes](Body::bytes), [text](Body::text), [form](Body::form) and [JSON](Body::json), and as a type of the
//! handler's own with [`event.data().body.json::<Order>()`](Body::json()).
//!
//! # Answering
//!
//! A handler returns `()`, text, [`Json`]`(value)`, `(status, text)`, a [`Response`], an `Option` or a `Result` of these: see
//! [`IntoAnswer`]. The compiler says what to do when it is something else:
//!
//! ```compile_fail,E0277
//! # use tenterhook::Event;
//! #[tenterhook::handler]
//! fn on_http_get(event: Event) -> u64 {
//!     42 // error: a handler cannot answer with `u64`
//! }
//! ```
//!
//! ```compile_fail,E0277
//! #[tenterhook::handler]
//! fn on_http_get(body: String) -> String {
//!     body // error: a handler takes a `tenterhook::Event`, not `String`
//! }
//! ```
//!
//! # Failing
//!
//! `?` on any error asks for another attempt, since the cause may pass; [`Error::retry_after`] says when, and
//! [`Error::reject`] says that no attempt would succeed. A panic ends the sandbox, and its message is the session's error.
//!
//! # Logging
//!
//! [`log::info!`](log) and its siblings write to the session's log, with fields. So does [`println!`] of this crate on every
//! target; `std::println!` does on `wasm32-wasip2` alone.
//!
//! # Keeping, asking, streaming
//!
//! [`kv`] keeps things between events, [`reply`] sends a response while the handler runs, and `http`, with the feature of its name,
//! sends requests to others. What the manifest does not grant says so
//! when it is called.
//!
//! # Testing
//!
//! Handlers are functions, which `cargo test` runs on your machine with a [fake event](fake::FakeEvent):
//!
//! ```
//! use tenterhook::Event;
//!
//! # #[tenterhook::handler]
//! # fn on_http_get(event: Event) -> String {
//! #     format!("hello {}", event.data().get("url").get("query").get_or("name", "world"))
//! # }
//! let event = Event::fake().url("/webhooks/hello?name=Ada").build();
//! assert_eq!(on_http_get(event), "hello Ada");
//! ```
//!
//! # Targets
//!
//! `wasm32-wasip2` gives a component that imports some of WASI, because Rust's standard library does.
//! `wasm32-unknown-unknown` gives a core module that the host makes a component of, which imports only what it uses of
//! Tenterhook's own interfaces: it is smaller and starts sooner, and has no clock and no randomness.
//!
//! # Memory
//!
//! With the feature `arena`, which is on by default, the crate brings a global allocator: an event's first 128 KiB come from memory
//! that the module starts with, since asking the host for more is the largest cost of a small handler; what exceeds them
//! comes from the system's allocator, as ever. Turn it off with `default-features = false` to bring your own. For the full
//! effect make the stack smaller than its 1 MiB, which the host wipes between events, in `.cargo/config.toml`:
//!
//! ```toml
//! [target.'cfg(target_family = "wasm")']
//! rustflags = ["-Clink-arg=-zstack-size=65536"]
//! ```

/// What a handler receives: who it is,
mod event;

/// and what the request says, with its fields as attributes,
mod data;

/// each read when it is first looked at,
mod lazy;

/// and as a dictionary.
mod value;

/// What a handler may return:
mod answer;

/// what the sender receives,
mod response;

/// or why there is nothing.
mod error;

#[cfg(feature = "http")]
pub mod http;
pub mod kv;
pub mod log;
pub mod reply;
pub mod vars;

#[cfg(not(target_family = "wasm"))]
pub mod fake;

/// Where an event comes from.
mod source;

#[rustfmt::skip]
#[expect(unsafe_code, reason = "the canonical ABI, in code that wit-bindgen wrote")]
#[allow(
    missing_docs, dead_code, unreachable_pub, unused_macros, unused_imports, clippy::all, clippy::unwrap_used, clippy::panic,
    clippy::indexing_slicing, clippy::allow_attributes_without_reason, rustdoc::all,
    reason = "generated"
)]
mod bindings;

#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;

#[cfg(any(test, all(feature = "arena", target_family = "wasm")))]
mod arena;

pub use answer::{IntoAnswer, Json};
pub use data::{Body, Data, Url};
pub use error::{Error, OrReject, Result};
pub use event::Event;
pub use lazy::Lazy;
pub use response::Response;
pub use tenterhook_macros::handler;
pub use value::Value;
