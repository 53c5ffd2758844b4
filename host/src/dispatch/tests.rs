//! Sessions on a store in memory, by a clock that stands until a test turns it, with real guests.

mod bench;
mod control;
mod limits;
mod policy;
mod recovery;
mod retries;
