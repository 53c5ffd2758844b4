//! `tenterhook.yaml`: what it says once it is known to be sound. Knows no file but its text: modules are looked up, and
//! filters compiled, by those who have them; [`Manifest::missing_module`] and its neighbours word what they find.

mod blank;
mod check;
mod diagnostic;
mod endpoint;
mod fields;
mod grammar;
mod grants;
mod keys;
mod limits;
mod locate;
mod read;
mod retry;
mod schema;
mod suggest;
mod tree;
mod trigger;
mod yaml_error;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::{Deref, Range};
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;

pub use check::bad_expression;
pub(super) use check::forbidden;
pub use diagnostic::{Diagnostic, Error, Excerpt, Note, Severity};
pub use schema::schema;

pub use crate::trigger::Call;

use crate::egress::Rule;
use crate::event::{EventType, Keep};
use crate::trigger::{Grants, Limit, Retry};

/// The manifest's name in a project's directory.
pub const FILE: &str = "tenterhook.yaml";

/// The shortest time that a trigger's `timeout` may give its handler.
pub const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// The longest: a handler that needs more is not answering a webhook.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// A sound manifest.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The project that it describes.
    pub project: Project,
    /// Every module that a trigger calls or that `modules` lists, by the name that `call` uses; the listed ones first.
    pub modules: IndexMap<String, ModuleSpec>,
}

/// `project:`
#[derive(Clone, Debug)]
pub struct Project {
    /// Unique in its org: 1 to 64 of `A-Z a-z 0-9 . _ ~ -`, as a slug.
    pub name: At<String>,
    /// For people.
    pub display_name: Option<String>,
    /// In the manifest's order; names are unique.
    pub vars: Vec<Var>,
    /// Where the handlers' requests may go, of all triggers that do not say it themselves.
    pub outbound: Vec<At<Rule>>,
    /// In the manifest's order; names are unique.
    pub triggers: Vec<TriggerSpec>,
    /// What holds for all triggers of an endpoint, in the manifest's order; slugs are unique, and a trigger listens on each.
    pub endpoints: Vec<EndpointSpec>,
}

/// A value that handlers may read.
#[derive(Clone)]
pub struct Var {
    /// `[A-Za-z_][A-Za-z0-9_]*`: it is the name of an environment variable too.
    pub name: At<String>,
    /// As the manifest writes it; empty when it has none.
    pub value: String,
    /// Whether the value is shown to nobody but handlers.
    pub secret: bool,
    /// Who may see the value, which handlers then do not; none when they do.
    pub hosts: Option<Vec<At<Rule>>>,
    /// For people.
    pub description: Option<String>,
}

/// One of `endpoints:`.
#[derive(Clone, Debug)]
pub struct EndpointSpec {
    /// Its slug.
    pub slug: At<String>,
    /// By what it tells that a delivery was sent before; none when it takes every one for a new one.
    pub dedup: Option<DedupSpec>,
}

/// An endpoint's `dedup`. Its expression is not compiled.
#[derive(Clone, Debug)]
pub struct DedupSpec {
    /// CEL's source; none for the headers that are well known.
    pub key: Option<At<String>>,
    /// How long a key is remembered; none for the default.
    pub window: Option<Duration>,
}

/// One of `triggers:`. Its expressions are not compiled, and its handler not looked up.
#[derive(Clone, Debug)]
pub struct TriggerSpec {
    /// Unique in the project; also the slug when there is no `endpoint`.
    pub name: At<String>,
    /// The slug of the endpoint that it shares with others.
    pub endpoint: Option<At<String>>,
    /// The one type that it takes; none for every type.
    pub event_type: Option<EventType>,
    /// CEL's source.
    pub filter: Option<At<String>>,
    /// The handler; its span is the whole `module:function`.
    pub call: At<Call>,
    /// Whether the handler's response is the sender's.
    pub is_sync: bool,
    /// How long the handler may take, between [`MIN_TIMEOUT`] and [`MAX_TIMEOUT`]; none for the host's default.
    pub timeout: Option<Duration>,
    /// What it may take meanwhile, of the limits that it names: bytes, milliseconds or a count, at least 1.
    pub limits: Vec<(Limit, At<u64>)>,
    /// When a session is tried again: never when the trigger is synchronous.
    pub retry: Retry,
    /// How many of its sessions may run at once; none for as many as the org may.
    pub max_concurrency: Option<u32>,
    /// CEL's source of the lane in which an event is handled.
    pub ordered_by: Option<At<String>>,
    /// How much of an event and its session stays; [`Keep::None`] only when the trigger is synchronous.
    pub history: Keep,
    /// What its handler may use: its own, or else the project's.
    pub grants: Grants,
    /// The rules of these that the trigger writes itself.
    pub outbound: Vec<At<Rule>>,
}

/// Where a module's component comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleSpec {
    /// The component's file, relative to the manifest's directory.
    pub path: String,
    /// A shell command, run in the manifest's directory, that writes that file.
    pub build: Option<String>,
    /// Whether `modules` lists it. If not, `path` is the one that its name stands for.
    pub listed: bool,
    /// Where the manifest says so: `path`, else the module's name in `modules`, else the first `call` that names it.
    pub span: Span,
}

/// A value and the bytes of the manifest that say it, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// What they say.
    pub value: T,
    /// Where they are.
    pub span: Span,
}

/// Bytes of the manifest: `start` is the first, `end` the one after the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    /// The first byte's offset.
    pub start: usize,
    /// The offset after the last byte.
    pub end: usize,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// All mistakes that its text shows. A mistake in the YAML itself hides those after it.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        read::manifest(bytes.as_ref())
    }
}

/// Whether a project may have this name.
///
/// # Errors
/// What is wrong with it, as a sentence that begins with the name.
pub fn project_name(name: &str) -> Result<(), String> {
    grammar::slug(name).map_err(worded)
}

/// Whether a variable may have this name.
///
/// # Errors
/// As [`project_name`].
pub fn var_name(name: &str) -> Result<(), String> {
    grammar::var(name).map_err(worded)
}

fn worded(mistake: grammar::Mistake) -> String {
    match mistake.help {
        Some(help) => format!("{}: {help}", mistake.message),
        None => mistake.message,
    }
}

impl TriggerSpec {
    /// The slug of its endpoint: `endpoint`, or its own name.
    pub fn slug(&self) -> &str {
        self.endpoint.as_ref().unwrap_or(&self.name)
    }
}

impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value: &dyn fmt::Debug = if self.secret { &format_args!("<secret>") } else { &self.value };
        f.debug_struct("Var")
            .field("name", &self.name.value)
            .field("value", value)
            .field("secret", &self.secret)
            .field("hosts", &self.hosts)
            .field("description", &self.description)
            .finish()
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}
