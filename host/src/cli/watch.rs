//! Tells when a project's files have changed, once they are quiet again.
//!
//! The manifest and the modules are few, and are looked at again and again: that notices a folder that was deleted and
//! made anew, and works on every file system. What modules are built from may be any file, and is watched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::build;
use super::build::files::GENERATED;
use crate::deploy::manifest::{self, Manifest};

/// How often the files are looked at; and as editors and linkers write a file in several steps, so long must nothing change.
const INTERVAL: Duration = Duration::from_millis(150);

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// A module: deploy it.
    Modules,
    /// The manifest, or what a module may be built from: build first.
    Sources,
}

/// A watched project directory.
pub(super) struct Watch {
    dir: PathBuf,
    /// What the host itself writes, which may lie in the project's directory.
    data: PathBuf,
    seen: Files,
    sources: Option<Sources>,
    /// What has changed while a build ran: what builds write, and now and then what somebody edited meanwhile.
    outputs: BTreeSet<PathBuf>,
}

/// The manifest and the modules, as far as they are there. A file that is written or replaced differs in one of these.
type Files = BTreeMap<PathBuf, Option<(SystemTime, u64, u64)>>;

impl Watch {
    /// Watches `dir` but for `data`.
    ///
    /// # Errors
    /// The system has no watches left, or does not allow them.
    pub(super) fn start(dir: &Path, data: &Path) -> anyhow::Result<Self> {
        let mut watch = Self {
            dir: dir.to_owned(),
            data: data.to_owned(),
            seen: look(dir),
            sources: None,
            outputs: BTreeSet::new(),
        };
        watch.follow_sources()?;
        Ok(watch)
    }

    /// Waits for a change and for the quiet after it. To be called as soon as the last change is deployed: what changes
    /// before is put down to the build, and is a change only the first time, so that a build does not follow itself for ever
    /// and an edit that it overlooked is not lost.
    ///
    /// # Errors
    /// The system has no watches left for the sources that a new manifest has.
    pub(super) async fn changed(&mut self) -> anyhow::Result<Change> {
        // The last of what a build wrote may still be on its way.
        tokio::time::sleep(INTERVAL).await;
        let written = self.changed_sources();
        let news = written.into_iter().filter(|path| self.outputs.insert(path.clone())).count();
        let mut change = (news > 0).then_some(Change::Sources);
        loop {
            tokio::time::sleep(INTERVAL).await;
            let dir = self.dir.clone();
            let files =
                tokio::task::spawn_blocking(move || look(&dir)).await.context("looking at the project's files")?;
            let modules = (files != self.seen).then_some(Change::Modules);
            let manifest = self.dir.join(manifest::FILE);
            let sources = files.get(&manifest) != self.seen.get(&manifest) || !self.changed_sources().is_empty();
            self.seen = files;
            match (modules.max(sources.then_some(Change::Sources)), change) {
                (None, None) => {}
                (None, Some(change)) => {
                    self.follow_sources()?;
                    return Ok(change);
                }
                (now, _) => change = change.max(now),
            }
        }
    }

    /// The sources that have changed since the last call.
    fn changed_sources(&mut self) -> BTreeSet<PathBuf> {
        let Self { dir, data, seen, sources, .. } = self;
        let is_source = |path: &PathBuf| !path.starts_with(&*data) && !seen.contains_key(path) && is_source(dir, path);
        sources.as_mut().map(|sources| sources.changed().filter(is_source).collect()).unwrap_or_default()
    }

    /// Watches the whole directory as soon as the manifest has a `build`, or a module with a source that a recipe builds.
    fn follow_sources(&mut self) -> anyhow::Result<()> {
        let builds = |manifest: &Manifest| {
            let has_command = manifest.modules.values().any(|spec| spec.build.is_some());
            has_command || build::has_sources(&self.dir, manifest)
        };
        if self.sources.is_none() && read(&self.dir).as_ref().is_some_and(builds) {
            let hint = || format!("watching `{}` for changes; `--no-watch` does without", self.dir.display());
            self.sources = Some(Sources::watch(&self.dir).with_context(hint)?);
        }
        Ok(())
    }
}

/// A project's other files.
struct Sources {
    paths: mpsc::UnboundedReceiver<PathBuf>,
    _watcher: RecommendedWatcher,
}

impl Sources {
    fn watch(dir: &Path) -> notify::Result<Self> {
        let (sender, paths) = mpsc::unbounded_channel();
        let any = dir.join("(any)");
        let on_event = move |event: notify::Result<Event>| {
            let changes =
                |kind: &EventKind| matches!(kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
            // An error and a lost event may have been about anything: about the directory itself, then.
            let paths = match event {
                Ok(event) if event.need_rescan() => vec![any.clone()],
                Ok(event) if changes(&event.kind) => event.paths,
                Ok(_) => Vec::new(),
                Err(_) => vec![any.clone()],
            };
            for path in paths {
                // The receiver is gone when the host stops.
                drop(sender.send(path));
            }
        };
        let mut watcher = notify::recommended_watcher(on_event)?;
        watcher.watch(dir, RecursiveMode::Recursive)?;
        Ok(Self { paths, _watcher: watcher })
    }

    /// The files that have changed since the last call.
    fn changed(&mut self) -> impl Iterator<Item = PathBuf> {
        std::iter::from_fn(|| self.paths.try_recv().ok())
    }
}

fn is_source(dir: &Path, path: &Path) -> bool {
    let Ok(inside) = path.strip_prefix(dir) else { return false };
    let mut names = inside.components().map(|part| part.as_os_str().to_string_lossy());
    !names.any(|name| name.starts_with('.') || GENERATED.contains(&&*name))
}

fn look(dir: &Path) -> Files {
    let modules = read(dir).map(|manifest| manifest.modules).unwrap_or_default();
    let paths = modules.values().map(|spec| dir.join(&spec.path)).chain([dir.join(manifest::FILE)]);
    paths.map(|path| (path.clone(), state(&path))).collect()
}

fn state(path: &Path) -> Option<(SystemTime, u64, u64)> {
    let file = fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len(), file.ino()))
}

fn read(dir: &Path) -> Option<Manifest> {
    Manifest::parse(fs::read(dir.join(manifest::FILE)).ok()?).ok()
}
