//! Runs `wit-bindgen`.

use std::path::Path;

use anyhow::{Context as _, Result};
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::Opts;

/// The bindings of the contract in the folder `wit`.
pub(super) fn bindings(wit: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[package], Some("handler"))?;
    let mut files = Files::default();
    Opts { format: true, ..Opts::default() }.build().generate(&mut resolve, world, &mut files)?;
    let (_, source) = files.iter().next().context("wit-bindgen wrote no file")?;
    // The contract's namespace has the name of the SDK's crate, which `use` would find ambiguous.
    let source = std::str::from_utf8(source)?.replace("use tenterhook::", "use self::tenterhook::");
    without_world(&source)
}

/// The bindings describe a component whose one export is called `handle`. Without that description: each handler's own
/// is written by the attribute macro.
fn without_world(source: &str) -> Result<String> {
    let section = source.find("link_section = \"component-type:").context("finding the component's type")?;
    let before = source.get(..section).unwrap_or_default();
    let start = before.rfind("#[rustfmt::skip]").context("finding where the component's type starts")?;
    let end = section + source.get(section..).and_then(|rest| rest.find("\";\n")).context("finding its end")? + 3;
    Ok([source.get(..start), source.get(end..)].into_iter().flatten().collect())
}
