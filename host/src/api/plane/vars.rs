//! `/orgs/{org}/projects/{project}/vars`. A secret's value goes in, and never comes out.

use axum::Json;
use axum::extract::{self, RawQuery};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::super::auth::{Asker, InProject};
use super::super::openapi::{After, Condition};
use super::super::parameters::Names;
use super::super::view::{NewVar, Page, Var};
use super::super::{Code, PREFIX, Problem, State};
use super::{Body, IfMatch, Tagged, deployments, listing, projects};
use crate::deploy::manifest;
use crate::deploy::{ApplyError, NewValue};
use crate::seal::Zeroizing;
use crate::store::catalog::{Expect, Items as _, Kept, Kind, Role, VarItem, Why};

/// The longest value, in bytes: it is in the memory of every sandbox.
const LONGEST: usize = 65_536;

/// List variables
///
/// Those that were set here; the manifest has others. A secret has no value here.
#[utoipa::path(get, path = "/projects/{project}/vars", tag = "vars", params(After), responses((status = 200, body = Page<Var>)))]
pub(in crate::api) async fn list(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<Var>>, Problem> {
    let (limit, after) = listing(query.as_deref())?;
    projects::find(&api, &asker.org, &project).await?;
    let after = after.map(|name| VarItem::key_of(&project, &name));
    let page = api.catalog.page::<VarItem>(&asker.org, &VarItem::key_of(&project, ""), after, limit).await?;
    let mut items = Vec::new();
    for kept in page.records {
        items.push(view(&api, &asker, kept.item).await?);
    }
    let next = page.next.and_then(|_| items.last().map(|var| var.name.clone()));
    Ok(Json(Page { items, next }))
}

/// Show a variable
#[utoipa::path(get, path = "/projects/{project}/vars/{name}", tag = "vars", responses((status = 200, body = Var)))]
pub(in crate::api) async fn show(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
) -> Result<Tagged<Var>, Problem> {
    projects::find(&api, &asker.org, &project).await?;
    let name = path.get("name");
    let found = api.catalog.find::<VarItem>(&asker.org, &VarItem::key_of(&project, name)).await?;
    let Kept { item, revision, .. } = found.ok_or_else(|| not_found(name))?;
    Ok(Tagged(revision, view(&api, &asker, item).await?))
}

/// Set a variable
///
/// Handlers of events from now on read it in the place of the manifest's value. What was a secret stays one.
#[utoipa::path(put, path = "/projects/{project}/vars/{name}", tag = "vars", params(Condition), request_body = NewVar,
    responses((status = 200, body = Var), (status = 201, description = "It is new", body = Var)))]
pub(in crate::api) async fn set(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
    condition: IfMatch,
    Body(new): Body<NewVar>,
) -> Result<Response, Problem> {
    asker.may(Role::Developer)?;
    projects::find(&api, &asker.org, &project).await?;
    let name = path.get("name");
    let invalid = |detail: String| Problem::new(Code::InvalidBody, detail);
    if let Err(wrong) = manifest::var_name(name) {
        return Err(Problem::new(Code::InvalidId, format!("the name `{name}` {wrong}")));
    }
    if new.value.len() > LONGEST {
        return Err(invalid(format!("`value` has {} bytes and may have {LONGEST}", new.value.len())));
    }
    let new = NewValue { value: Zeroizing::new(new.value), secret: new.secret };
    let by = asker.caller.by();
    let set = api.registry.set_var(&asker.org, &project, name, new, condition.0, &by).await;
    let (Kept { item, revision, .. }, is_new) = set.map_err(|error| refused(error, name))?;
    let tagged = Tagged(revision, view(&api, &asker, item).await?);
    let location = format!("{PREFIX}/orgs/{}/projects/{project}/vars/{name}", asker.org);
    Ok(if is_new { tagged.created(location) } else { tagged.into_response() })
}

/// Remove a variable
///
/// The manifest's value holds from now on, if it has one.
#[utoipa::path(delete, path = "/projects/{project}/vars/{name}", tag = "vars", params(Condition), responses((status = 204)))]
pub(in crate::api) async fn remove(
    extract::State(api): extract::State<State>,
    InProject { asker, project }: InProject,
    path: Names,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    asker.may(Role::Developer)?;
    projects::find(&api, &asker.org, &project).await?;
    let (name, by) = (path.get("name"), asker.caller.by());
    let removed = api.registry.unset_var(&asker.org, &project, name, condition.or(Expect::Present), &by).await;
    removed.map_err(|error| refused(error, name))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn view(api: &State, asker: &Asker, item: VarItem) -> Result<Var, Problem> {
    let value = match item.secret {
        true => None,
        false => {
            let opened = api.registry.open_var(&asker.org, &item).await;
            Some(opened.map_err(deployments::refused)?.to_string())
        }
    };
    let VarItem { name, secret, version, updated_at, .. } = item;
    Ok(Var { name, secret, value, version, updated_at })
}

fn refused(error: ApplyError, name: &str) -> Problem {
    match error {
        ApplyError::Refused(refusal) if refusal.kind == Kind::Var && refusal.why == Why::Missing => not_found(name),
        error => deployments::refused(error),
    }
}

fn not_found(name: &str) -> Problem {
    Problem::new(Code::VarNotFound, format!("the project has no variable `{name}` that was set here"))
}
