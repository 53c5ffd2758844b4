//! The compiler from Debian's packages, which are downloaded and unpacked without being installed.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::beside;
use crate::process::{read, run};

/// Debian's newest compiler, which the browsers of its stable releases are built with.
const COMPILER: &str = "rustc-web";
const STD: &str = "libstd-rust-web-dev";
const SOURCE: &str = "rust-web-src";
const LIBC: &str = "wasi-libc";

/// What the compiler borrows from the ordinary toolchain: Debian's has no linker for WebAssembly.
const LINKERS: [&str; 3] = ["rust-lld", "wasm-component-ld", "gcc-ld"];

/// Unpacks the compiler into `prefix` unless it is there, and gives its path.
pub(super) fn compiler(prefix: &Path, ordinary: &Path) -> Result<PathBuf> {
    let rustc = prefix.join("rustc");
    if prefix.is_dir() {
        return Ok(rustc);
    }
    eprintln!("Providing a Rust compiler for WebAssembly in `{}`.", prefix.display());
    eprintln!("Where rustup can download, `rustup target add wasm32-wasip2` does the same.");
    // The folder takes its name when it is whole, so that a run that was stopped leaves nothing that looks finished.
    let partial = beside(prefix, "partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).with_context(|| format!("removing `{}`", partial.display()))?;
    }
    fs::create_dir_all(&partial).with_context(|| format!("creating `{}`", partial.display()))?;
    unpack(&packages()?, &partial)?;
    link_source(&partial)?;
    link_linkers(&partial, ordinary)?;
    write_wrapper(&partial, prefix)?;
    fs::rename(&partial, prefix).with_context(|| format!("creating `{}`", prefix.display()))?;
    Ok(rustc)
}

/// The packages to download: those above and the two that their versions lead to.
fn packages() -> Result<Vec<String>> {
    if Command::new("apt-get").arg("--version").output().is_err() {
        bail!(
            "this command needs Debian's `apt-get`, which this machine does not have; \
             where rustup can download, run `rustup target add wasm32-wasip2 wasm32-unknown-unknown`"
        );
    }
    let std = match dependency(STD, "libstd-rust-web-") {
        Ok(std) => std,
        Err(_) => {
            eprintln!("The package lists lack `{STD}`: running `apt-get update`.");
            run(Command::new("apt-get").args(["update", "-q"])).context("updating the package lists (as root?)")?;
            dependency(STD, "libstd-rust-web-").context(
                "Debian's `rustc-web` is in bookworm and later, in the security archive: \
                 is it among the sources in /etc/apt/sources.list.d?",
            )?
        }
    };
    let llvm = dependency(&std, "libllvm")?;
    Ok(vec![COMPILER.into(), SOURCE.into(), STD.into(), LIBC.into(), std, llvm])
}

/// The package that `package` depends on and whose name starts with `start`.
fn dependency(package: &str, start: &str) -> Result<String> {
    let listing = read(Command::new("apt-cache").args(["depends", package]))?;
    let names = listing.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let found = names.into_iter().find(|name| name.starts_with(start));
    found.map(str::to_owned).with_context(|| format!("package `{package}` depends on no `{start}…`"))
}

fn unpack(packages: &[String], prefix: &Path) -> Result<()> {
    let downloads = prefix.join("debs");
    fs::create_dir(&downloads)?;
    run(Command::new("apt-get").args(["download", "-q"]).args(packages).current_dir(&downloads))
        .context("downloading 140 MB of packages (out of date lists? run `apt-get update`)")?;
    for entry in fs::read_dir(&downloads)? {
        let deb = entry?.path();
        let name = deb.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with(SOURCE) {
            unpack_library(&deb, prefix)?;
        } else {
            run(Command::new("dpkg-deb").arg("--extract").arg(&deb).arg(prefix))?;
        }
    }
    fs::remove_dir_all(&downloads)?;
    Ok(())
}

/// Only `library/` of the compiler's sources: 69 MB rather than 342.
fn unpack_library(deb: &Path, prefix: &Path) -> Result<()> {
    let script =
        r#"dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" --wildcards './usr/src/rustc-*/library'"#;
    run(Command::new("bash").args(["-euo", "pipefail", "-c", script, "bash"]).arg(deb).arg(prefix))
}

/// Puts the sources where `-Zbuild-std` looks for them.
fn link_source(prefix: &Path) -> Result<()> {
    let folder = prefix.join("usr/lib/rustlib/src");
    fs::create_dir_all(&folder)?;
    let source = only_entry(&prefix.join("usr/src"))?;
    symlink(Path::new("../../../src").join(source), folder.join("rust")).context("linking the sources")
}

fn link_linkers(prefix: &Path, ordinary: &Path) -> Result<()> {
    let version = read(Command::new(ordinary).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("reading rustc's host")?;
    let sysroot = read(Command::new(ordinary).args(["--print", "sysroot"]))?;
    let from = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin");
    let to = prefix.join("usr/lib/rustlib").join(host).join("bin");
    fs::create_dir_all(&to)?;
    for linker in LINKERS {
        let link = to.join(linker);
        if link.is_symlink() || link.exists() {
            fs::remove_file(&link).with_context(|| format!("replacing `{}`", link.display()))?;
        }
        symlink(from.join(linker), &link).with_context(|| format!("linking `{}`", link.display()))?;
    }
    Ok(())
}

/// `rustc` finds its libraries beside it, whatever the system has installed.
fn write_wrapper(prefix: &Path, final_prefix: &Path) -> Result<()> {
    let libraries = prefix.join("usr/lib");
    let is_multiarch = |name: &String| name.ends_with("-linux-gnu");
    let multiarch = entries(&libraries)?.into_iter().find(is_multiarch).context("finding the compiler's libraries")?;
    let usr = final_prefix.join("usr");
    let usr = usr.to_str().filter(|usr| !usr.contains('\'')).context("the prefix is plain text without quotes")?;
    let script = format!("#!/bin/sh\nLD_LIBRARY_PATH='{usr}/lib/{multiarch}' exec '{usr}/bin/rustc' \"$@\"\n");
    let wrapper = prefix.join("rustc");
    fs::write(&wrapper, script)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).context("making `rustc` executable")
}

/// Builds the standard library for `target` and puts it where the compiler looks for it.
pub(super) fn build_std(prefix: &Path, target: &str) -> Result<()> {
    eprintln!("Building the standard library for {target}.");
    let build = prefix.join("build").join(target);
    if build.exists() {
        fs::remove_dir_all(&build)?;
    }
    fs::create_dir_all(build.join("src"))?;
    fs::write(build.join("src/lib.rs"), "#![no_std]\n")?;
    fs::write(build.join("Cargo.toml"), STD_CRATE)?;
    let library = prefix.join("usr/lib/rustlib").join(target);
    let partial = beside(&library, "partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    let wasi = target.contains("wasi").then(|| prefix.join("usr/lib/wasm32-wasi"));
    if let Some(libc) = wasi {
        // Rust's own standard library carries these; its build finds them in the final place.
        let own = library.join("lib/self-contained");
        fs::create_dir_all(&own)?;
        for object in ["crt1-command.o", "crt1-reactor.o", "libc.a"] {
            fs::copy(libc.join(object), own.join(object))
                .with_context(|| format!("copying `{object}` of wasi-libc"))?;
        }
    }
    // With bitcode, as the official one has, so that guests may be built with `lto`.
    let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
    run(Command::new("cargo")
        .args(["build", "--quiet", "--release", "-Zbuild-std=std,panic_abort", "--target", target])
        .current_dir(&build)
        .env("RUSTC", prefix.join("rustc"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", build.join("target"))
        .env_remove("RUSTFLAGS")
        .env(flags, "-Cembed-bitcode=yes"))
    .with_context(|| format!("building the standard library for {target}"))?;
    fs::create_dir_all(&partial)?;
    install(&build.join("target").join(target).join("release/deps"), &partial, &library.join("lib"))?;
    fs::remove_dir_all(&build).with_context(|| format!("removing `{}`", build.display()))
}

/// Copies all libraries aside, then moves them; the one that tells that the target is there comes last.
fn install(built: &Path, aside: &Path, library: &Path) -> Result<()> {
    fs::create_dir_all(library)?;
    let is_library = |name: &String| name.ends_with(".rlib") && !name.starts_with("libguest_std-");
    let mut names: Vec<_> = entries(built)?.into_iter().filter(is_library).collect();
    names.sort_by_key(|name| name.starts_with("libstd-"));
    for name in &names {
        fs::copy(built.join(name), aside.join(name)).with_context(|| format!("copying `{name}`"))?;
    }
    for name in &names {
        fs::rename(aside.join(name), library.join(name)).with_context(|| format!("moving `{name}`"))?;
    }
    fs::remove_dir(aside).context("removing an empty folder")
}

const STD_CRATE: &str = r#"[package]
name = "guest_std"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["rlib"]

[profile.release]
panic = "abort"

[workspace]
"#;

fn only_entry(folder: &Path) -> Result<String> {
    let mut names = entries(folder)?;
    let name = names.pop().with_context(|| format!("`{}` is empty", folder.display()))?;
    if names.is_empty() { Ok(name) } else { bail!("`{}` has more than one entry", folder.display()) }
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading `{}`", folder.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}
