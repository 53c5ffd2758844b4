//! Rust guests built from source, with the compiler that `cargo xtask` provides.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The plugins' components, rebuilt from their sources into a folder for each.
pub fn rebuilt() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins");
        xtask(&["plugins", "--out", folder.to_str().unwrap()]);
        folder
    })
}

fn xtask(arguments: &[&str]) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["xtask"]).args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = command.output().unwrap();
    assert!(output.status.success(), "cargo xtask {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
