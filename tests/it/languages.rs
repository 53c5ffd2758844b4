//! Handlers in every language: from `new` to an edit that is followed, and one table of events that all of them answer alike.

mod conformance;
mod grants;
mod mistakes;
mod python;
mod start;
