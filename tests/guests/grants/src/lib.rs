//! Handlers that use what manifests grant, for the tests of the host.

mod asks;
mod keeps;
mod streams;
