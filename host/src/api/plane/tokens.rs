//! `/orgs/{org}/tokens`, and `/tokens` for those of operators.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::auth::{self, Caller, InOrg, Operator};
use super::super::openapi::{After, Key};
use super::super::parameters::Names;
use super::super::view::{MadeToken, NewToken, Page, Token};
use super::super::{Code, PREFIX, Problem, State};
use super::{Asked, Body, Once, Tagged, commit, listing, write};
use crate::event::{Org, Timestamp};
use crate::store::catalog::{Change, Expect, HOST, Item as _, Items as _, Kept, Role, Scope, TokenItem};

pub(super) fn view(item: TokenItem, last_used_at: Option<Timestamp>) -> Token {
    let TokenItem { id, name, scope, created_at, created_by, expires_at, revoked_at, digest: _ } = item;
    Token { id, name, scope, created_at, created_by, expires_at, revoked_at, last_used_at }
}

/// List an org's tokens
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(After), responses((status = 200, body = Page<Token>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Token>>, Problem> {
    page(&api, &asker.org, query.as_deref()).await
}

/// Make a token of an org
///
/// What its holder shows is in the answer, and never told again.
#[utoipa::path(post, path = "/tokens", tag = "tokens", params(Key), request_body = NewToken, responses((status = 201, body = MadeToken)))]
pub(in crate::api) async fn create(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    once: Once,
    Body(new): Body<NewToken>,
) -> Result<Response, Problem> {
    asker.may(Role::Owner)?;
    if new.scope == Scope::Operator {
        let detail = "`scope`: an org's token is for the org or a project; an operator's is made at `/api/v1/tokens`";
        return Err(Problem::new(Code::InvalidBody, detail));
    }
    let list = format!("{PREFIX}/orgs/{}/tokens", asker.org);
    match once.ask(&api, &asker.org, &asker.caller, &new).await? {
        Ok(answered) => Ok(answered),
        Err(asked) => make(&api, &asker.org, &asker.caller, new, list, asked).await,
    }
}

/// Show a token of an org
#[utoipa::path(get, path = "/tokens/{token}", tag = "tokens", responses((status = 200, body = Token)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    path: Names,
) -> Result<Tagged<Token>, Problem> {
    one(&api, &asker.org, path.get("token")).await
}

/// Revoke a token of an org
///
/// It is no good from now on, and stays in the list.
#[utoipa::path(delete, path = "/tokens/{token}", tag = "tokens", responses((status = 204)))]
pub(in crate::api) async fn revoke(
    extract::State(api): extract::State<State>,
    InOrg(asker): InOrg,
    path: Names,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Owner)?;
    end(&api, &asker.org, &asker.caller, path.get("token")).await
}

/// List operators' tokens
#[utoipa::path(get, path = "/tokens", tag = "operators", params(After), responses((status = 200, body = Page<Token>)))]
pub(in crate::api) async fn list_of_host(
    extract::State(api): extract::State<State>,
    _: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Token>>, Problem> {
    page(&api, &HOST.into(), query.as_deref()).await
}

/// Make an operator's token
#[utoipa::path(post, path = "/tokens", tag = "operators", params(Key), request_body = NewToken, responses((status = 201, body = MadeToken)))]
pub(in crate::api) async fn create_of_host(
    extract::State(api): extract::State<State>,
    Operator(caller): Operator,
    once: Once,
    Body(new): Body<NewToken>,
) -> Result<Response, Problem> {
    if new.scope != Scope::Operator {
        let detail = "`scope`: tokens of this list are operators'; an org's are made below `/api/v1/orgs/{org}/tokens`";
        return Err(Problem::new(Code::InvalidBody, detail));
    }
    let host = HOST.into();
    match once.ask(&api, &host, &caller, &new).await? {
        Ok(answered) => Ok(answered),
        Err(asked) => make(&api, &host, &caller, new, format!("{PREFIX}/tokens"), asked).await,
    }
}

/// Show an operator's token
#[utoipa::path(get, path = "/tokens/{token}", tag = "operators", responses((status = 200, body = Token)))]
pub(in crate::api) async fn show_of_host(
    extract::State(api): extract::State<State>,
    _: Operator,
    path: Names,
) -> Result<Tagged<Token>, Problem> {
    one(&api, &HOST.into(), path.get("token")).await
}

/// Revoke an operator's token
#[utoipa::path(delete, path = "/tokens/{token}", tag = "operators", responses((status = 204)))]
pub(in crate::api) async fn revoke_of_host(
    extract::State(api): extract::State<State>,
    Operator(caller): Operator,
    path: Names,
) -> Result<StatusCode, Problem> {
    end(&api, &HOST.into(), &caller, path.get("token")).await
}

async fn page(api: &State, org: &Org, query: Option<&str>) -> Result<Json<Page<Token>>, Problem> {
    let (limit, after) = listing(query)?;
    let page = api.catalog.page::<TokenItem>(org, "", after, limit).await?;
    let items = page.records.into_iter().map(|Kept { item, used_at, .. }| view(item, used_at)).collect();
    Ok(Json(Page { items, next: page.next }))
}

async fn make(
    api: &State,
    org: &Org,
    caller: &Caller,
    new: NewToken,
    list: String,
    asked: Asked,
) -> Result<Response, Problem> {
    let NewToken { name, scope, expires_at } = new;
    let now = api.clock.now();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::new(Code::InvalidBody, "`name` has 1 to 200 characters"));
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::new(Code::InvalidBody, "`expires_at` is not in the future"));
    }
    let made = auth::make(name, scope, expires_at, &caller.by(), now);
    let (item, secret) = made.map_err(|error| {
        tracing::error!(%error, "failed to make a token");
        Problem::new(Code::StoreFailed, "the server's log says why")
    })?;
    let scope = serde_json::to_value(&item.scope).unwrap_or_default();
    let told = caller.by().did(now, "token.create", item.key()).with("name", item.name.as_str()).with("scope", scope);
    let location = format!("{list}/{}", item.id);
    let mut changes = vec![Change::put(&item, Expect::Absent)?];
    let made = MadeToken { secret, token: view(item, None) };
    changes.extend(asked.keep(api, org, &location, &made).await?);
    let revision = commit(api, org, changes, told, |_| write::changed()).await?;
    Ok(Tagged(revision, made).created(location))
}

async fn one(api: &State, org: &Org, id: &str) -> Result<Tagged<Token>, Problem> {
    let Kept { item, revision, used_at } = find(api, org, id).await?;
    Ok(Tagged(revision, view(item, used_at)))
}

async fn end(api: &State, org: &Org, caller: &Caller, id: &str) -> Result<StatusCode, Problem> {
    let Kept { mut item, revision, .. } = find(api, org, id).await?;
    if item.revoked_at.is_none() {
        item.revoked_at = Some(api.clock.now());
        let told = caller.by().did(api.clock.now(), "token.revoke", id).with("name", item.name.as_str());
        let change = vec![Change::put(&item, Expect::At(revision))?];
        commit(api, org, change, told, |_| write::changed()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn find(api: &State, org: &Org, id: &str) -> Result<Kept<TokenItem>, Problem> {
    let missing = || Problem::new(Code::TokenNotFound, format!("there is no token `{id}`"));
    api.catalog.find::<TokenItem>(org, id).await?.ok_or_else(missing)
}
