//! What a route needs of who asks, as extractors: a handler that has one of them has checked it.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use super::super::{Code, Problem, State};
use super::{Access, Caller, member, memberships};
use crate::event::Org;
use crate::store::catalog::{AuditEntry, Items as _, OrgItem, Role};

/// Who asks about an org.
#[derive(Clone, Debug)]
pub(in crate::api) struct Asker {
    pub(in crate::api) caller: Caller,
    /// The org of the path; the one that the caller is of when the path names none.
    pub(in crate::api) org: Org,
    /// What they may do there.
    pub(in crate::api) role: Role,
    /// The one project that this is about; none for all.
    pub(in crate::api) project: Option<String>,
}

/// Who asks about a whole org.
pub(in crate::api) struct InOrg(pub(in crate::api) Asker);

/// Who asks about the project of the path.
pub(in crate::api) struct InProject {
    pub(in crate::api) asker: Asker,
    pub(in crate::api) project: String,
}

/// An operator.
pub(in crate::api) struct Operator(pub(in crate::api) Caller);

impl Asker {
    /// Whether they may do what takes this role.
    pub(in crate::api) fn may(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let name = |role| match role {
            Role::Viewer => "viewer",
            Role::Developer => "developer",
            Role::Owner => "owner",
        };
        let detail = format!("this takes the role `{}`, and yours is `{}`", name(role), name(self.role));
        Err(Problem::new(Code::Forbidden, detail))
    }

    /// The line that tells of what they did.
    pub(in crate::api) fn did(&self, api: &State, action: &str, target: impl Into<String>) -> AuditEntry {
        self.caller.by().did(api.clock.now(), action, target)
    }
}

fn org_not_found(org: &str) -> Problem {
    Problem::new(Code::OrgNotFound, format!("there is no org `{org}`"))
}

fn caller(parts: &Parts) -> Caller {
    parts.extensions.get::<Caller>().cloned().expect("the door is a layer around every route")
}

/// The value of a path's parameter.
async fn parameter(parts: &mut Parts, api: &State, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, api).await.ok()?;
    parameters.iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
}

impl FromRequestParts<State> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &State) -> Result<Self, Problem> {
        let caller = caller(parts);
        let named = parameter(parts, api, "org").await;
        let (org, role, project) = match (&caller.access, named) {
            (Access::Org { org, role, project }, named) if named.as_deref().is_none_or(|named| named == &**org) => {
                (org.clone(), *role, project.clone())
            }
            (Access::Operator, Some(named)) => {
                let org: Org = named.as_str().into();
                let found = api.catalog.find::<OrgItem>(&org, &org).await?;
                if found.is_none_or(|kept| kept.item.deleted_at.is_some()) {
                    return Err(org_not_found(&named));
                }
                (org, Role::Owner, None)
            }
            (Access::Member(ids), Some(named)) => {
                let org: Org = named.as_str().into();
                let role = member::role(api, &org, ids).await?.ok_or_else(|| org_not_found(&named))?;
                (org, role, None)
            }
            (Access::Member(ids), None) => {
                let mut orgs = memberships(api, ids).await?.into_iter();
                match (orgs.next(), orgs.next()) {
                    (Some((org, role)), None) => (org, role, None),
                    (Some(_), Some(_)) => {
                        let detail = "you are a member of several orgs: ask below `/api/v1/orgs/{org}`";
                        return Err(Problem::new(Code::UnknownRoute, detail));
                    }
                    (None, _) => return Err(member::of_no_org()),
                }
            }
            // To others it is as if it were not there.
            (Access::Org { .. }, named) => return Err(org_not_found(named.as_deref().unwrap_or_default())),
            (Access::Operator, None) => {
                let detail = "an operator is of no org: ask below `/api/v1/orgs/{org}`";
                return Err(Problem::new(Code::UnknownRoute, detail));
            }
        };
        Ok(Self { caller, org, role, project })
    }
}

impl FromRequestParts<State> for InOrg {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &State) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, api).await?;
        match &asker.project {
            None => Ok(Self(asker)),
            Some(project) => {
                let detail = format!("this is about the whole org, and the token is for the project `{project}` alone");
                Err(Problem::new(Code::Forbidden, detail))
            }
        }
    }
}

impl FromRequestParts<State> for InProject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &State) -> Result<Self, Problem> {
        let asker = Asker::from_request_parts(parts, api).await?;
        let project = parameter(parts, api, "project").await.unwrap_or_default();
        if asker.project.as_ref().is_some_and(|own| *own != project) {
            return Err(project_not_found(&project));
        }
        Ok(Self { asker, project })
    }
}

pub(in crate::api) fn project_not_found(project: &str) -> Problem {
    Problem::new(Code::ProjectNotFound, format!("there is no project `{project}`"))
}

impl FromRequestParts<State> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _api: &State) -> Result<Self, Problem> {
        let caller = caller(parts);
        match caller.access {
            Access::Operator => Ok(Self(caller)),
            Access::Org { .. } | Access::Member(_) => {
                Err(Problem::new(Code::Forbidden, "this is for operators of the host"))
            }
        }
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _api: &State) -> Result<Self, Problem> {
        Ok(caller(parts))
    }
}
