//! Makes a component of what a compiler wrote.

use wasmparser::{ComponentInstance, Parser, Payload};
use wit_component::{ComponentEncoder, metadata};

/// The first bytes of every WebAssembly file, then the version: the two layers differ in it.
const CORE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// A component.
    Component,
    /// A core module, which may become one.
    Core,
}

/// Which kind of WebAssembly `bytes` begin as.
///
/// # Errors
/// None, in words.
pub(super) fn layer(bytes: &[u8]) -> Result<Layer, String> {
    if bytes.starts_with(COMPONENT) {
        return Ok(Layer::Component);
    }
    if bytes.starts_with(CORE) {
        return Ok(Layer::Core);
    }
    let text = if bytes.is_empty() { "it is empty" } else { "it does not start as a WebAssembly file does" };
    Err(format!("not a WebAssembly component: {text}"))
}

/// Whether a component imports anything of WASI 0.3. What is no component does not.
pub(super) fn imports_wasi_0_3(component: &[u8]) -> bool {
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            Ok(Payload::Version { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth -= 1,
            Ok(Payload::ComponentImportSection(imports)) if depth == 1 => {
                let names = imports.into_iter().flatten().map(|import| import.name.name);
                if names.into_iter().any(is_wasi_0_3) {
                    return true;
                }
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// How many instances of components one of `component` is made of, itself among them; no fewer than there are. What is no component
/// has one.
pub(super) fn component_instances(component: &[u8]) -> u64 {
    // Of each component that is being read, how many instances it makes; a component may be instantiated in many places, so each is
    // counted as the largest that was defined before.
    let (mut open, mut largest) = (Vec::new(), 1_u64);
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            Ok(Payload::Version { .. }) => open.push(1),
            Ok(Payload::ComponentInstanceSection(instances)) => {
                let made = instances.into_iter().flatten();
                let made = made.filter(|instance| matches!(instance, ComponentInstance::Instantiate { .. })).count();
                if let Some(count) = open.last_mut() {
                    *count = largest.saturating_mul(made as u64).saturating_add(*count);
                }
            }
            Ok(Payload::End(_)) => largest = largest.max(open.pop().unwrap_or(1)),
            Ok(_) => {}
            Err(_) => break,
        }
    }
    largest
}

fn is_wasi_0_3(import: &str) -> bool {
    let version = import.split_once('@').map(|(_, version)| version);
    import.starts_with("wasi:") && version.is_some_and(|version| version == "0.3" || version.starts_with("0.3."))
}

/// The component that a core module becomes which carries its component type: the output of `wasm32-unknown-unknown`.
///
/// # Errors
/// It is a core module of another kind. The text says what it is and how to make a component of it.
pub(super) fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let cannot = |reason: &str| {
        format!(
            "it is a core module that cannot be made a component: {reason}; build it with a Tenterhook SDK, for Rust with \
             `--target wasm32-wasip2`"
        )
    };
    match metadata::decode(module) {
        Ok((None, _)) => return Err(cannot("it does not say what it imports and exports as a component")),
        Ok((Some(_), _)) => {}
        Err(error) => return Err(cannot(&format!("{error:#}"))),
    }
    let encode = || ComponentEncoder::default().validate(true).module(module)?.encode();
    encode().map_err(|error| cannot(&format!("{error:#}")))
}
