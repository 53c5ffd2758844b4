//! Makes a component of what a compiler wrote.

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
