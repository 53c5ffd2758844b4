//! `tenterhook build`: from the files that triggers' calls name to components.
//!
//! `call: webhooks.py:on_http_get` and a file `webhooks.py` beside the manifest give `webhooks.wasm`: the file's extension
//! chooses the [recipe](recipe), which finds the user's toolchain and runs it. A module with a `build:` command of its own is
//! built by that, and one that has a `path:` is there already.

mod cache;
pub(super) mod files;
pub(super) mod process;
pub(super) mod recipe;
pub(super) mod sdk;
pub(super) mod tool;
mod world;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde_json::json;

use self::recipe::{Job, Language};
use super::{Failure, output};
use crate::deploy::Project;
use crate::deploy::manifest::{self, Manifest};

/// Build the components that a project's manifest calls
///
/// A module whose file is there (`webhooks.py`, `hooks.ts`, `src/lib.rs`) is built to the `.wasm` file of its name with the
/// toolchain that `tenterhook doctor` finds; one with a `build` command of its own, by that command. What has not changed since it was
/// built is taken from a cache.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The directory that holds `tenterhook.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Build anew what the cache has, too
    #[arg(long)]
    no_cache: bool,
    /// Print a list of `{"module", "path", "bytes", "cached", "elapsed_ms", "warning"}`
    #[arg(long)]
    json: bool,
}

/// A component that was made, or was there.
#[derive(Debug)]
pub(super) struct Built {
    /// The module's name in the manifest.
    module: String,
    /// Its file, relative to the manifest.
    path: String,
    bytes: usize,
    is_cached: bool,
    elapsed: Duration,
    /// What the user should know.
    pub(super) warning: Option<String>,
}

/// Why a component could not be made.
#[derive(Debug)]
pub(super) enum Error {
    /// A tool is not there or too old; the text says which and how to get it.
    Tool(String),
    /// The source has mistakes, or something else went wrong; the text says what.
    Failed(String),
}

/// Builds all that a manifest's calls name.
pub(super) async fn run(args: Args) -> Result<ExitCode, Failure> {
    let file = args.dir.join(manifest::FILE);
    let source = fs::read(&file).with_context(|| format!("reading `{}`", file.display()))?;
    if let Err(mistakes) = Manifest::parse(&source) {
        let text = mistakes.render(&file.display().to_string(), &String::from_utf8_lossy(&source));
        return Err(anyhow!("the manifest has mistakes\n\n{text}").into());
    }
    let built = project(&args.dir, !args.no_cache).await.map_err(anyhow::Error::msg)?;
    if args.json {
        output::print_json(&built.iter().map(Built::to_json).collect::<serde_json::Value>())?;
    } else if built.is_empty() {
        output::print("nothing to build: no file that a `call` names is there, and no module has a `build` command\n")?;
    } else {
        output::print(&built.iter().map(Built::line).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the project in `dir`: `build` commands first, one after the other, then recipes. A manifest that is missing or has mistakes builds
/// nothing: reading it tells why.
///
/// # Errors
/// A module could not be built. The text has its name.
pub(super) async fn project(dir: &Path, use_cache: bool) -> Result<Vec<Built>, String> {
    Project::build(dir).await.map_err(|error| error.to_string())?;
    let dir = dir.to_owned();
    let build = move || recipes(&dir, use_cache);
    tokio::task::spawn_blocking(build).await.map_err(|panic| format!("building failed: {panic}"))?
}

/// Whether a manifest's project has sources that a recipe builds from.
pub(super) fn has_sources(dir: &Path, manifest: &Manifest) -> bool {
    modules(dir, manifest).next().is_some()
}

/// The languages of the sources that a recipe builds from.
pub(super) fn languages(dir: &Path, manifest: &Manifest) -> Vec<Language> {
    modules(dir, manifest).map(|(.., language)| language).collect()
}

fn recipes(dir: &Path, use_cache: bool) -> Result<Vec<Built>, String> {
    let Ok(source) = fs::read(dir.join(manifest::FILE)) else { return Ok(Vec::new()) };
    let Ok(manifest) = Manifest::parse(&source) else { return Ok(Vec::new()) };
    let dir = dir.canonicalize().map_err(|error| format!("failed to open `{}`: {error}", dir.display()))?;
    let mut built = Vec::new();
    for (name, path, _) in modules(&dir, &manifest) {
        let other = modules(&dir, &manifest).find(|(other, same, _)| *same == path && *other != name);
        if let Some((other, ..)) = other {
            return Err(format!("`{name}` and `{other}` would both be `{path}`: give one of them another name"));
        }
    }
    for (name, path, language) in modules(&dir, &manifest) {
        let job = Job::new(&dir, name, &manifest).map_err(|reason| failed(name, &reason))?;
        built.push(module(&job, path, language, use_cache).map_err(|error| failed(name, &error.to_string()))?);
    }
    Ok(built)
}

fn failed(name: &str, reason: &str) -> String {
    format!("failed to build the module `{name}`: {reason}")
}

/// The modules that a recipe builds: their names, their components' files, their languages.
fn modules<'m>(dir: &Path, manifest: &'m Manifest) -> impl Iterator<Item = (&'m str, &'m str, Language)> {
    let dir = dir.to_owned();
    manifest.modules.iter().filter_map(move |(name, spec)| {
        let language = Language::of(name)?;
        (!spec.listed && dir.join(name).is_file()).then_some((name.as_str(), spec.path.as_str(), language))
    })
}

/// Makes one component, or takes it from the cache. Without a toolchain, one that is there already does, with a warning.
fn module(job: &Job, path: &str, language: Language, use_cache: bool) -> Result<Built, Error> {
    let start = Instant::now();
    let file = job.dir.join(path);
    let tools = match language.find_tools(&job.dir) {
        Ok(tools) => tools,
        Err(Error::Tool(missing)) if file.is_file() => {
            let bytes = fs::metadata(&file).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
            let warning = format!("`{path}` is used as it is, and not built from `{}`: {missing}", job.module);
            let path = path.to_owned();
            let elapsed = start.elapsed();
            return Ok(Built {
                module: job.module.clone(),
                path,
                bytes,
                is_cached: true,
                elapsed,
                warning: Some(warning),
            });
        }
        Err(error) => return Err(error),
    };
    let key = language.key(job, &tools)?;
    let kept = if use_cache { key.as_ref().and_then(cache::get) } else { None };
    let is_cached = kept.is_some();
    let component = match kept {
        Some(component) => component,
        None => {
            let component = language.compile(job, &tools)?;
            if let Some(key) = &key {
                cache::put(key, &component);
            }
            component
        }
    };
    // A file that is as it should be is left alone: its time says when it changed.
    if fs::read(&file).ok().as_deref() != Some(&component) {
        files::replace(&file, &component).map_err(Error::Failed)?;
    }
    let (bytes, elapsed) = (component.len(), start.elapsed());
    Ok(Built { module: job.module.clone(), path: path.to_owned(), bytes, is_cached, elapsed, warning: None })
}

impl Built {
    /// A line about it, unless all is as it was.
    pub(super) fn news(&self) -> Option<String> {
        (self.warning.is_some() || !self.is_cached).then(|| self.line())
    }

    fn line(&self) -> String {
        let how = match (&self.warning, self.is_cached) {
            (Some(warning), _) => return format!("{}: warning: {warning}\n", self.module),
            (None, true) => "unchanged".to_owned(),
            (None, false) => format!("built in {:.1} s", self.elapsed.as_secs_f64()),
        };
        format!("{} → {} ({} KiB, {how})\n", self.module, self.path, self.bytes.div_ceil(1024))
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "module": self.module,
            "path": self.path,
            "bytes": self.bytes,
            "cached": self.is_cached,
            "elapsed_ms": u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
            "warning": self.warning,
        })
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tool(text) | Self::Failed(text) => f.write_str(text),
        }
    }
}
