//! What is a directory's own; the rest is in the suite of all back ends.

use std::io::{self, ErrorKind};

use bytes::Bytes;
use insta::assert_snapshot;

use super::{Blobs, failed};
use crate::event::Digest;
use crate::store::Error;

#[tokio::test]
async fn a_damaged_blob_is_refused_and_healed() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::directory(dir.path()).unwrap();
    let digest = blobs.put(Bytes::from_static(b"module")).await.unwrap();
    let file = dir.path().join("12").join(digest.to_string());
    std::fs::write(&file, b"modulo").unwrap();
    assert_snapshot!(
        blobs.get(digest).await.unwrap_err(),
        @"the store is corrupt: the blob 120970d812836f19888625587a4606a5ad23cef31c8684e601771552548fc6b9 is damaged: deploy its module again"
    );

    blobs.put(Bytes::from_static(b"module")).await.unwrap();
    assert_eq!(blobs.get(digest).await.unwrap(), Some(Bytes::from_static(b"module")));
}

#[tokio::test]
async fn blobs_are_there_when_the_directory_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let digest = Blobs::directory(dir.path()).unwrap().put(Bytes::from_static(b"module")).await.unwrap();
    let again = Blobs::directory(dir.path()).unwrap();
    assert_eq!(again.get(digest).await.unwrap(), Some(Bytes::from_static(b"module")));
    assert_eq!(again.get(Digest::of(b"other")).await.unwrap(), None);
}

#[test]
fn a_full_disk_is_told_from_other_failures() {
    let from = |kind: ErrorKind| {
        let source = Box::new(io::Error::from(kind));
        failed(object_store::Error::Generic { store: "LocalFileSystem", source })
    };
    assert!(matches!(from(ErrorKind::StorageFull), Error::Unavailable(_)));
    assert!(matches!(from(ErrorKind::NotADirectory), Error::Backend(_)));
}
