//! A project's files, from its directory.

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bytes::Bytes;

use super::manifest::{self, Diagnostic, Manifest};

/// How many lines of what a failed build printed are shown, from the end, and how many bytes of it are kept.
const SHOWN: usize = 20;
const KEPT: usize = 16 << 10;

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
    #[error("failed to read the module `{name}` at `{}`: {reason}", path.display())]
    Module {
        /// Its name in the manifest.
        name: String,
        /// Where it is.
        path: PathBuf,
        /// What the system says, or what is wrong with the file.
        reason: String,
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
    /// Reads the manifest of `dir` and the files of its modules, none of which may have more than `module_bytes`. A manifest with mistakes is read too, without modules:
    /// applying it tells them.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(dir: &Path, module_bytes: u64) -> Result<Self, ReadError> {
        let path = dir.join(manifest::FILE);
        let bytes = tokio::fs::read(&path).await.map_err(|error| ReadError::Manifest { path, error })?;
        // Bytes that are not UTF-8 become a mistake that the manifest's own reader tells with its place.
        let manifest = String::from_utf8_lossy(&bytes).into_owned();
        let mut modules = BTreeMap::new();
        let Ok(parsed) = Manifest::parse(&manifest) else { return Ok(Self { manifest, modules }) };
        for (name, spec) in &parsed.modules {
            let path = dir.join(&spec.path);
            match read_module(&path, module_bytes).await {
                Ok(Some(bytes)) => drop(modules.insert(name.clone(), bytes)),
                Ok(None) => {}
                Err(reason) => return Err(ReadError::Module { name: name.clone(), path, reason }),
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
    pub fn missing(&self, manifest: &Manifest) -> Vec<Diagnostic> {
        let names = manifest.modules.keys().filter(|name| !self.modules.contains_key(*name));
        names.map(|name| manifest.missing_module(&self.manifest, name)).collect()
    }
}

/// The file's bytes; none when there is no such file.
async fn read_module(path: &Path, limit: u64) -> Result<Option<Bytes>, String> {
    let file = match tokio::fs::metadata(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if !file.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if file.len() > limit {
        let size = file.len();
        return Err(format!("it has {size} bytes, more than the limit of {limit} (deploy.module_bytes)"));
    }
    let bytes = tokio::fs::read(path).await.map_err(|error| error.to_string())?;
    Ok(Some(bytes.into()))
}

/// Runs a shell command to its end. A build that fails says why in what it printed last.
async fn run(dir: &Path, command: &str) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{{ {command}\n}} 2>&1")).current_dir(dir);
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || {
        let mut child = shell.spawn()?;
        let said = child.stdout.take().map(tail).transpose()?.unwrap_or_default();
        Ok::<_, std::io::Error>((child.wait()?, said))
    });
    let (status, said) = ran.await.map_err(|panic| panic.to_string())?.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let lines: Vec<&str> = said.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(SHOWN)).copied().collect::<Vec<_>>().join("\n");
    Err(format!("{status}\n{last}"))
}

/// The end of what a command prints: it may print without end.
fn tail(mut output: impl Read) -> std::io::Result<String> {
    let mut kept: VecDeque<u8> = VecDeque::new();
    let mut piece = [0; 4096];
    loop {
        let count = match output.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        kept.extend(piece.iter().take(count));
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    Ok(String::from_utf8_lossy(kept.make_contiguous()).into_owned())
}
