//! One module: found by its digest, and in memory for as long as it is used.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{ComponentExportIndex, InstancePre, Resource};

use super::bindings::types;
use super::code::Kind;
use super::imports::{State, event::Handle};
use super::library::{Library, LoadError};
use crate::event::{Digest, Timestamp};

/// What cannot be compiled is tried again after so long: its sessions would have it compiled for each attempt.
const PAUSE: Duration = Duration::from_secs(60);

/// A module of the library. It is loaded when it is first called, and again when it was not called for long.
pub struct Module {
    /// Its address.
    pub digest: Digest,
    library: Library,
    loaded: ArcSwapOption<Loaded>,
    /// Held while it is loaded, so that it is loaded once. Why it could not be, and until when that holds.
    gate: tokio::sync::Mutex<Option<(LoadError, Timestamp)>>,
    /// The library's count of loads when it was last called.
    used: AtomicU64,
    handlers: OnceLock<BTreeSet<String>>,
    imports: OnceLock<Vec<String>>,
}

/// A compiled component, linked with the host, and its handlers.
pub(super) struct Loaded {
    pub(super) pre: InstancePre<State>,
    pub(super) kind: Kind,
    handlers: HashMap<String, ComponentExportIndex>,
    /// The linear memory that a sandbox begins with, in bytes, or somewhat more.
    pub(super) memory: u64,
    /// The size of its code, in bytes.
    pub(super) size: u64,
}

impl Module {
    pub(super) fn new(library: Library, digest: Digest) -> Self {
        let (loaded, gate) = (ArcSwapOption::empty(), tokio::sync::Mutex::default());
        let (handlers, imports) = (OnceLock::new(), OnceLock::new());
        Self { digest, library, loaded, gate, used: AtomicU64::new(0), handlers, imports }
    }

    /// The names of the exports that are handlers, sorted: `on-http-get`. None until it was loaded once.
    pub fn handlers(&self) -> Option<&BTreeSet<String>> {
        self.handlers.get()
    }

    /// What it imports, sorted: `wasi:cli/environment@0.2.6`. Nothing until it was loaded once.
    pub fn imports(&self) -> &[String] {
        self.imports.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The code, from memory, from the disk, or compiled anew.
    pub(super) async fn load(self: &Arc<Self>) -> Result<Arc<Loaded>, LoadError> {
        self.used.store(self.library.loads(), Ordering::Relaxed);
        if let Some(loaded) = self.loaded.load_full() {
            return Ok(loaded);
        }
        let mut failure = self.gate.lock().await;
        if let Some(loaded) = self.loaded.load_full() {
            return Ok(loaded);
        }
        let now = self.library.now();
        if let Some((error, until)) = &*failure
            && now < *until
        {
            return Err(error.clone());
        }
        match self.library.load(self.digest).await {
            Ok(loaded) => {
                let names = loaded.handlers.keys().cloned().collect();
                self.handlers.get_or_init(|| names);
                self.imports.get_or_init(|| imports(&loaded.pre));
                self.loaded.store(Some(loaded.clone()));
                self.library.note_loaded(self);
                Ok(loaded)
            }
            Err(error @ (LoadError::Invalid(_) | LoadError::NoHandlers(_))) => {
                let until = now.checked_add(PAUSE).unwrap_or(Timestamp::MAX);
                *failure = Some((error.clone(), until));
                Err(error)
            }
            Err(error @ (LoadError::Missing(_) | LoadError::Store(_))) => Err(error),
        }
    }

    /// When it was last called, by the library's count of loads, and the size of its code; none when it is not in memory.
    pub(super) fn held(&self) -> Option<(u64, u64)> {
        let loaded = self.loaded.load();
        loaded.as_ref().map(|loaded| (self.used.load(Ordering::Relaxed), loaded.size))
    }

    /// Lets go of its code. Sandboxes that have it keep it until they end.
    pub(super) fn unload(&self) {
        self.loaded.store(None);
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("digest", &self.digest).field("handlers", &self.handlers()).finish()
    }
}

impl Loaded {
    /// Links a component.
    ///
    /// # Errors
    /// It exports no handlers.
    pub(super) fn new(pre: InstancePre<State>, kind: Kind, size: u64) -> Result<Self, LoadError> {
        let handlers = handlers(&pre);
        if handlers.is_empty() {
            return Err(LoadError::NoHandlers(what_it_is(&pre)));
        }
        Ok(Self { memory: initial_memory(&pre), pre, kind, handlers, size })
    }

    pub(super) fn handler(&self, export: &str) -> Option<&ComponentExportIndex> {
        self.handlers.get(export)
    }
}

/// The memories of a component when it is made, each as large as the largest.
fn initial_memory(pre: &InstancePre<State>) -> u64 {
    let required = pre.component().resources_required();
    required.map_or(0, |required| u64::from(required.num_memories) * required.max_initial_memory_size.unwrap_or(0))
}

/// The root's functions with the handler signature, found in the component's type without running it.
fn handlers(pre: &InstancePre<State>) -> HashMap<String, ComponentExportIndex> {
    let component = pre.component();
    let mut handlers = HashMap::new();
    for (name, export) in component.component_type().exports(component.engine()) {
        let ComponentItem::ComponentFunc(function) = export.ty else { continue };
        type Params = (Resource<Handle>,);
        type Answer = (Result<Option<types::Response>, types::Failure>,);
        if function.typecheck::<Params, Answer>(&pre.instance_type()).is_err() {
            continue;
        }
        if let Some(index) = component.get_export_index(None, name) {
            handlers.insert(name.to_owned(), index);
        }
    }
    handlers
}

/// The names of what a component imports, sorted.
fn imports(pre: &InstancePre<State>) -> Vec<String> {
    let component = pre.component();
    let kind = component.component_type();
    let mut names: Vec<String> = kind.imports(component.engine()).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}

/// How many exports are named of a component that has no handlers.
const SHOWN: usize = 5;

/// What a component without handlers was built as, as far as its exports tell.
fn what_it_is(pre: &InstancePre<State>) -> String {
    let component = pre.component();
    let kind = component.component_type();
    let names: Vec<&str> = kind.exports(component.engine()).map(|(name, _)| name).collect();
    let has = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
    if has("wasi:http/") {
        return "it is a server of WASI (`wasi:http/incoming-handler`), and here the host is the server".to_owned();
    }
    if has("wasi:cli/run") {
        return "it is a command of WASI (`wasi:cli/run`), built as a program and not as a library".to_owned();
    }
    if names.is_empty() {
        return "it exports nothing".to_owned();
    }
    let mut shown = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        shown.push_str(", …");
    }
    format!("it exports {shown}")
}
