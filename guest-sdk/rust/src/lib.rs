//! x

mod answer;
#[cfg(any(test, all(feature = "arena", target_family = "wasm")))]
mod arena;
mod data;
mod error;
mod event;
#[cfg(not(target_family = "wasm"))]
pub mod fake;
mod lazy;
pub mod log;
mod response;
mod source;
mod value;
pub mod vars;
#[rustfmt::skip]
#[expect(unsafe_code, reason = "the canonical ABI, in code that wit-bindgen wrote")]
#[allow(missing_docs, dead_code, unreachable_pub, unused_macros, unused_imports, clippy::all, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::allow_attributes_without_reason, reason = "generated")]
mod bindings;
#[doc(hidden)]
#[path = "rt.rs"]
pub mod __rt;

pub use answer::{IntoAnswer, Json};
pub use data::{Body, Data, Url};
pub use error::{Error, OrReject, Result};
pub use event::Event;
pub use lazy::Lazy;
pub use response::Response;
pub use tenterhook_macros::handler;
pub use value::Value;
