//! Modules, found by digest and compiled once for all who have them: in memory those that are called, on a disk the others.

use std::collections::HashMap;
use std::io::{Read as _, Seek as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use rustix::process::{Resource, getrlimit};
use serde::Deserialize;
use tokio::sync::RwLock;

use super::compile::{self, Compiler, Failure, Program, Task};
use super::component::{Layer, layer};
use super::engine::{Engine, SetupError};
use super::module::{Loaded, Module};
use super::offer;
use super::runtime::Missing;
use super::shelf::Shelf;
use crate::clock::Clock;
use crate::event::{Digest, Timestamp};
use crate::store::{self, Blobs};

/// How much of what is compiled is kept, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Modules in memory at once.
    pub loaded: usize,
    /// The size of their code, in bytes.
    pub loaded_bytes: u64,
    /// The size of the files of code on the disk, in bytes.
    pub disk_bytes: u64,
}

/// What a [`Library`] works with.
pub struct Parts {
    /// What runs the modules.
    pub engine: Engine,
    /// Where the modules are that were uploaded.
    pub blobs: Blobs,
    /// Where they are kept compiled; none for a directory that is removed in the end.
    pub folder: Option<PathBuf>,
    /// What compiles them.
    pub program: Program,
    /// Tells the time.
    pub clock: Clock,
}

/// Why a module cannot be run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not a component that the host could run; the text says what is wrong with them.
    #[error("{0}")]
    Invalid(String),
    /// The component runs, but it exports no function with a handler's signature; the text says what it is.
    #[error(
        "it exports no handler: {0}; a handler is a function at the component's root that takes an `event` and gives \
         `result<option<response>, failure>`, as a Tenterhook SDK makes it"
    )]
    NoHandlers(String),
    /// The store has no module of this digest.
    #[error("the module {0} is not in the store")]
    Missing(Digest),
    /// The store failed, or the disk on which compiled modules are kept.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// All modules of the host. Clones share them.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    engine: Engine,
    blobs: Blobs,
    shelf: Arc<Shelf>,
    compiler: Compiler,
    clock: Clock,
    loaded: usize,
    loaded_bytes: u64,
    modules: Mutex<HashMap<Digest, Weak<Module>>>,
    /// No module is removed while one is put, which may be the same.
    putting: RwLock<()>,
    /// Those in memory.
    held: Mutex<Vec<Weak<Module>>>,
    /// How often one was loaded: the clock by which it shows which was used longest ago.
    loads: AtomicU64,
}

impl Library {
    /// A library over the modules in the blobs. None of them is loaded.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn new(config: &Config, compile: compile::Config, parts: Parts) -> Result<Self, SetupError> {
        let Parts { engine, blobs, folder, program, clock } = parts;
        let shelf = Shelf::open(folder.as_deref(), config.disk_bytes, clock.clone());
        let shelf = Arc::new(shelf.map_err(|error| SetupError::new(format!("opening the compiled modules: {error}")))?);
        Ok(Self(Arc::new(Inner {
            engine,
            blobs,
            shelf,
            compiler: Compiler::new(compile, program),
            clock,
            loaded: config.loaded.min(open_files()),
            loaded_bytes: config.loaded_bytes,
            modules: Mutex::default(),
            putting: RwLock::default(),
            held: Mutex::default(),
            loads: AtomicU64::new(0),
        })))
    }

    /// The module of a digest, be it there or not: that shows when it is loaded.
    pub fn module(&self, digest: Digest) -> Arc<Module> {
        let mut modules = self.0.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(&digest).and_then(Weak::upgrade) {
            return module;
        }
        if modules.len() == modules.capacity() {
            // What no deployment has any more is forgotten before the table grows.
            modules.retain(|_, module| module.strong_count() > 0);
        }
        let module = Arc::new(Module::new(self.clone(), digest));
        modules.insert(digest, Arc::downgrade(&module));
        module
    }

    /// Keeps a module, compiled and loaded, and gives it. Of a core module that carries its component type a component is made.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn add(&self, bytes: Bytes) -> Result<Arc<Module>, LoadError> {
        let digest = self.keep(bytes).await?;
        self.loaded(digest).await
    }

    /// As [`Library::add`], but for compiling it; gives the digest of the component.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn keep(&self, bytes: Bytes) -> Result<Digest, LoadError> {
        let component = match layer(&bytes).map_err(LoadError::Invalid)? {
            Layer::Component => bytes,
            Layer::Core => self.componentize(bytes).await?,
        };
        let _putting = self.0.putting.read().await;
        Ok(self.0.blobs.put(component).await?)
    }

    /// Those that were put before then and not since.
    ///
    /// # Errors
    /// The store failed.
    pub async fn older(&self, before: Timestamp) -> store::Result<Vec<Digest>> {
        self.0.blobs.older(before).await
    }

    /// Removes a module that nobody has any more, unless it was put since `before`: then somebody is about to have it. Says whether
    /// it did.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove(&self, digest: Digest, before: Timestamp) -> store::Result<bool> {
        let _alone = self.0.putting.write().await;
        let removed = self.0.blobs.remove_older(digest, before).await?;
        if removed {
            self.0.modules.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest);
            self.0.shelf.forget(digest);
        }
        Ok(removed)
    }

    /// The module of a digest, compiled and loaded.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn loaded(&self, digest: Digest) -> Result<Arc<Module>, LoadError> {
        let module = self.module(digest);
        module.load().await?;
        Ok(module)
    }

    pub(super) fn loads(&self) -> u64 {
        self.0.loads.load(Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// A module's code from the disk, or compiled anew, and linked.
    pub(super) async fn load(&self, digest: Digest) -> Result<Arc<Loaded>, LoadError> {
        // What the disk has and the engine does not take may have been compiled otherwise than it would be now.
        match self.on_disk(digest).await {
            Ok(Some(loaded)) => return Ok(loaded),
            // Compiling it anew would not get the machine what it lacks.
            Err(error @ LoadError::Store(_)) => return Err(error),
            Ok(None) | Err(_) => {}
        }
        self.compile(digest).await?;
        match self.on_disk(digest).await {
            Ok(Some(loaded)) => Ok(loaded),
            Ok(None) => Err(unavailable("a module that was just compiled is not there".to_owned())),
            Err(error @ LoadError::Store(_)) => Err(error),
            Err(error) => {
                self.0.shelf.remove(digest);
                Err(error)
            }
        }
    }

    /// Lets go of those that were called longest ago when `module` is one too many in memory.
    pub(super) fn note_loaded(&self, module: &Arc<Module>) {
        self.0.loads.fetch_add(1, Ordering::Relaxed);
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(Arc::downgrade(module));
        let mut sizes = Vec::with_capacity(held.len());
        let mut total = 0;
        for module in held.iter().filter_map(Weak::upgrade) {
            if let Some((used, size)) = module.held() {
                total += size;
                sizes.push((used, size, module));
            }
        }
        let (mut count, mut total) = (sizes.len(), total);
        if count > self.0.loaded || total > self.0.loaded_bytes {
            sizes.sort_by_key(|(used, ..)| *used);
            // More than one at a time, so that not every load has to look for the next.
            let (loaded, bytes) = (self.0.loaded - self.0.loaded / 16, self.0.loaded_bytes - self.0.loaded_bytes / 16);
            for (_, size, other) in &sizes {
                if count <= loaded && total <= bytes {
                    break;
                }
                if !Arc::ptr_eq(other, module) {
                    other.unload();
                    (count, total) = (count - 1, total - size);
                }
            }
        }
        *held = sizes
            .iter()
            .filter(|(.., module)| module.held().is_some())
            .map(|(.., module)| Arc::downgrade(module))
            .collect();
    }

    async fn on_disk(&self, digest: Digest) -> Result<Option<Arc<Loaded>>, LoadError> {
        let library = self.clone();
        let load = move || {
            let Inner { engine, shelf, .. } = &*library.0;
            let Some(code) = shelf.find(digest) else { return Ok(None) };
            let runtime = engine.runtimes.of(code.kind)?;
            let component = code.load(&runtime.engine).map_err(LoadError::Invalid)?;
            let pre = runtime.linker.instantiate_pre(&component);
            let pre = pre.map_err(|error| LoadError::Invalid(offer::unlinked(&component, runtime.wasi_0_3, &error)))?;
            Loaded::new(pre, code.kind, code.size).map(|loaded| Some(Arc::new(loaded)))
        };
        tokio::task::spawn_blocking(load).await.map_err(|panic| unavailable(format!("loading a module: {panic}")))?
    }

    async fn compile(&self, digest: Digest) -> Result<(), LoadError> {
        let bytes = self.0.blobs.get(digest).await?.ok_or(LoadError::Missing(digest))?;
        let failed = |error: std::io::Error| unavailable(format!("keeping a compiled module: {error}"));
        let code = self.0.shelf.blank().map_err(failed)?;
        let output = code.as_file().try_clone().map_err(failed)?;
        self.0.compiler.run(Task::Compile, bytes, output).await?;
        let shelf = self.0.shelf.clone();
        let put = tokio::task::spawn_blocking(move || shelf.put(digest, code)).await;
        put.map_err(|panic| unavailable(panic.to_string()))?.map_err(failed)?;
        Ok(())
    }

    async fn componentize(&self, module: Bytes) -> Result<Bytes, LoadError> {
        let failed = |error: std::io::Error| unavailable(format!("making a component: {error}"));
        let mut component = tempfile::tempfile().map_err(failed)?;
        let output = component.try_clone().map_err(failed)?;
        self.0.compiler.run(Task::Componentize, module, output).await?;
        let read = move || {
            let mut bytes = Vec::new();
            component.rewind()?;
            component.read_to_end(&mut bytes)?;
            Ok(Bytes::from(bytes))
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|panic| unavailable(panic.to_string()))?.map_err(failed)
    }
}

impl From<Failure> for LoadError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => Self::Invalid(reason),
            Failure::Host(reason) => unavailable(reason),
        }
    }
}

impl From<Missing> for LoadError {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Off => Self::Invalid(missing.to_string()),
            Missing::Setup(error) => unavailable(error.to_string()),
        }
    }
}

/// What may pass.
fn unavailable(reason: String) -> LoadError {
    LoadError::Store(store::Error::Unavailable(reason))
}

/// A module in memory keeps its file open; connections need files too.
fn open_files() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit / 4).unwrap_or(usize::MAX).max(1)
}
