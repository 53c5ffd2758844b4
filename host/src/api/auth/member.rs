//! Members: whom an issuer's token names, and what they may do where.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Access, Caller, Code, Problem, State};
use crate::event::Org;
use crate::oidc::{self, Name};
use crate::store::catalog::{Identity, Items as _, Kind, MemberItem, Role};

/// Orgs are asked for in pages of so many.
const PAGE: u32 = 200;

/// Who has these names, the first that counts first. Somebody whom nobody made a member is told no more than that.
pub(super) async fn caller(api: &State, names: Vec<Name>, from: Option<IpAddr>) -> Result<Caller, Problem> {
    let mut ids = Vec::with_capacity(names.len());
    let mut actor = None;
    for identity in names.into_iter().map(Identity::from) {
        let id = identity.member();
        if !api.catalog.holders(Kind::Member, &id, None, 1).await?.is_empty() {
            actor.get_or_insert_with(|| identity.actor());
            ids.push(id);
        }
    }
    let actor = actor.ok_or_else(of_no_org)?;
    Ok(Caller { actor, from, access: Access::Member(ids), token: None })
}

/// What somebody may do in an org; none when they are no member of it.
pub(super) async fn role(api: &State, org: &Org, ids: &[String]) -> Result<Option<Role>, Problem> {
    if api.registry.deployed().load().is_org_leaving(org) {
        return Ok(None);
    }
    for id in ids {
        if let Some(kept) = api.catalog.find::<MemberItem>(org, id).await? {
            return Ok(Some(kept.item.role));
        }
    }
    Ok(None)
}

/// The orgs that somebody is a member of, and what they may do there.
pub(in crate::api) async fn memberships(api: &State, ids: &[String]) -> Result<BTreeMap<Org, Role>, Problem> {
    let mut found = BTreeMap::new();
    for id in ids {
        let mut after: Option<Org> = None;
        loop {
            let orgs = api.catalog.holders(Kind::Member, id, after.as_ref(), PAGE).await?;
            let is_last = orgs.len() < PAGE as usize;
            for org in &orgs {
                if let Some(role) = role(api, org, ids).await? {
                    found.insert(org.clone(), role);
                }
            }
            after = orgs.into_iter().next_back();
            if is_last {
                break;
            }
        }
    }
    Ok(found)
}

pub(super) fn of_no_org() -> Problem {
    Problem::new(Code::Forbidden, "you are a member of no org here")
}

impl From<Name> for Identity {
    fn from(name: Name) -> Self {
        match name {
            Name::Subject { issuer, subject } => Self::Subject { issuer, subject },
            Name::Email(address) => Self::Email(address.to_lowercase()),
        }
    }
}

impl Identity {
    /// As the audit log calls them.
    fn actor(&self) -> String {
        match self {
            Self::Subject { issuer, subject } => format!("member {subject} of {issuer}"),
            Self::Email(address) => format!("member {address}"),
        }
    }
}

impl From<oidc::Error> for Problem {
    fn from(error: oidc::Error) -> Self {
        let detail = error.to_string();
        match error {
            oidc::Error::Expired => Self::new(Code::TokenExpired, detail),
            oidc::Error::Audience => Self::new(Code::TokenAudience, detail),
            oidc::Error::Issuer => Self::new(Code::TokenIssuer, detail),
            oidc::Error::Early | oidc::Error::Invalid(_) | oidc::Error::Nameless(_) | oidc::Error::Unpublished => {
                Self::new(Code::TokenInvalid, detail)
            }
            // Why is the operator's business, and in the log.
            oidc::Error::Unavailable { retry_after, .. } => {
                let detail = "the issuer of your token does not answer, so nobody signs in by it; API tokens (`th_…`) are \
                              as good as ever";
                Self::new(Code::IssuerUnavailable, detail).retry_after(retry_after)
            }
        }
    }
}
