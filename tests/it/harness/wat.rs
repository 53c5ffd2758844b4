//! Handlers written in WAT, turned into components in process: nothing to install.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// The component of `tests/guests/wat/{name}.wat`, whose one handler is `handle`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    component(&source(name), "handle")
}

/// The same fixture with its handler under another name.
pub(crate) fn renamed(name: &str, export: &str) -> Vec<u8> {
    component(&source(name).replace("cm32p2||handle", &format!("cm32p2||{export}")), export)
}

fn source(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/wat").join(format!("{name}.wat"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The component of a core module in WAT that exports one handler.
pub(crate) fn component(source: &str, export: &str) -> Vec<u8> {
    component_with(source, export, "", "")
}

/// The same, with further packages, and imports of interfaces in them.
pub(crate) fn component_with(source: &str, export: &str, packages: &str, imports: &str) -> Vec<u8> {
    encode(source, packages, &format!("{imports} export {export}: func{HANDLER};"))
}

/// The component of `tests/guests/wat/concurrent.wat`, whose handlers are `handle`, which is `async`, and `plain`.
pub(crate) fn concurrent_fixture() -> Vec<u8> {
    encode(&source("concurrent"), "", &format!("export handle: async func{HANDLER}; export plain: func{HANDLER};"))
}

/// The component of a core module in WAT that exports the `async` handler `handle`.
pub(crate) fn concurrent(source: &str, packages: &str, imports: &str) -> Vec<u8> {
    encode(source, packages, &format!("{imports} export handle: async func{HANDLER};"))
}

const HANDLER: &str = "(event: event) -> result<option<response>, failure>";

fn encode(source: &str, packages: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    resolve.push_dir(&contract).expect("the contract is valid WIT");
    let world = format!(
        "package test:guest;
        {packages}
        world guest {{
            include tenterhook:webhook/imports@0.1.0;
            use tenterhook:webhook/types@0.1.0.{{event, response, failure}};
            {world}
        }}"
    );
    let package = resolve.push_str("guest.wit", &world).expect("the world is valid WIT");
    let world = resolve.select_world(&[package], Some("guest")).expect("it has one world");
    in_world(source, &resolve, world)
}

/// The component of a core module in WAT that imports and exports what a world has.
pub(crate) fn in_world(source: &str, resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let mut module = wat::parse_str(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("a world can be embedded");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).unwrap_or_else(|error| panic!("{error:#}\n{source}"))
}
