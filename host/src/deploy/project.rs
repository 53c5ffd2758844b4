//! A project's files, from its directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;

use super::manifest::{self, Diagnostic, Manifest};

/// How many lines of a failed build's errors are shown, from the end.
const SHOWN: usize = 20;

/// A manifest's text and the modules that it names, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The text of `tenterhook.yaml`.
    pub manifest: String,
    /// By the names that triggers call them; what is missing was not found.
    pub modules: BTreeMap<String, Bytes>,
}

/// Why a project's files cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no manifest, or it cannot be read.
    #[error("failed to read the manifest `{}`: {error}", path.display())]
    Manifest {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A module's file is there and cannot be read.
    #[error("failed to read the module `{name}` at `{}`: {error}", path.display())]
    Module {
        /// Its name in the manifest.
        name: String,
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A module's `build` failed.
    #[error("failed to build the module `{name}` with `{command}`: {reason}")]
    Build {
        /// Its name in the manifest.
        name: String,
        /// The command.
        command: String,
        /// Its exit status and what it wrote last.
        reason: String,
    },
}

impl Project {
    /// Reads the manifest of `dir` and the files of its modules. A manifest with mistakes is read too, without modules:
    /// applying it tells them.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(dir: &Path) -> Result<Self, ReadError> {
        let path = dir.join(manifest::FILE);
        let bytes = tokio::fs::read(&path).await.map_err(|error| ReadError::Manifest { path, error })?;
        // Bytes that are not UTF-8 become a mistake that the manifest's own reader tells with its place.
        let manifest = String::from_utf8_lossy(&bytes).into_owned();
        let mut modules = BTreeMap::new();
        let Ok(parsed) = Manifest::parse(&manifest) else { return Ok(Self { manifest, modules }) };
        for (name, spec) in &parsed.modules {
            let path = dir.join(&spec.path);
            match tokio::fs::read(&path).await {
                Ok(bytes) => drop(modules.insert(name.clone(), bytes.into())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(ReadError::Module { name: name.clone(), path, error }),
            }
        }
        Ok(Self { manifest, modules })
    }

    /// Runs the `build` commands of the manifest in `dir`, one after the other.
    ///
    /// # Errors
    /// [`ReadError::Build`] when a command fails. A manifest that is missing or has mistakes builds nothing: reading it tells why.
    pub async fn build(dir: &Path) -> Result<(), ReadError> {
        let Ok(bytes) = tokio::fs::read(dir.join(manifest::FILE)).await else { return Ok(()) };
        let Ok(manifest) = Manifest::parse(&bytes) else { return Ok(()) };
        for (name, spec) in &manifest.modules {
            if let Some(command) = &spec.build {
                let failed = |reason| ReadError::Build { name: name.clone(), command: command.clone(), reason };
                run(dir, command).await.map_err(failed)?;
            }
        }
        Ok(())
    }

    /// The mistakes of modules that were not found.
    pub(super) fn missing(&self, manifest: &Manifest) -> Vec<Diagnostic> {
        let names = manifest.modules.keys().filter(|name| !self.modules.contains_key(*name));
        names.map(|name| manifest.missing_module(&self.manifest, name)).collect()
    }
}

async fn run(dir: &Path, command: &str) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(dir).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || shell.output()).await.map_err(|panic| panic.to_string())?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(SHOWN)).copied().collect::<Vec<_>>().join("\n");
    Err(format!("{}\n{last}", output.status))
}
