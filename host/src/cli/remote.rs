//! Which server a command asks, and as whom: by flags and the environment.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::Url;
use reqwest::redirect::Policy;

use super::client::Client;
use crate::tls;

/// The address of `tenterhook up`.
pub(super) const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// A server on this machine answers in milliseconds; one that does not answer in so long never will.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

/// What every command that asks a server takes.
#[derive(Args, Clone, Debug)]
pub(super) struct Remote {
    /// The server to ask
    #[arg(long, value_name = "URL", env = "TENTERHOOK_SERVER", default_value = DEFAULT_SERVER)]
    pub(super) server: String,

    /// Trust the authorities of this file, in PEM, and no others
    #[arg(long, value_name = "FILE", env = "TENTERHOOK_CA")]
    pub(super) ca: Option<PathBuf>,

    /// Print the server's answer as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Remote {
    /// The server that was chosen.
    ///
    /// # Errors
    /// `--server` is not an address that can be asked, or `--ca` has no certificates.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let server = parse(&self.server)?;
        let http = http(&server, self.ca.as_deref())?;
        Ok(Client::new(server, http))
    }
}

/// What speaks to one server.
pub(super) fn http(server: &Url, ca: Option<&Path>) -> anyhow::Result<reqwest::Client> {
    tls::install();
    // A proxy of the environment is for the world outside; a server is most often inside.
    let http = reqwest::Client::builder().no_proxy().redirect(Policy::none());
    let mut http = http.connect_timeout(CONNECT_TIMEOUT).read_timeout(TIMEOUT);
    if let Some(ca) = ca {
        let authorities = tls::authorities(ca).context("reading the authorities to trust")?;
        let authorities: Result<Vec<_>, _> =
            authorities.iter().map(|authority| reqwest::Certificate::from_der(authority)).collect();
        http = http.tls_certs_only(authorities.with_context(|| format!("reading `{}`", ca.display()))?);
    } else if server.scheme() == "http" {
        // The system's are not looked for where none is needed: there may be none.
        http = http.tls_certs_only([]);
    }
    http.build().context("setting up the HTTP client")
}

/// Whether a server is on this machine, as far as its address says.
pub(super) fn is_local(server: &Url) -> bool {
    let address = server.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()).unwrap_or_default();
    address == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address of a server as people write it.
///
/// # Errors
/// It is none.
pub(super) fn parse(server: &str) -> anyhow::Result<Url> {
    let url = Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    if url.as_ref().is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        bail!("the server's address has a user or a password in it: give it without");
    }
    url.with_context(|| format!("`{server}` is not the address of a server: give one like `{DEFAULT_SERVER}`"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn of_server(server: &str) -> anyhow::Result<Client> {
        Remote { server: server.to_owned(), ca: None, json: false }.client()
    }

    #[test]
    fn an_address_that_cannot_be_asked() {
        let error = |server| of_server(server).unwrap_err().to_string();
        assert_snapshot!(error("localhost:8080"), @"`localhost:8080` is not the address of a server: give one like `http://127.0.0.1:8080`");
        assert_snapshot!(error("127.0.0.1:8080"), @"`127.0.0.1:8080` is not the address of a server: give one like `http://127.0.0.1:8080`");
        assert_snapshot!(error("https://th_secret@hooks.example"), @"the server's address has a user or a password in it: give it without");
    }
}
