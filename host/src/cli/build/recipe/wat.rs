//! WebAssembly's text format, in process: nothing to install.

use super::super::Error;
use super::super::tool::Tool;
use super::{Job, Key, from_preview1, read};

pub(super) const TOOLS: [Tool; 0] = [];

pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("source", read(&job.dir.join(&job.module))?);
    Ok(())
}

pub(super) fn compile(job: &Job) -> Result<Vec<u8>, Error> {
    let module = wat::parse_bytes(&read(&job.dir.join(&job.module))?)
        .map_err(|error| Error::Failed(error.to_string()))?
        .into_owned();
    // The text of a component is one already.
    if !module.starts_with(b"\0asm\x01\0\0\0") {
        return Ok(module);
    }
    from_preview1(module, &job.world())
}
