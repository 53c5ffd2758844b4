//! `tenterhook vars`: a project's variables and secrets. A secret's value goes in and never comes out.

use std::io::{self, IsTerminal as _, Read as _};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::client::{Client, at};
use super::output;
use super::projects::Which;
use super::remote::Remote;
use crate::api::view::{NewVar, Var};
use crate::seal::Zeroizing;

/// The longest value that the API takes.
const MAX_BYTES: u64 = 64 << 10;

/// What can be done with variables.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give variables values; handlers that begin from then on read them
    ///
    /// `NAME=VALUE` is for what anybody may know: arguments are seen by everybody on a machine. With NAME alone the value is read from
    /// standard input to its end, but for a last line end, or asked for on a terminal.
    Set {
        /// `NAME=VALUE`, several of them, or one NAME
        #[arg(required = true, value_name = "NAME[=VALUE]")]
        vars: Vec<String>,
        /// Nobody but handlers is ever shown the value
        #[arg(long)]
        secret: bool,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// List variables; of secrets, that they are there
    List {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// Give a variable that is there another value, from standard input or asked for; a secret stays one
    Rotate {
        /// Its name
        name: String,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
    /// Remove variables; where the manifest has a value for one, that holds again
    Remove {
        /// Their names
        #[arg(required = true)]
        names: Vec<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        remote: Remote,
    },
}

/// Where a project's variables are.
async fn vars(client: &Client, which: &Which) -> anyhow::Result<String> {
    let org = client.org().await?;
    let project = which.name(client, &org).await?;
    Ok(at(&["orgs", &org, "projects", &project, "vars"]))
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Set { vars: given, secret, which, remote } => {
            // Before anybody is asked for a value.
            let given = pairs(given, secret)?;
            let client = remote.client()?;
            let path = vars(&client, &which).await?;
            let mut answers = Vec::new();
            for (name, value) in given {
                let value = match value {
                    Some(value) => value,
                    None => read(&name)?,
                };
                let new = NewVar { value: value.to_string(), secret };
                answers.push(client.put(&format!("{path}{}", at(&[&name])), &new).await?);
            }
            if remote.json {
                return output::print_json(&answers);
            }
            let vars: Vec<Var> = answers
                .into_iter()
                .map(serde_json::from_value)
                .collect::<Result<_, _>>()
                .context("reading the server's variable")?;
            output::print(&vars.iter().map(became).collect::<String>())
        }
        Command::List { which, remote } => {
            let client = remote.client()?;
            let found = client.all(&vars(&client, &which).await?).await?;
            if remote.json {
                return output::print_json(&found);
            }
            output::print(&list(&found.read("variables")?, output::terminal_width()))
        }
        Command::Rotate { name, which, remote } => {
            let client = remote.client()?;
            let path = format!("{}{}", vars(&client, &which).await?, at(&[&name]));
            let old: Var =
                serde_json::from_value(client.get(&path, &[]).await?).context("reading the server's variable")?;
            let new = NewVar { value: read(&name)?.to_string(), secret: old.secret };
            let answer = client.put(&path, &new).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&became(&serde_json::from_value(answer).context("reading the server's variable")?))
        }
        Command::Remove { names, which, remote } => {
            let client = remote.client()?;
            let path = vars(&client, &which).await?;
            for name in &names {
                client.delete(&format!("{path}{}", at(&[name]))).await?;
            }
            if remote.json {
                return output::print_json(&names);
            }
            output::print(&format!("Removed {}.\n", output::line(&names.join(", "))))
        }
    }
}

type Given = (String, Option<Zeroizing<String>>);

/// What is to be set, and to what; at most one without a value, which standard input has.
fn pairs(given: Vec<String>, secret: bool) -> anyhow::Result<Vec<Given>> {
    let pairs: Vec<Given> = given
        .into_iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(Zeroizing::new(value.to_owned()))),
            None => (text, None),
        })
        .collect();
    if pairs.len() > 1
        && let Some((name, _)) = pairs.iter().find(|(_, value)| value.is_none())
    {
        bail!("`{name}` has no value: write `{name}=VALUE`, or set it alone and give the value on standard input");
    }
    if secret && pairs.iter().any(|(_, value)| value.is_some()) {
        bail!(
            "a secret is no argument, which everybody on this machine sees: give its name alone, and the value on standard input"
        );
    }
    Ok(pairs)
}

/// A value from standard input, or what is typed, which nobody sees.
fn read(name: &str) -> anyhow::Result<Zeroizing<String>> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("Value of {name}: "));
        return typed.map(Zeroizing::new).context("reading the value from the terminal");
    }
    let mut text = Zeroizing::new(String::new());
    io::stdin().take(MAX_BYTES + 2).read_to_string(&mut text).context("reading the value from standard input")?;
    let value = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text);
    if value.len() as u64 > MAX_BYTES {
        bail!("the value on standard input has more than {MAX_BYTES} bytes");
    }
    Ok(Zeroizing::new(value.to_owned()))
}

fn became(var: &Var) -> String {
    let kind = if var.secret { "secret" } else { "variable" };
    format!("The {kind} {} is set, for handlers that begin from now on.\n", output::line(&var.name))
}

/// Variables: a row each.
pub(super) fn list(vars: &[Var], width: Option<u16>) -> String {
    if vars.is_empty() {
        return "No variables but those of the manifest.\n".to_owned();
    }
    let row = |var: &Var| {
        let value = var.value.clone().unwrap_or_else(|| "(secret)".to_owned());
        vec![var.name.clone(), value, output::time(var.updated_at)]
    };
    output::table(&["NAME", "VALUE", "SINCE"], vars.iter().map(row).collect(), width)
}
