//! Bytes by their digest, on a disk or in memory. Knows nothing of what the bytes mean.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::{Error, Result};
use crate::event::Digest;

/// A place for bytes that never change. Clones share it.
#[derive(Clone, Debug)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// A new, empty place in memory.
    pub fn memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    /// The files of a directory, which must exist.
    ///
    /// # Errors
    /// [`Error::Backend`] when the directory cannot be read.
    pub fn directory(path: &Path) -> Result<Self> {
        let files = LocalFileSystem::new_with_prefix(path).map_err(failed)?;
        // Without it a deployment could be in the catalog and its modules lost, after a power cut.
        Ok(Self(Arc::new(files.with_fsync(true))))
    }

    /// Keeps `bytes`; they are durable when this ends. Bytes that are there already are written anew, which heals a
    /// damaged file.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the disk is full.
    pub async fn put(&self, bytes: Bytes) -> Result<Digest> {
        let (digest, bytes) = digest_of(bytes).await?;
        self.0.put(&location(digest), bytes.into()).await.map_err(failed)?;
        Ok(digest)
    }

    /// The bytes with this digest; none when they were never put.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the bytes that are kept have another digest.
    pub async fn get(&self, digest: Digest) -> Result<Option<Bytes>> {
        let found = match self.0.get(&location(digest)).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(failed)?,
        };
        let (actual, bytes) = digest_of(found.bytes().await.map_err(failed)?).await?;
        if actual != digest {
            return Err(Error::Corrupt(format!("the blob {digest} is damaged: deploy its module again")));
        }
        Ok(Some(bytes))
    }
}

/// A module may have tens of megabytes: too much to digest on a thread that serves requests.
async fn digest_of(bytes: Bytes) -> Result<(Digest, Bytes)> {
    let digest = tokio::task::spawn_blocking(move || (Digest::of(&bytes), bytes)).await;
    digest.map_err(|err| Error::Backend(format!("digesting a blob: {err}")))
}

fn location(digest: Digest) -> object_store::path::Path {
    object_store::path::Path::from(name(digest))
}

/// `ab/abcdef…`, the file below a directory of blobs: 256 directories, so that none has too many files.
pub(super) fn name(digest: Digest) -> String {
    let digits = digest.to_string();
    let directory = digits.get(..2).expect("a digest has 64 digits");
    format!("{directory}/{digits}")
}

fn failed(err: object_store::Error) -> Error {
    let text = format!("blobs: {err}");
    if disk_is_full(&err) { Error::Unavailable(text) } else { Error::Backend(text) }
}

fn disk_is_full(err: &(dyn std::error::Error + 'static)) -> bool {
    let io = err.downcast_ref::<std::io::Error>();
    let full =
        io.is_some_and(|io| matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded));
    full || err.source().is_some_and(disk_is_full)
}
