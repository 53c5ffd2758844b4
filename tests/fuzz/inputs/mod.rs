//! Filters and requests to try: as text, and made of others.

mod grammar;
pub(crate) mod input;
pub(crate) mod mutate;
pub(crate) mod random;
