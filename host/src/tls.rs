//! Certificates and keys from their files, and the process's one provider of cryptography. Knows no connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// A chain and its key take a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("reading `{}`: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file has something else, or the two do not fit.
    #[error("`{}` {reason}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Where a server's certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The chain, in PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// The key of the first of them, in PEM.
    pub key: PathBuf,
}

/// What was in the files when they were read.
#[derive(PartialEq, Eq)]
pub struct Contents {
    files: Files,
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Makes the provider that of libraries which ask for the process's own, if none is yet.
pub fn install() {
    // Another one that was there first does as well.
    drop(ring::default_provider().install_default());
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl Files {
    /// Reads them. Blocks the thread.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(&self) -> Result<Contents, Error> {
        let certificate = read(&self.certificate)?;
        let key = Zeroizing::new(read(&self.key)?);
        Ok(Contents { files: self.clone(), certificate, key })
    }
}

impl Contents {
    /// The settings of a server that shows this certificate: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// [`Error::Unusable`].
    pub fn server(&self) -> Result<Arc<ServerConfig>, Error> {
        let Files { certificate: path, key: key_path } = &self.files;
        let unusable = |path: &Path, reason: String| Error::Unusable { path: path.to_owned(), reason };
        let chain = certificates(&self.certificate).map_err(|reason| unusable(path, reason))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key);
        let key = key.map_err(|error| unusable(key_path, format!("has no private key in PEM: {error}")))?;
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
        let builder = builder.expect("ring has the ciphers of TLS 1.2 and 1.3").with_no_client_auth();
        let config = builder.with_single_cert(chain, key);
        let mut config = config.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => unusable(key_path, format!("is not the key of `{}`", path.display())),
            error => unusable(path, format!("with the key `{}` cannot be used: {error}", key_path.display())),
        })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The certificates of a file in PEM. Blocks the thread.
///
/// # Errors
/// See [`Error`].
pub fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    certificates(&read(path)?).map_err(|reason| Error::Unusable { path: path.to_owned(), reason })
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err("has no certificate in PEM".to_owned()),
        Ok(chain) => Ok(chain),
        Err(error) => Err(format!("is no PEM: {error}")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |error| Error::File { path: path.to_owned(), error };
    let length = fs::metadata(path).map_err(io)?.len();
    if length > MAX_BYTES {
        let reason = format!("has {length} bytes: it is neither a certificate nor a key");
        return Err(Error::Unusable { path: path.to_owned(), reason });
    }
    fs::read(path).map_err(io)
}
