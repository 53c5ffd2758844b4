//! The type of a component with one handler, in the form that linkers for components read.

use std::path::Path;

use anyhow::{Context as _, Result};
use wit_component::StringEncoding;
use wit_parser::{Package, PackageName, Resolve, WorldItem, WorldKey};

/// What the attribute macro replaces with the handler's name. It must not be a part of any other name in `wit/`.
const PLACEHOLDER: &str = "placeholder";

/// Encodes the world `handler` of the contract in the folder `wit`, with the placeholder for its name and its export's.
///
/// The world gets a package of its own: a handler may be called `log` or `types`, and in the contract's package that
/// name is taken.
pub(super) fn encode(wit: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_path(wit)?;
    let world = resolve.select_world(&[contract], Some("handler"))?;
    let package = resolve.packages.alloc(Package {
        name: PackageName { namespace: "tenterhook".into(), name: "handler".into(), version: None },
        docs: Default::default(),
        interfaces: Default::default(),
        worlds: Default::default(),
    });
    let handler = resolve.worlds.get_mut(world).context("finding the world `handler`")?;
    handler.package = Some(package);
    handler.name = PLACEHOLDER.into();
    let export = handler.exports.shift_remove(&WorldKey::Name("handle".into()));
    let Some(WorldItem::Function(mut function)) = export else {
        anyhow::bail!("the world `handler` does not export a function `handle`");
    };
    function.name = PLACEHOLDER.into();
    handler.exports.insert(WorldKey::Name(PLACEHOLDER.into()), WorldItem::Function(function));
    let encoded = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None)?;
    without_producers(&encoded)
}

/// Without the section that names the release of `wit-component`, which would change with every one.
fn without_producers(encoded: &[u8]) -> Result<Vec<u8>> {
    let name = b"\x09producers";
    let start = encoded.windows(name.len()).position(|window| window == name).context("finding the producers")?;
    let (before, content) = encoded.split_at(start);
    let length = u8::try_from(content.len()).context("the producers are the last section, and short")?;
    let before = before.strip_suffix(&[0, length]).context("finding where the producers start")?;
    Ok(before.to_vec())
}
