//! A project's files, and files that are written whole or not at all.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Folders that tools write and nobody edits.
pub(in crate::cli) const GENERATED: [&str; 4] = ["__pycache__", "node_modules", "target", "venv"];

/// How many files of a project are looked at: more are no project's own.
const MOST: usize = 20_000;

/// The files below `dir` with one of these extensions, in a fixed order, without those that are hidden or that tools write.
///
/// # Errors
/// A folder cannot be read, or there are too many files.
pub(in crate::cli) fn sources(dir: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let cannot = |error: std::io::Error| format!("failed to read the folder `{}`: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || GENERATED.contains(&&*name) {
                continue;
            }
            seen += 1;
            if seen > MOST {
                return Err(format!("`{}` has more than {MOST} files below it", dir.display()));
            }
            let path = entry.path();
            // Not through links: they may lead round in a circle.
            if entry.file_type().map_err(cannot)?.is_dir() {
                folders.push(path);
            } else if extensions.iter().any(|extension| name.ends_with(extension)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Puts `bytes` in a file's place in one step, so that who reads it meanwhile sees the old or the new.
///
/// # Errors
/// The folder cannot be written.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("failed to write `{}`: {error}", file.display());
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut new = tempfile::NamedTempFile::with_prefix_in(".tenterhook-", folder).map_err(cannot)?;
    new.write_all(bytes).map_err(cannot)?;
    set_readable(new.path()).map_err(cannot)?;
    new.persist(file).map_err(|error| cannot(error.error))?;
    Ok(())
}

/// Temporary files are for their owner alone.
fn set_readable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o644))
}

/// Writes a file and the folders above it.
///
/// # Errors
/// It cannot be written.
pub(in crate::cli) fn write(file: &Path, bytes: impl AsRef<[u8]>) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("failed to write `{}`: {error}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    fs::write(file, bytes).map_err(cannot)
}
