//! `tenterhook whoami`: as whom the server is asked, and what may be done.

use anyhow::Context as _;
use clap::Args;

use super::output;
use super::remote::Remote;
use crate::api::view::Whoami;

/// Tell as whom the server is asked
#[derive(Debug, Args)]
pub(super) struct Command {
    #[command(flatten)]
    remote: Remote,
}

impl Command {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let answer = self.remote.client()?.get("/whoami", &[]).await?;
        if self.remote.json {
            return output::print_json(&answer);
        }
        let who = serde_json::from_value(answer).context("reading who you are to the server")?;
        output::print(&show(&who))
    }
}

/// Who somebody is, for people.
pub(super) fn show(who: &Whoami) -> String {
    let mut facts = vec![("who", who.actor.clone())];
    if let Some(token) = &who.token {
        facts.push(("token", format!("{} ({})", token.id, token.name)));
        let until = token.expires_at.map_or_else(|| "it does not expire".to_owned(), output::time);
        facts.push(("until", until));
    }
    if who.operator {
        facts.push(("may", "everything on this host".to_owned()));
    }
    let mut text = output::pairs(&facts);
    if !who.orgs.is_empty() {
        let row = |membership: &crate::api::view::Membership| {
            let about = membership.project.clone().unwrap_or_else(|| "all projects".to_owned());
            vec![membership.org.clone(), membership.role.to_string(), about]
        };
        let rows = who.orgs.iter().map(row).collect();
        text += "\n";
        text += &output::table(&["ORG", "ROLE", "PROJECT"], rows, output::terminal_width());
    }
    text
}
