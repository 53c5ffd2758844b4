//! `tenterhook members`: who may do what in an org.

use anyhow::Context as _;
use clap::Subcommand;

use super::client::at;
use super::output;
use super::remote::Remote;
use crate::api::view::{Member, MemberChange, NewMember};
use crate::store::catalog::Role;

/// What can be done with members.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List an org's members
    List {
        #[command(flatten)]
        remote: Remote,
    },
    /// Make somebody a member, by e-mail address or by the issuer's own name for them
    Add {
        /// Their address, which the issuer of their tokens has verified
        #[arg(required_unless_present = "subject", conflicts_with_all = ["issuer", "subject"])]
        email: Option<String>,
        /// Who says who they are: the `iss` of their tokens
        #[arg(long, value_name = "URL", requires = "subject")]
        issuer: Option<String>,
        /// The issuer's name for them: the `sub` of their tokens
        #[arg(long, value_name = "SUBJECT", requires = "issuer")]
        subject: Option<String>,
        /// What they may do: viewer, developer, owner
        #[arg(long, value_name = "ROLE")]
        role: Role,
        /// Their name for people
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        #[command(flatten)]
        remote: Remote,
    },
    /// Change what a member may do
    SetRole {
        /// The member's id: `mem_…`
        id: String,
        /// What they may do: viewer, developer, owner
        role: Role,
        #[command(flatten)]
        remote: Remote,
    },
    /// End a membership
    Remove {
        /// The member's id: `mem_…`
        id: String,
        #[command(flatten)]
        remote: Remote,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { remote } => {
            let client = remote.client()?;
            let members = client.all(&at(&["orgs", &client.org().await?, "members"])).await?;
            if remote.json {
                return output::print_json(&members);
            }
            output::print(&list(&members.read("members")?, output::terminal_width()))
        }
        Command::Add { email, issuer, subject, role, display_name, remote } => {
            let client = remote.client()?;
            let new = NewMember { issuer, subject, email, role, display_name };
            let answer = client.post(&at(&["orgs", &client.org().await?, "members"]), &new).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            let member: Member = serde_json::from_value(answer).context("reading the server's member")?;
            output::print(&format!("{} is {} by now: {}\n", output::line(&name(&member)), member.role, member.id))
        }
        Command::SetRole { id, role, remote } => {
            let client = remote.client()?;
            let change = MemberChange { role: Some(role), display_name: None };
            let answer = client.patch(&at(&["orgs", &client.org().await?, "members", &id]), &change).await?;
            if remote.json {
                return output::print_json(&answer);
            }
            output::print(&format!("{} is {role} by now.\n", output::line(&id)))
        }
        Command::Remove { id, remote } => {
            let client = remote.client()?;
            client.delete(&at(&["orgs", &client.org().await?, "members", &id])).await?;
            if remote.json {
                return output::print_json(&serde_json::json!({ "id": id }));
            }
            output::print(&format!("{} is no member any more.\n", output::line(&id)))
        }
    }
}

/// By what people know somebody.
fn name(member: &Member) -> String {
    let names = [&member.email, &member.subject, &member.display_name];
    names.into_iter().flatten().next().unwrap_or(&member.id).clone()
}

/// Members: a row each.
pub(super) fn list(members: &[Member], width: Option<u16>) -> String {
    if members.is_empty() {
        return "No members.\n".to_owned();
    }
    let row = |member: &Member| {
        let who = name(member);
        let display_name = member.display_name.clone().unwrap_or_default();
        vec![member.id.clone(), member.role.to_string(), who, display_name, output::time(member.created_at)]
    };
    output::table(&["MEMBER", "ROLE", "WHO", "NAME", "SINCE"], members.iter().map(row).collect(), width)
}
