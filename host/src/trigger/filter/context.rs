//! What all filters of one event see: the variables `data` and `event_type`.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::sync::Arc;

use cel::common::types::CelString;

use super::budget::{Handle, Meter};
use super::data::Source;
use super::env;
use super::explain::{ROOM, Secrets};
use super::lazy::Lazy;
use super::pattern::Cache;
use crate::event::{Data, EventType};

/// One event's variables. What one filter reads is converted once, for all.
pub struct Context<'a> {
    pub(super) variables: cel::Context<'a, 'a>,
    pub(super) meter: Arc<Meter>,
    /// What explanations may still take in the event's record, in bytes. One filter at a time: the meter too counts for one.
    pub(super) room: Cell<usize>,
    data: &'a Data,
    secrets: OnceCell<Secrets>,
}

impl<'a> Context<'a> {
    /// The variables of an event.
    pub fn new(kind: &'a EventType, data: &'a Data) -> Self {
        let mut variables = cel::Context::with_env(Arc::clone(env::shared()));
        let meter = Arc::new(Meter::default());
        variables.add_variable_as_val(env::DATA, Box::new(Lazy::new(Source::Data(data, Arc::clone(&meter)))));
        variables.add_variable_as_val(env::EVENT_TYPE, Box::new(CelString::from(kind.as_str())));
        variables.add_variable_as_val(env::PATTERNS, Box::new(Cache::default()));
        variables.add_variable_as_val(env::METER, Box::new(Handle(Arc::clone(&meter))));
        Self { variables, meter, room: Cell::new(ROOM), data, secrets: OnceCell::new() }
    }

    /// What no reason and no explanation may show.
    pub(super) fn secrets(&self) -> &Secrets {
        self.secrets.get_or_init(|| Secrets::of(self.data))
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}
