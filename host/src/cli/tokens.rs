//! `tenterhook tokens`: what programs and people show to the server.

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::client::{Client, at};
use super::output;
use super::remote::Remote;
use crate::api::view::{MadeToken, NewToken, Token};
use crate::clock::Clock;
use crate::event::Timestamp;
use crate::store::catalog::{Role, Scope};

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token; what its holder shows is printed once, and never told again
    Create {
        /// What it is for, in words
        name: String,
        /// What its holder may do: viewer, developer, owner
        #[arg(long, value_name = "ROLE", required_unless_present = "operator", conflicts_with = "operator")]
        role: Option<Role>,
        /// For this project alone
        #[arg(long, value_name = "NAME", conflicts_with = "operator")]
        project: Option<String>,
        /// For everything on the host
        #[arg(long)]
        operator: bool,
        /// When it ends: a time (`2027-01-31T00:00:00Z`) or how long it lasts (`12h`, `90d`) [default: never]
        #[arg(long, value_name = "TIME", value_parser = end)]
        expires: Option<Timestamp>,
        #[command(flatten)]
        remote: Remote,
    },
    /// List an org's tokens, or the host's own
    List {
        /// The host's own
        #[arg(long)]
        operator: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Revoke a token: it is no good from then on
    Revoke {
        /// Its id: `tok_…`
        id: String,
        /// It is one of the host's own
        #[arg(long)]
        operator: bool,
        #[command(flatten)]
        remote: Remote,
    },
}

/// A time, or a time from now.
fn end(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let span: Result<jiff::SignedDuration, _> = text.strip_suffix('d').map_or_else(
        || text.parse::<jiff::SignedDuration>().map_err(|error| error.to_string()),
        |days| match days.parse::<i64>() {
            Ok(days) if (1..=36_500).contains(&days) => Ok(jiff::SignedDuration::from_hours(24 * days)),
            _ => Err("not so many days".to_owned()),
        },
    );
    let wrong = || {
        format!(
            "`{text}` is neither a time, as `2027-01-31T00:00:00Z` is, nor how long it lasts, as `12h` and `90d` are"
        )
    };
    let span = span.ok().filter(|span| span.is_positive()).ok_or_else(wrong)?;
    Clock::system().now().checked_add(span).map_err(|_| wrong())
}

/// Where tokens are: an org's, or the host's own.
async fn tokens(client: &Client, operator: bool) -> anyhow::Result<String> {
    Ok(if operator { at(&["tokens"]) } else { at(&["orgs", &client.org().await?, "tokens"]) })
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Create { name, role, project, operator, expires, remote } => {
            let client = remote.client()?;
            let scope = match (operator, role, project) {
                (true, ..) => Scope::Operator,
                (false, Some(role), Some(project)) => Scope::Project { project, role },
                (false, Some(role), None) => Scope::Org { role },
                (false, None, _) => bail!("a token has a role: give one with `--role`"),
            };
            let new = NewToken { name, scope, expires_at: expires };
            let answer = client.post(&tokens(&client, operator).await?, &new).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let made: MadeToken = serde_json::from_value(answer).context("reading the server's token")?;
            // Alone on its line, and first, for who reads it with a program.
            let until = made
                .token
                .expires_at
                .map_or_else(|| "it does not expire".to_owned(), |at| format!("until {}", output::time(at)));
            output::print(&format!("{}\n\n{}, {until}. It is shown this once: keep it.\n", made.secret, made.token.id))
        }
        Command::List { operator, remote } => {
            let client = remote.client()?;
            let found = client.all(&tokens(&client, operator).await?).await?;
            if remote.json {
                return output::print_json(&found);
            }
            output::print(&list(&found.read("tokens")?, output::terminal_width()))
        }
        Command::Revoke { id, operator, remote } => {
            let client = remote.client()?;
            let path = format!("{}{}", tokens(&client, operator).await?, at(&[&id]));
            client.delete(&path).await?;
            if remote.json {
                return output::print_json(&serde_json::json!({ "id": id }));
            }
            output::print(&format!("{} is no good any more.\n", output::line(&id)))
        }
    }
}

/// Tokens: a row each.
pub(super) fn list(tokens: &[Token], width: Option<u16>) -> String {
    if tokens.is_empty() {
        return "No tokens.\n".to_owned();
    }
    let row = |token: &Token| {
        let until = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {}", output::time(at)),
            (None, Some(at)) => output::time(at),
            (None, None) => "for good".to_owned(),
        };
        let used = token.last_used_at.map_or_else(|| "never".to_owned(), output::time);
        vec![token.id.to_string(), token.name.clone(), scope(&token.scope), until, used]
    };
    output::table(&["TOKEN", "NAME", "FOR", "UNTIL", "LAST USED"], tokens.iter().map(row).collect(), width)
}

fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Operator => "the host".to_owned(),
        Scope::Org { role } => role.to_string(),
        Scope::Project { project, role } => format!("{role} of {project}"),
    }
}
