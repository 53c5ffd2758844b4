//! WebAssembly's text format, in process: nothing to install.

use super::super::tool::Tool;
use super::super::{Error, world};
use super::{Job, Key, read};
use crate::guest::componentize;

pub(super) const TOOLS: [Tool; 0] = [];

pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("source", read(&job.dir.join(&job.module))?);
    Ok(())
}

pub(super) fn compile(job: &Job) -> Result<Vec<u8>, Error> {
    let mut module = wat::parse_bytes(&read(&job.dir.join(&job.module))?)
        .map_err(|error| Error::Failed(error.to_string()))?
        .into_owned();
    // The text of a component is one already.
    if !module.starts_with(b"\0asm\x01\0\0\0") {
        return Ok(module);
    }
    world::embed(&mut module, &job.world())?;
    componentize(module.into()).map(|component| component.to_vec()).map_err(Error::Failed)
}
