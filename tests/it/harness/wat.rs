//! Handlers written in WAT, turned into components in process: nothing to install.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The component of `tests/guests/wat/{name}.wat`. Its one handler is `handle`, as the world `handler` of `wit/` has it.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/wat").join(format!("{name}.wat"));
    let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    component(&source)
}

/// The component of a core module in WAT that has the exports of the world `handler`.
pub fn component(source: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(&contract).expect("the contract is valid WIT");
    let world = resolve.select_world(&[package], Some("handler")).expect("the contract has the world `handler`");
    let mut module = wat::parse_str(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("a world can be embedded");
    let encoder = ComponentEncoder::default().validate(true).module(&module).expect("the module has the world's exports");
    { encoder }.encode().expect("the module is a component of its world")
}
