//! Handlers in every language: from `new` to an edit that is followed; one table of events that all of them answer alike; and one scenario of what they keep,
//! send and stream.

mod conformance;
mod grants;
mod mistakes;
mod python;
mod scenario;
mod start;
