//! What a handler receives.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::source::Source;
use crate::{Data, Value};

/// One received request: who it is, and in [`data`](Self::data) what it says.
pub struct Event {
    source: Rc<dyn Source>,
    data: OnceCell<Data>,
}

impl Event {
    pub(crate) fn from_source(source: impl Source + 'static) -> Self {
        Self { source: Rc::new(source), data: OnceCell::new() }
    }

    /// An event for a test: see [`FakeEvent`](crate::fake::FakeEvent). It is there on the author's machine only.
    #[cfg(not(target_family = "wasm"))]
    pub fn fake() -> crate::fake::FakeEvent {
        crate::fake::FakeEvent::default()
    }

    /// `evt_…`, the same for every trigger that the event matched and for every attempt.
    pub fn id(&self) -> String {
        self.source.id()
    }

    /// The event type: the HTTP method in lower case.
    pub fn kind(&self) -> String {
        self.source.kind()
    }

    /// `ses_…`: this trigger's handling of the event, the same for every attempt. Delivery is at least once, so it is what
    /// to give to others as an idempotency key.
    pub fn session(&self) -> String {
        self.source.session()
    }

    /// 1 at the first attempt.
    pub fn attempt(&self) -> u32 {
        self.source.attempt()
    }

    /// When the request was received, to the microsecond.
    pub fn created_at(&self) -> SystemTime {
        let micros = self.source.created_at();
        let since_epoch = Duration::from_micros(micros.unsigned_abs());
        if micros < 0 { UNIX_EPOCH - since_epoch } else { UNIX_EPOCH + since_epoch }
    }

    /// The name of the trigger that selected this handler.
    pub fn trigger(&self) -> String {
        self.source.trigger()
    }

    /// `evt_…` of the event that this one copies, when somebody dispatched it again: what it made a handler do may be done
    /// already.
    pub fn redispatched_from(&self) -> Option<String> {
        self.source.redispatched_from()
    }

    /// What the request says. Its fields are read from the host when they are first looked at.
    pub fn data(&self) -> &Data {
        self.data.get_or_init(|| Data::of(&self.source))
    }

    /// One field of the payload in one step: its name (`method`) or a JSON Pointer (`/url/path`, `/headers/content-type`,
    /// `/body/json/action`). Null when it is missing.
    pub fn get(&self, pointer: &str) -> Value {
        let pointer =
            if pointer.is_empty() || pointer.starts_with('/') { pointer.to_owned() } else { format!("/{pointer}") };
        Value::at(&self.source, pointer)
    }

    /// As [`get`](Self::get), but `default` when the field is missing. A null that is present is null.
    pub fn get_or(&self, pointer: &str, default: impl Into<Value>) -> Value {
        let field = self.get(pointer);
        if field.exists() { field } else { default.into() }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("id", &self.id()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}
