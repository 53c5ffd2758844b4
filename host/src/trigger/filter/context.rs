//! What all filters of one event see: the variables `data` and `event_type`.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use cel::common::types::CelString;

use super::budget::{Handle, Meter};
use super::data::Source;
use super::env;
use super::lazy::Lazy;
use super::pattern::Cache;
use crate::event::{Data, EventType};

/// One event's variables. What one filter reads is converted once, for all.
pub struct Context<'a> {
    pub(super) variables: cel::Context<'a, 'a>,
    pub(super) meter: Arc<Meter>,
    /// One filter at a time: the meter counts for one.
    not_sync: PhantomData<Cell<()>>,
}

impl<'a> Context<'a> {
    /// The variables of an event.
    pub fn new(kind: &'a EventType, data: &'a Data) -> Self {
        let mut variables = cel::Context::with_env(Arc::clone(env::shared()));
        variables.add_variable_as_val(env::DATA, Box::new(Lazy::new(Source::Data(data))));
        variables.add_variable_as_val(env::EVENT_TYPE, Box::new(CelString::from(kind.as_str())));
        variables.add_variable_as_val(env::PATTERNS, Box::new(Cache::default()));
        let meter = Arc::new(Meter::default());
        variables.add_variable_as_val(env::METER, Box::new(Handle(Arc::clone(&meter))));
        Self { variables, meter, not_sync: PhantomData }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
