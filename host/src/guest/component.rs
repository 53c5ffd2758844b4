//! Makes a component of what a compiler wrote.

use bytes::Bytes;
use wit_component::{ComponentEncoder, metadata};

/// The first bytes of every WebAssembly file, then the version: the two layers differ in it.
const CORE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// The component in `bytes`: itself, or what a core module that carries its component type (the output of
/// `wasm32-unknown-unknown`) becomes.
///
/// # Errors
/// `bytes` are not WebAssembly, or a core module of another kind. The text says what it is and how to make a component of it.
pub fn componentize(bytes: Bytes) -> Result<Bytes, String> {
    if bytes.starts_with(COMPONENT) {
        return Ok(bytes);
    }
    if !bytes.starts_with(CORE) {
        let text = if bytes.is_empty() { "it is empty" } else { "it does not start as a WebAssembly file does" };
        return Err(format!("not a WebAssembly component: {text}"));
    }
    let cannot = |reason: &str| {
        format!(
            "it is a core module that cannot be made a component: {reason}; build it with a Tenterhook SDK, for Rust with \
             `--target wasm32-wasip2`"
        )
    };
    match metadata::decode(&bytes) {
        Ok((None, _)) => return Err(cannot("it does not say what it imports and exports as a component")),
        Ok((Some(_), _)) => {}
        Err(error) => return Err(cannot(&format!("{error:#}"))),
    }
    let encode = || ComponentEncoder::default().validate(true).module(&bytes)?.encode();
    encode().map(Bytes::from).map_err(|error| cannot(&format!("{error:#}")))
}
