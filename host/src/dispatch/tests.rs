//! Sessions on a store in memory, by a clock that stands until a test turns it, with real guests.

pub(crate) mod bench;
mod control;
mod limits;
mod policy;
mod recovery;
mod retries;
