//! The certificate that a server shows, and its successor.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tracing::{info, warn};

use crate::tls::{Contents, Error, Files};

/// A certificate that follows its files. Clones share it.
#[derive(Clone)]
pub(super) struct Certificate(Arc<Inner>);

struct Inner {
    files: Files,
    current: ArcSwap<ServerConfig>,
    /// What was looked at last, whether it could be used or not: it is spoken of once.
    seen: std::sync::Mutex<Seen>,
}

enum Seen {
    Contents(Contents),
    Failure(String),
}

impl Certificate {
    /// Reads the files. Blocks the thread.
    ///
    /// # Errors
    /// They cannot be used.
    pub(super) fn load(files: Files) -> Result<Self, Error> {
        let contents = files.read()?;
        let current = ArcSwap::new(contents.server()?);
        Ok(Self(Arc::new(Inner { files, current, seen: std::sync::Mutex::new(Seen::Contents(contents)) })))
    }

    /// What the next connection is served with.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        self.0.current.load_full()
    }

    /// Looks at the files again. What is new in them is used from now on if it can be; if not, what there was stays. Files
    /// that are being replaced one after the other do not fit for a moment: the next look finds them. Blocks the thread.
    pub(super) fn look(&self) {
        let Inner { files, current, seen } = &*self.0;
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let contents = match files.read() {
            Ok(contents) => contents,
            Err(error) => {
                let failure = error.to_string();
                if !matches!(&*seen, Seen::Failure(last) if *last == failure) {
                    warn!(%error, "the certificate cannot be read again; connections are served with the one from before");
                    *seen = Seen::Failure(failure);
                }
                return;
            }
        };
        if matches!(&*seen, Seen::Contents(last) if *last == contents) {
            return;
        }
        match contents.server() {
            Ok(config) => {
                current.store(config);
                let certificate = files.certificate.display();
                info!(%certificate, "the certificate was read again; new connections are served with it");
            }
            Err(error) => {
                warn!(%error, "the new certificate cannot be used; connections are served with the one from before");
            }
        }
        *seen = Seen::Contents(contents);
    }
}
