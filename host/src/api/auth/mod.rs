//! Who asks, and what they may do. Nothing of the API is reached without passing [`door`].

mod asker;
mod member;
mod throttle;
mod token;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{self, ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

pub(super) use asker::{Asker, InOrg, InProject, Operator, project_not_found};
pub(super) use member::memberships;
pub use token::Tokens;
pub(super) use token::make;

use super::{Code, Problem, State, guard};
use crate::event::Org;
use crate::server::Peer;
use crate::store::catalog::{By, Role, Scope, TokenItem};

/// How the API is entered.
#[derive(Clone)]
pub enum Door {
    /// Without a token, from this machine alone: everybody there is the owner of one org.
    Local(Org),
    /// With a token.
    Tokens(Arc<Tokens>),
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// As the audit log has it.
    pub(super) actor: String,
    /// Their address.
    pub(super) from: Option<IpAddr>,
    /// What they may do.
    pub(super) access: Access,
    /// The token that they showed.
    pub(super) token: Option<TokenItem>,
}

/// What somebody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everything.
    Operator,
    /// Something in one org.
    Org {
        org: Org,
        role: Role,
        /// The one project that this is about; none for all.
        project: Option<String>,
    },
    /// What a member may, in the orgs that have one of these members. An org that has two goes by the first.
    Member(Vec<String>),
}

impl Caller {
    fn local(org: &Org, from: Option<IpAddr>) -> Self {
        let access = Access::Org { org: org.clone(), role: Role::Owner, project: None };
        Self { actor: "local".to_owned(), from, access, token: None }
    }

    fn of_token(org: Org, token: TokenItem, from: Option<IpAddr>) -> Self {
        let access = match &token.scope {
            Scope::Operator => Access::Operator,
            Scope::Org { role } => Access::Org { org, role: *role, project: None },
            Scope::Project { project, role } => Access::Org { org, role: *role, project: Some(project.clone()) },
        };
        Self { actor: format!("token {}", token.id), from, access, token: Some(token) }
    }

    /// As what they change is told.
    pub(super) fn by(&self) -> By {
        By { actor: self.actor.clone(), from: self.from }
    }
}

/// Finds out who asks. What they are answered is never kept in a cache.
pub(super) async fn door(extract::State(api): extract::State<State>, mut request: Request, next: Next) -> Response {
    // A request whose body is not read yet cannot wait for the store.
    let entered = match knock(&api, &request) {
        Ok(Knock::In(caller)) => Ok(*caller),
        Ok(Knock::Token(tokens, token, from)) => tokens.caller(&api, &token, from).await,
        Err(problem) => Err(problem),
    };
    let mut response = match entered {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a request says of who sent it.
enum Knock {
    /// Nothing more is to be found out.
    In(Box<Caller>),
    /// The token that it shows is to be looked up.
    Token(Arc<Tokens>, String, Option<IpAddr>),
}

fn knock(api: &State, request: &Request) -> Result<Knock, Problem> {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connected = connected.map(|ConnectInfo(peer)| peer.ip().to_canonical());
    // Whom a proxy names that the operator trusts.
    let from = request.extensions().get::<Peer>().map_or(connected, |peer| peer.client);
    match &api.door {
        Door::Local(org) => {
            guard::local_only(connected, request)?;
            Ok(Knock::In(Box::new(Caller::local(org, from))))
        }
        Door::Tokens(tokens) => Ok(Knock::Token(tokens.clone(), bearer(request.headers())?.to_owned(), from)),
    }
}

/// What follows `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let unauthenticated = |detail: &str| Problem::new(Code::Unauthenticated, detail);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let first = first.ok_or_else(|| unauthenticated("send a token, in the header `Authorization: Bearer th_…`"))?;
    if second.is_some() {
        return Err(unauthenticated("the header `Authorization` is there more than once"));
    }
    let token = first.to_str().ok().and_then(|text| text.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| unauthenticated("`Authorization` is not `Bearer` and a token"))
}
