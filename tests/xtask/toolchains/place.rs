//! Where the tools are. A name has the release in it, so that a new one is provided beside the old.

use std::path::PathBuf;

/// The folder of `componentize-py`.
pub(crate) const PYTHON: &str = "python-0.25.1-1";
/// The folder of what `PACKAGES` names.
pub(crate) const JS: &str = "js-1";
/// The folder of Zig, whose compiler is C's.
pub(crate) const C: &str = "zig-0.15.2";
/// The folder of Go, where the system has none.
pub(crate) const GO: &str = "go-1.26.0";

/// What is installed in `JS`.
#[allow(dead_code, reason = "tests find the folders alone")]
pub(crate) const PACKAGES: &str = r#"{
  "private": true,
  "dependencies": { "@types/node": "20.19.0", "componentize-qjs": "0.4.5", "esbuild": "0.28.2", "typescript": "5.9.3" }
}
"#;

/// The folder of all; none without a home.
pub(crate) fn root() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    Some(cache.join("tenterhook/toolchains"))
}

/// What belongs on the `PATH`, whether it is there or not.
pub(crate) fn folders() -> Option<Vec<PathBuf>> {
    let root = root()?;
    let environments = [PYTHON, C, GO].map(|name| root.join(name).join("bin"));
    Some(environments.into_iter().chain([root.join(JS).join("node_modules/.bin")]).collect())
}
