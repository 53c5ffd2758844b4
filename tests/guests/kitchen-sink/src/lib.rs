//! Handlers that use every part of the SDK, for the tests of the host.

mod answers;
mod ends;
mod names;
mod reads;
mod says;
