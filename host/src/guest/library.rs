//! Modules, found by digest and compiled once for all who have them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Resource};

use super::bindings::types;
use super::engine::{Engine, SetupError};
use super::imports::{self, State, event::Handle};
use crate::event::Digest;
use crate::store::{self, Blobs};

/// Why a module cannot be run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not a component that the host could run; the text says what is wrong with them.
    #[error("{0}")]
    Invalid(String),
    /// The component runs, but it exports no function with a handler's signature.
    #[error(
        "it exports no handler: a handler is a function at the component's root that takes an `event` and gives \
         `result<option<response>, failure>`"
    )]
    NoHandlers,
    /// The store has no module of this digest.
    #[error("the module {0} is not in the store")]
    Missing(Digest),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A compiled component and its handlers.
pub struct Module {
    /// Its address.
    pub digest: Digest,
    handlers: HashMap<String, ComponentExportIndex>,
    pub(super) pre: InstancePre<State>,
}

impl Module {
    /// The names of the exports that are handlers, sorted: `on-http-get`.
    pub fn handlers(&self) -> BTreeSet<&str> {
        self.handlers.keys().map(String::as_str).collect()
    }

    /// What it imports, sorted: `tenterhook:handler/log@0.1.0`.
    pub fn imports(&self) -> Vec<String> {
        let component = self.pre.component();
        let ty = component.component_type();
        let mut names: Vec<String> = ty.imports(component.engine()).map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    }

    pub(super) fn handler(&self, export: &str) -> Option<&ComponentExportIndex> {
        self.handlers.get(export)
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("digest", &self.digest).field("handlers", &self.handlers()).finish()
    }
}

/// All modules of the host. Clones share them.
#[derive(Clone)]
pub struct Library {
    engine: Engine,
    linker: Arc<Linker<State>>,
    blobs: Blobs,
    modules: Arc<Mutex<HashMap<Digest, Slot>>>,
}

/// A module as long as some deployment has it. The lock is held while it is compiled, so that it is compiled once.
type Slot = Arc<tokio::sync::Mutex<Weak<Module>>>;

impl Library {
    /// An empty library over the modules in `blobs`.
    ///
    /// # Errors
    /// Two imports of the host have the same name.
    pub fn new(engine: Engine, blobs: Blobs) -> Result<Self, SetupError> {
        let linker = Arc::new(imports::linker(&engine.wasmtime).map_err(SetupError::of)?);
        Ok(Self { engine, linker, blobs, modules: Arc::default() })
    }

    /// The module of a digest, compiled unless somebody has it already. A failure is not kept: the next caller tries again.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn module(&self, digest: Digest) -> Result<Arc<Module>, LoadError> {
        let slot = self.slot(digest);
        let mut held = slot.lock().await;
        if let Some(module) = held.upgrade() {
            return Ok(module);
        }
        let module = self.compile(digest).await?;
        *held = Arc::downgrade(&module);
        Ok(module)
    }

    fn slot(&self, digest: Digest) -> Slot {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        // What no deployment has any more and nobody is asking for is forgotten.
        let held = |slot: &Slot| slot.try_lock().map_or(true, |module| module.strong_count() > 0);
        modules.retain(|_, slot| Arc::strong_count(slot) > 1 || held(slot));
        modules.entry(digest).or_default().clone()
    }

    /// Keeps a component, compiled, and gives it.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn add(&self, component: Bytes) -> Result<Arc<Module>, LoadError> {
        let digest = self.blobs.put(component).await?;
        self.module(digest).await
    }

    async fn compile(&self, digest: Digest) -> Result<Arc<Module>, LoadError> {
        let bytes = self.blobs.get(digest).await?.ok_or(LoadError::Missing(digest))?;
        let (engine, linker) = (self.engine.clone(), self.linker.clone());
        let compile = move || {
            let component = Component::from_binary(&engine.wasmtime, &bytes)?;
            linker.instantiate_pre(&component)
        };
        let compiled = tokio::task::spawn_blocking(compile).await;
        let pre = compiled
            .map_err(|panic| LoadError::Invalid(format!("its compilation failed: {panic}")))?
            .map_err(|error| LoadError::Invalid(format!("{error:#}")))?;
        let handlers = handlers(&pre);
        if handlers.is_empty() {
            return Err(LoadError::NoHandlers);
        }
        Ok(Arc::new(Module { digest, handlers, pre }))
    }
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
