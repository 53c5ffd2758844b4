//! The project's variables and secrets, as `vars` in its manifest names them.
//!
//! ```
//! # tenterhook::fake::set_var("BASE_URL", "https://example.org/");
//! use tenterhook::vars;
//!
//! let base = vars::get("BASE_URL").unwrap_or_else(|| "http://localhost/".into());
//! # assert_eq!(base, "https://example.org/");
//! ```
//!
//! A unit test sets them with [`fake::set_var`](crate::fake::set_var).

#[cfg(not(target_family = "wasm"))]
use crate::fake::vars as imp;

#[cfg(target_family = "wasm")]
use crate::bindings::tenterhook::webhook::vars as imp;

/// The value of a variable; none when the project has no such variable.
pub fn get(name: &str) -> Option<String> {
    imp::get(name)
}

/// The names of all variables.
pub fn names() -> Vec<String> {
    imp::names()
}
