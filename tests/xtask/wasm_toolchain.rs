//! `cargo xtask wasm-toolchain`: a Rust compiler that builds guests, on machines that rustup cannot download to.
//!
//! The ordinary toolchain is used when it has the target. Otherwise a compiler of Debian's, with its own sources, is
//! unpacked into a folder of the user's, and the standard library is built for the target from those sources, so that
//! later builds are plain `cargo build --target …` with `RUSTC` set. Nothing is installed system-wide.

mod debian;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::read;

const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-unknown-unknown"];

/// Provides a Rust compiler for WebAssembly where `rustup target add` cannot download one.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Prints nothing but the path of a compiler that builds for TARGET, providing it when it is missing.
    #[arg(long, value_name = "TARGET", conflicts_with = "targets")]
    print_rustc: Option<String>,
    /// What to build for.
    #[arg(value_name = "TARGET", default_values_t = TARGETS.map(String::from))]
    targets: Vec<String>,
}

/// Where a compiler is put when the ordinary toolchain does not do.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// Where to put the compiler; below the user's cache folder by default.
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    #[arg(long, env = "XDG_CACHE_HOME", hide = true)]
    cache: Option<PathBuf>,
}

impl Place {
    /// The user's cache folder.
    pub(crate) fn cache(&self) -> Result<PathBuf> {
        cache_folder(self.cache.as_deref())
    }
}

/// Runs the command.
pub(crate) fn run(args: Args) -> Result<()> {
    if let Some(target) = &args.print_rustc {
        println!("{}", provide(&args.place, &[target])?.display());
        return Ok(());
    }
    let targets: Vec<_> = args.targets.iter().map(String::as_str).collect();
    let rustc = provide(&args.place, &targets)?;
    println!("`{}` builds for {}.", rustc.display(), targets.join(" and "));
    println!("Build a guest with it:\n");
    let variable = if rustc == ordinary_rustc()? { String::new() } else { format!("RUSTC={} ", rustc.display()) };
    for target in &targets {
        println!("    {variable}cargo build --release --target {target}");
    }
    Ok(())
}

/// The path of a compiler that builds for all of `targets`, provided when it is missing.
pub(crate) fn provide(place: &Place, targets: &[&str]) -> Result<PathBuf> {
    let ordinary = ordinary_rustc()?;
    if all_have_std(&ordinary, targets)? {
        return Ok(ordinary);
    }
    let prefix = match &place.prefix {
        Some(prefix) => std::path::absolute(prefix)?,
        None => default_prefix(place.cache.as_deref(), &ordinary)?,
    };
    let parent = prefix.parent().context("the prefix is a folder below another")?;
    fs::create_dir_all(parent).with_context(|| format!("creating `{}`", parent.display()))?;
    // Two runs at once would unpack into the same folder; the second waits and then finds all done.
    let lock = beside(&prefix, "lock");
    let lock = File::create(&lock).with_context(|| format!("creating `{}`", lock.display()))?;
    lock.lock().context("waiting for another run of this command")?;
    let rustc = debian::compiler(&prefix, &ordinary)?;
    for target in targets {
        if !has_std(&rustc, target)? {
            debian::build_std(&prefix, target)?;
        }
    }
    Ok(rustc)
}

fn cache_folder(cache: Option<&Path>) -> Result<PathBuf> {
    match cache {
        Some(cache) => Ok(cache.to_owned()),
        None => Ok(std::env::home_dir().context("finding the home folder: pass --prefix DIR")?.join(".cache")),
    }
}

fn default_prefix(cache: Option<&Path>, ordinary: &Path) -> Result<PathBuf> {
    let cache = cache_folder(cache)?;
    // The compiler borrows the ordinary toolchain's linker, hence a prefix for each of its versions.
    let version = read(Command::new(ordinary).arg("-V"))?;
    let version = version.split(' ').nth(1).context("reading the version of rustc")?;
    Ok(cache.join("tenterhook/rust-wasm").join(version))
}

/// `path` with `.{word}` appended to its name.
fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(word);
    name.into()
}

/// The compiler itself and not rustup's proxy, whose choice depends on the folder it runs in.
fn ordinary_rustc() -> Result<PathBuf> {
    let sysroot = read(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(Path::new(&sysroot).join("bin/rustc"))
}

fn all_have_std(rustc: &Path, targets: &[&str]) -> Result<bool> {
    for target in targets {
        if !has_std(rustc, target)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `rustc` has a standard library for `target`.
fn has_std(rustc: &Path, target: &str) -> Result<bool> {
    let folder = read(Command::new(rustc).args(["--print", "target-libdir", "--target", target]))?;
    let Ok(entries) = fs::read_dir(folder) else { return Ok(false) };
    Ok(entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}
