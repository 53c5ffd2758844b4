//! What is deployed: manifests, and the modules that they name.

pub mod manifest;
