//! A program that asks an API all that its description allows, and much that it does not.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::run;

/// The release that the tests are held to: another one finds other things.
const RELEASE: &str = "4.32.5";

/// The program's path, installed below the user's cache folder when it is missing. Needs Python 3.
pub(crate) fn provide(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join("tenterhook");
    fs::create_dir_all(&folder).with_context(|| format!("creating `{}`", folder.display()))?;
    // Two runs at once would install into the same folder; the second waits and then finds all done.
    let lock = folder.join("schemathesis.lock");
    let lock = File::create(&lock).with_context(|| format!("creating `{}`", lock.display()))?;
    lock.lock().context("waiting for another run of this command")?;
    let environment = folder.join(format!("schemathesis-{RELEASE}"));
    let (program, done) = (environment.join("bin/st"), environment.join("installed"));
    if !done.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let pip = environment.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", &format!("schemathesis=={RELEASE}")]))?;
        fs::write(&done, "").with_context(|| format!("writing `{}`", done.display()))?;
    }
    Ok(program)
}
