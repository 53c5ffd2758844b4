//! The type of a component, in WIT, from the calls that name its handlers.

use std::path::Path;

use wit_component::StringEncoding;
use wit_parser::{Resolve, WorldId};

use super::sdk::CONTRACT;
use super::{Error, files};

/// What each of its files begins with.
const PACKAGE: &str = "package tenterhook:webhook@0.1.0;\n";

/// The name of the world.
pub(super) const NAME: &str = "handlers";

/// What the SDKs of interpreters call of WASI's packages.
pub(super) const WASI: [(&str, &str); 4] = [
    ("cli.wit", include_str!("wasi/cli.wit")),
    ("clocks.wit", include_str!("wasi/clocks.wit")),
    ("http.wit", include_str!("wasi/http.wit")),
    ("io.wit", include_str!("wasi/io.wit")),
];

/// How WASI's packages are called.
pub(super) const NAMESPACE: &str = "wasi";

/// A world that exports these handlers, by their names in kebab case.
pub(super) fn text<'h>(exports: impl Iterator<Item = &'h str>) -> String {
    let mut text = format!(
        "package tenterhook:{NAME};\n\nworld {NAME} {{\n  include tenterhook:webhook/imports@0.1.0;\n  \
         use tenterhook:webhook/types@0.1.0.{{event, response, failure}};\n"
    );
    for export in exports {
        // With `%` a name may be a word of WIT's too.
        text.push_str(&format!("  export %{export}: func(event: event) -> result<option<response>, failure>;\n"));
    }
    text.push_str("}\n");
    text
}

/// Writes the world and the contract to a folder, as tools for WIT read them, for an interpreter: what its SDK may call has to be imported
/// before anybody knows what the handlers call. It may be called in any sandbox, and costs nothing in one where it is not.
/// `namespace` is how WASI's packages are called there.
///
/// # Errors
/// The folder cannot be written.
pub(super) fn write(folder: &Path, world: &str, namespace: &str) -> Result<(), Error> {
    let called_by_sdks = ["cli/exit", "clocks/monotonic-clock", "io/poll", "http/types", "http/outgoing-handler"];
    let imports: String = called_by_sdks.iter().map(|name| format!("  import {NAMESPACE}:{name}@0.2.0;\n")).collect();
    let head = format!("world {NAME} {{\n");
    let world = world.replacen(&head, &format!("{head}{imports}"), 1);
    let called = |text: &str| text.replace(&format!("{NAMESPACE}:"), &format!("{namespace}:"));
    files::write(&folder.join("world.wit"), called(&world)).map_err(Error::Failed)?;
    for (name, text) in CONTRACT {
        files::write(&folder.join("deps/tenterhook-webhook").join(name), text).map_err(Error::Failed)?;
    }
    for (name, text) in WASI {
        files::write(&folder.join("deps").join(name), called(text)).map_err(Error::Failed)?;
    }
    Ok(())
}

/// Puts the world into a core module, so that it can be made a component.
///
/// # Errors
/// A handler has a name that no component's export can have, or the module is none.
pub(super) fn embed(module: &mut Vec<u8>, world: &str) -> Result<(), Error> {
    let (resolve, world) = resolve(world).map_err(|error| Error::Failed(format!("{error:#}")))?;
    wit_component::embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| Error::Failed(format!("{error:#}")))
}

fn resolve(world: &str) -> anyhow::Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    // The files are parts of one package, which a text names once.
    let parts = CONTRACT.iter().map(|(_, text)| text.strip_prefix(PACKAGE).unwrap_or(text));
    let contract: String = std::iter::once(PACKAGE).chain(parts).collect();
    resolve.push_str("contract.wit", &contract)?;
    let package = resolve.push_str("world.wit", world)?;
    let world = resolve.select_world(&[package], Some(NAME))?;
    Ok((resolve, world))
}
