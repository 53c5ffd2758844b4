//! Which server a command asks, and as whom: by flags, the environment and contexts.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;

use super::client::Client;
use super::context::{self, Contexts};
use super::environment;
use crate::tls;

/// The address of `tenterhook up`.
pub(super) const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// A server on this machine answers in milliseconds; one that does not answer in so long never will.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

/// What every command that asks a server takes.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Remote {
    /// The server to ask [default: the current context's, else http://127.0.0.1:8080]
    #[arg(long, value_name = "URL", env = "TENTERHOOK_SERVER")]
    pub(super) server: Option<String>,

    /// The context to ask in, which `tenterhook login` made [default: the current one]
    #[arg(long, value_name = "NAME", env = "TENTERHOOK_CONTEXT")]
    pub(super) context: Option<String>,

    /// The org that is meant [default: the context's, else the only one that the token is for]
    #[arg(long, value_name = "ORG", env = "TENTERHOOK_ORG")]
    pub(super) org: Option<String>,

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
    /// There is no such context, or `--server` is not an address that can be asked.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        if self.server.is_some() && self.context.is_some() {
            bail!(
                "both a server and a context are named, by flags or by TENTERHOOK_SERVER and TENTERHOOK_CONTEXT: name one"
            );
        }
        let contexts = match (context::path(), &self.context) {
            (Ok(path), _) => Contexts::load(&path)?,
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => Contexts::default(),
        };
        let token = environment::secret(environment::TOKEN)?;
        self.client_of(&contexts, token.as_ref().map(|token| token.trim()))
    }

    fn client_of(&self, contexts: &Contexts, token: Option<&str>) -> anyhow::Result<Client> {
        let (server, context) = match &self.server {
            Some(server) => {
                let server = parse(server)?;
                let context = contexts.of_server(&server).cloned();
                (server, context)
            }
            None => match contexts.choose(self.context.as_deref())? {
                Some((name, context)) => {
                    let server = parse(&context.server).with_context(|| format!("in the context `{name}`"))?;
                    (server, Some(context.clone()))
                }
                None => (parse(DEFAULT_SERVER)?, None),
            },
        };
        let token = token.or(context.as_ref().and_then(|context| context.token.as_deref()));
        let ca = self.ca.as_deref().or(context.as_ref().and_then(|context| context.ca.as_deref()));
        let http = http(&server, ca, token)?;
        let org = self.org.clone().or(context.and_then(|context| context.org));
        Ok(Client::new(server, http, org))
    }
}

/// What speaks to one server, and shows it this token.
pub(super) fn http(server: &Url, ca: Option<&Path>, token: Option<&str>) -> anyhow::Result<reqwest::Client> {
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
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .ok()
            .context("the token has other characters than a token has")?;
        value.set_sensitive(true);
        http = http.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)]));
        if server.scheme() == "http" && !is_local(server) {
            tracing::warn!("the token goes to {server} in the clear: whoever sees the connection has it");
        }
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
        bail!(
            "the server's address has a user or a password in it: give it without, and log in with `tenterhook login`"
        );
    }
    url.with_context(|| format!("`{server}` is not the address of a server: give one like `{DEFAULT_SERVER}`"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::context::Context;
    use super::*;

    fn of_server(server: &str) -> anyhow::Result<Client> {
        let remote = Remote { server: Some(server.to_owned()), ..Remote::default() };
        remote.client_of(&Contexts::default(), None)
    }

    #[test]
    fn an_address_that_cannot_be_asked() {
        let error = |server| of_server(server).unwrap_err().to_string();
        assert_snapshot!(error("localhost:8080"), @"`localhost:8080` is not the address of a server: give one like `http://127.0.0.1:8080`");
        assert_snapshot!(error("127.0.0.1:8080"), @"`127.0.0.1:8080` is not the address of a server: give one like `http://127.0.0.1:8080`");
        assert_snapshot!(error("https://th_secret@hooks.example"), @"the server's address has a user or a password in it: give it without, and log in with `tenterhook login`");
    }

    #[test]
    fn a_server_is_chosen() {
        let here = Context { server: DEFAULT_SERVER.to_owned(), ca: None, token: None, org: Some("acme".to_owned()) };
        let prod = Context { server: "http://[::1]:9000/below/".to_owned(), org: None, ..here.clone() };
        let contexts = [("here".to_owned(), here), ("prod".to_owned(), prod)];
        let contexts = Contexts { current: Some("prod".to_owned()), contexts: contexts.into() };
        let chosen = |remote: Remote| {
            let client = remote.client_of(&contexts, None).unwrap();
            format!("{} {}", client.url("/events"), client.org.as_deref().unwrap_or("-"))
        };
        assert_snapshot!(chosen(Remote::default()), @"http://[::1]:9000/below/api/v1/events -");
        let named = Remote { context: Some("here".to_owned()), ..Remote::default() };
        assert_snapshot!(chosen(named.clone()), @"http://127.0.0.1:8080/api/v1/events acme");
        assert_snapshot!(chosen(Remote { org: Some("zeta".to_owned()), ..named }), @"http://127.0.0.1:8080/api/v1/events zeta");
        let by_address = Remote { server: Some(DEFAULT_SERVER.to_owned()), ..Remote::default() };
        assert_snapshot!(chosen(by_address), @"http://127.0.0.1:8080/api/v1/events acme");
        let none = Remote::default().client_of(&Contexts::default(), None).unwrap();
        assert_snapshot!(none.url("/events"), @"http://127.0.0.1:8080/api/v1/events");
    }
}
