//! Lists what the program carries for those who write handlers: the contract, and the SDKs.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The SDKs' folders, and what they are called in the program.
const SDKS: [(&str, &str); 5] = [("c", "C"), ("go", "GO"), ("js", "JS"), ("python", "PYTHON"), ("rust", "RUST")];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("..");
    let mut code = String::new();
    let contract = root.join("wit");
    let texts: String = files(&contract)?.iter().map(|file| entry(&contract, file, "include_str")).collect();
    let docs = "/// The contract's files, by their names.\n";
    writeln!(code, "{docs}pub(super) const CONTRACT: &[(&str, &str)] = &[\n{texts}];\n").map_err(io::Error::other)?;
    for (folder, name) in SDKS {
        let folder = root.join("guest-sdk").join(folder);
        let contents: String = files(&folder)?.iter().map(|file| entry(&folder, file, "include_bytes")).collect();
        let docs = format!("/// The SDK in `{}`.\n", folder.file_name().unwrap_or_default().to_string_lossy());
        let sdk = format!("Sdk {{ name: {:?}, files: &[\n{contents}] }}", name.to_lowercase());
        writeln!(code, "{docs}pub(in crate::cli) const {name}: Sdk = {sdk};\n").map_err(io::Error::other)?;
    }
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("carried.rs"), code)
}

/// A file's name and content, as code.
fn entry(folder: &Path, file: &Path, include: &str) -> String {
    let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy();
    format!("    ({name:?}, {include}!({:?})),\n", file.to_string_lossy())
}

/// The files below a folder in a fixed order, without tests and what tools write.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let is_test = ["test", "tests", "tests.rs"].contains(&&*name) || name.ends_with("_test.go");
            let is_written =
                ["target", "node_modules", "__pycache__", "build"].contains(&&*name) || name.ends_with(".egg-info");
            if is_test || is_written || name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
