//! Tells when a project's files have changed, once they are quiet again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::deploy::manifest::{self, Manifest};

/// Editors and linkers write a file in several steps: so long must nothing change.
const QUIET: Duration = Duration::from_millis(100);

/// Folders that tools write and nobody edits.
const GENERATED: [&str; 4] = ["__pycache__", "node_modules", "target", "venv"];

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// The manifest or a module: deploy it.
    Deployable,
    /// Something else, which a module may be built from: build it first.
    Sources,
}

/// A watched project directory.
pub(super) struct Watch {
    dir: PathBuf,
    paths: mpsc::UnboundedReceiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches `dir`: all of it when the manifest has `build` commands, else the folders of the manifest and its modules.
    ///
    /// # Errors
    /// The system has no watches left, or does not allow them.
    pub(super) fn start(dir: &Path) -> anyhow::Result<Self> {
        let (sender, paths) = mpsc::unbounded_channel();
        let on_event = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
                for path in event.paths {
                    // The receiver is gone when the host stops.
                    drop(sender.send(path));
                }
            }
        };
        let hint = || format!("watching `{}` for changes; `--no-watch` does without", dir.display());
        let mut watcher = notify::recommended_watcher(on_event).with_context(hint)?;
        for (folder, mode) in folders(dir) {
            watcher.watch(&folder, mode).with_context(hint)?;
        }
        Ok(Self { dir: dir.to_owned(), paths, _watcher: watcher })
    }

    /// Waits for a change and for the quiet after it; none when the watch has ended.
    pub(super) async fn changed(&mut self) -> Option<Change> {
        let mut change = None;
        loop {
            let next = self.paths.recv();
            let path = match change {
                None => next.await?,
                Some(_) => match tokio::time::timeout(QUIET, next).await {
                    Ok(path) => path?,
                    Err(_) => return change,
                },
            };
            change = change.max(self.meaning(&path));
        }
    }

    fn meaning(&self, path: &Path) -> Option<Change> {
        let inside = path.strip_prefix(&self.dir).ok()?;
        let mut names = inside.components().map(|part| part.as_os_str().to_string_lossy());
        if names.any(|name| name.starts_with('.') || GENERATED.contains(&&*name)) {
            return None;
        }
        let manifest = read(&self.dir);
        let module = |manifest: &Manifest| manifest.modules.values().any(|spec| Path::new(&spec.path) == inside);
        if inside == Path::new(manifest::FILE) || manifest.as_ref().is_some_and(module) {
            return Some(Change::Deployable);
        }
        let builds = |manifest: &Manifest| manifest.modules.values().any(|spec| spec.build.is_some());
        manifest.as_ref().is_some_and(builds).then_some(Change::Sources)
    }
}

fn read(dir: &Path) -> Option<Manifest> {
    Manifest::parse(std::fs::read(dir.join(manifest::FILE)).ok()?).ok()
}

fn folders(dir: &Path) -> Vec<(PathBuf, RecursiveMode)> {
    let modules = read(dir).map(|manifest| manifest.modules).unwrap_or_default();
    if modules.values().any(|spec| spec.build.is_some()) {
        return vec![(dir.to_owned(), RecursiveMode::Recursive)];
    }
    let parents = modules.values().filter_map(|spec| Some(dir.join(&spec.path).parent()?.to_owned()));
    let mut folders: Vec<PathBuf> = parents.filter(|parent| parent.is_dir()).chain([dir.to_owned()]).collect();
    folders.sort();
    folders.dedup();
    folders.into_iter().map(|folder| (folder, RecursiveMode::NonRecursive)).collect()
}
