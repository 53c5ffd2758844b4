//! `cargo xtask plugins`: rebuilds the components that are checked in beside the Rust plugins' sources.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::guest;
use crate::wasm_toolchain::{Place, provide};

/// Each plugin's folder, and the component in it that its manifest names.
const PLUGINS: [(&str, &str); 3] =
    [("http-sample", "webhooks.wasm"), ("echo", "echo.wasm"), ("github-labeler", "labeler.wasm")];

/// A first run downloads the repository: the components in it stay small.
const LARGEST: usize = 150 << 10;

/// Rebuilds the components that are checked in beside the Rust plugins' sources.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes the components to folders of the plugins' names below DIR, and leaves those checked in alone.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let rustc = provide(&args.place, &[guest::UNKNOWN])?;
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    for (plugin, file) in PLUGINS {
        let component = guest::component(&plugins.join(plugin), &rustc, guest::UNKNOWN)?;
        ensure!(component.len() <= LARGEST, "`{plugin}/{file}` has {} bytes, more than {LARGEST}", component.len());
        let folder = args.out.as_ref().unwrap_or(&plugins).join(plugin);
        fs::create_dir_all(&folder).with_context(|| format!("creating `{}`", folder.display()))?;
        fs::write(folder.join(file), &component).with_context(|| format!("writing `{plugin}/{file}`"))?;
        println!("{plugin}/{file}: {} bytes", component.len());
    }
    Ok(())
}
