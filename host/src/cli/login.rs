//! `tenterhook login`, `logout` and `contexts`: which servers there are, and as whom each is asked.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::client::Client;
use super::context::{self, Context, Contexts};
use super::output;
use super::remote;
use super::whoami;
use crate::api::view::Whoami;
use crate::seal::Zeroizing;

/// Keep a server's address and a token for it
///
/// The token is read from standard input, or asked for on a terminal; the server must know it. It is kept in a file that only you can
/// read, as a context, which the other commands use from now on.
#[derive(Debug, Args)]
pub(super) struct Login {
    /// The server's address: `https://hooks.example`
    #[arg(env = "TENTERHOOK_SERVER", default_value = remote::DEFAULT_SERVER)]
    server: String,
    /// The context's name [default: the server's host name]
    #[arg(long, value_name = "NAME", env = "TENTERHOOK_CONTEXT")]
    context: Option<String>,
    /// The org that commands mean unless they name one
    #[arg(long, value_name = "ORG", env = "TENTERHOOK_ORG")]
    org: Option<String>,
    /// Trust the authorities of this file, in PEM, and no others
    #[arg(long, value_name = "FILE", env = "TENTERHOOK_CA")]
    ca: Option<PathBuf>,
    /// Print who you are as JSON
    #[arg(long)]
    json: bool,
}

/// Forget a context and its token
///
/// The token is as good as it was: `tenterhook tokens revoke` ends it.
#[derive(Debug, Args)]
pub(super) struct Logout {
    /// The context [default: the current one]
    context: Option<String>,
    /// Print the context's name as JSON
    #[arg(long)]
    json: bool,
}

/// What can be done with contexts.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the contexts; the current one has a `*`
    List {
        /// Print JSON, without tokens
        #[arg(long)]
        json: bool,
    },
    /// Make a context the current one
    Use {
        /// Its name
        context: String,
        /// The org that commands mean in it unless they name one
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
        /// Print the context as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Login {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { server, context, org, ca, json } = self;
        let url = remote::parse(&server)?;
        let name = context.unwrap_or_else(|| host(&url));
        // Later commands are given elsewhere.
        let ca = ca.map(|ca| std::path::absolute(&ca).with_context(|| format!("finding `{}`", ca.display())));
        let ca = ca.transpose()?;
        let path = context::path()?;
        let mut contexts = Contexts::load(&path)?;
        let token = token()?;
        let http = remote::http(&url, ca.as_deref(), Some(&token))?;
        let client = Client::new(url.clone(), http, org.clone());
        let answer = client.get("/whoami", &[]).await.context("the server does not take the token")?;
        let who: Whoami = serde_json::from_value(answer.clone()).context("reading who you are to the server")?;
        if let Some(org) = &org
            && !who.operator
            && !who.orgs.iter().any(|membership| membership.org == *org)
        {
            bail!("the token is not for the org `{org}`");
        }
        let server = url.as_str().trim_end_matches('/').to_owned();
        contexts.contexts.insert(name.clone(), Context { server, ca, token: Some(token.to_string()), org });
        contexts.current = Some(name.clone());
        contexts.save(&path)?;
        if json {
            return output::print_json(&json!({ "context": name, "whoami": answer }));
        }
        output::print(&format!("Logged in, in the context `{name}`.\n\n{}", whoami::show(&who)))
    }
}

/// What names a context that nobody named.
fn host(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or("server");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The first line of standard input, or what is typed, which nobody sees.
fn token() -> anyhow::Result<Zeroizing<String>> {
    let text = if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password("Token: ").context("reading the token from the terminal")?;
        Zeroizing::new(typed)
    } else {
        let mut text = Zeroizing::new(String::new());
        io::stdin().take(64 << 10).read_to_string(&mut text).context("reading the token from standard input")?;
        text
    };
    let token = text.trim();
    if token.is_empty() {
        bail!("there is no token on standard input");
    }
    if token.contains(char::is_whitespace) {
        bail!("what is on standard input is no token: it has blanks or several lines");
    }
    Ok(Zeroizing::new(token.to_owned()))
}

impl Logout {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let path = context::path()?;
        let mut contexts = Contexts::load(&path)?;
        let chosen = contexts.choose(self.context.as_deref())?.map(|(name, _)| name.to_owned());
        let name = chosen.context("no context is the current one: name one")?;
        contexts.contexts.remove(&name);
        if contexts.current.as_ref() == Some(&name) {
            contexts.current = None;
        }
        contexts.save(&path)?;
        if self.json {
            return output::print_json(&json!({ "context": name }));
        }
        output::print(&format!("The context `{name}` and its token are forgotten.\n"))
    }
}

pub(super) fn run(command: Command) -> anyhow::Result<()> {
    let path = context::path()?;
    let mut contexts = Contexts::load(&path)?;
    match command {
        Command::List { json } => {
            if json {
                return output::print_json(&without_tokens(&contexts));
            }
            output::print(&list(&contexts, output::terminal_width()))
        }
        Command::Use { context: name, org, json } => {
            contexts.choose(Some(&name))?;
            contexts.current = Some(name.clone());
            if let Some(context) = contexts.contexts.get_mut(&name)
                && org.is_some()
            {
                context.org = org;
            }
            contexts.save(&path)?;
            if json {
                return output::print_json(&json!({ "context": name }));
            }
            output::print(&format!("Commands ask in the context `{name}` from now on.\n"))
        }
    }
}

fn without_tokens(contexts: &Contexts) -> Contexts {
    let mut shown = contexts.clone();
    shown.contexts.values_mut().for_each(|context| context.token = None);
    shown
}

/// All contexts: a row each.
pub(super) fn list(contexts: &Contexts, width: Option<u16>) -> String {
    if contexts.contexts.is_empty() {
        return "No contexts: log in with `tenterhook login`.\n".to_owned();
    }
    let row = |(name, context): (&String, &Context)| {
        let is_current = contexts.current.as_ref() == Some(name);
        let mark = if is_current { "*" } else { "" };
        let org = context.org.clone().unwrap_or_default();
        vec![name.clone(), mark.to_owned(), context.server.clone(), org]
    };
    output::table(&["CONTEXT", "", "SERVER", "ORG"], contexts.contexts.iter().map(row).collect(), width)
}
