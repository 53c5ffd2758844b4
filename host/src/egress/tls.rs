//! Whom TLS trusts: the system's roots, and those of the operator's file.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Error, Name};

/// Makes connections secret. The roots are read when they are first needed: most hosts never send a request.
pub(super) struct Tls {
    file: Option<PathBuf>,
    connector: OnceCell<TlsConnector>,
}

impl Tls {
    /// With the roots of `file`, in PEM, beside the system's.
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file, connector: OnceCell::new() }
    }

    /// A connection to `host`, whose certificate is checked.
    pub(super) async fn connect<S>(&self, host: &Name, stream: S) -> Result<TlsStream<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = match host {
            Name::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Error::BadUrl)?,
            Name::Address(address) => ServerName::from(*address),
        };
        let connector = self.connector.get_or_try_init(|| connector(self.file.clone())).await?;
        connector.connect(name, stream).await.map_err(Error::Tls)
    }
}

async fn connector(file: Option<PathBuf>) -> Result<TlsConnector, Error> {
    let roots = tokio::task::spawn_blocking(|| roots(file)).await;
    let roots = roots.map_err(|panic| Error::Roots(panic.to_string()))?.map_err(Error::Roots)?;
    // One provider is named, so that another crate's choice does not decide.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::Roots(error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn roots(file: Option<PathBuf>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    // Of a system's many roots some are of a form that is not known; the others are as good without them.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = file {
        let wrong =
            |error: &dyn std::fmt::Display| format!("reading `{}` (guest.outbound.ca_file): {error}", file.display());
        let pem = CertificateDer::pem_file_iter(&file).map_err(|error| wrong(&error))?;
        for root in pem {
            roots.add(root.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    if roots.is_empty() {
        return Err("the system trusts no authority: install its certificates, or name a file of some in \
                    `guest.outbound.ca_file`"
            .to_owned());
    }
    Ok(roots)
}
