//! Bytes by their digest, on a disk or in memory. Knows nothing of what the bytes mean.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};

use super::{Error, Result};
use crate::event::{Digest, Timestamp};

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

    /// Those that were put before then and not since, in no order.
    ///
    /// # Errors
    /// [`Error::Backend`] when the directory cannot be read.
    pub async fn older(&self, before: Timestamp) -> Result<Vec<Digest>> {
        let mut all = self.0.list(None);
        let mut older = Vec::new();
        while let Some(found) = all.try_next().await.map_err(failed)? {
            // What has another name is no blob.
            let digest = found.location.filename().and_then(|name| name.parse::<Digest>().ok());
            older.extend(digest.filter(|_| is_older(&found, before)));
        }
        Ok(older)
    }

    /// Removes what was put before then and not since; says whether it did.
    ///
    /// # Errors
    /// [`Error::Backend`] when the file cannot be removed.
    pub async fn remove_older(&self, digest: Digest, before: Timestamp) -> Result<bool> {
        match self.0.head(&location(digest)).await {
            Ok(found) if is_older(&found, before) => {}
            Ok(_) | Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(failed(error)),
        }
        self.0.delete(&location(digest)).await.map_err(failed)?;
        Ok(true)
    }
}

fn is_older(found: &ObjectMeta, before: Timestamp) -> bool {
    found.last_modified.timestamp_millis() < before.as_millisecond()
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
